"""How many billing periods is a stretch of time? The published factors, from `domain.periods` alone."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from planshift.domain import money, periods
from planshift.domain.exact import Fraction

CASES = tomllib.loads((Path(__file__).parent / "cases" / "factors.toml").read_text(encoding="utf-8"))


def _stretches(
    *, months: int, start: date, bill_day: int, target: date, end: date | None = None, **_: Any
) -> Iterator[Fraction]:
    """Each stretch from `start` on, as a share of the billing period that it lies in."""
    bill = periods.add_months(start, 0, anchor=bill_day)
    if bill < start:
        bill = periods.add_months(bill, months, anchor=bill_day)
    if start < bill:
        before = periods.Period(periods.add_months(bill, -months, anchor=bill_day), bill)
        yield Fraction(periods.Period(start, min(bill, end or bill)).days, before.days)
    while bill <= target and (end is None or bill < end):
        following = periods.add_months(bill, months, anchor=bill_day)
        yield Fraction(
            periods.Period(bill, min(following, end or following)).days, periods.Period(bill, following).days
        )
        bill = following


@pytest.mark.parametrize("name", CASES["bill_day"])
def test_bill_day_factors(name: str) -> None:
    case = CASES["bill_day"][name]
    stretches = list(_stretches(**case))
    assert sum(stretches) == sum(Fraction(term.strip()) for term in case["periods"].split("+"))
    # the source keeps nine decimals, half up, of every stretch: 14/365 + 12/366 = 0.038356164 + 0.032786885
    kept = [Fraction(money.round_units(stretch * 10**9, "half_up"), 10**9) for stretch in stretches]
    assert sum(kept) == Fraction(case["rounded"])
