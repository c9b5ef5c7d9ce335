"""The way in. Without words: one request from standard input, one answer to standard output (the forced command of the
control key). `send ID`: the forced command of a copy's key. `boot`: after a restart of the server.
`watch`: now and then. `version`."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from . import asked, files, jobs, journal, machine, said, settings, verbs

LONGEST_WAIT = 3600


def answer(here: settings.Settings, raw: bytes) -> dict[str, Any]:
    """What there is to say to a request."""
    try:
        return {"ok": True, "answer": _done(here, asked.parsed(raw))}
    except said.Trouble as trouble:
        return trouble.answer()


def _done(here: settings.Settings, request: dict[str, Any]) -> dict[str, Any]:
    head = {"protocol": asked.number(said.PROTOCOL, said.PROTOCOL), "verb": asked.matches(asked.CODE)}
    if request.get("protocol") != said.PROTOCOL:
        raise said.never("unsupported", protocol=said.PROTOCOL, remote="the agent speaks another protocol")
    verb = request.get("verb")
    if not isinstance(verb, str):
        raise said.never("invalid", field="verb", why="not as it must be")
    if verb in verbs.QUESTIONS:
        do, known = verbs.QUESTIONS[verb]
        return do(here, "", asked.fields(request, {**head, **known}))
    if verb == "poll":
        return jobs.poll(here, asked.fields(request, {**head, "task": asked.matches(asked.HEX)})["task"])
    if verb in verbs.PARTS:
        do, known = verbs.PARTS[verb]
        given = asked.fields(request, {**head, **known})
        with files.locked(here.kept("locks", given["account"]), seconds=jobs.WAITS):
            done = do(here, "", given)
        journal.audit(here, verb=verb, account=given["account"], transfer=given["transfer"], outcome="done")
        return done
    if verb in verbs.MUTATIONS:
        return _mutation(here, request, verb, head)
    raise said.never("unsupported", verb=verb if asked.CODE.fullmatch(verb) else "?")


def _mutation(here: settings.Settings, request: dict[str, Any], verb: str, head: dict[str, Any]) -> dict[str, Any]:
    do, known = verbs.MUTATIONS[verb]
    around = {**head, "op": lambda op: bool(asked.fields(op, asked.OP)), "wait": asked.number(0, LONGEST_WAIT)}
    given = asked.fields(request, {**around, "begin": asked.flag, **known})
    args = {name: given[name] for name in known}
    name = journal.name_of(given["op"]["key"])
    return jobs.mutate(
        here,
        verb=verb,
        account=given["account"],
        op=given["op"],
        digest=journal.digest_of(verb, {field: value for field, value in args.items() if field not in verbs.THE_WAY}),
        begin=given["begin"],
        wait=given["wait"],
        do=lambda: do(here, name, args),
    )


def fingerprint() -> str:
    """Of this very file, so that our side sees an old one; "" when it runs unpacked."""
    path = Path(sys.argv[0])
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def main(words: list[str]) -> int:
    """The exit status: 0 when an answer was given, whatever it says."""
    os.umask(0o077)
    where = settings.FILE
    if words[:1] == ["--config"]:
        where, words = words[1], words[2:]
    if words == ["version"]:
        sys.stdout.write(f"{said.VERSION}\n")
        return 0
    if os.geteuid() != 0:
        sys.stderr.write("the agent makes users and limits: it must run as root (docs/operations.md)\n")
        return 1
    here = settings.load(where)
    machine.prepare(here)
    if words == ["boot"]:
        failed = machine.boot(here)
        sys.stderr.write("".join(f"{line}\n" for line in failed))
        return 1 if failed else 0
    if words == ["watch"]:
        machine.watch(here)
        return 0
    if len(words) == 2 and words[0] == "send" and asked.HEX.fullmatch(words[1]):
        from . import copying

        copying.send(here, words[1], os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    if words:
        sys.stderr.write("usage: planshift-agent [--config FILE] [version | boot | watch | send ID]\n")
        return 2
    told = _answered(here)
    head = {"protocol": said.PROTOCOL, "version": said.VERSION, "fingerprint": fingerprint()}
    sys.stdout.write(json.dumps({**head, **told}) + "\n")
    return 0


def _answered(here: settings.Settings) -> dict[str, Any]:
    """One request of standard input. A fault of our own is told as one, and stands in the log with its trace."""
    try:
        return answer(here, sys.stdin.buffer.read(asked.LARGEST + 1))
    except (OSError, LookupError, TypeError, ValueError, StopIteration):
        journal.audit(here, verb="?", outcome="fault", trace=traceback.format_exc()[-4000:])
        return said.later("remote_failed", remote="a fault of the agent: see its log").answer()
