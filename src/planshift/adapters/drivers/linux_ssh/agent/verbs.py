"""What can be asked of this agent, with which fields, and what is done then?

Questions change nothing. Mutations carry a key, run under the account's lock in a process of their own (`jobs`) and
may be done again after a crash: each looks at what is there first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import accounts, asked, content, copying, files, journal, looking, machine, mail, returning, said, users
from .accounts import Account
from .settings import Settings

Asked = Mapping[str, Any]
Does = Callable[[Settings, str, Asked], "dict[str, Any]"]
ACCOUNT: dict[str, asked.Check] = {"account": asked.matches(asked.ACCOUNT)}
TRANSFER: dict[str, asked.Check] = {"transfer": asked.matches(asked.HEX)}
THE_WAY = ("host", "port", "login", "host_key", "transfer")  # how the old server is reached: may change between tries
PAGE = 1000  # accounts that one answer lists
BACKUPS = 5  # that an account keeps: the newest
ROOM_TO_PACK = 64 << 20  # bytes more than twice what is in use
ELASTIC = ("memory_bytes", "processes")  # what they use now says little about what they need


def probe(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """Which agent is this, and what does the server have?"""
    return {"able": machine.able(settings)}


def capacity(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """What the server has, and the sum of what accounts are held to."""
    status = os.statvfs(settings.base)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    sold: dict[str, int] = {}
    count = 0
    for account in accounts.every(settings):
        count += 1
        for code, amount in account.enforce.items():
            if amount > 0:
                sold[code] = sold.get(code, 0) + amount
        for code, amount in account.limits.items():
            if amount > 0:
                sold[f"sold:{code}"] = sold.get(f"sold:{code}", 0) + amount
    total = {
        "disk_bytes": status.f_blocks * status.f_frsize,
        "memory_bytes": memory,
        "cpu_percent": (os.cpu_count() or 1) * 100,
    }
    return {"total": total, "sold": sold, "accounts": count}


def listed(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """The accounts by name, those that come after the one that is named first; "" for the first page."""
    later = [each for each in accounts.names(settings) if each > given["after"]]
    page = later[:PAGE]
    return {"names": page, "after": page[-1] if len(later) > PAGE else ""}


def get(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """The account as it is, or nothing."""
    found = accounts.find(settings, given["account"])
    if found is None:
        return {"account": None}
    return {
        "account": {
            "limits": found.limits,
            "enforce": found.enforce,
            "actual": machine.actual(settings, found),
            "domains": found.domains,
            "suspended": found.suspended,
            "quarantined": found.quarantined,
            "proxied_to": found.proxied_to,
            "snapshots": [each["id"] for each in found.snapshots],
        }
    }


def usage(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """What the account uses now."""
    return {"used": machine.used(settings, accounts.must(settings, given["account"]))}


def manifest(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """The digest of its content."""
    return content.manifest(settings, accounts.must(settings, given["account"]))


def inside(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """What was written there since we filled it, and which mail there is."""
    return looking.inside(settings, accounts.must(settings, given["account"]))


def create(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """A user, folders, limits, a site. There with the same limits: nothing changes; with others: conflict. One at a
    time, so that no two accounts get the same domain."""
    with files.locked(settings.kept("locks", "create"), seconds=60):
        return _create(settings, name, given)


def _create(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    present = accounts.find(settings, given["account"])
    if present is not None:
        if present.limits != given["limits"] or (given["domains"] and present.domains != given["domains"]):
            raise said.never("conflict", account=present.account)
        machine.limit(settings, present)
        machine.serve(settings, present)
        return {"changed": False}
    taken = accounts.domain_taken(settings, given["account"], given["domains"])
    if taken:
        raise said.never("conflict", account=given["account"], domain=taken)
    uid = machine.make(settings, given["account"], given["label"])
    names = ("account", "label", "plan", "domains", "limits", "enforce")
    made_by = (journal.entry(settings, name) or {}).get("key", "")
    account = Account(uid=uid, made_by=made_by, **{field: given[field] for field in names})
    try:
        machine.limit(settings, account)
        machine.serve(settings, account)
    except said.Trouble as trouble:
        if trouble.kind == "permanent":
            machine.wipe(settings, account.account, uid)
        raise
    account.filled_ns = time.time_ns()
    accounts.save(settings, account)
    return {"changed": True, "warnings": unheld(settings, account)}


def unheld(settings: Settings, account: Account) -> list[str]:
    """Limits that are kept here and held by nobody."""
    able = machine.able(settings)
    free = {"disk_bytes", "inodes"} if able["quota"] == "none" else set()
    free |= {"inodes"} if able["quota"] == "btrfs" else set()
    free |= {"memory_bytes", "cpu_percent", "processes"} if not able["cgroups"] else set()
    return sorted(code for code, amount in account.enforce.items() if code in free and amount >= 0)


def apply(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """Other limits. Refused, with every reason, when more is in use."""
    account = accounts.must(settings, given["account"])
    former = dict(account.enforce)
    changed = (account.limits, account.enforce) != (given["limits"], given["enforce"])
    if changed:
        used = machine.used(settings, account)
        over = [
            {"resource": code, "used": used[code], "target": amount}
            for code, amount in sorted(given["enforce"].items())
            if code not in ELASTIC and amount >= 0 and used.get(code, 0) > amount
        ]
        if over:
            raise said.never("usage_exceeds_target", violations=over)
    account.limits, account.enforce = dict(given["limits"]), dict(given["enforce"])
    try:
        machine.limit(settings, account)
    except said.Trouble:
        account.enforce = former
        machine.limit(settings, account)
        raise
    machine.serve(settings, account)
    accounts.save(settings, account)
    return {"changed": changed, "warnings": unheld(settings, account)}


def _decide(settings: Settings, given: Asked, **to: Any) -> dict[str, Any]:
    """Decide something else about what visitors get."""
    account = accounts.must(settings, given["account"])
    changed = any(getattr(account, field) != value for field, value in to.items())
    for field, value in to.items():
        setattr(account, field, value)
    machine.hold(settings, account)
    machine.serve(settings, account)
    accounts.save(settings, account)
    mail.renew(settings, account)
    return {"changed": changed}


def suspend(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """Serve nobody, keep everything. Why stands in the account's file, for whoever looks at the server."""
    account = accounts.must(settings, given["account"])
    if account.reason != given["reason"]:
        account.reason = given["reason"]
        accounts.save(settings, account)
    return _decide(settings, given, suspended=True)


