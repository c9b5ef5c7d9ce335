"""How does mail come back that arrived on another server? Message by message, into the Maildirs that are here.

A message is known by the part of its file name before the colon, which is the same wherever it is copied to; what
follows tells whether it was read. One that is here already, under that part or with the same content, stays as it is:
nothing is overwritten, nothing comes twice, nothing is deleted. What is fetched lies beside the mailboxes until every
message is in its place: whoever begins again after a crash completes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from . import copying, said, users
from .accounts import Account
from .settings import Settings

STAGE = ".mail-on-its-way-back"
# messages, and what makes a folder one of a Maildir; lists and indexes of the mail server are each side's own
WANTED = (
    "--include=/mail/",
    "--include=/mail/**/",
    "--include=/mail/**/cur/*",
    "--include=/mail/**/new/*",
    "--include=/mail/**/maildirfolder",
    "--exclude=*",
)


def pull(settings: Settings, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """On the old server: fetch the messages of the other one that are not here, and deliver them. `mails`: how many."""
    if account.frozen:
        raise said.later("busy", account=account.account, remote="the account is held still")
    home = settings.home(account.account)
    stage = home / STAGE

    def begin() -> bool:
        stage.mkdir(mode=0o700, exist_ok=True)
        return True

    users.as_user(account.uid, begin, seconds=60)
    copying.fetch(settings, account, asked, [*WANTED, f"--compare-dest={home}/"], to=stage)
    mails = users.as_user(account.uid, lambda: _deliver(stage / "mail", home / "mail"), seconds=3600)
    users.as_user(account.uid, lambda: shutil.rmtree(stage), seconds=3600)
    os.sync()
    copying.close(settings, asked["transfer"])
    return {"changed": mails > 0, "mails": mails}


def _deliver(stage: Path, mail: Path) -> int:
    """How many messages came into folders below `mail`, from the same folders below `stage`."""
    count = 0
    for where, folders, names in os.walk(stage):
        folders.sort()
        folder = Path(where)
        if folder.name in ("cur", "new"):
            maildir = mail / folder.parent.relative_to(stage)
            count += _into(maildir, folder, sorted(names)) if names else 0
        elif "maildirfolder" in names:
            maildir = _maildir(mail / folder.relative_to(stage))
            with contextlib.suppress(FileExistsError):
                (maildir / "maildirfolder").touch(mode=0o600, exist_ok=False)
    return count


def _maildir(maildir: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    return maildir


def _into(maildir: Path, fetched: Path, names: list[str]) -> int:
    """How many of these messages were not in the Maildir. A link never replaces what is there."""
    _maildir(maildir)
    present = [path for part in ("cur", "new") for path in (maildir / part).iterdir()]
    known, sizes, count = {_unique(path.name) for path in present}, _by_size(present), 0
    for name in names:
        source = fetched / name
        if _unique(name) in known or _same(source, sizes):
            continue
        known.add(_unique(name))
        with contextlib.suppress(FileExistsError):
            os.link(source, maildir / fetched.name / _flagged(name), follow_symlinks=False)
            count += 1
    return count


def _unique(name: str) -> str:
    return name.partition(":")[0]


def _flagged(name: str) -> str:
    """Without key words of the client's mail program: the letters for them mean something else on each side."""
    unique, colon, flags = name.partition(":2,")
    return unique + colon + "".join(letter for letter in flags if not letter.islower())


def _by_size(present: list[Path]) -> dict[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    for path in present:
        with contextlib.suppress(OSError):
            found.setdefault(path.lstat().st_size, []).append(path)
    return found


def _same(source: Path, sizes: dict[int, list[Path]]) -> bool:
    """Does a message with this very content lie there? So it is where the client copied mail himself."""
    alike = sizes.get(source.lstat().st_size, [])
    return bool(alike) and any(_digest(path) == _digest(source) for path in alike)


def _digest(path: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return ""
