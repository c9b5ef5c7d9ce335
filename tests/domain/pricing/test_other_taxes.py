"""Gross prices for a buyer who pays no tax here, and credits of lines that were billed at several rates."""

import pytest

from planshift.domain import quote
from planshift.domain.offer import Offer
from tests.domain.pricing import world
from tests.domain.pricing.test_working_recomputes import computed, rounded

GROSS = '[seller]\ncurrency = "EUR"\nprices = "gross"\nvat = [{ rate = "23" }]\n'
MONTHS = 'time_unit = "months"\ndenominator = "months_of_term"\ndecrease = "settled"\n'
APART = 'settlement = "credit_and_charge"\n' + MONTHS
DOWN = (
    world.change("2026-07-01", "2026-01-01", "2027-01-01", "12") + world.plans("246.00", "123.00", "12") + GROSS
)  # net 200.00 and 100.00


def untaxed(more: str = "") -> str:
    return DOWN + more + '[buyer]\ntreatment = "reverse_charge"\n'


def billed(amount: str, tax: str, more: str = "") -> str:
    return f'[[billed]]\namount = "{amount}"\ntax = "{tax}"\n{more}'


def offer(policy: str, facts: str) -> Offer:
    """The offer, whose steps are what their formulas say, and of which the price alone is the same."""
    given, rules = world.stated(facts), world.policy(policy, "EUR")
    found = quote.price(facts=given.facts, request=given.request, policy=rules, on=given.on)
    assert isinstance(found, Offer)
    alone = quote.amount(facts=given.facts, request=given.request, policy=rules, on=given.on)
    assert isinstance(alone, quote.Price)
    assert (alone.net, alone.tax) == (found.total.net.amount, found.total.tax.amount)
    for step in found.working:
        assert (computed(step.formula), rounded(step)) == (step.unrounded, step.result), step
    return found


@pytest.mark.parametrize(
    ("settlement", "was_billed", "net", "tax"),
    [
        (APART, "", "-50.00", "0.00"),  # 50.00 - 100.00
        (MONTHS, "", "-50.00", "0.00"),
        (APART, billed("200.00", "0"), "-50.00", "0.00"),  # what was billed without tax holds none
        (MONTHS, billed("200.00", "0"), "-50.00", "0.00"),
        (MONTHS + 'credit_price = "list"\n', billed("200.00", "0"), "-50.00", "0.00"),
        (APART, billed("246.00", "23"), "-50.00", "-23.00"),  # 23 % was paid then: it is given back with the net amount
    ],
)
def test_a_buyer_without_tax_gets_back_what_he_paid(settlement: str, was_billed: str, net: str, tax: str) -> None:
    total = offer(settlement, untaxed(was_billed)).total
    assert (total.net.text, total.tax.text) == (net, tax)


def test_no_more_is_given_back_than_was_paid_without_tax() -> None:
    # half of 200.00 is 100.00, of which 60.00 can be credited; 50.00 for the new plan
    found = offer(APART, untaxed(billed("200.00", "0", 'paid = "60.00"\n')))
    assert found.total.net.text == "-10.00"


def test_a_fee_of_the_policy_is_gross_as_the_prices_are() -> None:
    policy = APART + 'change_fee = [{ answer = "flat", amount = "12.30" }]\n'
    assert offer(policy, untaxed()).total.net.text == "-40.00"  # - 50.00 + 12.30 / 1.23
    percent = APART + 'change_fee = [{ answer = "percent", percent = 10 }]\n'
    assert offer(percent, untaxed()).total.net.text == "-45.00"  # - 50.00 + 10 % of 50.00


def test_the_working_begins_with_the_price_without_tax() -> None:
    steps = offer(APART, untaxed()).working
    assert [(step.formula, step.result) for step in steps if step.code == "price_without_tax"] == [
        ("246.00 × 100 / 123", 200),
        ("123.00 × 100 / 123", 100),
    ]


NET = '[seller]\ncurrency = "EUR"\nvat = [{ rate = "22" }]\n'
TWO_RATES = (  # January to June cost 120.00 at 23 %, July to December 120.00 at 8 %; half of each is unused
    world.change("2026-07-01", "2026-01-01", "2027-01-01", "12")
    + billed("120.00", "23")
    + billed("120.00", "8")
    + world.plans("240.00", "24.00", "12")
    + NET
)


@pytest.mark.parametrize("place", ["per_rate", "per_line", "on_gross", "credits_on_gross"])
def test_a_credit_of_two_tax_rates_is_given_back_once(place: str) -> None:
    """120 x 6/12 of each line, less 24 x 6/12 for the new plan: of the -108.00, 60.00 are at 8 %, 48.00 at 23 %."""
    for settlement, net, tax in ((MONTHS, "-108.00", "-15.84"), (APART, "-108.00", "-15.96")):
        found = offer(settlement + f'tax_rounding = "{place}"\n', TWO_RATES)
        assert (found.total.net.text, found.total.tax.text) == (net, tax)  # 4.80 + 11.04; 4.80 + 13.80 - 2.64
    assert [line.amount.net.text for line in found.lines] == ["-60.00", "-60.00", "12.00"]


def test_the_part_of_a_credit_at_each_rate_has_a_step_of_its_own() -> None:
    steps = offer(MONTHS, TWO_RATES).working
    assert [(step.code, step.formula, step.result) for step in steps if step.code.startswith("plan")] == [
        ("plan_value_difference", "24.00 × 6 / 12 − (120.00 × 6 / 12 + 120.00 × 6 / 12)", -108),
    ]
    parts = [(step.formula, step.result) for step in steps if step.code == "at_rate"]
    assert parts == [("−60.00", -60), ("−48.00", -48)]


def test_a_finer_rounding_than_money_divides_what_is_paid_ahead() -> None:
    # (20.00 - 10.00) x 14/30 + 10.00 = 14.66666..., to five decimals, for the rest of June and for July
    facts = world.june("2026-06-17").replace("[service]", "[service]\nprepaid_periods = 1")
    found = world.offer('rounding = { answer = "each_line", decimals = 5 }', facts)
    (line,) = found.lines
    assert [str(part.amount.amount) for part in line.stretches] == ["466667/100000", "10"]
