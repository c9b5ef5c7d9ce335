"""Rounding to more than the smallest unit: no credit grows beyond what was paid, and every line says what it is."""

import pytest

from planshift.domain import quote
from planshift.domain.exact import Fraction
from planshift.domain.offer import Offer
from planshift.domain.policy import loader
from tests.domain.pricing import world

YEAR = world.plans("240.00", "10.00", "12")
# 2 January: 364 of 365 days remain; of the old 240.00, 130.00 were billed and paid
DOWN = (
    world.change("2026-01-02", "2026-01-01", "2027-01-01", "12", '[[billed]]\ncomponent = "plan"\namount = "130.00"\n')
    + YEAR
)
GROWS = 'decrease = "settled"\n'


def offer(policy: str, facts: str, currency: str = "") -> Offer:
    given = world.stated(facts)
    found = quote.price(facts=given.facts, request=given.request, policy=world.policy(policy, currency), on=given.on)
    assert isinstance(found, Offer)
    alone = quote.amount(facts=given.facts, request=given.request, policy=world.policy(policy, currency), on=given.on)
    assert isinstance(alone, quote.Price)
    assert alone.net == found.total.net.amount
    return found


@pytest.mark.parametrize(
    ("rounding", "credit"),
    [
        # 130 x 364 / 365 = 129.64…: to 50, half up is 150, which was never paid
        ('rounding = { answer = "each_line", mode = "half_up", unit = 50 }', "-130.00"),
        ('credit_rounding = { answer = "own", mode = "up", unit = 50 }', "-130.00"),
        ('credit_rounding = { answer = "own", mode = "down", unit = 50 }', "-100.00"),
        ('credit_rounding = { answer = "own", mode = "half_up", unit = 10 }', "-130.00"),
    ],
)
def test_a_rounded_credit_is_no_more_than_what_was_paid(rounding: str, credit: str) -> None:
    found = offer(GROWS + 'settlement = "credit_and_charge"\n' + rounding, DOWN)
    assert str(found.lines[0].amount.net.amount) == str(Fraction(credit))


def test_the_working_says_that_a_rounded_credit_was_limited() -> None:
    policy = GROWS + 'settlement = "credit_and_charge"\ncredit_rounding = { answer = "own", mode = "up", unit = 50 }'
    (step,) = [step for step in offer(policy, DOWN).working if step.code == "plan_unused"]
    assert step.formula.endswith("→ −130.00")
    assert [operand.value for operand in step.operands if operand.code == "limit"] == [150]


def test_the_rounding_of_a_total_gives_back_no_more_than_what_was_paid() -> None:
    # 10 x 364/365 - 130 x 364/365 = -119.67; to 500 towards minus infinity that would be -500.00, but 130.00 were paid
    policy = GROWS + 'settlement = "difference"\ntotal_rounding = { answer = "to_unit", unit = 500, mode = "floor" }'
    found = offer(policy, DOWN)
    assert world.net(found) == "-130.00"
    (step,) = [step for step in found.working if step.code == "fee_rounding"]
    assert (step.formula, step.result) == ("−130.00 − (−119.67)", Fraction("-10.33"))


HARD = (
    world.change("2026-09-01", "2026-01-01", "2027-01-01", "12")
    + world.plans("69.00", "135.00", "12")
    + '[seller]\ncurrency = "EUR"\n'
)
SET_UP = 'kind = "hard"\nsettlement = "credit_and_charge"\nsetup_fee = { answer = "hard_only", amount = "10.00" }\n'


