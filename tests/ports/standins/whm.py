"""A server with WHM API 1, as its public documentation describes it. Not a vendor's program: what is not written there
is guessed, and marked so."""

import json
import re
from typing import Any

from tests.ports.standins.serving import Request, StandIn

USER, TOKEN = "planshift", "WHMTOKENOFTHETESTS"
SUMMARY = {"QUOTA": "disklimit", "MAXPOP": "maxpop", "MAXSQL": "maxsql", "MAXFTP": "maxftp", "MAXSUB": "maxsub"}
SUMMARY["MAXADDON"] = "maxaddons"
QUESTIONS = ("version", "listpkgs", "listaccts", "accountsummary", "uapi_cpanel")


def account(user: str, domain: str) -> dict[str, Any]:
    """What is told of an account to which no limit was given."""
    return {
        "user": user,
        "domain": domain,
        "plan": "undefined",
        "owner": USER,
        "ip": "192.0.2.10",
        "suspended": 0,
        "suspendreason": "not suspended",
        "diskused": "300M",
        **dict.fromkeys(SUMMARY.values(), "unlimited"),
        "_mailboxes": 3,
        "_databases": 1,
    }


class No(Exception):
    """`result: 0` with this reason."""


class WhmServer(StandIn):
    """Accounts by user; packages by name. Faults of its own: "no" (says no and does nothing), "no_after" (says no and
    did it), "lies" (says yes and does nothing), "html", "denied", "stale" (the list of accounts is an old one)."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, dict[str, Any]] = {}
        self.packages: dict[str, dict[str, Any]] = {}
        self.passwords: dict[str, list[str]] = {}
        self.kept_zones: list[str] = []
        self.stale: list[dict[str, Any]] = []

    def add_package(self, name: str, **gives: Any) -> None:
        """As addpkg: what is not said is unlimited."""
        self.packages[name] = {**dict.fromkeys(SUMMARY, "unlimited"), **gives}

    def is_change(self, request: Request) -> bool:
        return request.path.rsplit("/", 1)[-1] not in QUESTIONS

    def answer(self, request: Request) -> tuple[int, str, str]:
        function = request.path.removeprefix("/json-api/")
        if request.authorization != f"whm {USER}:{TOKEN}":
            return 403, "Forbidden Access denied", "<html>Access denied</html>"
        if request.given.get("api.version") != "1":  # silently another interface
            return 200, "OK", json.dumps({"result": [{"status": 0, "statusmsg": "API 0"}]})
        if self.fault(request, "html"):
            return 200, "OK", "<html>log in</html>"
        if self.fault(request, "denied"):
            return 200, "OK", json.dumps({"data": {"reason": "Access denied", "result": "0"}, "type": "text"})
        metadata: dict[str, Any] = {"command": function, "version": 1, "result": 1, "reason": "OK"}
        data: dict[str, Any] = {}
        try:
            if self.fault(request, "no"):
                raise No("The system is busy.")
            if not self.fault(request, "lies"):
                data, raw = getattr(self, f"_{function}", self._unknown)(request.given)
                metadata |= {"output": {"raw": raw}} if raw else {}
            if self.fault(request, "no_after"):
                raise No("The server could not restart a service.")
        except No as no:
            metadata |= {"result": 0, "reason": str(no)}
        if function == "listaccts" and self.fault(request, "stale"):
            data = {"acct": self.stale}
        return 200, "OK", json.dumps({"data": data, "metadata": metadata})

    def _unknown(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        raise No("Unknown app requested for this version of the API.")

    def _version(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        return {"version": "11.136.0.4"}, ""

    def _listpkgs(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        return {"pkg": [{"name": name, **gives} for name, gives in self.packages.items()]}, ""

    def _listaccts(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        field, pattern = given.get("searchtype", "user"), given.get("search", "")
        found = [one for one in self.accounts.values() if re.search(pattern, str(one[field]))]
        if given.get("api.chunk.enable") == "1":
            start, size = int(given["api.chunk.start"]) - 1, int(given["api.chunk.size"])
            found = found[start : start + size]
        return {"acct": found}, ""

    def _accountsummary(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        for one in self.accounts.values():
            if one["user"] == given.get("user") or one["domain"] == given.get("domain"):
                return {"acct": [one]}, ""
        raise No("Account does not exist.")

    def _uapi_cpanel(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        account = self._account({"user": given["cpanel.user"]})
        counted = {"email_accounts": account["_mailboxes"], "mysql_databases": account["_databases"]}
        data = [{"id": name, "usage": count, "maximum": None, "error": None} for name, count in counted.items()]
        return {"uapi": {"status": 1, "data": data, "errors": None}}, ""

    def _createacct(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        user, domain = given["username"], given["domain"]
        if user in self.accounts:
            raise No("Sorry, a group for that username already exists.")
        if any(user[:8] == other[:8] for other in self.accounts):
            raise No("Sorry, the name is too much like another.")
        if not re.fullmatch(r"[a-z][a-z0-9]{0,15}", user) or user.startswith("test"):
            raise No("Sorry, that is not a valid username.")
        if any(one["domain"] == domain for one in self.accounts.values()):
            raise No("Sorry, the domain is already set up.")
        plan = given.get("plan", "")
        if plan and plan not in self.packages:
            raise No("The package does not exist.")
        named = {"QUOTA": "quota", **{name: name.lower() for name in SUMMARY if name != "QUOTA"}}
        single = {name: given.get(lower, "unlimited") for name, lower in named.items()}
        self.accounts[user] = {**account(user, domain), "plan": plan or "undefined"}
        self._hold(user, self.packages.get(plan, single))
        self.passwords[user] = [given["password"]]
        return {"ip": "192.0.2.10", "package": plan}, "WWWAcct\nChanging Feature List"

    def _hold(self, user: str, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if name in SUMMARY:
                unlimited = str(value) == "unlimited" or (name == "QUOTA" and str(value) == "0")
                shown = "unlimited" if unlimited else f"{value}M" if name == "QUOTA" else str(value)
                self.accounts[user][SUMMARY[name]] = shown

    def _account(self, given: dict[str, str]) -> dict[str, Any]:
        if given["user"] not in self.accounts:
            raise No(f"User {given['user']} does not exist")
        return self.accounts[given["user"]]

    def _changepackage(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        account = self._account(given)
        if given["pkg"] not in self.packages:
            raise No("The package does not exist.")
        account["plan"] = given["pkg"]
        self._hold(given["user"], self.packages[given["pkg"]])
        return {}, "Changing Package\n<b>Removing Shell Access</b>\nRemoving Shell Access (/bin/false)\nDone"

    def _editquota(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        self._account(given)
        self._hold(given["user"], {"QUOTA": given["quota"]})
        return {}, ""

    def _modifyacct(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        self._account(given)
        self._hold(given["user"], given)  # a name in the wrong case is none, and nobody says so
        return {}, ""

    def _suspendacct(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        self._account(given).update(suspended=1, suspendreason=given.get("reason", ""))
        return {}, ""

    def _unsuspendacct(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        self._account(given).update(suspended=0, suspendreason="not suspended")
        return {}, ""

    def _passwd(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        self._account(given)
        if given["password"] in self.passwords[given["user"]]:
            raise No(f"The password {given['password']} was used before.")
        self.passwords[given["user"]].append(given["password"])
        return {"app": ["ftp"]}, ""

    def _removeacct(self, given: dict[str, str]) -> tuple[dict[str, Any], str]:
        account = self._account({"user": given["username"]})
        del self.accounts[account["user"]]
        if given.get("keepdns") == "1":
            self.kept_zones.append(account["domain"])
        return {}, "Removing user"
