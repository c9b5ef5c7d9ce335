"""Does a pocket calculator find what the working says? Formulas are computed here as they are printed."""

import re
from fractions import Fraction

import pytest

from planshift.domain import money, quote
from planshift.domain.offer import Offer
from planshift.domain.working import Step
from tests.domain.pricing import world

TAXED = '[seller]\ncurrency = "EUR"\nvat = [{ from = 2013-10-01, rate = "22" }]\n'
PERIODS = 'prices = [{ period = 1, amount = "%s" }, { period = 12, amount = "%s" }]\n'
TWO = "[plans.old]\n" + PERIODS % ("12.00", "120.00") + "[plans.new]\n" + PERIODS % ("24.00", "240.00")
YEARS = world.plans("120.00", "240.00", "12")
MID = world.change("2026-07-01", "2026-01-01", "2027-01-01", "12")


def computed(formula: str) -> Fraction:
    """A printed formula: numbers, + − × /, brackets; what stands after an arrow is a limit that applies."""
    text = formula.rpartition("→")[2] if "→" in formula else formula
    text = text.replace("−", "-").replace("×", "*")
    assert re.fullmatch(r"[0-9.+\-*/() ]+", text), formula
    return Fraction(eval(re.sub(r"[0-9.]+", lambda number: f"Fraction('{number.group()}')", text)))


def rounded(step: Step) -> Fraction:
    """The unrounded value by the rounding that the step names."""
    if not step.rounding:
        return step.unrounded
    mode, unit = step.rounding.split()
    if mode == "shared":  # the rounded sum is shared: each line is off by less than a unit
        assert abs(step.result - step.unrounded) < Fraction(unit)
        return step.result
    return money.round_to(step.unrounded, Fraction(unit), mode)


def offer(policy: str, facts: str) -> Offer:
    given = world.stated(facts)
    found = quote.price(facts=given.facts, request=given.request, policy=world.policy(policy, "EUR"), on=given.on)
    assert isinstance(found, Offer)
    return found


