"""Can a client with a pocket calculator follow each line of working: both shipped policies, each language?"""

import dataclasses
import re
from datetime import date
from types import MappingProxyType

import pytest
from django.utils import translation

from planshift.domain import catalog_document, quote
from planshift.domain import facts as known
from planshift.domain.exact import Fraction
from planshift.domain.periods import Length, Period
from planshift.domain.policy import loader
from planshift.interfaces.presenters import figures, working
from tests.domain.pricing import test_other_taxes as taxes
from tests.house_rules import source

YEAR, MONTH = Length(12), Length(1)
CASES = {  # policy, present plan, its billing period, additional resources, day of the change, request
    "easy": ("easy-hard", "silver", YEAR, {}, date(2026, 9, 1), known.ChangePlan("gold")),
    "easy, in the middle of a month": ("easy-hard", "silver", YEAR, {}, date(2026, 9, 14), known.ChangePlan("gold")),
    "hard": ("easy-hard", "host-pointer", YEAR, {}, date(2026, 7, 1), known.ChangePlan("gold")),
    "increase": ("deposit", "standard", MONTH, {}, date(2026, 1, 11), known.ChangePlan("professional")),
    "decrease": ("deposit", "professional", YEAR, {}, date(2026, 4, 1), known.ChangePlan("standard")),
    "more": ("deposit", "professional", MONTH, {"memory": 2}, date(2026, 1, 11), {"memory": 4}),
    "the first": ("deposit", "standard", MONTH, {}, date(2026, 1, 11), {"memory": 4}),
    "less": ("deposit", "professional", MONTH, {"memory": 4}, date(2026, 1, 11), {"memory": 2}),
    "period": ("deposit", "professional", MONTH, {"ip": 2}, date(2026, 1, 11), known.ChangePeriod(Length(3))),
}
CLAUSES = {"easy-hard": {"H5", "H7", "H8"}, "deposit": {"D6", "D11"}}


def offered(name: str) -> quote.Offer:
    """The offer of a case: the term began on 1 January 2026, nothing was changed since."""
    code, plan, length, have, on, asked = CASES[name]
    catalog = catalog_document.parse((source.ROOT / "catalogs" / f"{code}.toml").read_text(encoding="utf-8"))
    end = date(2027, 1, 1) if length == YEAR else date(2026, 2, 1)
    service = known.Service(
        plan=plan, length=length, term=Period(date(2026, 1, 1), end), resources=MappingProxyType(have)
    )
    request = known.ChangeResources(MappingProxyType(asked)) if isinstance(asked, dict) else asked
    found = quote.price(
        facts=known.Facts(catalog=catalog, service=service),
        request=request,
        policy=loader.load((source.ROOT / "policies" / f"{code}.toml").read_bytes()),
        on=on,
    )
    assert isinstance(found, quote.Offer), found
    return found


def reckoned(formula: str, comma: str) -> Fraction:
    """What a calculator makes of a formula as it is shown."""
    text = formula.translate(str.maketrans("×−", "*-")).replace(comma, ".")
    assert re.fullmatch(r"[0-9./*+() -]+", text), formula
    found = eval(re.sub(r"[0-9.]+", r'Fraction("\g<0>")', text))
    assert isinstance(found, Fraction)
    return found


@pytest.mark.parametrize(("language", "comma"), [("en", "."), ("pl", ","), ("it", ",")])
@pytest.mark.parametrize("name", CASES)
def test_each_shown_formula_gives_the_unrounded_value(name: str, language: str, comma: str) -> None:
    with translation.override(language):
        for step in offered(name).working:
            shown = working.show(step, {})
            if shown.formula:
                assert reckoned(shown.formula, comma) == step.unrounded, shown
            assert shown.sign == ("=" if step.result == step.unrounded else "≈")
            assert "_" not in shown.title + "".join(each.name for each in shown.operands), "a code without words"


@pytest.mark.parametrize("name", CASES)
def test_the_clauses_are_those_of_the_policy_s_own_regulation(name: str) -> None:
    assert {step.clause for step in offered(name).working} - {""} <= CLAUSES[CASES[name][0]]


def test_a_share_has_no_unit() -> None:
    (share,) = [step for step in offered("easy").working if step.code == "time_share"]
    with translation.override("en"):
        shown = working.show(share, {})
    assert (shown.formula, shown.sign, shown.result) == ("4 / 12", "=", "0.3333333333…")
    assert shown.operands == [("time left", "4\u00a0months"), ("whole term", "12\u00a0months")]


