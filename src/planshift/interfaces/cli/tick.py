"""planshift tick: push the business clock ahead and show what becomes due.

usage: planshift tick (--to DATE[THH:MM] | --days N | --hours N) [--at-once] [--no-drain] [--yes-really]

The clock goes day by day, and on each day everything that is due is carried out (--at-once: one jump; --no-drain: leave
the work to the workers). Times are UTC; a DATE alone means noon. Refused outside demo installations unless
--yes-really.
"""

import argparse
import datetime as dt
import sys
import threading
from collections.abc import Iterator

from planshift.domain.errors import Refused
from planshift.interfaces.cli import acting
from planshift.runtime import clock, runs

SETTLE_SECONDS = 10.0
REFUSALS = {
    "clock_not_movable": "the clock of a real installation is not moved (PLANSHIFT_DEMO=1 or --yes-really)",
    "clock_only_forward": "the clock only goes forward",
}


def main(arguments: list[str]) -> int:
    """Move the clock, carry out what is due, print it. 0, or 1 when refused."""
    given = _arguments(arguments)
    now = clock.business()
    target = given.to or now + dt.timedelta(days=given.days or 0, hours=given.hours or 0)
    try:
        for at in [target] if given.at_once else _days(now, target):
            _one_move(at, drain=not given.no_drain, really=given.yes_really)
    except Refused as refused:
        print(f"refused: {REFUSALS.get(refused.code, refused.code)}", file=sys.stderr)
        return 1
    print(f"It is {clock.business():%Y-%m-%d %H:%M} UTC.")
    return 0


def _one_move(at: dt.datetime, *, drain: bool, really: bool) -> None:
    end = runs.queries.journal_end()
    actor = acting.actor()
    clock.move_to(at=at, actor=actor, note="planshift tick", really=really)
    if not drain:
        return
    runs.drain()
    _let_others_finish()
    while lines := runs.queries.journal(after=end):
        for line in lines:
            note = f" ({line.detail.splitlines()[0]})" if line.detail and line.outcome != "went" else ""
            print(f"{line.business_at:%Y-%m-%d %H:%M}  {line.run:<32} {line.step} → {line.outcome}{note}")
        end = lines[-1].id


def _let_others_finish() -> None:
    """Workers beside us may hold runs of this day: wait a little, so that the next day begins after it."""
    begun, pause = clock.monotonic(), threading.Event()
    while runs.queries.under_way() and clock.monotonic() - begun < SETTLE_SECONDS:
        pause.wait(0.05)


def _days(now: dt.datetime, target: dt.datetime) -> Iterator[dt.datetime]:
    """The same time on each day in between, then the target."""
    at = now + dt.timedelta(days=1)
    while at < target:
        yield at
        at += dt.timedelta(days=1)
    yield target


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="planshift tick", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--to", type=_instant, metavar="DATE[THH:MM]")
    where.add_argument("--days", type=int, metavar="N")
    where.add_argument("--hours", type=int, metavar="N")
    parser.add_argument("--at-once", action="store_true", help="one jump instead of day by day")
    parser.add_argument("--no-drain", action="store_true", help="only move the clock")
    parser.add_argument("--yes-really", action="store_true", help="also outside a demo")
    return parser.parse_args(arguments)


def _instant(text: str) -> dt.datetime:
    try:
        given = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-12-31 or 2026-12-31T08:00") from None
    if "T" not in text and " " not in text:
        given = given.replace(hour=12)
    return given if given.tzinfo else given.replace(tzinfo=dt.UTC)
