"""What was asked under which key, and what came of it? On disk before and after; it never holds a secret.

States of an entry: begun (it may have happened), ended (with the first answer), refused (it did not happen: the same
key may be tried again).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import files, said
from .settings import Settings


def name_of(key: str) -> str:
    """The name of the entry, which is also that of its task."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def digest_of(verb: str, asked: Mapping[str, Any]) -> str:
    """Of the request: the same key must come with the same."""
    return hashlib.sha256(json.dumps([verb, asked], sort_keys=True).encode()).hexdigest()


def path_of(settings: Settings, name: str) -> Path:
    """The file of an entry."""
    return settings.kept("journal", f"{name}.json")


def lock_of(settings: Settings, name: str) -> Path:
    """Held by whoever is at work on it."""
    return settings.kept("locks", f"job-{name}")


def entry(settings: Settings, name: str) -> dict[str, Any] | None:
    """The entry, if there is one."""
    return files.read(path_of(settings, name))


def begin(settings: Settings, name: str, *, verb: str, digest: str, op: Mapping[str, str], account: str) -> None:
    """From now on it may have happened."""
    former = entry(settings, name) or {}
    files.keep(
        path_of(settings, name),
        {
            "state": "begun",
            "verb": verb,
            "digest": digest,
            "account": account,
            **op,
            "begun_at": round(time.time(), 3),
            "times": former.get("times", 0) + 1,
            "pid": os.getpid(),
        },
    )


def end(settings: Settings, name: str, *, state: str, answer: Mapping[str, Any]) -> None:
    """What came of it, without what is secret."""
    told = {field: value for field, value in answer.items() if field != "secrets"}
    kept = entry(settings, name) or {}
    files.keep(path_of(settings, name), {**kept, "state": state, "answer": told, "ended_at": round(time.time(), 3)})


def first_answer(kept: Mapping[str, Any], digest: str) -> dict[str, Any]:
    """The replay of an ended entry. Trouble "key_reused" when something else was asked then."""
    if kept["digest"] != digest:
        raise said.never("key_reused", key=kept["key"])
    return {**kept["answer"], "replayed": True}


def audit(settings: Settings, **told: Any) -> None:
    """One line for the people who run this server. Never a secret."""
    line = json.dumps({"at": round(time.time(), 3), **told}, sort_keys=True) + "\n"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(settings.log, flags, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)
