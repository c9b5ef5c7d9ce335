"""Do the compiled fractions say what the standard ones say, and does everything work without the compiled ones?"""

import fractions
import math
import operator
import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import quicktions
from hypothesis import given
from hypothesis import strategies as st

from planshift.domain import exact, money
from planshift.domain.errors import BadMoney

ROOT = Path(__file__).parents[2]
values = st.fractions(max_denominator=10**12)
WITHOUT = (
    "import tests.harness.standard_fractions; from planshift.domain import exact; print(exact.Fraction.__module__)"
)


def test_the_compiled_ones_are_used_where_they_are_installed() -> None:
    assert exact.Fraction is quicktions.Fraction


def compiled(value: fractions.Fraction) -> exact.Fraction:
    return exact.Fraction(value.numerator, value.denominator)


@given(values, values)
def test_arithmetic_and_comparison_are_the_same(one: fractions.Fraction, other: fractions.Fraction) -> None:
    for does in (operator.add, operator.sub, operator.mul, operator.lt, operator.le, operator.eq, min, max):
        assert does(compiled(one), compiled(other)) == does(one, other)
        assert does(compiled(one), other) == does(one, other)  # a standard one handed to us
        assert does(one, compiled(other)) == does(one, other)
    if other:
        assert compiled(one) / compiled(other) == one / other
        assert divmod(compiled(one), compiled(other)) == divmod(one, other)


@given(values, st.integers(1, 10**6))
def test_values_texts_hashes_and_roundings_are_the_same(value: fractions.Fraction, most: int) -> None:
    ours = compiled(value)
    assert (ours.numerator, ours.denominator) == (value.numerator, value.denominator)
    assert (ours, hash(ours), str(ours), repr(ours), bool(ours)) == (
        value, hash(value), str(value), repr(value), bool(value)
    )  # fmt: skip
    for does in (math.floor, math.ceil, math.trunc, round, int, abs, operator.neg):
        assert does(ours) == does(value)
    assert ours.limit_denominator(most) == value.limit_denominator(most)
    assert pickle.loads(pickle.dumps(ours)) == value
    assert {ours: 1}[value] == 1  # type: ignore[index]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_decimals_and_their_texts_are_read_the_same(value: Decimal) -> None:
    assert exact.Fraction(value) == fractions.Fraction(value)
    assert exact.Fraction(str(value)) == fractions.Fraction(str(value))


@given(values)
def test_money_of_a_standard_fraction_is_the_same_money(value: fractions.Fraction) -> None:
    found = money.Money(value, "EUR")  # type: ignore[arg-type]
    assert type(found.amount) is exact.Fraction
    assert found == money.Money(compiled(value), "EUR")
    assert type((found * value).amount) is exact.Fraction
    assert (found * value).amount == value * value


@pytest.mark.parametrize("wrong", [True, 0.5, Decimal("0.5"), None, "1/2"])
def test_money_is_made_of_nothing_else(wrong: object) -> None:
    with pytest.raises(BadMoney):
        money.Money(wrong, "EUR")  # type: ignore[arg-type]


def test_without_the_compiled_ones_the_standard_ones_are_used() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fractions"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_tests_of_the_domain_pass_without_them() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.harness.standard_fractions", "-p", "no:cacheprovider"]
    command += ["tests/domain", "--ignore", "tests/domain/test_exact.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout.splitlines()[-1]