def unsuspend(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """Serve again."""
    return _decide(settings, given, suspended=False, reason="")


def quarantine(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """Serve nobody and pass nobody on; the data stay."""
    return _decide(settings, given, quarantined=True, proxied_to="")


def front_proxy(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """Pass visitors on; "" serves them here again, and lets the account write again."""
    account = accounts.must(settings, given["account"])
    if given["upstream"] and not account.domains:
        raise said.never("unsupported", account=account.account, remote="the account has no name that visitors use")
    frozen = account.frozen and bool(given["upstream"])
    return _decide(settings, given, proxied_to=given["upstream"], frozen=frozen)


def set_credentials(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """A new password."""
    account = accounts.must(settings, given["account"])
    secrets = {"user": account.account, "password": users.set_password(account.account)}
    return {"changed": True, "secrets": secrets}


def backup(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """A back-up, named after the key; the oldest of too many goes."""
    account = accounts.must(settings, given["account"])
    snapshot = name[:12]
    if all(each["id"] != snapshot for each in account.snapshots):
        most = machine.used(settings, account)["disk_bytes"] * 2 + ROOM_TO_PACK
        account.snapshots.append(content.backup(settings, account, snapshot, most=most))
        account.snapshots, old = account.snapshots[-BACKUPS:], account.snapshots[:-BACKUPS]
        accounts.save(settings, account)
        for each in old:
            files.remove(content.snapshots(settings, account.account) / f"{each['id']}.tar.gz")
    return {"changed": True, "snapshot": snapshot}


def restore(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """Put a back-up back."""
    content.restore(settings, accounts.must(settings, given["account"]), given["snapshot"])
    return {"changed": True}


def copy_key(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """On the new server: the copy's own key."""
    account = accounts.must(settings, given["account"])
    if mail.filling(account, over=False):
        accounts.save(settings, account)
        mail.renew(settings, account)
    return {"public_key": copying.key(settings, account, given["transfer"])}


def mail_key(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """On the old server, which fetches mail back: the copy's own key. It takes mail all the while."""
    return {"public_key": copying.key(settings, accounts.must(settings, given["account"]), given["transfer"])}


def offer(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """On the old server: let that key read."""
    account = accounts.must(settings, given["account"])
    asked_for = {field: given[field] for field in ("transfer", "public_key", "final")}
    return copying.offer(settings, account, **asked_for)


def withdraw(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """On the old server: the copy is over."""
    return {"changed": copying.withdraw(settings, given["transfer"])}


def pull(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """On the new server: fetch. With the last copy its mailboxes are here."""
    account = accounts.must(settings, given["account"])
    fetched = copying.pull(settings, account, dict(given))
    account.filled_ns = time.time_ns()
    if given["final"]:
        mail.filling(account, over=True)
    accounts.save(settings, account)
    mail.renew(settings, account)
    return fetched


def pull_mail(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """On the old server: fetch back the mail that came in on the new one."""
    account = accounts.must(settings, given["account"])
    brought = returning.pull(settings, account, dict(given))
    mail.renew(settings, account)
    return brought


def remove(settings: Settings, name: str, given: Asked) -> dict[str, Any]:
    """Account and data go, back-ups too. Not without proof that the client was told, or that the execution which takes
    its own creation back made this very account: another's of the same name stays (conflict)."""
    if given["proof"] not in ("removal_notice", "never_used") or not given["reference"]:
        raise said.never("forbidden", proof=given["proof"])
    account = accounts.find(settings, given["account"])
    if account is None:  # perhaps one that was never finished
        uid = users.ours(settings, given["account"])
        if uid:
            machine.wipe(settings, given["account"], uid)
        return {"changed": bool(uid)}
    if given["proof"] == "never_used" and not account.made_by.startswith(f"{given['reference']}:"):
        raise said.never("conflict", account=account.account)
    machine.wipe(settings, account.account, account.uid)
    accounts.forget(settings, account.account)
    mail.renew(settings, gone=account.account)
    return {"changed": True}


QUESTIONS: Mapping[str, tuple[Does, Mapping[str, asked.Check]]] = {
    "probe": (probe, {}),
    "capacity": (capacity, {}),
    "listed": (listed, {"after": asked.text(31)}),
    "get": (get, ACCOUNT),
    "usage": (usage, ACCOUNT),
    "manifest": (manifest, ACCOUNT),
    "inside": (inside, ACCOUNT),
}
_NEW = {"label": asked.text(200), "plan": asked.text(40), "domains": asked.domains, **asked.LIMITS}
_WAY = {
    "source": asked.text(120),
    "host": asked.host,
    "port": asked.number(1, 65535),
    "login": asked.matches(asked.LOGIN),
    "host_key": asked.matches(asked.PUBLIC_KEY),
    **TRANSFER,
}
MUTATIONS: Mapping[str, tuple[Does, Mapping[str, asked.Check]]] = {
    "create": (create, {**ACCOUNT, **_NEW}),
    "apply": (apply, {**ACCOUNT, **asked.LIMITS}),
    "suspend": (suspend, {**ACCOUNT, "reason": asked.text(200)}),
    "unsuspend": (unsuspend, ACCOUNT),
    "set_credentials": (set_credentials, ACCOUNT),
    "backup": (backup, ACCOUNT),
    "restore": (restore, {**ACCOUNT, "snapshot": asked.matches(asked.HEX)}),
    "pull": (pull, {**ACCOUNT, **_WAY, "final": asked.flag}),
    "pull_mail": (pull_mail, {**ACCOUNT, **_WAY}),
    "front_proxy": (front_proxy, {**ACCOUNT, "upstream": asked.upstream}),
    "quarantine": (quarantine, ACCOUNT),
    "remove": (remove, {**ACCOUNT, "proof": asked.text(40), "reference": asked.text(80)}),
}
# part of a copy: asked for as often as needed, so without a key and an entry; under the account's lock all the same
PARTS: Mapping[str, tuple[Does, Mapping[str, asked.Check]]] = {
    "copy_key": (copy_key, {**ACCOUNT, **TRANSFER}),
    "mail_key": (mail_key, {**ACCOUNT, **TRANSFER}),
    "offer": (offer, {**ACCOUNT, **TRANSFER, "public_key": asked.matches(asked.PUBLIC_KEY), "final": asked.flag}),
    "withdraw": (withdraw, {**ACCOUNT, **TRANSFER}),
}
