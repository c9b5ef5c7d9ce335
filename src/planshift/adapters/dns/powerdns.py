"""The provider's zones in PowerDNS, by its HTTP API.

PowerDNS has no compare-and-swap: a record is read, compared and replaced under a lock of this process, and read back.
Executions change a name one at a time; somebody who edits the same name by hand in that very moment may be overwritten.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, cast

import requests

from planshift.adapters.dns import asking
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports

SECONDS = 10.0
Sets = dict[str, dict[str, Any]]  # by type: A, AAAA


class PowerDns:
    """The `Dns` port. `url` ends before `/api`; `key` is the API key; `server` is PowerDNS's own name of its server.

    `ask` are the name servers and resolvers that `observed` asks.
    """

    def __init__(self, *, url: str, key: str, server: str = "localhost", ask: Sequence[asking.Server] = ()) -> None:
        self._base = f"{url.rstrip('/')}/api/v1/servers/{server}"
        self._key = key
        self._ask = tuple(ask)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"PowerDns({self._base})"  # no key in a log

    def get(self, *, name: str) -> ports.Record | None:
        """As the port says."""
        found = self._find(name)
        if found is None:
            return None
        sets = found[1]
        values = tuple(value for kind in asking.TYPES if kind in sets for value in _values(sets[kind]))
        return ports.Record(max(int(each["ttl"]) for each in sets.values()), values)

    def set_ttl(self, *, op: ports.Op, name: str, ttl: int) -> ports.Result:
        """As the port says."""
        with self._lock:
            zone, sets = self._must(name)
            wrong = [each for each in sets.values() if each["ttl"] != ttl]
            if wrong:
                self._write(zone, [{**each, "ttl": ttl} for each in wrong])
            return ports.Result(changed=bool(wrong))

    def swap(self, *, op: ports.Op, name: str, old: str, new: str) -> ports.Result:
        """As the port says."""
        kind = asking.type_of(new)
        with self._lock:
            zone, sets = self._must(name)
            present = sets.get(kind)
            values = _values(present) if present else ()
            if new in values and old not in values:
                return ports.Result(changed=False)
            if present is None or old not in values:
                raise Permanent("conflict", name=name, holds=list(values))
            kept = [each for each in present["records"] if each["content"] not in (old, new)]
            self._write(zone, [{**present, "records": [*kept, {"content": new, "disabled": False}]}])
            return ports.Result(changed=True)

    def observed(self, *, name: str) -> Mapping[str, tuple[str, ...]]:
        """As the port says."""
        return asking.observed(servers=self._ask, name=name)

    def _must(self, name: str) -> tuple[str, Sets]:
        found = self._find(name)
        if found is None:
            raise Permanent("not_found", name=name)
        return found

    def _find(self, name: str) -> tuple[str, Sets] | None:
        """The zone that `name` is in, and its address records; None where we have no zone or no address for it."""
        full = f"{name.rstrip('.').lower()}."
        labels = full.split(".")[:-1]
        for start in range(len(labels) - 1):
            zone = ".".join(labels[start:]) + "."
            answer = self._call("GET", f"/zones/{zone}", params={"rrset_name": full})
            if answer is None:
                continue
            sets = {
                each["type"]: each
                for each in answer["rrsets"]
                if each["name"].lower() == full and each["type"] in asking.TYPES and _values(each)
            }
            return (zone, sets) if sets else None
        return None

    def _write(self, zone: str, sets: list[dict[str, Any]]) -> None:
        known = ("name", "type", "ttl", "records")
        wanted = [{**{field: each[field] for field in known}, "changetype": "REPLACE"} for each in sets]
        if self._call("PATCH", f"/zones/{zone}", json={"rrsets": wanted}) is None:
            raise Permanent("not_found", zone=zone)

    def _call(self, method: str, path: str, **given: Any) -> dict[str, Any] | None:
        """The answer; None for "there is no such thing"."""
        headers = {"X-API-Key": self._key}
        try:
            answer = requests.request(method, self._base + path, headers=headers, timeout=SECONDS, **given)
        except (requests.ConnectionError, requests.Timeout) as problem:
            if method == "GET" or isinstance(problem, requests.ConnectTimeout) or _refused(problem):
                raise Transient("unreachable", dns=self._base, remote=type(problem).__name__) from problem
            raise Unknown("no_answer", dns=self._base, remote=type(problem).__name__) from problem
        if answer.status_code == 404 or (answer.status_code == 422 and "not find domain" in answer.text.lower()):
            return None
        if not answer.ok:
            raise _trouble(answer, self._base)
        try:
            return cast(dict[str, Any], answer.json()) if answer.content else {}
        except ValueError:
            raise Transient("remote_failed", dns=self._base, remote="not JSON") from None


def _values(records: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(each["content"] for each in records["records"] if not each["disabled"]))


def _refused(problem: Exception) -> bool:
    """Was there no connection at all? Then nothing happened."""
    inner = problem.args[0] if problem.args else None
    return "NewConnectionError" in type(getattr(inner, "reason", None)).__name__


def _trouble(answer: requests.Response, base: str) -> Exception:
    said: dict[str, Any] = {"dns": base, "remote": f"{answer.status_code} {answer.text[:300]}"}
    if answer.status_code == 429:
        return Transient("rate_limited", **said)
    if answer.status_code in (401, 403):
        return Permanent("remote_refused", **said)
    if answer.status_code >= 500:
        return Transient("remote_failed", **said)
    return Permanent("invalid", **said)