SETUP = '[[billed]]\ncomponent = "setup"\namount = "30.00"\n[[billed]]\ncomponent = "plan"\namount = "120.00"\n'
PROMOTED = MID.replace("[service]", "[service]\npromotional = true")
CASES = {
    "another period, converted": (
        'period_change = "converted"\ncredit_price = "paid"\ndecrease = "settled"',
        'on = 2026-01-16\n[request]\nchange = "period"\nperiod = 12\n[service]\nplan = "old"\nperiod = 1\n'
        "start = 2026-01-01\n" + TAXED + TWO,
    ),
    "another plan and period, converted": (
        'settlement = "difference"\nother_period = "converted"\ncredit_price = "paid"\ndecrease = "settled"',
        'on = 2026-01-16\n[request]\nchange = "plan"\nto = "new"\nperiod = 12\n[service]\nplan = "old"\nperiod = 1\n'
        "start = 2026-01-01\n" + TAXED + TWO,
    ),
    "tax per rate, down": ('tax_rounding = { answer = "per_rate", mode = "down" }', MID + TAXED + YEARS),
    "tax per line, down": (
        'settlement = "credit_and_charge"\ntax_rounding = { answer = "per_line", mode = "down" }',
        MID + TAXED + YEARS,
    ),
    "tax on the gross amount": ('tax_rounding = "on_gross"', MID + TAXED + YEARS),
    "a fee in percent": ('change_fee = [{ answer = "percent", percent = 10 }]', MID + TAXED + YEARS),
    "a minimum charge": ('minimum_charge = { answer = "at_least", amount = "150.00" }', MID + TAXED + YEARS),
    "a rounded total": ('total_rounding = { answer = "to_unit", unit = 100, mode = "up" }', MID + TAXED + YEARS),
    "an old set-up fee by time": ('old_setup = "credited_by_time"', MID + SETUP + TAXED + YEARS),
    "a coarse sum": ('rounding = { answer = "net", mode = "down", unit = 50 }', MID + TAXED + YEARS),
    "periods paid ahead": (
        'later_periods = "changed_too"',
        MID + "prepaid_periods = 1\n" + TAXED + YEARS,
    ),
    "a renewal of two components, each less a discount": (
        'decrease = "settled"',
        MID.replace("[service]", "[service]\nresources = { ip = 2 }\ndiscount = { percent = 33, perpetual = true }")
        + TAXED
        + world.plans("120.00", "240.55", "12")
        + 'resources.ip = { price = "0.75", period = 12 }\n'
        + '[plans.old.resources.ip]\nprice = "0.75"\nperiod = 12\n',
    ),
    "a renewal of two components, each with its tax": (
        'tax_rounding = { answer = "per_line", mode = "down" }',
        MID.replace("[service]", "[service]\nresources = { ip = 1 }")
        + TAXED
        + world.plans("120.00", "240.03", "12")
        + 'resources.ip = { price = "0.03", period = 12 }\n'
        + '[plans.old.resources.ip]\nprice = "0.03"\nperiod = 12\n',
    ),
    "the gross amount of a renewal rounded once": (
        'tax_rounding = "on_gross"',
        MID.replace("[service]", "[service]\ndiscount = { percent = 33, perpetual = true }")
        + TAXED
        + world.plans("0.50", "1.05", "12"),
    ),
    "credits rounded upwards by themselves": (
        'settlement = "credit_and_charge"\ncredit_rounding = { answer = "own", mode = "ceiling" }',
        MID + TAXED + YEARS,
    ),
    "what a promotion saved": (
        'promotion_penalty = "benefit"\nsettlement = "full_difference"',
        PROMOTED
        + world.plans("12.00", "240.00", "12").replace("[plans.new]", 'renewal = "60.00"\n[plans.new]')
        + TAXED,
    ),
    "two years and periods paid ahead": (
        'later_periods = "changed_too"',
        world.change("2026-07-01", "2026-01-01", "2028-01-01", "12") + "prepaid_periods = 1\n" + TAXED + YEARS,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_step_is_what_its_formula_says(name: str) -> None:
    found = offer(*CASES[name])
    for step in found.working:
        assert computed(step.formula) == step.unrounded, (step.code, step.formula)
        assert rounded(step) == step.result, (step.code, step.rounding)


def test_a_yen_is_not_rounded_to_a_hundredth() -> None:
    given = world.stated(
        MID
        + '[seller]\ncurrency = "JPY"\nvat = [{ from = 2013-10-01, rate = "22" }]\n'
        + world.plans("1000", "1111", "12")
    )
    found = quote.price(facts=given.facts, request=given.request, policy=world.policy(), on=given.on)
    assert isinstance(found, Offer)
    (tax,) = [step for step in found.working if step.code == "tax"]  # 56 x 22 / 100 = 12.32
    assert (tax.result, tax.rounding) == (12, "half_up 1")


def test_the_tax_of_lines_that_are_rounded_apart_is_shown_apart() -> None:
    found = offer(*CASES["tax per line, down"])
    assert [step.formula for step in found.working if step.code == "tax"] == ["−60.49 × 22 / 100", "120.99 × 22 / 100"]


def test_a_price_less_a_discount_begins_with_the_price_of_the_list() -> None:
    facts = MID.replace("[service]", "[service]\ndiscount = { percent = 25, new_percent = 50 }") + TAXED + YEARS
    steps = offer('charge_price = "discounted"\ncredit_price = "discounted"', facts).working
    found = [(step.formula, step.result) for step in steps if step.code == "less_discount"]
    assert found == [("240.00 × 50 / 100", 120), ("120.00 × 75 / 100", 90)]
    steps = offer('charge_price = { answer = "less_percent", percent = 2 }', MID + TAXED + YEARS).working
    assert [step.formula for step in steps if step.code == "less_discount"] == ["240.00 × 98 / 100"]
    assert not [step for step in offer("", MID + TAXED + YEARS).working if step.code == "less_discount"]


def test_a_promotion_that_is_left_shows_what_it_saved() -> None:
    policy, facts = CASES["what a promotion saved"]
    (step,) = [step for step in offer(policy, facts).working if step.code == "fee_penalty"]
    assert (step.formula, step.result) == ("60.00 − 12.00", 48)
    ip = 'resources.ip = { price = "1.00", renewal = "3.00", period = 12 }\n'
    facts = facts.replace("[plans.new]\n", ip + "[plans.new]\n" + ip).replace(
        "[service]", "[service]\nresources.ip = 2"
    )
    (step,) = [step for step in offer(policy, facts).working if step.code == "fee_penalty"]
    assert (step.formula, step.result) == ("(60.00 − 12.00) + (3.00 − 1.00) × 2", 52)
