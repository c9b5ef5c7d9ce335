"""How much may an account write, and how much does it? By the quota that the file system of the accounts has:
subvolumes of Btrfs, project quota of ext4 and XFS, or none (then a limit is recorded, and stated as not enforced)."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from . import said, shell
from .settings import Settings

UNLIMITED = -1


class Plain:
    """No quota: what is used is counted file by file."""

    kind = "none"

    def __init__(self, base: Path) -> None:
        self.base = base

    def make(self, path: Path, uid: int) -> None:
        """The account's folder."""
        path.mkdir(mode=0o711, exist_ok=True)

    def limit(self, path: Path, uid: int, *, size: int, inodes: int) -> None:
        """Hold it to so many bytes and files; -1 for no limit."""

    def limited(self, path: Path, uid: int) -> int | None:
        """The bytes that it is held to now, as the kernel says; None when the kernel holds it to none."""
        return None

    def used(self, path: Path, uid: int) -> int:
        """Bytes in use."""
        total = 0
        for _, folders, names, handle in os.fwalk(path, follow_symlinks=False):
            for name in (*folders, *names):
                try:
                    total += os.stat(name, dir_fd=handle, follow_symlinks=False).st_blocks * 512
                except FileNotFoundError:
                    continue
        return total

    def drop(self, path: Path, uid: int) -> None:
        """Delete the folder with all that is in it."""
        if path.exists():
            shutil.rmtree(path)


class Btrfs(Plain):
    """A subvolume with a quota group for each account."""

    kind = "btrfs"

    def make(self, path: Path, uid: int) -> None:
        """A subvolume."""
        if not path.exists():
            shell.run("btrfs", "subvolume", "create", str(path))

    def limit(self, path: Path, uid: int, *, size: int, inodes: int) -> None:
        """Bytes referenced by the subvolume."""
        shell.run("btrfs", "qgroup", "limit", "none" if size == UNLIMITED else str(size), str(path))

    def limited(self, path: Path, uid: int) -> int | None:
        """The limit of the quota group."""
        most = self._group(path)[1]
        return None if most == "none" else int(most)

    def used(self, path: Path, uid: int) -> int:
        """Bytes referenced."""
        return int(self._group(path)[0])

    def drop(self, path: Path, uid: int) -> None:
        """The subvolume goes at once."""
        if path.exists():
            group = self._id(path)
            shell.run("btrfs", "subvolume", "delete", "--commit-after", str(path), seconds=600)
            shell.run("btrfs", "qgroup", "destroy", f"0/{group}", str(self.base), accept=(0, 1))

    def _id(self, path: Path) -> str:
        found = re.search(r"Subvolume ID:\s+(\d+)", shell.run("btrfs", "subvolume", "show", str(path)).stdout)
        if found is None:
            raise said.later("remote_failed", remote="btrfs shows no subvolume")
        return found.group(1)

    def _group(self, path: Path) -> tuple[str, str]:
        group = self._id(path)
        listed = shell.run("btrfs", "qgroup", "show", "-r", "--raw", "--sync", str(path), seconds=300).stdout
        for line in listed.splitlines():
            words = line.split()
            if words and words[0] == f"0/{group}":
                return words[1], words[3]
        raise said.later("remote_failed", remote="btrfs shows no quota group")


class Project(Plain):
    """A project (numbered as the user) for each account, on ext4 or XFS mounted with prjquota."""

    kind = "prjquota"

    def make(self, path: Path, uid: int) -> None:
        """The folder hands its project down to all that comes into it."""
        path.mkdir(mode=0o711, exist_ok=True)
        shell.run("chattr", "-p", str(uid), "+P", str(path))

    def limit(self, path: Path, uid: int, *, size: int, inodes: int) -> None:
        """Blocks of 1 KiB, and files."""
        blocks = "0" if size == UNLIMITED else str(max(1, size // 1024))
        files = "0" if inodes == UNLIMITED else str(max(1, inodes))
        shell.run("setquota", "-P", str(uid), blocks, blocks, files, files, mount_of(self.base)[0])

    def limited(self, path: Path, uid: int) -> int | None:
        """The hard limit of blocks."""
        most = self._report(uid)[1]
        return most * 1024 if most else None

    def used(self, path: Path, uid: int) -> int:
        """Blocks in use."""
        return self._report(uid)[0] * 1024

    def drop(self, path: Path, uid: int) -> None:
        """Delete, and lift the limit of a project that is no more."""
        super().drop(path, uid)
        self.limit(path, uid, size=UNLIMITED, inodes=UNLIMITED)

    def _report(self, uid: int) -> tuple[int, int]:
        where = mount_of(self.base)[0]
        listed = shell.run("repquota", "-P", "-n", "-O", "csv", where, seconds=300).stdout
        for line in listed.splitlines():
            words = line.split(",")
            if words[0] == f"#{uid}":
                return int(words[3]), int(words[5])
        return 0, 0


def mount_of(path: Path) -> tuple[str, str, str]:
    """Mount point, file system and options of where `path` lies."""
    for point in (path, *path.parents):
        listed = shell.run("findmnt", "-nro", "TARGET,FSTYPE,OPTIONS", "-T", str(point), accept=(0, 1)).stdout.split()
        if len(listed) >= 3:
            return listed[-3], listed[-2], listed[-1]
    raise said.later("remote_failed", remote=f"nothing is mounted under {path}")


def quota(settings: Settings) -> Plain:
    """The kind that works here, now."""
    _, kind, options = mount_of(settings.base)
    if kind == "btrfs" and shell.find("btrfs"):
        if shell.run("btrfs", "qgroup", "show", str(settings.base), accept=(0, 1)).returncode == 0:
            return Btrfs(settings.base)
    elif kind in ("ext4", "xfs") and "prjquota" in options.split(",") and shell.find("setquota"):
        return Project(settings.base)
    return Plain(settings.base)
