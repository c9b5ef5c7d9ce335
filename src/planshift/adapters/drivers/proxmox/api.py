"""How is Proxmox VE asked, and what did it mean?

Its reasons stand in the status line (`500 can't lock file … - got timeout`), wrong fields in `errors`. A node that
cannot be reached through the one that we ask is 595 (no connection was made); 596 to 599 mean that the connection broke
after that. Long work is a task with a UPID, which is asked for until it has an exit status.
"""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from planshift.adapters.drivers.by_http import asking, journal
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports
from planshift.runtime import clock

PORT = 8006
SECONDS = 60.0
PATIENCE = 20.0  # seconds that one verb waits for a task, before it is polled
UPID = re.compile(
    r"UPID:([A-Za-z0-9][A-Za-z0-9-]{0,62}):[0-9A-Fa-f]{8,9}:[0-9A-Fa-f]{8,9}:[0-9A-Fa-f]{8}:[^:\s]+:[^:\s]*:[^:\s]+:"
)
_BUSY = (
    "can't lock",
    "is locked",
    "got timeout",
    "checksum mismatch",
    "detected modified configuration",
    "not running",
)
_FULL = ("no space left", "not enough space", "out of space", "insufficient")


class Absent(Exception):
    """There is no such thing at the server."""


class Taken(Exception):
    """There is such a thing already."""


class StillRuns(Exception):
    """The task goes on; `args[0]` is its UPID."""


class Pve:
    """Requests to the nodes of a cluster. `patience` and `pause`: how long a verb waits for a task, and how often it
    looks, in seconds."""

    def __init__(
        self, *, tokens: asking.Tokens, seconds: float = SECONDS, patience: float = PATIENCE, pause: float = 1.0
    ) -> None:
        self._tokens = tokens
        self._https = asking.Https(port=PORT, seconds=seconds)
        self._patience, self._pause = patience, pause

    def get(self, server: ports.ServerAt, path: str, **given: str) -> Any:
        """The data of a question."""
        return self._call(server, "GET", path, given, changes=False)

    def change(self, server: ports.ServerAt, method: str, path: str, *, hide: Sequence[str] = (), **given: str) -> Any:
        """The data of the answer to a mutation: a UPID where it is long. `hide` is struck out of what is said."""
        return self._call(server, method, path, given, changes=True, hide=hide)

    def finish(self, server: ports.ServerAt, upid: Any, it: journal.Asked) -> None:
        """Wait for a task, for a while. StillRuns when it goes on; the error that its exit status means when it
        failed."""
        if not upid:
            return  # some changes need no task
        if not UPID.fullmatch(str(upid)):
            raise Unknown("no_answer", server=server.code, remote=asking.plain(f"no UPID: {upid}"))
        it.runs(str(upid))
        end = clock.monotonic() + self._patience
        while (exit_status := self.outcome(server, str(upid))) is None:
            if clock.monotonic() >= end:
                raise StillRuns(str(upid))
            threading.Event().wait(self._pause)
        it.runs("")
        judge(server, exit_status)
        it.note(ended=[*ended(it), str(upid)])

    def outcome(self, server: ports.ServerAt, upid: str) -> str | None:
        """The exit status of a task; None while it runs. Permanent("not_found") for what is no UPID; "forgotten" for a
        task that the node knows no more."""
        found = UPID.fullmatch(upid)
        if found is None:
            raise Permanent("not_found", task=upid)
        try:
            said = self.get(server, f"/nodes/{found.group(1)}/tasks/{quote(upid, safe='')}/status")
        except Absent:
            return "forgotten"
        if not isinstance(said, dict) or said.get("status") not in ("running", "stopped"):
            raise Transient("remote_failed", server=server.code, remote="a task without a status")
        return None if said["status"] == "running" else str(said.get("exitstatus", "unexpected status"))

    def _call(
        self,
        server: ports.ServerAt,
        method: str,
        path: str,
        given: Mapping[str, str],
        *,
        changes: bool,
        hide: Sequence[str] = (),
    ) -> Any:
        token = self._tokens.of(server)
        answer = self._https.ask(
            server=server,
            token=token,
            authorization=f"PVEAPIToken={token.user}={token.secret}",
            method=method,
            path=f"/api2/json{path}",
            given={name.replace("_", "-") if name in _HYPHENED else name: value for name, value in given.items()},
            changes=changes,
            hide=hide,
        )
        try:
            read = json.loads(answer.body) if answer.body else {}
        except ValueError:
            read = None
        if answer.status == 200:
            if not isinstance(read, dict) or "data" not in read:
                facts: dict[str, Any] = {
                    "server": server.code,
                    "remote": f"an answer that we do not understand: {answer.hint}",
                }
                raise Unknown("no_answer", **facts) if changes else Transient("remote_failed", **facts)
            return read["data"]
        raise _trouble(answer.status, _told(answer, read), server, changes)


_HYPHENED = ("destroy_unreferenced_disks", "notes_template")


def ended(it: journal.Asked) -> list[str]:
    """The tasks under this key that ended well."""
    known = it.noted("ended") or []
    return [known] if isinstance(known, str) else known  # once only the last was kept, as a plain text


def judge(server: ports.ServerAt, exit_status: str) -> None:
    """Nothing for a task that ended well; else the error that it means. A task that is known no more says nothing: who
    asked looks at the machine."""
    if exit_status in ("OK", "forgotten") or exit_status.startswith("WARNINGS"):
        return
    raise _meant(asking.plain(exit_status), server)


def _told(answer: asking.Answer, read: Any) -> str:
    """The reason of the status line, and the fields that are wrong."""
    told = [answer.reason]
    if isinstance(read, dict):
        told += [str(read["message"])] if read.get("message") and read["message"].strip() != answer.reason else []
        errors = read.get("errors")
        told += [f"{name}: {why}" for name, why in errors.items()] if isinstance(errors, dict) else []
    return asking.plain(" ".join(told))


def _trouble(status: int, told: str, server: ports.ServerAt, changes: bool) -> Exception:
    facts: dict[str, Any] = {"server": server.code, "remote": f"{status} {told}"}
    if status in (401, 403):
        return Permanent("remote_refused", **facts)
    if status == 400:
        return Permanent("invalid", **facts)
    if status in (404, 501):
        return Permanent("unsupported", **facts)
    if status == 429:
        return Transient("rate_limited", **facts)
    if status == 595:
        return Transient("unreachable", **facts)  # no connection to the node was made
    if 596 <= status <= 599 or status in (502, 503, 504):
        return Unknown("no_answer", **facts) if changes else Transient("unreachable", **facts)
    if status == 500:
        return _meant(told, server)
    return Permanent("invalid", **facts)


def _meant(told: str, server: ports.ServerAt) -> Exception:
    """There is nothing but the sentence. It decides how soon we look again, never whether something is so."""
    lower = told.lower()
    facts: dict[str, Any] = {"server": server.code, "remote": told}
    if "already exists" in lower:
        return Taken(told)
    if any(word in lower for word in _BUSY):
        return Transient("busy", **facts)
    if "does not exist" in lower or "no such" in lower or "unable to parse worker upid" in lower:
        return Absent(told)
    if "shrinking" in lower:
        return Permanent("unsupported", **facts)
    if any(word in lower for word in _FULL):
        return Permanent("capacity", **facts)
    return Transient("remote_failed", **facts)
