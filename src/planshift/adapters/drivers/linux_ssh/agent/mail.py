"""For which mailboxes does a mail server on this server take mail? A list for it, of the Maildirs in accounts' folders.

Each line is an entry of a passwd file as Dovecot reads them: address, user and group number, Maildir. An account that
is being filled by a copy is not in it: what came in too early, the copy would delete. One that is held still stays in
it: nothing can be written there, so the other side's server keeps the mail and tries again, at the new server.
"""

from __future__ import annotations

import contextlib
import grp
import os
import re
import time

from . import files, users
from .accounts import Account
from .settings import Settings

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._+-]{0,62}[a-z0-9])?")
MOST = 5000  # of one account
FILLED_WITHIN = 3 * 24 * 3600  # seconds after which a copy that was begun counts as given up


def renew(settings: Settings, *known: Account, gone: str = "", whole: bool = False) -> bool:
    """Write the list anew for these accounts; others keep their lines, unless it is the `whole`. Did it change?"""
    path = settings.running("mailboxes")
    with files.locked(settings.kept("locks", "mailboxes"), seconds=60):
        before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        looked_at = {_mail(settings, name) for name in (*(each.account for each in known), gone) if name}
        lines = [line for line in before if not whole and not any(f"::{mail}/" in line for mail in looked_at)]
        for account in known:
            lines += [
                f"{name}@{domain}::{account.uid}:{account.uid}::{_mail(settings, account.account)}/{domain}/{name}::"
                for domain, name in boxes(settings, account)
            ]
        lines.sort()
        if lines == before:
            return False
        files.write(path, "".join(f"{line}\n" for line in lines), mode=0o640)
        with contextlib.suppress(KeyError):
            os.chown(path, 0, grp.getgrnam("dovecot").gr_gid)
        return True


def boxes(settings: Settings, account: Account) -> list[tuple[str, str]]:
    """Domain and name of each mailbox for which mail is taken: folders `mail/DOMAIN/NAME` of the account's domains."""
    if account.quarantined or account.filling_until > time.time():
        return []
    mail = settings.home(account.account) / "mail"
    if not mail.is_dir() or mail.is_symlink():
        return []

    def do() -> list[list[str]]:
        found: list[list[str]] = []
        for domain in account.domains:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                for each in os.scandir(mail / domain):
                    if len(found) < MOST and NAME.fullmatch(each.name) and each.is_dir(follow_symlinks=False):
                        found.append([domain, each.name])
        return found

    return [(domain, name) for domain, name in users.as_user(account.uid, do, seconds=300)]


def filling(account: Account, *, over: bool) -> bool:
    """A copy into this account begins, or was its last. Did that change what is decided?"""
    before = account.filling_until
    account.filling_until = 0 if over else int(time.time()) + FILLED_WITHIN
    return account.filling_until != before


def _mail(settings: Settings, account: str) -> str:
    return f"{settings.home(account)}/mail"
