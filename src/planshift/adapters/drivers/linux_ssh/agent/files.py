"""How do files change so that a crash leaves either the old or the new one, and how is one thing done at a time?"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import said


def folder(path: Path, *, mode: int = 0o700) -> Path:
    """Make sure of a folder of root's."""
    path.mkdir(parents=True, exist_ok=True)
    os.chmod(path, mode)
    return path


def write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file of root's as a whole; on disk when this returns. Never in a folder that a client can write."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Names in a folder on disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> bool:
    """Was there such a file? Gone either way, on disk too."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync(path.parent)
    return True


def read(path: Path) -> dict[str, Any] | None:
    """A kept JSON object; None when there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def keep(path: Path, values: dict[str, Any]) -> None:
    """Keep a JSON object."""
    write(path, json.dumps(values, sort_keys=True, indent=1) + "\n")


@contextlib.contextmanager
def locked(path: Path, *, seconds: float) -> Iterator[None]:
    """Alone with what `path` stands for. Trouble "busy" when others need longer than `seconds`. Ends with the
    process, so a killed one holds nothing."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise said.later("busy", lock=path.name) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def held(path: Path) -> bool:
    """Does somebody hold this lock?"""
    try:
        with locked(path, seconds=0):
            return False
    except said.Trouble:
        return True
