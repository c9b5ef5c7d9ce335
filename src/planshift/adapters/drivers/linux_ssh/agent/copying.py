"""How does the content of an account get to another server? The new server fetches it with rsync from the old one.

Each copy has a key of its own, made on the new server, good for one account of the old one, for reading, for a day;
it is revoked when the copy is over. Both ends of rsync run as the account's user: neither can be led out of the
account, and the new server's quota counts. What a broken copy left is completed or deleted by the next.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from . import accounts, content, files, journal, said, shell, users
from .accounts import Account
from .settings import Settings

GOOD_FOR = 24 * 3600
MARK = "planshift-copy-"
SENDER = re.compile(r"-[a-zA-Z.]{1,60}")
LONG_OPTIONS = ("--server", "--sender", "--timeout=120", "--no-specials", "--no-devices")


def _folder(settings: Settings, transfer: str) -> Path:
    return settings.running("copies", transfer)


def key(settings: Settings, account: Account, transfer: str) -> str:
    """On the new server: the public half of the copy's own key, the same each time until the copy is over."""
    files.folder(settings.running("copies"), mode=0o711)
    folder = files.folder(_folder(settings, transfer), mode=0o711)
    private = folder / "key"
    if not (folder / "key.pub").exists():
        with contextlib.suppress(FileNotFoundError):
            private.unlink()
        shell.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{MARK}{transfer}", "-f", str(private))
    os.chown(private, account.uid, account.uid)
    os.chmod(private, 0o400)
    kind, text = (folder / "key.pub").read_text(encoding="ascii").split()[:2]
    return f"{kind} {text}"


def offer(settings: Settings, account: Account, *, transfer: str, public_key: str, final: bool) -> dict[str, Any]:
    """On the old server: let the holder of that key read this account for a day. `final`: hold it still first."""
    if final:
        content.hold_still(settings, account)
        if not account.frozen:
            account.frozen = True
            accounts.save(settings, account)
    until = int(time.time()) + GOOD_FOR
    files.keep(settings.kept("offers", f"{transfer}.json"), {"account": account.account, "until": until})
    expiry = time.strftime("%Y%m%d%H%M", time.localtime(until))
    allowed = f'restrict,expiry-time="{expiry}",command="{settings.command} send {transfer}"'
    _authorize(settings, transfer, f"{allowed} {public_key} {MARK}{transfer}")
    return {"login": settings.login}


def withdraw(settings: Settings, transfer: str) -> bool:
    """On the old server: the key opens nothing any more."""
    _authorize(settings, transfer, "")
    return files.remove(settings.kept("offers", f"{transfer}.json"))


def _authorize(settings: Settings, transfer: str, line: str) -> None:
    """Write the one line of this transfer, and drop those that nobody may use any more; other lines are not ours."""
    path = Path(settings.authorized_keys)
    with files.locked(settings.kept("locks", "authorized-keys"), seconds=60):
        kept = []
        for each in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            found = re.search(rf" {MARK}([0-9a-f]+)$", each)
            if found is None or (found.group(1) != transfer and _good(settings, found.group(1))):
                kept.append(each)
        text = "\n".join([*kept, *([line] if line else [])]) + "\n"
        files.write(path, text, mode=0o644)
        for offer in settings.kept("offers").glob("*.json"):
            if not _good(settings, offer.stem):
                files.remove(offer)


def _good(settings: Settings, transfer: str) -> bool:
    offered = files.read(settings.kept("offers", f"{transfer}.json"))
    return offered is not None and offered["until"] > time.time()


def pull(settings: Settings, account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """On the new server: fetch what differs, delete what is not there any more. Trouble "capacity" when the quota or
    the disk is full, "remote_failed" when the connection broke."""
    accept = (0,) if asked["final"] else (0, 24)  # 24: a file went away meanwhile
    told = fetch(settings, account, asked, ["-lpH", "--delete"], to=settings.home(account.account), accept=accept)
    close(settings, asked["transfer"])
    return _counted(told)


def fetch(
    settings: Settings,
    account: Account,
    asked: dict[str, Any],
    options: list[str],
    *,
    to: Path,
    accept: tuple[int, ...] = (0,),
) -> str:
    """What rsync says that fetched, as the account's user, the other side's content into the folder `to`."""
    folder = _folder(settings, asked["transfer"])
    known = folder / "known_hosts"
    port, host = asked["port"], asked["host"]
    files.write(known, f"[{host}]:{port} {asked['host_key']}\n{host} {asked['host_key']}\n", mode=0o644)
    ssh = (
        f"ssh -F none -p {port} -i {folder / 'key'} -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=20"
        f" -o StrictHostKeyChecking=yes -o UserKnownHostsFile={known} -o GlobalKnownHostsFile=none"
        " -o ServerAliveInterval=15 -o ServerAliveCountMax=4 -o ForwardAgent=no -o ClearAllForwardings=yes"
    )
    bracketed = f"[{host}]" if ":" in host else host
    words = ["rsync", "-rt", *options, "--no-devices", "--no-specials", "--timeout=120", "--stats"]
    words += ["-e", ssh, f"{asked['login']}@{bracketed}:content/", f"{to}/"]
    status, told, remote = users.run_as(account.uid, words, seconds=content.LONG)
    if status not in accept:
        remote = said.shortened(remote)
        if content.full(remote):
            close(settings, asked["transfer"])
            raise said.never("capacity", account=account.account, remote=remote)
        raise said.later("remote_failed", program="rsync", status=status, remote=remote)
    os.sync()
    return told


def close(settings: Settings, transfer: str) -> None:
    """The copy's key goes."""
    shutil.rmtree(_folder(settings, transfer), ignore_errors=True)


def _counted(stats: str) -> dict[str, Any]:
    def number(label: str) -> int:
        found = re.search(rf"^{label}: ([\d,]+)", stats, re.MULTILINE)
        return int(found.group(1).replace(",", "")) if found else 0

    created, deleted = number("Number of created files"), number("Number of deleted files")
    sent = number("Number of regular files transferred")
    return {"changed": bool(created or deleted or sent), "files": sent, "bytes": number("Total transferred file size")}


def send(settings: Settings, transfer: str, command: str) -> None:
    """On the old server, as the forced command of a copy's key: become the account's user and hand its files out.
    Never returns. Whatever else the other side asked for is refused."""
    offered = files.read(settings.kept("offers", f"{transfer}.json"))
    words = shlex.split(command) if len(command) < 1000 else []
    fine = (
        words[:3] == ["rsync", "--server", "--sender"]
        and words[-2:] == [".", "content/"]
        and all(word in LONG_OPTIONS or SENDER.fullmatch(word) for word in words[3:-2])
    )
    account = accounts.find(settings, offered["account"]) if offered and offered["until"] > time.time() else None
    told = {"verb": "send", "transfer": transfer, "account": account.account if account else ""}
    if not fine or account is None:
        journal.audit(settings, **told, outcome="refused")
        sys.exit("refused")
    journal.audit(settings, **told, outcome="sends")
    options = [word for word in words[3:-2] if word not in ("--server", "--sender")]
    program = shell.find("rsync")
    users.become(account.uid)
    os.chdir(settings.home(account.account))
    os.execve(program, ["rsync", "--server", "--sender", *options, ".", "./"], shell.CLEAN)  # noqa: S606
