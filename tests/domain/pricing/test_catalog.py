"""Catalogs: the example of the page, the demo catalogs, and every way to get one wrong."""

import inspect
import re
from datetime import date
from pathlib import Path

import pytest

from planshift.domain import catalog_document, tax, toml_reading
from planshift.domain.catalog import Contract, Price, price_on
from planshift.domain.exact import Fraction
from planshift.domain.periods import Length
from tests.domain.pricing import world

PAGE = (Path(__file__).parents[3] / "docs" / "catalog-format.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
SOUND = '[seller]\ncurrency = "EUR"\n[plans.a]\nprice = "1"\n'


def test_the_example_of_the_page_is_read_as_the_page_says() -> None:
    found = catalog_document.parse(EXAMPLE)
    large = found.plans["large"]
    year = large.price(Length(12), date(2026, 6, 1))
    assert year is not None
    assert (year.amount, year.regular) == (200, 220)
    months = [large.price(Length(1), day) for day in (date(2026, 12, 31), date(2027, 1, 1))]
    assert [price.amount if price else None for price in months] == [20, 22]
    quarter = large.price(Length(3), date(2026, 6, 1))
    assert quarter is not None
    assert quarter.amount == 60  # 3 x 20.00
    assert found.traits(found.plans["small"]) == {"platform": "virtual", "disk": "ssd"}
    assert found.seller.tax_rate(date(2026, 6, 1)) == Fraction(22, 100)
    assert found.seller.tax_rate(date(2013, 9, 30)) == 0
    assert found.seller.oss_from == date(2026, 7, 1)
    finland = found.seller.oss_rates["FI"]
    assert [tax.rate_on(finland, on) for on in (date(2024, 8, 31), date(2024, 9, 1))] == [
        Fraction(24, 100),
        Fraction(255, 1000),
    ]
    assert found.plans["small"].lengths(date(2026, 6, 1)) == (Length(1), Length(3), Length(12))


def test_the_page_names_every_key_that_is_read() -> None:
    code = inspect.getsource(catalog_document)
    keys = set(re.findall(r"(?:table|row|legal|seller)\.\w+\(\s*\"([a-z_]+)\"", code))
    assert {"oss_from", "oss_rates", "shrinkable", "hourly_prices"} <= keys
    assert sorted(key for key in keys if not re.search(rf"\b{key}\b", PAGE)) == []


@pytest.mark.parametrize("name", ["easy-hard", "deposit"])
def test_every_plan_of_the_demo_catalogs_has_a_price_or_is_metered(name: str) -> None:
    found = world.catalog(name)
    assert len(found.plans) == 6
    for plan in found.plans.values():
        assert plan.prices or found.families[plan.family].metered


WRONG = [
    ("", "seller: 'currency' is missing"),
    ("[seller", "not TOML"),
    (SOUND.replace('"EUR"', '"euro"'), "line 2, seller.currency: this must be a currency code such as EUR"),
    (SOUND.replace('"EUR"', '"EUT"'), "line 2, seller.currency: there is no currency “EUT”, did you mean “"),
    (SOUND.replace("[plans.a]", 'country = "ZZ"\n[plans.a]'), "line 3, seller.country: there is no country “ZZ”"),
    (SOUND + 'name = "Sil\\u0007ver"\n', "line 5, plans.a.name: there is a control character in it (U+0007)"),
    (SOUND + "[plans.a.name]\nen = 'A'\npl = \"a\\tb\"\n", "plans.a.name: there is a control character in it (U+0009)"),
    (SOUND.replace('"1"', '"-1"'), "line 4, plans.a.price: an amount must not be negative"),
    (SOUND.replace('"1"', "1.0e400"), "line 4, plans.a.price"),
    (SOUND.replace('"1"', "inf"), "line 4, plans.a.price"),
    (SOUND.replace('"1"', "true"), "line 4, plans.a.price"),
    (SOUND + "perod = 1\n", "line 5, plans.a.perod: unknown key, did you mean 'period'?"),
    (SOUND + "period = 0\n", "line 5, plans.a.period: length not understood"),
    (SOUND + 'family = "b"\n[families.c]\n', "line 5, plans.a.family: there is no family 'b'"),
    (SOUND + 'prices = [{ period = 1, amount = "2" }]\n', "two prices for one period begin on the same day"),
    (SOUND + "[plans.a.resources.ip]\nadditional = true\n", "additional units need prices or an hourly price"),
    (SOUND + "[plans.a.resources.ip]\nincluded = -1\n", "this must be a whole number from 0"),
    (SOUND + '[plans."a b"]\nprice = "1"\n', "this must be a code"),
    (SOUND + "[plans.a.name]\npl = 'x'\n", 'this must be a text, or { en = "…"'),
    (SOUND.replace("[plans.a]", 'zone = "Nowhere"\n[plans.a]'), "this must be a time zone"),
    (SOUND.replace("[plans.a]", 'vat = [{ rate = "123" }]\n[plans.a]'), "a percentage must be from 0 to 100"),
    (SOUND.replace("[plans.a]", "closed = 1\n[plans.a]"), "this must be a list"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[message[-40:] for _, message in WRONG])
def test_what_is_wrong_is_named_with_its_line_and_key(text: str, message: str) -> None:
    with pytest.raises(toml_reading.BadDocument) as caught:
        catalog_document.parse(text, name="shop.toml")
    assert str(caught.value).startswith("shop.toml: line ")
    assert message in str(caught.value)


def test_all_problems_are_named_at_once() -> None:
    text = '[seller]\ncurrency = "EU"\nvatt = 1\n[plans.a]\nprice = "x"\n'
    with pytest.raises(toml_reading.BadDocument) as caught:
        catalog_document.parse(text)
    assert [problem.line for problem in caught.value.problems] == [2, 3, 5]


MARCH = date(2026, 3, 1)
FIRST = Price(Length(1), Fraction(10), MARCH)
LATER = Price(Length(1), Fraction(12), date(2026, 9, 1))
NAMED = Price(Length(1), Fraction(12), date(2026, 9, 1), existing_from=date(2027, 3, 1))
ONLY = Price(Length(1), Fraction(10), MARCH, existing_from=date(2027, 3, 1))
DEAR = Price(Length(12), Fraction(150), MARCH)
OLD = Price(Length(1), Fraction(9))


@pytest.mark.parametrize(
    ("prices", "length", "kept", "on", "amount"),
    [
        ((FIRST,), 1, True, date(2026, 2, 28), None),  # nobody can have it yet
        ((FIRST,), 1, True, MARCH, 10),
        ((FIRST,), 12, True, MARCH, 120),
        ((LATER, FIRST), 1, True, date(2028, 1, 1), 10),  # the first price, for as long as it is renewed
        ((FIRST, NAMED), 1, True, date(2027, 2, 28), 10),
        ((FIRST, NAMED), 1, True, date(2027, 3, 1), 12),
        ((ONLY,), 1, False, MARCH, 10),
        ((ONLY, LATER), 1, False, date(2026, 9, 1), 12),
        ((DEAR,), 12, True, MARCH, 150),  # a year is sold for the first time
        ((OLD, DEAR), 12, True, MARCH, 108),  # 12 x 9 was agreed, and a year has a price of its own since
    ],
)
def test_H8_what_is_first_priced_after_a_contract_costs_its_first_price(
    prices: tuple[Price, ...], length: int, kept: bool, on: date, amount: int | None
) -> None:
    found = price_on(prices, Length(length), on, contract=Contract(date(2025, 1, 1), kept))
    assert (found.amount if found else None) == amount


@pytest.mark.parametrize("was", ['"ZZZ"', '"EUR"\ncountry = "ZZ"'])
def test_a_catalog_that_was_accepted_is_read_for_ever(was: str) -> None:
    """It stays in force as it is, after a version that would not take it any more."""
    text = SOUND.replace('"EUR"', was) + 'name = "Sil\\u0007ver"\n'
    assert catalog_document.parse(text, accepted=True).plans["a"].name["en"] == "Sil\x07ver"
    with pytest.raises(toml_reading.BadDocument):
        catalog_document.parse(text)


def test_a_space_that_does_not_break_is_no_control_character() -> None:
    found = catalog_document.parse(SOUND + 'name = "10\u00a0GB"\n')
    assert found.plans["a"].name["en"] == "10\u00a0GB"
