"""What is at a WHM server? Questions only."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from planshift.adapters.drivers.by_http import journal
from planshift.adapters.drivers.whm import api, reading
from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import ports

Read = TypeVar("Read")


class Looking:
    """Questions to WHM API 1."""

    def __init__(self, whm: api.Whm) -> None:
        self._whm = whm

    def must(self, ref: ports.Ref) -> reading.Summary:
        """The account; Permanent("not_found") without one."""
        found = self.find(ref)
        if found is None:
            raise Permanent("not_found", account=ref.account)
        return found

    def find(self, ref: ports.Ref) -> reading.Summary | None:
        """The account; None when both the account's own page and the list say that it is not there. Neither alone is
        believed: the page says any trouble in words only, and the list may be an old one."""
        server, known = ref.server, journal.kept(ref)
        user = known.remote if known is not None else reading.user_of(ref.account)
        try:
            said = self._whm.question(server, "accountsummary", user=user)
        except api.SaidNo as no:
            exact = {"search": f"^{user}$", "searchtype": "user", "searchmethod": "regex"}
            if any(one.get("user") == user for one in self.listed(server, **exact)):
                raise Transient("remote_failed", server=server.code, remote=str(no)) from None
            return None
        accounts = understood(server, lambda: list(said["acct"]))
        return summary(server, accounts[0]) if accounts else None

    def listed(self, server: ports.ServerAt, **given: str) -> list[Mapping[str, Any]]:
        """Accounts of the server as it lists them."""
        said = self.asked(server, lambda: self._whm.question(server, "listaccts", **given))
        return understood(server, lambda: [dict(one) for one in said["acct"]])

    def packages(self, server: ports.ServerAt) -> dict[str, dict[str, int]]:
        """The packages that may be given, with what they give."""
        said = self.asked(server, lambda: self._whm.question(server, "listpkgs"))
        allowed = tuple(each.strip() for each in str(server.traits.get("packages", "")).split(",") if each.strip())
        listed = understood(server, lambda: {str(one["name"]): reading.package(one) for one in said["pkg"]})
        return {name: gives for name, gives in sorted(listed.items()) if not allowed or name.startswith(allowed)}

    def package_for(self, server: ports.ServerAt, wanted: Mapping[str, int]) -> str:
        """A package that gives exactly what is wanted; "" where there is none. A package is kept by the server when
        packages are edited, single values are not."""
        fitting = [
            name
            for name, gives in self.packages(server).items()
            if wanted and all(gives.get(thing) == amount for thing, amount in wanted.items())
        ]
        return fitting[0] if fitting else ""

    def asked(self, server: ports.ServerAt, ask: Callable[[], Read]) -> Read:
        """The answer to a question; a "no" to it is Transient("remote_failed")."""
        try:
            return ask()
        except api.SaidNo as no:
            raise Transient("remote_failed", server=server.code, remote=str(no)) from None


def summary(server: ports.ServerAt, said: Mapping[str, Any]) -> reading.Summary:
    """One account of a list."""
    return understood(server, lambda: reading.summary(said))


def understood(server: ports.ServerAt, read: Callable[[], Read]) -> Read:
    """What `read` makes of an answer; Transient("remote_failed") for one of another shape."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        remote = "an answer that we do not understand"
        raise Transient("remote_failed", server=server.code, remote=remote) from problem
