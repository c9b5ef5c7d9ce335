"""How is one function of WHM API 1 called, and did it say yes?

WHM answers HTTP 200 to almost everything: what counts is `metadata.result`, and a "no" brings a sentence and no code.
So a "no" decides nothing here (`SaidNo`): the driver looks at the account and decides by what is there. Everything is
sent as a POST, so that no password is ever part of an address.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planshift.adapters.drivers.by_http import asking
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports

PORT = 2087
SECONDS = 120.0  # making an account takes a minute on a busy server


class SaidNo(Exception):
    """The server's sentence, fit for staff."""


@dataclass(frozen=True, slots=True)
class Said:
    """A "yes": the data, and what the programs that ran had to say."""

    data: Mapping[str, Any]
    output: str = ""


class Whm:
    """Functions of WHM API 1."""

    def __init__(self, *, tokens: asking.Tokens, seconds: float = SECONDS) -> None:
        self._tokens = tokens
        self._https = asking.Https(port=PORT, seconds=seconds)

    def question(self, server: ports.ServerAt, function: str, **given: str) -> Mapping[str, Any]:
        """The data of an answer; SaidNo for a "no"; Transient for anything that is no answer."""
        return self._call(server, function, given, changes=False).data

    def change(self, server: ports.ServerAt, function: str, *, hide: Sequence[str] = (), **given: str) -> Said:
        """The answer to a mutation; SaidNo for a "no"; Unknown where it may have happened. `hide` is struck out of what
        the server says."""
        return self._call(server, function, given, changes=True, hide=hide)

    def uapi(self, server: ports.ServerAt, user: str, module: str, function: str) -> Any:
        """A question of UAPI about one account; SaidNo for a "no"."""
        named = {"cpanel.user": user, "cpanel.module": module, "cpanel.function": function}
        said = self._call(server, "uapi_cpanel", named, changes=False).data.get("uapi")
        if not isinstance(said, dict) or not _yes(said.get("status")):
            errors = said.get("errors") if isinstance(said, dict) else None
            raise SaidNo(asking.plain(str(errors or "UAPI said nothing")))
        return said.get("data")

    def who(self, server: ports.ServerAt) -> str:
        """The user that our token is of."""
        return self._tokens.of(server).user

    def _call(
        self,
        server: ports.ServerAt,
        function: str,
        given: Mapping[str, str],
        *,
        changes: bool,
        hide: Sequence[str] = (),
    ) -> Said:
        token = self._tokens.of(server)
        answer = self._https.ask(
            server=server,
            token=token,
            authorization=f"whm {token.user}:{token.secret}",
            method="POST",
            path=f"/json-api/{function}",
            given={"api.version": "1", **given},  # without a version the call would silently mean API 0
            changes=changes,
            hide=hide,
        )
        if answer.status != 200:
            raise _by_status(answer, server, changes)
        return _opened(answer, server, changes)


def _by_status(answer: asking.Answer, server: ports.ServerAt, changes: bool) -> Exception:
    facts: dict[str, Any] = {"server": server.code, "remote": answer.hint}
    if answer.status in (401, 403):
        return Permanent("remote_refused", **facts)
    if answer.status == 429:
        return Transient("rate_limited", **facts)
    if answer.status >= 500:
        return Unknown("no_answer", **facts) if changes else Transient("remote_failed", **facts)
    return Permanent("unsupported" if answer.status == 404 else "invalid", **facts)


def _opened(answer: asking.Answer, server: ports.ServerAt, changes: bool) -> Said:
    """All shapes in which a "no" is known to come: with metadata, as a text, as cPanel's own error, as API 0."""
    try:
        read = json.loads(answer.body)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise _strange(answer, server, changes)
    data = read.get("data")
    if isinstance(metadata := read.get("metadata"), dict):
        if not _yes(metadata.get("result")):
            raise SaidNo(asking.plain(str(metadata.get("reason", ""))))
        output = metadata.get("output")
        raw = str(output.get("raw", "")) if isinstance(output, dict) else ""
        return Said(data if isinstance(data, dict) else {}, raw)
    if isinstance(read.get("cpanelresult"), dict) and read["cpanelresult"].get("error"):
        raise SaidNo(asking.plain(str(read["cpanelresult"]["error"])))
    if isinstance(data, dict) and "result" in data and not _yes(data["result"]):
        told = asking.plain(str(data.get("reason", "")))
        if "access denied" in told.lower():
            raise Permanent("remote_refused", server=server.code, remote=told)
        raise SaidNo(told)
    old = read.get("result")
    if isinstance(old, list) and old and isinstance(old[0], dict) and not _yes(old[0].get("status")):
        raise SaidNo(asking.plain(str(old[0].get("statusmsg", ""))))
    raise _strange(answer, server, changes)


def _strange(answer: asking.Answer, server: ports.ServerAt, changes: bool) -> Exception:
    facts: dict[str, Any] = {"server": server.code, "remote": f"an answer that we do not understand: {answer.hint}"}
    return Unknown("no_answer", **facts) if changes else Transient("remote_failed", **facts)


def _yes(value: Any) -> bool:
    """1, also where it is written as a text."""
    return str(value) == "1"
