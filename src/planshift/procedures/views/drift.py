"""What do staff see of differences between machines and what we think?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference; its owner are the staff of `seller`. `can`: apply, take_over, dismiss."""

    id: int
    what: str
    subject: str
    ours: str
    theirs: str
    server: str
    account: str
    seller: str
    service: str
    service_number: str
    client: str
    client_number: str
    found_at: datetime
    seen_at: datetime
    asked_at: datetime | None
    outcome: str
    closed_at: datetime | None
    closed_by: str
    note: str
    can: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An account on a server that no environment of ours is."""

    id: int
    server: str
    seller: str
    account: str
    found_at: datetime
    seen_at: datetime
    outcome: str
    closed_at: datetime | None
    closed_by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """When a server was last asked, about how many environments, and how many questions it did not answer: about
    environments, and for the list of its accounts."""

    server: str
    asked_at: datetime | None
    environments: int
    silent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page of the differences and of the accounts that we do not know, how many there are in all, and how the servers
    were asked."""

    rows: tuple[Difference, ...]
    total: int
    page: int
    more: bool  # another page follows
    unknown: tuple[Unknown, ...]
    unknown_total: int
    servers: tuple[Asked, ...]
