"""How is a mutation done exactly once, whatever breaks? In a process of its own that outlives the connection, with an
entry on disk before and after. Who asks again gets the first answer, joins the one that is at work, or finds it dead
and begins again: every verb looks at what is there first."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from . import files, journal, said
from .settings import Settings

WAITS = 60.0  # seconds for other work on the same account

Do = Callable[[], "dict[str, Any]"]


def mutate(
    settings: Settings, *, verb: str, account: str, op: Mapping[str, str], digest: str, begin: bool, wait: float, do: Do
) -> dict[str, Any]:
    """The answer, or {"task": …} when it takes longer than `wait` seconds. With `begin` false nothing is begun:
    {"absent": True} says that nothing has been."""
    name = journal.name_of(op["key"])
    kept = journal.entry(settings, name)
    if kept is not None and kept["state"] == "ended":
        return journal.first_answer(kept, digest)
    at_work = files.held(journal.lock_of(settings, name))
    if kept is not None and at_work and kept["digest"] != digest:
        raise said.never("key_reused", key=op["key"])
    if at_work:
        return _joined(settings, name, digest, wait)
    if kept is not None and kept["state"] == "begun" and kept["digest"] != digest:
        raise said.never("key_reused", key=op["key"])  # it may have happened, halfway
    if not begin:
        return {"absent": True}
    reading, writing = os.pipe()
    first = os.fork()
    if first == 0:
        _apart(settings, name, reading, writing, verb=verb, account=account, op=op, digest=digest, do=do)
    os.close(writing)
    os.waitpid(first, 0)
    raw = _read(reading, wait)
    if raw is None:
        return {"task": name}
    if raw:
        return _opened(json.loads(raw))
    return _joined(settings, name, digest, wait)  # another was faster, or it died


def poll(settings: Settings, name: str) -> dict[str, Any]:
    """Is it over? The same request under the same key then finds what came of it."""
    kept = journal.entry(settings, name)
    if kept is None and files.held(journal.lock_of(settings, name)):
        return {"task": name}  # it waits for other work on the account
    if kept is None:
        raise said.never("not_found", task=name)
    if kept["state"] == "begun":
        if files.held(journal.lock_of(settings, name)):
            return {"task": name}
        return {"changed": False}
    if kept["state"] == "refused":
        return _opened(kept["answer"])
    return {**kept["answer"], "replayed": True}


def _opened(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer of another process, or its Trouble."""
    if answer.get("ok") is False:
        raise said.Trouble(answer["kind"], answer["what"], **answer["facts"])
    return answer


def _joined(settings: Settings, name: str, digest: str, wait: float) -> dict[str, Any]:
    end = time.monotonic() + wait
    while files.held(journal.lock_of(settings, name)):
        if time.monotonic() >= end:
            return {"task": name}
        time.sleep(0.1)
    kept = journal.entry(settings, name)
    if kept is not None and kept["state"] == "ended":
        return journal.first_answer(kept, digest)
    if kept is not None and kept["state"] == "refused":
        return _opened(kept["answer"])
    raise said.later("remote_failed", remote="the agent's own process ended before it was done")


def _read(reading: int, wait: float) -> bytes | None:
    """All that the other process says; None when it says nothing for too long."""
    end, said_so_far = time.monotonic() + wait, b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                return None
            block = pipe.read(65536)
            if not block:
                return said_so_far
            said_so_far += block


def _apart(settings: Settings, name: str, reading: int, writing: int, **work: Any) -> None:
    """In the first child: let go of the connection, then work on. Never returns."""
    try:
        os.close(reading)
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in (signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        answer = _work(settings, name, **work)
        if answer is not None:
            with contextlib.suppress(BrokenPipeError):  # nobody waits any more: the entry tells
                os.write(writing, json.dumps(answer).encode())
    finally:
        os._exit(0)


def _work(
    settings: Settings, name: str, *, verb: str, account: str, op: Mapping[str, str], digest: str, do: Do
) -> dict[str, Any] | None:
    """Do it under its locks; None when somebody else is at it or has done it."""
    told = {"verb": verb, "account": account, **op}
    began = time.monotonic()
    answer: dict[str, Any]
    try:
        with files.locked(journal.lock_of(settings, name), seconds=0):
            kept = journal.entry(settings, name)
            if kept is not None and kept["state"] == "ended":
                return None
            try:
                with files.locked(settings.kept("locks", account), seconds=WAITS):
                    journal.begin(settings, name, verb=verb, digest=digest, op=op, account=account)
                    try:
                        answer = do()
                        journal.end(settings, name, state="ended", answer=answer)
                        outcome = "done" if answer.get("changed") else "as it was"
                    except said.Trouble as trouble:
                        answer, outcome = trouble.answer(), trouble.what
                        journal.end(settings, name, state="refused", answer=answer)
            except said.Trouble as trouble:  # the account is busy: nothing was begun
                answer, outcome = trouble.answer(), trouble.what
                if kept is None:
                    journal.begin(settings, name, verb=verb, digest=digest, op=op, account=account)
                    journal.end(settings, name, state="refused", answer=answer)
            except (OSError, LookupError, TypeError, ValueError, StopIteration):  # ours: the entry stays begun
                fault = said.later("remote_failed", remote="a fault of the agent: see its log")
                answer, outcome = fault.answer(), "fault"
                told["trace"] = traceback.format_exc()[-4000:]
            journal.audit(settings, **told, outcome=outcome, seconds=round(time.monotonic() - began, 3))
            return answer
    except said.Trouble:
        return None
