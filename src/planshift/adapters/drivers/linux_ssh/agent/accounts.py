"""Which accounts are here, and what was decided about each? One file per account, written by this agent alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import asked, files, said
from .settings import Settings


@dataclass
class Account:
    """`limits` as sold (any codes), `enforce` what this machine is to hold it to (asked.ENFORCED)."""

    account: str
    uid: int
    label: str = ""
    plan: str = ""
    domains: list[str] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)
    enforce: dict[str, int] = field(default_factory=dict)
    suspended: bool = False
    quarantined: bool = False
    frozen: bool = False
    proxied_to: str = ""
    reason: str = ""
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    made_by: str = ""  # the key of the creation
    filled_ns: int = 0  # when our part of its content was there (nanoseconds of the machine's time); 0: not known
    filling_until: int = 0  # a copy is filling it: no mail is taken in for it (seconds of the machine's time)

    @property
    def serves(self) -> bool:
        """Do visitors get anything?"""
        return not (self.suspended or self.quarantined)


def path_of(settings: Settings, account: str) -> Path:
    """The file of an account."""
    return settings.kept("accounts", f"{account}.json")


def find(settings: Settings, account: str) -> Account | None:
    """The account; None when it is not one of ours, whoever else has that name on this server."""
    kept = files.read(path_of(settings, account))
    return None if kept is None else Account(**kept)


def must(settings: Settings, account: str) -> Account:
    """The account; Trouble "not_found" when absent."""
    found = find(settings, account)
    if found is None:
        raise said.never("not_found", account=account)
    return found


def every(settings: Settings) -> Iterator[Account]:
    """All accounts, by name."""
    for name in names(settings):
        found = find(settings, name)
        if found is not None:
            yield found


def names(settings: Settings) -> list[str]:
    """The names of all accounts, sorted."""
    found = (path.stem for path in settings.kept("accounts").glob("*.json"))
    return sorted(name for name in found if asked.ACCOUNT.fullmatch(name))


def save(settings: Settings, account: Account) -> None:
    """Keep what was decided."""
    files.keep(path_of(settings, account.account), asdict(account))


def forget(settings: Settings, account: str) -> None:
    """It is no longer ours."""
    files.remove(path_of(settings, account))


def domain_taken(settings: Settings, account: str, domains: list[str]) -> str:
    """A name of `domains` that another account here serves; "" for none."""
    for other in every(settings):
        if other.account != account:
            taken = set(other.domains) & set(domains)
            if taken:
                return min(taken)
    return ""
