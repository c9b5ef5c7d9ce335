"""How does this server become what was decided about an account? Each part is asked for what is wanted, so that doing
it again, after a crash or a restart of the server, ends in the same state."""

from __future__ import annotations

import contextlib
import time

from . import accounts, cgroups, content, disk, files, mail, php, said, shell, users, web
from .accounts import Account
from .settings import Settings

UNLIMITED = -1
FORGOTTEN = 30 * 24 * 3600  # seconds after which the lock of a key is in nobody's hands


def prepare(settings: Settings) -> None:
    """The agent's own folders."""
    for name in ("", "accounts", "journal", "locks", "php", "offers", "backups"):
        files.folder(settings.kept(name))
    files.folder(settings.base, mode=0o711)
    files.folder(settings.running(), mode=0o711)


def make(settings: Settings, account: str, label: str) -> int:
    """User and folders of a new account; its uid."""
    if not users.ours(settings, account) and (settings.base / account).exists():
        raise said.never("conflict", account=account, remote="a folder of that name is there already")
    with files.locked(settings.kept("locks", "users"), seconds=60):
        uid = users.ensure(settings, account)
        users.no_jobs(account)
    disk.quota(settings).make(settings.base / account, uid)
    users.folders(settings, account, uid)
    users.as_user(uid, lambda: users.welcome(settings, account, label), seconds=60)
    return uid


def limit(settings: Settings, account: Account) -> None:
    """Hold it to its limits. What the kernel can refuse comes first."""
    cgroups.apply(settings, account.account, enforce=account.enforce)
    size, inodes = account.enforce.get("disk_bytes", UNLIMITED), account.enforce.get("inodes", UNLIMITED)
    disk.quota(settings).limit(settings.base / account.account, account.uid, size=size, inodes=inodes)


def serve(settings: Settings, account: Account) -> bool:
    """Visitors, scripts and log-ins as decided; did what visitors get change?"""
    if account.serves:
        php.apply(settings, account)  # before nginx passes anything to it
    changed = web.apply(settings, account)
    if not account.serves:
        php.apply(settings, account)
        users.kill_all(account.uid)
    users.may_log_in(account.account, account.serves and not account.frozen)
    return changed


def hold(settings: Settings, account: Account) -> None:
    """Read-only or not, as decided."""
    if account.frozen:
        content.hold_still(settings, account)
    else:
        content.let_go(settings, account.account)


def wipe(settings: Settings, account: str, uid: int) -> None:
    """Nothing of it is left: visitors first, data last."""
    web.drop(settings, account)
    files.remove(web.log_of(settings, account))
    php.drop(settings, account)
    with contextlib.suppress(said.Trouble):
        users.may_log_in(account, False)
    if uid:
        users.kill_all(uid)
    content.let_go(settings, account)
    disk.quota(settings).drop(settings.base / account, uid)
    disk.Plain(settings.base).drop(content.snapshots(settings, account), uid)
    cgroups.drop(settings, account)
    with files.locked(settings.kept("locks", "users"), seconds=60):
        users.jobs_again(account)
        users.drop(account)


def boot(settings: Settings) -> list[str]:
    """After a restart of the server: everything again. Accounts for which it did not work, with the reason."""
    prepare(settings)
    for lock in settings.kept("locks").glob("job-*"):
        if time.time() - lock.stat().st_mtime > FORGOTTEN:
            files.remove(lock)
    failed = []
    for account in accounts.every(settings):
        try:
            with files.locked(settings.kept("locks", account.account), seconds=600):
                limit(settings, account)
                hold(settings, account)
                serve(settings, account)
        except said.Trouble as trouble:
            failed.append(f"{account.account}: {trouble.what} {trouble.facts}")
    mail.renew(settings, *accounts.every(settings), whole=True)
    return failed


def watch(settings: Settings) -> None:
    """Start the scripts of accounts anew whose php-fpm died (a server short of memory); see which mailboxes there
    are."""
    mail.renew(settings, *accounts.every(settings), whole=True)
    for account in accounts.every(settings):
        if account.serves and account.domains and not php.runs(settings, account.account):
            with contextlib.suppress(said.Trouble), files.locked(settings.kept("locks", account.account), seconds=0):
                php.apply(settings, account)


def actual(settings: Settings, account: Account) -> dict[str, int]:
    """What the kernel holds the account to now, of what was decided; where nothing is held, nothing is said."""
    found = dict(cgroups.limits(settings, account.account))
    quota = disk.quota(settings)
    if quota.kind != "none":
        size = quota.limited(settings.base / account.account, account.uid)
        found["disk_bytes"] = UNLIMITED if size is None else size
    return {name: amount for name, amount in found.items() if name in account.enforce}


def used(settings: Settings, account: Account) -> dict[str, int]:
    """What is in use: disk, memory, processes, names and mailboxes."""
    return {
        "disk_bytes": disk.quota(settings).used(settings.base / account.account, account.uid),
        "domains": len(account.domains),
        "mailboxes": content.mailboxes(settings, account),
        **cgroups.used(settings, account.account),
    }


def able(settings: Settings) -> dict[str, object]:
    """What this server has, each part looked at."""
    return {
        "quota": disk.quota(settings).kind,
        "file_system": disk.mount_of(settings.base)[1],
        "cgroups": cgroups.version(settings),
        "nginx": bool(shell.find(settings.nginx)),
        "php_fpm": php.program(settings).rpartition("/")[2],
        "rsync": bool(shell.find("rsync") and shell.find("ssh") and shell.find("ssh-keygen")),
        "doveadm": bool(shell.find("doveadm")),
    }
