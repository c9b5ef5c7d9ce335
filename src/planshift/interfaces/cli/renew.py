"""planshift renew: show what the renewals of a day would be, or begin today's.

usage: planshift renew [--on DATE] --dry-run
       planshift renew

With --dry-run nothing is written: next terms that would be announced with their totals per seller and currency, how
many of them account credit and the deposit would pay, services that would be suspended or given up, and those that
cannot be priced.
Without it today's run begins (the daily sweep does the same); the workers carry it out.
"""

import argparse
import datetime as dt
import sys

from planshift.domain.errors import Refused
from planshift.procedures import announcing, forecast
from planshift.runtime import clock


def main(arguments: list[str]) -> int:
    """Print the forecast or begin the run. 0, or 1 when something cannot be priced or is refused."""
    given = _arguments(arguments)
    now = clock.business()
    if not given.dry_run:
        if given.on is not None and given.on != now.date():
            print("refused: only today's renewals are begun; --dry-run shows another day", file=sys.stderr)
            return 1
        announcing.begin(at=now)
        print("Today's renewals have begun; the workers carry them out.")
        return 0
    at = now if given.on is None else dt.datetime.combine(given.on, dt.time(12), tzinfo=dt.UTC)
    try:
        return max([_print(found) for found in forecast.of_day(at=at, known_at=now)], default=0)
    except Refused as refused:
        print(f"refused: {refused.code}", file=sys.stderr)
        return 1


def _print(found: forecast.Forecast) -> int:
    total, currency = found.total, found.currency
    print(f"{found.seller} ({currency})")
    print(f"  announced   {found.announced:>8}   net {total.net.text}, tax {total.tax.text}, gross {total.gross.text}")
    print(f"  by credit   {found.from_credit:>8}   gross {found.credited.text}")
    print(f"  by deposit  {found.from_deposit:>8}   gross {found.drawn.text}")
    print(f"  suspended   {found.suspended:>8}")
    print(f"  given up    {found.given_up:>8}")
    for reason, count in sorted(found.refused.items()):
        print(f"  cannot be priced {count:>3}   {reason}")
    for service, reason in found.examples:
        print(f"    {service}  {reason}")
    return 1 if found.refused else 0


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="planshift renew", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--on", type=_day, metavar="DATE", help="the day (default: today)")
    parser.add_argument("--dry-run", action="store_true", help="only show what would happen")
    return parser.parse_args(arguments)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-12-31") from None