@pytest.mark.parametrize(
    ("unit", "mode", "rest", "total"),
    [
        # 122 of 365 days: -23.063… + 45.123… + 10 = 32.06 to the cent
        (50, "down", "-32.06", "0.00"),
        (10000, "down", "-32.06", "0.00"),
        (50, "half_up", "17.94", "50.00"),
        (1, "up", "0.93", "33.00"),  # 32.07 to the cent, upwards
    ],
)
def test_what_a_coarse_unit_takes_from_the_sum_is_a_line_of_its_own(
    unit: int, mode: str, rest: str, total: str
) -> None:
    policy = SET_UP + f'rounding = {{ answer = "net", mode = "{mode}", unit = {unit} }}'
    found = offer(policy, HARD, "EUR")
    assert world.net(found) == total
    first = {line.role: line.amount.net.amount for line in found.lines}
    assert first["setup"] == 10  # a fixed fee is not what the sum is rounded by
    assert first["rounding"] == Fraction(rest)
    assert abs(first["charge"] - Fraction(135 * 122, 365)) < Fraction(1, 100)
    assert abs(first["credit"] + Fraction(69 * 122, 365)) < Fraction(1, 100)


@pytest.mark.parametrize("answer", ["each_line", "net"])
def test_the_next_renewal_is_the_full_price_whatever_shares_are_rounded_to(answer: str) -> None:
    policy = SET_UP + f'rounding = {{ answer = "{answer}", mode = "down", unit = 50 }}'
    found = offer(policy, HARD, "EUR")
    assert found.next_renewal is not None
    assert found.next_renewal.amount.net.amount == 135  # H8


LATER = world.change("2026-07-01", "2026-01-01", "2027-01-01", "12") + world.plans("240.00", "120.00", "12")


@pytest.mark.parametrize(
    ("answers", "later"),
    [
        ('settlement = { answer = "billed_later", amount = "difference" }\nnegative_result = "given_back"', "-60.49"),
        ('settlement = { answer = "billed_later", amount = "difference" }\nnegative_result = "floored"', "0.00"),
    ],
)
def test_a_result_below_zero_is_bounded_also_when_it_is_billed_later(answers: str, later: str) -> None:
    found = offer(GROWS + answers, LATER)  # (120 - 240) x 184 / 365
    assert found.due_later is not None
    assert found.due_later.net.amount == Fraction(later)


def test_a_refund_that_moves_apart_is_bounded_by_one_new_term() -> None:
    answers = 'settlement = "new_term_and_refund"\nnegative_result = "%s"\n'
    facts = world.change("2026-01-02", "2026-01-01", "2027-01-01", "12") + world.plans("240.00", "10.00", "12")
    whole = offer(GROWS + answers % "given_back", facts)
    bounded = offer(GROWS + answers % "up_to_new_term", facts)
    assert [line.amount.net.amount for line in whole.lines] == [Fraction("-239.34"), 10]  # 240 x 364 / 365
    assert [line.amount.net.amount for line in bounded.lines] == [-10, 10]


def test_a_minimum_charge_holds_also_for_what_is_billed_later() -> None:
    policy = 'settlement = "billed_later"\nminimum_charge = { answer = "at_least", amount = "100.00" }'
    facts = world.change("2026-07-01", "2026-01-01", "2027-01-01", "12") + world.plans("120.00", "240.00", "12")
    found = offer(policy, facts, "EUR")
    assert found.due_later is not None
    assert found.due_later.net.amount == 100  # 60.49 + 39.51
    assert not found.lines


def test_a_floor_below_the_rounded_total_cannot_be_written() -> None:
    with pytest.raises(loader.BadPolicy):
        world.policy(
            'minimum_charge = { answer = "at_least", amount = "150" }\n'
            'total_rounding = { answer = "to_unit", unit = 100, mode = "down" }',
            "EUR",
        )


@pytest.mark.parametrize("settlement", ["difference", "credit_and_charge"])
def test_a_total_on_a_coarse_unit_stays_money_where_the_term_is_no_whole_number_of_periods(settlement: str) -> None:
    """Of 59 days at 99.99 for 31, 190.303225… would have been paid: the total of -400.00 goes down to whole cents."""
    facts = world.change("2026-01-02", "2026-01-01", "2026-03-01", '"31 days"') + world.plans("99.99", "0", '"31 days"')
    policy = GROWS + 'total_rounding = { answer = "to_unit", unit = 400, mode = "up" }\n'
    found = offer(policy + f'settlement = "{settlement}"\n', facts)
    assert [line.amount.net.text for line in found.lines] == ["-187.08", "-3.22"]
    assert found.total.net.text == "-190.30"
