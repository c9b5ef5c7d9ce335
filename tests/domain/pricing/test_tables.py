"""Tables of literals: what each rule gives, with the arithmetic beside it."""

import pytest

from planshift.domain import periods, quote
from planshift.domain.exact import Fraction
from planshift.domain.periods import Length
from tests.domain.pricing import world

SETTLEMENTS = [
    # on 16 June 15 of 30 days remain: old 5.00, new 10.00
    ('"difference"', "5.00", [("difference", "5.00")]),
    ('"credit_and_charge"', "5.00", [("credit", "-5.00"), ("charge", "10.00")]),
    ('"new_term_less_credit"', "15.00", [("credit", "-5.00"), ("charge", "20.00")]),  # 20 - 5
    ('"new_term_and_refund"', "15.00", [("credit", "-5.00"), ("charge", "20.00")]),
    ('"full_difference"', "10.00", [("difference", "10.00")]),  # 20 - 10
    ('"full_new_price"', "20.00", [("charge", "20.00")]),
    ('"new_price_remaining"', "10.00", [("charge", "10.00")]),
    ('"new_term_nothing_credited"', "20.00", [("charge", "20.00")]),
    ('"used_in_arrears"', "5.00", [("charge", "5.00")]),  # 15 used days of the old
    ('"move_expiry"', "0.00", []),
    ('"new_term_plus_value_time"', "20.00", [("charge", "20.00")]),
    ('"new_term_plus_unused_time"', "20.00", [("charge", "20.00")]),
    ('"billed_later"', "0.00", []),
    ('"highest_level_in_arrears"', "0.00", []),
    ('"nothing"', "0.00", []),
]


@pytest.mark.parametrize(("settlement", "net", "lines"), SETTLEMENTS, ids=[row[0] for row in SETTLEMENTS])
def test_settlements(settlement: str, net: str, lines: list[tuple[str, str]]) -> None:
    found = world.offer(f"settlement = {settlement}", world.june("2026-06-16"))
    assert (world.net(found), world.lines(found)) == (net, lines)


TERMS = [
    ('"difference"', "2026-07-01", None),
    ('"new_term_less_credit"', "2026-07-16", None),
    ('{ answer = "move_expiry", unit = "day" }', "2026-06-23", "7 days"),  # 5.00 / (20 / 30) = 7.5 days, down
    ('{ answer = "move_expiry", unit = "day", rounding = "up" }', "2026-06-24", "8 days"),
    ('{ answer = "new_term_plus_value_time", unit = "day" }', "2026-07-23", "7 days"),  # 16 July + 7
    ('"new_term_plus_unused_time"', "2026-07-31", "15 days"),  # 16 July + 15
]


@pytest.mark.parametrize(("settlement", "end", "extra"), TERMS, ids=[row[0] for row in TERMS])
def test_the_term_afterwards(settlement: str, end: str, extra: str | None) -> None:
    found = world.offer(f"settlement = {settlement}", world.june("2026-06-16"))
    assert str(found.term_end) == end
    assert (str(found.extra_time) if found.extra_time else None) == extra


def test_billed_later_stands_on_the_next_invoice_or_at_expiry() -> None:
    for when in ("next_invoice", "expiry"):
        found = world.offer(f'settlement = {{ answer = "billed_later", when = "{when}" }}', world.june("2026-06-16"))
        assert found.due_later is not None
        assert (found.due_later.net.text, found.later_at) == ("5.00", when)
        assert found.next_invoice is not None
        assert found.next_invoice.text == "25.00"  # 20 + 5


def test_months_and_days_of_the_value_that_became_time() -> None:
    # 10 a month, 6.5 months left = 65; at 20 a month that is 3.25 months
    text = (
        '[plans.old]\nprice = "10"\n[plans.new]\nprice = "20"\n[service]\nplan = "old"\nremaining = "6.5 months"\n'
        '[request]\nchange = "plan"\nto = "new"\n'
    )
    rule = 'time_unit = "months"\ndenominator = "months_of_term"\n'
    for rounding, time in (("down", "3 months"), ("up", "4 months"), ("rest_in_days", "97 days")):  # 3.25 x 30 = 97.5
        found = world.offer(
            rule + f'settlement = {{ answer = "new_term_plus_value_time", rounding = "{rounding}" }}', text
        )
        assert str(found.extra_time) == time
        assert found.value_used is not None
        assert found.value_used.text == "65.00"


