"""What does WHM say about accounts and packages, in our words?"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planshift.provisioning import ports

# what we call it: in accountsummary, in a package, as a parameter of modifyacct (whose case counts), of createacct
NAMES: Mapping[str, tuple[str, str, str, str]] = {
    "disk_mb": ("disklimit", "QUOTA", "", "quota"),
    "mailboxes": ("maxpop", "MAXPOP", "MAXPOP", "maxpop"),
    "databases": ("maxsql", "MAXSQL", "MAXSQL", "maxsql"),
    "ftp_users": ("maxftp", "MAXFTP", "MAXFTP", "maxftp"),
    "subdomains": ("maxsub", "MAXSUB", "MAXSUB", "maxsub"),
    "domains": ("maxaddons", "MAXADDON", "MAXADDON", "maxaddon"),
}
THINGS = tuple(NAMES)
USED: Mapping[str, str] = {
    "mailboxes": "email_accounts",
    "databases": "mysql_databases",
    "ftp_users": "ftp_accounts",
    "subdomains": "subdomains",
    "domains": "addon_domains",
}
_USER = re.compile(r"[a-z][a-z0-9]{0,15}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Summary:
    """An account as WHM describes it. Amounts by thing; ports.UNLIMITED for no limit."""

    user: str
    domain: str
    address: str
    plan: str
    suspended: bool
    actual: Mapping[str, int]
    disk_used_mb: int


def user_of(account: str) -> str:
    """What an account of ours is called at the server: as it is, where cPanel takes that; else without its hyphens, or
    a digest, for cPanel tells users apart by their first eight letters. The same name always gives the same user."""
    if _USER.fullmatch(account):
        return account
    short = account.replace("-", "x")
    if len(short) <= 8 and _USER.fullmatch(short) and not short.startswith("test"):
        return short
    number, name = int.from_bytes(hashlib.sha256(account.encode()).digest()[:8]), ""
    for _ in range(7):
        number, digit = divmod(number, len(_DIGITS))
        name += _DIGITS[digit]
    return f"p{name}"


def summary(said: Mapping[str, Any]) -> Summary:
    """One of `acct`. KeyError, TypeError or ValueError for another shape."""
    return Summary(
        user=str(said["user"]),
        domain=str(said["domain"]),
        address=str(said.get("ip") or ""),
        plan=str(said.get("plan") or ""),
        suspended=str(said.get("suspended", 0)) == "1",
        actual={thing: _amount(thing, said[named[0]]) for thing, named in NAMES.items() if named[0] in said},
        disk_used_mb=max(0, _number(said.get("diskused", "0M"))),
    )


def package(said: Mapping[str, Any]) -> dict[str, int]:
    """What a package gives, by thing."""
    return {thing: _amount(thing, said[named[1]]) for thing, named in NAMES.items() if named[1] in said}


def written(thing: str, amount: int) -> str:
    """An amount as WHM wants it. Of domains it counts those beyond the first."""
    if amount == ports.UNLIMITED:
        return "unlimited"
    return str(max(0, amount - 1) if thing == "domains" else amount)


def used(usages: Any) -> dict[str, int]:
    """Of UAPI's ResourceUsage::get_usages, by thing; what it cannot tell is absent."""
    found: dict[str, int] = {}
    if isinstance(usages, list):
        by_id = {one.get("id"): one for one in usages if isinstance(one, dict) and not one.get("error")}
        for thing, named in USED.items():
            value = by_id.get(named, {}).get("usage")
            if value is not None:
                found[thing] = int(value) + (1 if thing == "domains" else 0)
    return found


def _amount(thing: str, value: Any) -> int:
    amount = _number(value)
    if thing == "disk_mb" and amount == 0:
        return ports.UNLIMITED  # WHM writes "no limit" of disk in both ways
    return amount + 1 if thing == "domains" and amount >= 0 else amount


def _number(value: Any) -> int:
    """`unlimited`, `1024`, `1024M`, `2.5M`; megabytes are rounded up."""
    text = str(value).strip()
    if value is None or text.lower() in ("unlimited", "null", ""):
        return ports.UNLIMITED
    whole, _, part = text.removesuffix("M").partition(".")
    return int(whole) + (1 if part.strip("0") else 0)
