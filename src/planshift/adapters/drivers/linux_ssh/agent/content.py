"""What is in an account's folder? Told, packed, put back and held still, always as the account's own user."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from . import files, php, said, shell, users
from .accounts import Account
from .settings import Settings

LONG = 24 * 3600.0


def manifest(settings: Settings, account: Account) -> dict[str, Any]:
    """A digest of all names, kinds, permissions, links and contents below `home`, and how many there are."""
    home = settings.home(account.account)

    def do() -> dict[str, Any]:
        total, count, size = hashlib.sha256(), 0, 0
        for where, folders, names, handle in os.fwalk(home, onerror=_raise, follow_symlinks=False):
            folders.sort()
            for name in sorted([*folders, *names]):
                path = os.path.relpath(os.path.join(where, name), home)
                said_of, length = _told(name, handle)
                total.update(f"{len(os.fsencode(path))}:".encode() + os.fsencode(path) + b"\0" + said_of + b"\n")
                count, size = count + 1, size + length
        return {"sha256": total.hexdigest(), "entries": count, "bytes": size}

    told: dict[str, Any] = users.as_user(account.uid, do, seconds=LONG)
    return told


def _raise(problem: OSError) -> None:
    raise problem


def _told(name: str, handle: int) -> tuple[bytes, int]:
    """Kind, permissions and content of one entry; devices, pipes and sockets have none (they are not copied)."""
    status = os.stat(name, dir_fd=handle, follow_symlinks=False)
    mode = f"{stat.S_IMODE(status.st_mode):o} ".encode()
    if stat.S_ISLNK(status.st_mode):
        return b"link " + os.fsencode(os.readlink(name, dir_fd=handle)), 0
    if stat.S_ISDIR(status.st_mode):
        return b"folder " + mode, 0
    if not stat.S_ISREG(status.st_mode):
        return b"other ", 0
    digest, flags = hashlib.sha256(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(name, flags, dir_fd=handle), "rb") as file:
        while True:
            block = file.read(1 << 20)
            if not block:
                break
            digest.update(block)
    return b"file " + mode + digest.hexdigest().encode(), status.st_size


def mailboxes(settings: Settings, account: Account) -> int:
    """Folders `mail/DOMAIN/NAME` below `home`."""
    mail = settings.home(account.account) / "mail"

    def do() -> int:
        found = 0
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for domain in os.scandir(mail):
                if domain.is_dir(follow_symlinks=False):
                    found += sum(1 for each in os.scandir(domain.path) if each.is_dir(follow_symlinks=False))
        return found

    count: int = users.as_user(account.uid, do, seconds=300)
    return count


def snapshots(settings: Settings, account: str) -> Path:
    """Where an account's back-ups lie: out of the client's reach, and not part of his quota."""
    return settings.kept("backups", account)


def backup(settings: Settings, account: Account, name: str, *, most: int) -> dict[str, Any]:
    """Pack `home` into a file of root's (of at most `most` bytes), and read it back once. Trouble "capacity" when there
    is no room."""
    folder = files.folder(snapshots(settings, account.account))
    fresh, kept = folder / f".{name}.tmp", folder / f"{name}.tar.gz"
    home = settings.home(account.account)
    with fresh.open("wb") as out:
        os.fchmod(out.fileno(), 0o600)
        words = [
            "tar",
            "--create",
            "--gzip",
            "--sparse",
            "--one-file-system",
            "--sort=name",
            "--directory",
            str(home),
            ".",
        ]
        _packed(account, words, stdout=out, most=most, accept=(0, 1))  # 1: changed while it was read
        out.flush()
        os.fsync(out.fileno())
    digest, size = _digest(fresh)
    with fresh.open("rb") as packed:
        _packed(account, ["tar", "--list", "--gzip"], stdin=packed)
    os.replace(fresh, kept)
    files.sync(folder)
    return {"id": name, "sha256": digest, "bytes": size}


def restore(settings: Settings, account: Account, name: str) -> None:
    """Put back a back-up: what came after it goes. Looked through first: a damaged one deletes nothing."""
    known = [each for each in account.snapshots if each["id"] == name]
    path = snapshots(settings, account.account) / f"{name}.tar.gz"
    if not known or not path.exists():
        raise said.never("not_found", snapshot=name)
    if _digest(path)[0] != known[0]["sha256"]:
        raise said.never("remote_refused", snapshot=name, remote="the back-up is damaged")
    home = settings.home(account.account)

    def clear() -> bool:
        for where, folders, _ in os.walk(home):
            for folder in folders:
                with contextlib.suppress(OSError):
                    os.chmod(os.path.join(where, folder), 0o700)  # else what he shut himself out of stays
        for entry in os.scandir(home):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        return True

    users.as_user(account.uid, clear, seconds=LONG)
    with path.open("rb") as packed:
        words = ["tar", "--extract", "--gzip", "--preserve-permissions", "--no-same-owner", "--directory", str(home)]
        _packed(account, words, stdin=packed)
    os.sync()


def _packed(account: Account, words: list[str], *, accept: tuple[int, ...] = (0,), **given: Any) -> None:
    """Run tar as the account's user; only the open files that it is given are root's."""
    status, _, remote = users.run_as(account.uid, words, seconds=LONG, **given)
    if status not in accept:
        if full(remote):
            raise said.never("capacity", remote=said.shortened(remote))
        raise said.later("remote_failed", program=words[0], status=status, remote=said.shortened(remote))


def full(remote: str) -> bool:
    """Does this mean that a disk or a quota is full?"""
    return "Disk quota exceeded" in remote or "No space left" in remote


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while True:
            block = file.read(1 << 20)
            if not block:
                return digest.hexdigest(), size
            digest.update(block)
            size += len(block)


def is_frozen(settings: Settings, account: str) -> bool:
    """Is `home` mounted read-only over itself?"""
    found = shell.run("findmnt", "-nro", "OPTIONS", "--mountpoint", str(settings.home(account)), accept=(0, 1))
    return "ro" in found.stdout.strip().split(",")


def hold_still(settings: Settings, account: Account) -> bool:
    """From now on nothing in `home` changes, while it is still read and served: what is copied now is final. Sessions
    in `tmp` go on. Whoever has a file open for writing is ended."""
    home = str(settings.home(account.account))
    if is_frozen(settings, account.account):
        return False
    if shell.run("findmnt", "-nro", "TARGET", "--mountpoint", home, accept=(0, 1)).stdout.strip() == "":
        shell.run("mount", "--bind", home, home)
    shell.run("mount", "-o", "remount,bind,ro,nosuid,nodev", home)
    users.may_log_in(account.account, False)
    php.renew(settings, account.account)
    users.kill_all(account.uid, but=php.family(settings, account.account))
    return True


def let_go(settings: Settings, account: str) -> bool:
    """It may be written again."""
    home = str(settings.home(account))
    changed = False
    while shell.run("findmnt", "-nro", "TARGET", "--mountpoint", home, accept=(0, 1)).stdout.strip():
        shell.run("umount", "--lazy", home)
        changed = True
    return changed
