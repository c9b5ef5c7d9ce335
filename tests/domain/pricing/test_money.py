"""Money, tax and business days: exact values, and what they refuse."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planshift.domain import calendar, money, tax
from planshift.domain.errors import BadMoney, Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed

ROUNDED = [
    # value, half_up, half_even, half_down, down, up, floor, ceiling
    ("0.005", "0.01", "0.00", "0.00", "0.00", "0.01", "0.00", "0.01"),
    ("0.015", "0.02", "0.02", "0.01", "0.01", "0.02", "0.01", "0.02"),
    ("-0.005", "-0.01", "0.00", "0.00", "0.00", "-0.01", "-0.01", "0.00"),
    ("-0.015", "-0.02", "-0.02", "-0.01", "-0.01", "-0.02", "-0.02", "-0.01"),
    ("1.234", "1.23", "1.23", "1.23", "1.23", "1.24", "1.23", "1.24"),
    ("7", "7.00", "7.00", "7.00", "7.00", "7.00", "7.00", "7.00"),
]


@pytest.mark.parametrize("row", ROUNDED, ids=[row[0] for row in ROUNDED])
def test_rounding_mirrors_negative_amounts(row: tuple[str, ...]) -> None:
    value, *expected = row
    assert [Money.of(value, "EUR").rounded(mode).text for mode in money.MODES] == expected


def test_the_smallest_unit_is_the_currency_s() -> None:
    assert Money.of("1.5", "JPY").rounded().text == "2"
    assert Money.of("1.2345", "KWD").rounded().text == "1.235"
    assert Money.of("2830750.68", "VND").rounded("down", unit=Fraction(10000)).text == "2830000"
    assert Money.from_minor(1230, "EUR") == Money.of("12.30", "EUR")
    assert Money.of("12.571", "USD").text == "12.571"  # finer than a cent, as computed


@pytest.mark.parametrize("amount", [0.1, True, "1,50", "1e3", "", "NaN", None, " 1", "1" * 16])
def test_no_float_and_no_other_writing_becomes_money(amount: Any) -> None:
    with pytest.raises(BadMoney):
        Money.of(amount, "EUR")


def test_currencies_do_not_mix() -> None:
    for run in (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b):
        with pytest.raises(BadMoney):
            run(Money.of(1, "EUR"), Money.of(1, "PLN"))
    with pytest.raises(BadMoney):
        Money.of(1, "euro")
    with pytest.raises(BadMoney):
        _ = Money.of("0.005", "EUR").minor


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any))
def test_shares_sum_to_the_whole_and_none_is_a_cent_off(minor: int, weights: list[int]) -> None:
    whole = Money.from_minor(minor, "EUR")
    parts = whole.split(weights)
    assert Money.total(parts, currency="EUR") == whole
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.amount - whole.amount * weight / sum(weights)) < Fraction(1, 100)


def test_tax_once_per_rate_is_shared_among_its_lines() -> None:
    # 3 x 0.33 at 22 %: on the sum 0.99 x 22 % = 0.2178; by line 0.0726 each
    lines = [(Money.of("0.33", "EUR"), Fraction(22, 100))] * 3
    assert [each.tax.text for each in tax.per_rate(lines)] == ["0.08", "0.07", "0.07"]
    assert [each.tax.text for each in tax.per_rate(lines, by_line=True)] == ["0.07", "0.07", "0.07"]


def test_tax_inside_a_gross_amount() -> None:
    assert Taxed.of_gross(Money.of("123", "PLN"), Fraction(23, 100)).net.text == "100.00"
    assert Taxed.of_net(Money.of("59.05", "EUR"), Fraction(22, 100)).gross.text == "72.04"  # 12.991
    with pytest.raises(BadMoney):
        Taxed(Money.of(1, "EUR"), Money.of(1, "EUR"), Money.of(3, "EUR"))


BUSINESS_DAYS = [
    # day, days, country, the last of them
    ("2026-04-30", 1, "IT", "2026-05-04"),  # 1 May is a holiday, 2 and 3 a weekend
    ("2026-04-30", 1, "PL", "2026-05-04"),
    ("2026-06-01", 1, "IT", "2026-06-03"),  # 2 June: Festa della Repubblica
    ("2026-06-01", 1, "PL", "2026-06-02"),
    ("2026-11-10", 1, "PL", "2026-11-12"),  # 11 November
    ("2026-12-23", 3, "IT", "2026-12-29"),  # 24, 28, 29; 25 and 26 are holidays, 27 is a Sunday
    ("2026-07-03", 5, "IT", "2026-07-10"),
    ("2026-07-04", 0, "IT", "2026-07-06"),  # a Saturday: the next business day
]


@pytest.mark.parametrize(("day", "days", "country", "last"), BUSINESS_DAYS)
def test_H6_business_days(day: str, days: int, country: str, last: str) -> None:
    found = calendar.add_business_days(date.fromisoformat(day), days, country=country)
    assert found.isoformat() == last


def test_H6_the_seller_s_own_closed_days_do_not_count() -> None:
    closed = frozenset({date(2026, 7, 6)})
    assert calendar.add_business_days(date(2026, 7, 3), 1, country="IT", closed=closed) == date(2026, 7, 7)
    assert calendar.business_days_between(date(2026, 7, 3), date(2026, 7, 10), country="IT", closed=closed) == 4
    with pytest.raises(Refused):
        calendar.add_business_days(date(2026, 7, 3), 1, country="XX")
