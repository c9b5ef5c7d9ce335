"""What do staff see of promised days (H6)?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The clock of a promise stood still, or does; `ended_at` None: it still does."""

    reason: str
    note: str
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    ended_by: str
    end_note: str
    business_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The promise of one change. `runs`: its clock counts now."""

    promised_on: date | None
    runs: bool
    pauses: tuple[Pause, ...]  # the latest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One change whose day is promised. `days`: business days until then, negative when it is over."""

    number: str
    client: str
    client_number: str
    service: str
    service_number: str
    kind: str
    operation: str
    state: str
    seller: str
    promised_on: date
    days: int
    late: int  # business days over it, 0 before
    stuck: bool
    waits_for: str
    pause: Pause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice that nobody has marked as seen."""

    id: int
    change: str
    client: str
    service: str
    code: str
    promised_on: date
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything promised that is not in force: each change in exactly one list, but the stuck ones, which stand in
    `stuck` too."""

    overdue: tuple[Due, ...]
    today: tuple[Due, ...]
    soon: tuple[Due, ...]
    later: tuple[Due, ...]
    stuck: tuple[Due, ...]
    paused: tuple[Due, ...]
    notices: tuple[Told, ...]
    totals: Mapping[str, int]  # by the name of the list; more than it holds, where only the first ones are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarmed:
    """Where a seller's staff are told by mail what needs a person; `address` is "" where nobody is."""

    seller: str
    address: str
