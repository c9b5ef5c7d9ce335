"""What would go if this account went? Files that somebody wrote here, and mail that came here."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Callable
from typing import Any

from . import content, users
from .accounts import Account
from .settings import Settings

NAMED = 10  # files that are named; all are counted
LONGEST = 120  # of such a name
BEGINNING = 1 << 16  # of a message, which with its size is enough to know it by
_MADE_UP = re.compile(r"[A-Za-z0-9,-]{20,256}")  # the rest of a name that a program drew, as PHP does for a session


def inside(settings: Settings, account: Account) -> dict[str, Any]:
    """`written`: files that came or changed after our part of the content was there, without mail and what programs
    make again by themselves (`made_again`), and folders that cannot be read; -1: not known since when. `names`: some
    of them. `mails`: a digest for each message of the Maildirs."""
    home = settings.home(account.account)

    def do() -> dict[str, Any]:
        written, mails = 0, set()
        names: list[str] = []
        closed: list[str] = []
        for where, folders, here, handle in os.fwalk(home, onerror=_closed(closed), follow_symlinks=False):
            folders.sort()
            folder = os.path.relpath(where, home)
            for name in sorted(here):
                path = os.path.normpath(os.path.join(folder, name))
                with contextlib.suppress(FileNotFoundError):
                    status = os.stat(name, dir_fd=handle, follow_symlinks=False)
                    if path.startswith("mail/"):
                        if os.path.basename(folder) in ("cur", "new") and stat.S_ISREG(status.st_mode):
                            mails.add(_known_by(name, handle, status.st_size))
                    elif status.st_ctime_ns > account.filled_ns and not _made_again(settings, folder, name):
                        written += 1
                        names += [_shown(path)] if len(names) < NAMED else []
        written += len(closed)
        names += [f"{_shown(name)}/" for name in closed[: NAMED - len(names)]]
        known = account.filled_ns > 0
        return {"written": written if known else -1, "names": names if known else [], "mails": sorted(mails)}

    told: dict[str, Any] = users.as_user(account.uid, do, seconds=content.LONG)
    return told


def _made_again(settings: Settings, folder: str, name: str) -> bool:
    """Does a program of the site make this file again when it is gone: a cache, a session?"""
    for each in settings.made_again.split():
        if each.endswith("/"):
            if f"/{each.lstrip('/')}" in f"/{folder}/":
                return True
        elif name.startswith(each) and _MADE_UP.fullmatch(name[len(each) :]):
            return True
    return False


def _closed(found: list[str]) -> Callable[[OSError], None]:
    """Notes folders that cannot be read; what is gone meanwhile is no trouble."""

    def note(problem: OSError) -> None:
        if not isinstance(problem, FileNotFoundError):
            found.append(os.path.basename(str(problem.filename)))

    return note


def _known_by(name: str, handle: int, size: int) -> str:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(name, flags, dir_fd=handle), "rb") as file:
        return hashlib.sha256(f"{size}:".encode() + file.read(BEGINNING)).hexdigest()[:20]


def _shown(path: str) -> str:
    """A name as text, whatever bytes it is made of."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:LONGEST]