UNITS = [
    # difference of 10 over June (30 days); the change on 16 June at 12:00
    ('time_unit = "days"', "5.00"),  # 15 / 30: the day counts on the new plan
    ('time_unit = "days"\nchange_day = "used"', "4.67"),  # 14 / 30
    ('time_unit = "days"\nchange_day = "both"', "5.00"),
    ('time_unit = "days"\nchange_day = "by_instant"', "4.83"),  # 14.5 / 30
    ('time_unit = "days"\nchange_day = "by_instant"\npartial_unit = "remaining_up"', "5.00"),
    ('time_unit = "days"\nchange_day = "by_instant"\npartial_unit = "remaining_down"', "4.67"),
    ('time_unit = "days"\nchange_day = "by_instant"\npartial_unit = "remaining_nearest"', "5.00"),  # noon
    ('time_unit = "days"\nchange_day = "by_instant"\npartial_unit = "used_up"', "4.67"),  # 15.5 -> 16 used
    ('time_unit = "days"\nchange_day = "by_instant"\npartial_unit = "used_down"', "5.00"),
    ('time_unit = "days"\nchange_day = "by_instant"\npartial_unit = "used_nearest"', "4.67"),
    ('time_unit = "hours"', "4.83"),  # 348 / 720
    ('time_unit = "hours"\ndenominator = { answer = "fixed_per_month", units = 730 }', "4.77"),  # 348 / 730
    ('time_unit = "minutes"', "4.83"),
    ('time_unit = "seconds"', "4.83"),
    ('time_unit = "days"\ndenominator = { answer = "fixed", units = 31 }', "4.84"),  # 15 / 31
    ('time_unit = "days"\ndenominator = { answer = "fixed_per_month", units = 31 }', "4.84"),
    ('time_unit = "days"\ndenominator = { answer = "fixed_per_year", units = 365 }', "4.93"),  # 15 / (365 / 12)
    ('time_unit = "days"\ndenominator = "average_month"', "4.93"),
    ('time_unit = "days"\ndenominator = "calendar_month_of_change"', "5.00"),  # 15 / 30
    ('time_unit = "days_30_360"', "5.00"),
    ('time_unit = "calendar_months"', "5.00"),  # 15 / 30 of June
    ('time_unit = "months"', "5.00"),
    ('time_unit = "months"\npartial_unit = "remaining_up"', "10.00"),
    ('time_unit = "months"\npartial_unit = "remaining_down"', "0.00"),
]


@pytest.mark.parametrize(("rules", "net"), UNITS, ids=[row[0].replace("\n", " ") for row in UNITS])
def test_measuring_time(rules: str, net: str) -> None:
    assert world.net(world.offer(rules, world.june("2026-06-16T12:00:00Z"))) == net


def test_the_noon_rule() -> None:
    rules = 'change_day = "by_instant"\npartial_unit = "remaining_nearest"'
    assert world.net(world.offer(rules, world.june("2026-06-16T12:00:00Z"))) == "5.00"  # 14.5 -> 15 days
    assert world.net(world.offer(rules, world.june("2026-06-16T12:00:01Z"))) == "4.67"  # 14.49999 -> 14 days


def test_a_day_with_a_clock_change_counts_one_day_and_23_hours() -> None:
    # March 2026 in Warsaw: 31 days, 743 hours; from 29 March 00:00 there are 3 days, 71 hours
    text = (
        'on = 2026-03-29\n[seller]\ncurrency = "EUR"\nzone = "Europe/Warsaw"\n'
        + world.plans("0", "743")
        + '[service]\nplan = "old"\nstart = 2026-03-01\nend = 2026-04-01\n[request]\nchange = "plan"\nto = "new"\n'
    )
    assert world.net(world.offer('time_unit = "hours"', text)) == "71.00"  # 743 x 71 / 743
    assert world.net(world.offer('time_unit = "days"', text)) == "71.90"  # 743 x 3 / 31


ROUNDING = [
    # old 10, new 20 + 1/3 of time: 10 of 30 days remain
    ('rounding = "each_line"\nsettlement = "credit_and_charge"', [("credit", "-3.33"), ("charge", "6.67")]),
    ('rounding = { answer = "each_line", mode = "down" }\nsettlement = "credit_and_charge"',
     [("credit", "-3.33"), ("charge", "6.66")]),
    ('rounding = { answer = "each_line", mode = "up" }\nsettlement = "credit_and_charge"',
     [("credit", "-3.34"), ("charge", "6.67")]),
    ('rounding = "net"\nsettlement = "credit_and_charge"', [("credit", "-3.33"), ("charge", "6.66")]),  # 3.333 -> 3.33
    # the rate of the difference, 10 / 30 = 0.333...
    ('credit_price = "list"\nrounding = { answer = "rate_first", rate_decimals = 2 }',
     [("difference", "3.30")]),  # 0.33 x 10
    ('credit_price = "list"\nrounding = { answer = "rate_first", rate_decimals = 4 }',
     [("difference", "3.33")]),  # 0.3333 x 10
    ('credit_price = "list"\nrounding = { answer = "rate_first", rate_decimals = 0, rate_mode = "up" }',
     [("difference", "10.00")]),  # 1 x 10
    # what was paid is a price of its own, and so is its rate: 0.67 x 10 - 0.33 x 10
    ('credit_price = "paid"\nrounding = { answer = "rate_first", rate_decimals = 2 }',
     [("difference", "3.40")]),
    ('rounding = { answer = "factor_first", factor_decimals = 1 }', [("difference", "3.00")]),  # 0.3 x 10
    ('rounding = { answer = "factor_first", factor_decimals = 4 }', [("difference", "3.33")]),
    ('rounding = { answer = "each_line", unit = 1, mode = "down" }', [("difference", "3.00")]),
    ('rounding = { answer = "each_line", decimals = 4 }', [("difference", "3.3333")]),
    ('credit_rounding = { answer = "own", unit = 1, mode = "down" }\nsettlement = "credit_and_charge"',
     [("credit", "-3.00"), ("charge", "6.67")]),
    ('total_rounding = { answer = "to_unit", unit = 5, mode = "down" }',
     [("difference", "3.33"), ("rounding", "-3.33")]),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "lines"), ROUNDING, ids=[row[0].replace("\n", " ") for row in ROUNDING])
