"""What starts by the calendar? Schedules: one run per slot, whoever plants it, since its key names the slot."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from planshift.runtime import clock
from planshift.runtime.runs import starting

Hand = Literal["business", "system"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A kind of run that starts once per slot: each day at `at` in `zone`, or every so many `minutes` (of UTC)."""

    kind: str
    at: dt.time | None
    minutes: int
    zone: str
    hand: Hand

    def slot(self, now: dt.datetime) -> str:
        """The name of the latest slot that has begun at `now`. Slots that nobody saw are not made up for."""
        if self.at is None:
            minute = now.astimezone(dt.UTC).replace(second=0, microsecond=0)
            minute -= dt.timedelta(minutes=int(minute.timestamp()) // 60 % self.minutes)
            return minute.strftime("%Y-%m-%dT%H:%M" if self.minutes % 60 else "%Y-%m-%dT%H")
        local = now.astimezone(ZoneInfo(self.zone))
        day = local.date() if local.time() >= self.at else local.date() - dt.timedelta(days=1)
        return day.isoformat()


_schedules: dict[str, Schedule] = {}
_planted: dict[str, str] = {}


def every(
    kind: str,
    *,
    at: dt.time | None = None,
    hours: int = 0,
    minutes: int = 0,
    zone: str = "UTC",
    hand: Hand = "business",
) -> Schedule:
    """Start a run of `kind` every day at the local time `at` in `zone`, or every so many hours and minutes. Key:
    kind:slot; the same subject.

    `hand` chooses the clock: "business" for what the business does (sweeps, renewals), "system" for housekeeping. A
    jump over several slots starts one run, for the latest: a sweep takes everything that is due.
    """
    between = hours * 60 + minutes
    if (at is None) == (between < 1):
        raise ValueError("either a time of day or a time between two runs")
    made = Schedule(kind, at, between, zone, hand)
    _schedules[kind] = made
    _planted.pop(kind, None)
    return made


def plant() -> int:
    """Start the runs of slots that have begun; no statement while nothing is new. Returns how many slots were looked
    at.
    """
    new = 0
    for schedule in list(_schedules.values()):
        slot = schedule.slot(clock.business() if schedule.hand == "business" else clock.system())
        if _planted.get(schedule.kind) == slot:
            continue
        starting.start_many(kind=schedule.kind, subjects=[(f"{schedule.kind}:{slot}", slot)])
        _planted[schedule.kind] = slot
        new += 1
    return new


def forget() -> None:
    """Between tests: the rows that were planted are gone."""
    _planted.clear()
