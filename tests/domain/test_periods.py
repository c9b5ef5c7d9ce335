"""How many units of time lie between two moments?"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from planshift.domain import periods
from planshift.domain.exact import Fraction

ROME = ZoneInfo("Europe/Rome")


@pytest.mark.parametrize(
    ("unit", "start", "end", "expected"),
    [
        # 29 March 2026 has 23 hours in Rome, 25 October has 25
        ("hour", date(2026, 3, 28), date(2026, 3, 30), 47),
        ("hour", date(2026, 10, 24), date(2026, 10, 26), 49),
        ("minute", date(2026, 3, 29), date(2026, 3, 30), 23 * 60),
        ("second", date(2026, 10, 25), date(2026, 10, 26), 25 * 3600),
        ("hour", datetime(2026, 3, 29, 1, tzinfo=ROME), datetime(2026, 3, 29, 4, tzinfo=ROME), 2),
        # a day with a clock change is one day; a part of it goes by the wall clock
        ("day", date(2026, 3, 28), date(2026, 3, 30), 2),
        ("day", datetime(2026, 3, 28, 12, tzinfo=ROME), datetime(2026, 3, 30, tzinfo=ROME), Fraction(3, 2)),
        # 31 January to 15 March: one month to 28 February, then 15 of the 31 days to 31 March
        ("month", date(2026, 1, 31), date(2026, 3, 15), 1 + Fraction(15, 31)),
        ("month", date(2024, 2, 29), date(2025, 2, 28), 12),
    ],
)
def test_elapsed(unit: str, start: periods.Moment, end: periods.Moment, expected: Fraction) -> None:
    assert periods.elapsed(start, end, unit, zone=ROME) == expected