def test_rounding(rules: str, lines: list[tuple[str, str]]) -> None:
    found = world.offer(rules, world.june("2026-06-21"))
    if "net" in rules:
        assert world.net(found) == "3.33"
    assert world.lines(found) == lines


FEES = [
    ('setup_fee = { answer = "hard_only", amount = "10" }', "easy", "5.00"),
    ('setup_fee = { answer = "hard_only", amount = "10" }', "hard", "15.00"),
    ('setup_fee = { answer = "always", amount = "10" }', "hard", "15.00"),
    ('change_fee = [{ answer = "flat", amount = "10" }]', "easy", "15.00"),
    ('change_fee = [{ answer = "flat", amount = "10" }, { answer = "percent", percent = 10 }]', "easy", "15.50"),
    ('change_fee = [{ answer = "flat_when_down", amount = "10" }]', "easy", "5.00"),
    ('change_fee = [{ answer = "by_number", of = "domains", steps = [{ up_to = 2, amount = "95" }, '
     '{ up_to = 9, amount = "120" }] }]', "easy", "125.00"),  # 3 domains
    ('change_fee = [{ answer = "flat", amount = "10" }]\nfee_waiver = { answer = "announced_before", days = 14 }',
     "easy", "5.00"),  # announced on 1 June
    ('minimum_charge = { answer = "at_least", amount = "8" }', "easy", "8.00"),
    ('minimum_charge = { answer = "at_least", amount = "5" }', "easy", "5.00"),
    ('payment_discount = { answer = "for_methods", methods = ["prepaid"], percent = 2 }', "easy", "4.80"),  # 9.80 - 5
]  # fmt: skip


@pytest.mark.parametrize(("rules", "kind", "net"), FEES, ids=[f"{row[1]} {row[0][:60]}" for row in FEES])
def test_fees_and_floors(rules: str, kind: str, net: str) -> None:
    more = 'payment_method = "prepaid"\nannounced_on = 2026-06-01\nnumbers = { domains = 3 }'
    found = world.offer(f'kind = "{kind}"\n{rules}', world.june("2026-06-16", more=more), currency="EUR")
    assert world.net(found) == net


MONTHS = [
    ("2026-01-31", "2026-02-28", Fraction(1)),
    ("2026-01-31", "2026-03-31", Fraction(2)),
    ("2024-01-31", "2024-02-29", Fraction(1)),
    ("2026-01-31", "2026-02-14", Fraction(14, 28)),
    ("2026-02-28", "2026-03-28", Fraction(1)),
    ("2026-09-01", "2026-09-16", Fraction(15, 30)),
    ("2026-01-15", "2027-01-15", Fraction(12)),
    ("2026-12-20", "2027-01-10", Fraction(21, 31)),
    ("2026-03-31", "2026-04-30", Fraction(1)),
    ("2026-01-10", "2026-02-24", 1 + Fraction(14, 28)),
    ("2026-01-10", "2026-01-20", Fraction(10, 31)),
    ("2026-03-31", "2026-05-15", 1 + Fraction(15, 31)),
]


@pytest.mark.parametrize(("start", "end", "months"), MONTHS)
def test_months_between(start: str, end: str, months: Fraction) -> None:
    assert periods.months_between(world.day(start), world.day(end), world.zone("UTC")) == months


def test_lengths() -> None:
    assert [str(Length.parse(text)) for text in (1, "1 year", "2 weeks", "720 hours")] == [
        "1 month", "12 months", "14 days", "720 hours",
    ]  # fmt: skip
    assert Length(720, "hour").months == 1
    assert Length(365, "day").months == 12


def test_the_short_way_charges_the_set_up_fee_too() -> None:
    given = world.stated(world.june("2026-06-16"))
    policy = world.policy('kind = "hard"\nsetup_fee = { answer = "hard_only", amount = "10" }', "EUR")
    only = quote.amount(facts=given.facts, request=given.request, policy=policy, on=given.on)
    assert isinstance(only, quote.Price)
    assert only.net == 15  # 5.00 + 10.00


def test_H8_the_renewal_costs_the_regular_price_after_a_promotional_one() -> None:
    text = world.june("2026-06-16").replace('price = "20"', 'price = "20"\nrenewal = "24"')
    renewal = world.offer("", text).next_renewal
    assert renewal is not None
    assert renewal.amount.net.text == "24.00"