def test_units_that_are_added_to_others_are_charged_alone() -> None:
    (step,) = [step for step in offered("more").working if step.code == "resource_share"]
    with translation.override("pl"):
        shown = working.show(step, {})
    # 21 days of 31 are left: 8.00 × 2 × 21 / 31 = 10.8387…
    assert (shown.formula, shown.result.replace("\u00a0", " ")) == ("8,00 × (4 − 2) × 21 / 31", "10,84 zł")


@pytest.mark.parametrize(
    ("timing", "days", "on", "words"),
    [
        ("at_once", 0, None, "at once"),
        ("after_payment", 0, None, "as soon as it begins"),
        ("at_renewal", 0, None, "as soon as it begins"),
        ("at_renewal", 3, None, "3 business days"),
        ("after_payment", 3, date(2026, 9, 4), "4 September 2026"),
    ],
)
def test_what_begins_later_is_not_done_at_once(timing: str, days: int, on: date | None, words: str) -> None:
    promise = quote.Promise(business_days_min=days, business_days_max=days, on=on)
    with translation.override("en"):
        told = figures.promise(dataclasses.replace(offered("more"), timing=timing, promise=promise))
    assert told.replace("\u00a0", " ") == words


def test_months_and_days_stay_apart_in_a_formula() -> None:
    # from 14 September: the rest of the month that began on 1 September (17 of 30 days), and three whole months
    (step,) = [step for step in offered("easy, in the middle of a month").working if step.code == "time_share"]
    assert working.show(step, {}).formula == "(3 + 17/30) / 12"


def test_a_period_change_names_its_missing_months() -> None:
    found = offered("period")
    names = {"professional": {"en": "Professional"}}
    with translation.override("en"):
        (first, *_others) = figures.of_offer(found, names).lines
        assert first.title == "Professional: the months missing to the longer billing period"
        shown = working.show(first.steps[0], names)
    assert (shown.formula, shown.result.replace("\u00a0", " ")) == ("89.00 × 2", "PLN 178.00")  # 3 − 1 months


def test_the_next_renewal_is_worked_out_from_its_parts() -> None:
    """Three months of Professional and of two addresses: 267.00 + 2 x 30.00 = 327.00; 23 % of it is 75.21."""
    steps = {step.code: step for step in offered("period").working}
    assert [(each.code, each.value) for each in steps["next_renewal"].operands] == [("professional", 267), ("ip", 30)]
    shown = [(steps[code].formula, steps[code].result) for code in steps if code.startswith("next_renewal")]
    assert shown == [
        ("267.00 + 2 × 30.00", 327),
        ("327.00 × 23 / 100", Fraction("75.21")),
        ("327.00 + 75.21", Fraction("402.21")),
    ]


@pytest.mark.parametrize(("language", "said"), [("en", "1\xa0day"), ("pl", "1\xa0dzień"), ("it", "1\xa0giorno")])
def test_one_day_is_counted_in_words(language: str, said: str) -> None:
    with translation.override(language):
        assert working._value(Fraction(1), "days") == said


DISCOUNT = taxes.DOWN.replace("[service]", "[service]\ndiscount = { percent = 25, perpetual = true }")
BY_RATES = taxes.billed("100.00", "8") + taxes.billed("146.00", "23")


@pytest.mark.parametrize(
    ("policy", "facts", "codes"),
    [
        (taxes.APART, taxes.untaxed(), [{"price_without_tax", "time_share"}, {"time_share"}]),
        (taxes.APART + 'charge_price = "discounted"\n', DISCOUNT, [{"less_discount", "time_share"}, {"time_share"}]),
        (taxes.APART, taxes.DOWN + BY_RATES, [{"plan_unused", "time_share"}, set(), {"time_share"}]),
    ],
    ids=["without tax", "less a discount", "two tax rates"],
)
def test_each_line_is_explained_by_its_own_steps(policy: str, facts: str, codes: list[set[str]]) -> None:
    found = taxes.offer(policy, facts)
    told = figures.of_offer(found, {})
    assert len(told.lines) == len(codes)
    for line, figure, expected in zip(found.lines, told.lines, codes, strict=True):
        *before, own = figure.steps
        assert {step.code for step in before} == expected
        assert own.result in (line.amount.net.amount, line.amount.gross.amount)
