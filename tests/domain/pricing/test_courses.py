"""Tables of literals: downwards, windows, billing periods, prices and taxes, with the arithmetic beside them."""

from datetime import UTC, date, datetime

import pytest

from planshift.domain import facts as known
from planshift.domain import quote
from planshift.domain.periods import Length, Period
from tests.domain.pricing import world

SELLER = 'currency = "EUR"\nprices = "{}"\nvat = [{{ rate = "23" }}]'

DOWN = [
    ('decrease = "settled"', "-5.00", "2026-07-01"),
    ('decrease = "without_refund"', "0.00", "2026-07-01"),
    ('decrease = "new_limits_old_price"', "0.00", "2026-07-01"),
    ('decrease = "at_renewal"', "0.00", "2026-07-01"),
    ('decrease = "fresh_term"', "0.00", "2026-07-16"),
    ('decrease = "settled"\nnegative_result = "floored"', "0.00", "2026-07-01"),
    ('decrease = "settled"\ncredit_share = { answer = "percent", percent = 10 }', "4.00", "2026-07-01"),  # 5 - 1
    ('decrease = "settled"\nsettlement = "new_term_less_credit"', "0.00", "2026-07-16"),  # 10 - 10
    ('decrease = "settled"\nunused_value = { answer = "less_used_times", multiple = "1.5", under_days = 30 }',
     "0.00", "2026-07-01"),  # 5 - (20 - 20 x 15/30 x 1.5) = 0
    ('decrease = "settled"\nunused_value = "nothing"', "5.00", "2026-07-01"),
    ('decrease = "settled"\nunused_value = "whole_price"', "-15.00", "2026-07-01"),  # 5 - 20
]  # fmt: skip


@pytest.mark.parametrize(("rules", "net", "end"), DOWN, ids=[row[0].replace("\n", " ") for row in DOWN])
def test_downwards(rules: str, net: str, end: str) -> None:
    found = world.offer(rules, world.june("2026-06-16", "20", "10"))
    assert (world.net(found), str(found.term_end), found.direction) == (net, end, "down")


def test_leaving_a_year_loses_its_discount() -> None:
    """100 a year, 10 a month: after 6 months 100 - 6 x 10 = 40 is left, not 50."""
    text = (
        '[plans.old]\nprices = [{ period = 12, amount = "100" }, { period = 1, amount = "10" }]\n'
        '[plans.new]\nprice = "130"\nperiod = 12\n[service]\nplan = "old"\nperiod = 12\nused = "{used} months"\n'
        '[request]\nchange = "plan"\nto = "new"\n'
    )
    rules = 'time_unit = "months"\ndenominator = "months_of_term"\nsettlement = "new_term_less_credit"\n'
    used = rules + 'unused_value = "less_used_months"'
    assert world.net(world.offer(used, text.replace("{used}", "6"))) == "90.00"  # 130 - 40
    assert world.net(world.offer(used, text.replace("{used}", "11"))) == "130.00"  # never below 0
    assert world.net(world.offer(rules, text.replace("{used}", "6"))) == "80.00"  # 130 - 50


WINDOWS = [
    ('cut_off = { answer = "days_before_end", days = 4 }', "2026-06-28", ["too_late_before_term_end"]),
    ('cut_off = { answer = "days_before_end", days = 4 }', "2026-06-27", []),
    ('minimum_remaining = { answer = "at_least_months", months = 1 }', "2026-06-02", ["too_little_time_left"]),
    ('hold_after_change = { answer = "days", days = 30 }', "2026-06-16", ["changed_too_recently"]),
    ('hold_after_change = { answer = "days", days = 6 }', "2026-06-16", []),
    ('notice_period = { answer = "days", days = 14 }', "2026-06-14", ["not_announced_in_time"]),
    ('notice_period = { answer = "days", days = 14 }', "2026-06-15", []),
    ('who_may_ask = "owner"', "2026-06-16", ["only_the_owner_may_ask"]),
    ('who_may_ask = "staff"', "2026-06-16", ["only_staff_may_order"]),
    ('who_may_ask = { answer = "paying_by", methods = ["paypal"] }', "2026-06-16", ["other_payment_method_needed"]),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "on", "codes"), WINDOWS, ids=[f"{row[1]} {row[0][:40]}" for row in WINDOWS])
def test_preconditions_and_windows(rules: str, on: str, codes: list[str]) -> None:
    more = 'changed_on = 2026-06-10\nannounced_on = 2026-06-01\npayment_method = "card"'
    text = world.june(on, more=more)
    if codes:
        assert world.refusal(rules, text) == codes
    else:
        assert world.offer(rules, text).direction == "up"


def test_every_reason_at_once() -> None:
    text = world.june("2026-06-28", more="changed_on = 2026-06-20") + (
        '[standing]\nunpaid_documents = ["FV/1"]\nopen_change = "CH-1"\n'
    )
    rules = 'cut_off = { answer = "days_before_end", days = 4 }\nhold_after_change = { answer = "days", days = 30 }'
    assert world.refusal(rules, text) == [
        "change_under_way", "unpaid_documents", "too_late_before_term_end", "changed_too_recently",
    ]  # fmt: skip


def test_what_is_used_must_fit_the_target() -> None:
    catalog = (
        '[plans.old]\nprice = "20"\nresources.disk = { included = 100 }\n'
        '[plans.new]\nprice = "10"\nresources.disk = { included = 50 }\n'
    )
    text = (
        "on = 2026-06-16\n" + catalog + '[service]\nplan = "old"\nstart = 2026-06-01\n'
        "[usage]\namounts = { disk = 51 }\nas_of = 2026-06-16\n" + '[request]\nchange = "plan"\nto = "new"\n'
    )
    assert world.refusal('decrease = "settled"', text) == ["usage_too_big"]
    assert world.net(world.offer('decrease = "settled"\nusage_fit = "ignored"', text)) == "-5.00"
    fits = text.replace("51", "50")
    assert world.net(world.offer('decrease = "settled"', fits)) == "-5.00"
    stale = 'decrease = "settled"\nusage_fit = { answer = "must_fit", reading_hours = 24 }'
    assert world.refusal(stale, fits.replace("as_of = 2026-06-16", "as_of = 2026-06-14")) == ["usage_reading_too_old"]


NEAR = [
    ('near_renewal = { answer = "renewal_only", under_days = 30 }', "0.00", "2026-07-01"),
    ('near_renewal = { answer = "next_period_too", under_days = 30 }', "25.00", "2026-08-01"),  # 5 + 20
    ('early_window = { answer = "full_credit", days = 30 }', "0.00", "2026-07-01"),  # 10 - 10
    ('early_window = { answer = "plain_difference", days = 30 }', "10.00", "2026-07-01"),
    ('early_window = { answer = "plain_difference", days = 3 }', "5.00", "2026-07-01"),
]


@pytest.mark.parametrize(("rules", "net", "end"), NEAR, ids=[row[0] for row in NEAR])
def test_windows_at_both_ends_of_the_term(rules: str, net: str, end: str) -> None:
    found = world.offer(rules, world.june("2026-06-16", more="bought_on = 2026-06-01"))
    assert (world.net(found), str(found.term_end)) == (net, end)


PERIOD = [
    # 10 a month, 108 a year; on 16 June 15 of 30 days remain
    ('"missing_months"', "110.00", "2027-06-01"),  # 11 x 10
    ('{ answer = "missing_months", price = "new" }', "99.00", "2027-06-01"),  # 11 x 108 / 12
    ('"restarted"', "103.00", "2027-06-16"),  # 108 - 5
    ('"restarted_at_full_price"', "108.00", "2027-06-16"),
    ('{ answer = "full_credit_within", days = 30 }', "98.00", "2027-06-16"),  # 108 - 10
    ('"aligned"', "98.56", "2027-06-01"),  # 108 x 350 / 365 = 103.561..., less 5.00
    ('"converted"', "-0.50", "2026-07-01"),  # 9 x 15/30 - 5
    ('"at_renewal"', "0.00", "2026-07-01"),
    ('"longer_at_renewal"', "0.00", "2026-07-01"),
]


@pytest.mark.parametrize(("answer", "net", "end"), PERIOD, ids=[row[0] for row in PERIOD])
def test_only_another_billing_period(answer: str, net: str, end: str) -> None:
    text = (
        'on = 2026-06-16\n[plans.old]\nprices = [{ period = 1, amount = "10" }, { period = 12, amount = "108" }]\n'
        '[service]\nplan = "old"\nstart = 2026-06-01\nbought_on = 2026-06-01\n'
        '[request]\nchange = "period"\nperiod = 12\n'
    )
    found = world.offer(f"period_change = {answer}", text)
    assert (world.net(found), str(found.term_end)) == (net, end)
    assert found.next_renewal is not None
    assert found.next_renewal.amount.net.text == "108.00"


PRICES = [
    ('charge_price = "list"', "5.00"),
    ('charge_price = "regular"', "7.00"),  # 24 x 15/30 - 5
    ('charge_price = "discounted"', "4.00"),  # 20 x 90 % x 15/30 - 5
    ('charge_price = { answer = "less_percent", percent = 50 }', "0.00"),
    (
        'charge_price = { answer = "ladder", steps = [{ months = 1, percent = 10 }, { months = 6, percent = 20 }] }',
        "4.00",
    ),
    ('credit_price = "regular"', "4.00"),  # 10 - 12 x 15/30
]  # fmt: skip


@pytest.mark.parametrize(("rules", "net"), PRICES, ids=[row[0][:60] for row in PRICES])
def test_which_price(rules: str, net: str) -> None:
    text = world.june("2026-06-16").replace('price = "20"', 'price = "20"\nrenewal = "24"')
    text = text.replace('price = "10"', 'price = "10"\nrenewal = "12"')
    discounted = "discounted" in rules
    if discounted:
        text = text.replace("end = 2026-07-01", "end = 2026-07-01\ndiscount = { percent = 10, perpetual = true }")
        text = text.replace("[request]", '[[billed]]\namount = "10"\n[request]')
    assert world.net(world.offer(rules, text)) == net


def test_the_monthly_price_when_less_than_a_year_remains() -> None:
    text = (
        '[plans.old]\nprices = [{ period = 12, amount = "120" }, { period = 1, amount = "12" }]\n'
        '[plans.new]\nprices = [{ period = 12, amount = "240" }, { period = 1, amount = "25" }]\n'
        '[service]\nplan = "old"\nperiod = 12\nremaining = "{left} months"\n[request]\nchange = "plan"\nto = "new"\n'
    )
    rules = (
        'time_unit = "months"\ndenominator = "months_of_term"\n'
        'charge_price = "monthly_when_short"\ncredit_price = "monthly_when_short"'
    )
    assert world.net(world.offer(rules, text.replace("{left}", "4"))) == "52.00"  # (25 - 12) x 4
    assert world.net(world.offer(rules, text.replace("{left}", "12"))) == "120.00"  # (240 - 120) x 12 / 12


def test_tax_inside_and_on_top() -> None:
    # 4.83 = 10 x 14.5 / 30; gross prices: tax 4.83 x 23 / 123 = 0.903
    for prices, expected in (("net", ("4.83", "1.11", "5.94")), ("gross", ("3.93", "0.90", "4.83"))):
        text = world.june(
            "2026-06-16T12:00:00Z", seller=f'currency = "EUR"\nprices = "{prices}"\nvat = [{{ rate = "23" }}]'
        )
        total = world.offer('time_unit = "hours"', text).total
        assert (total.net.text, total.tax.text, total.gross.text) == expected


def test_a_buyer_who_is_not_taxed_here_pays_the_net_amount() -> None:
    for prices, expected in (("net", "5.00"), ("gross", "4.07")):  # 5 / 1.23 = 4.065
        text = world.june("2026-06-16", seller=SELLER.format(prices))
        found = world.offer("", text + '[buyer]\ntreatment = "reverse_charge"\n')
        assert (found.total.net.text, found.total.tax.text) == (expected, "0.00")


def test_tax_once_per_rate_or_on_every_line() -> None:
    # lines -3.33 and 6.67 at 23 %: on the sum 3.34 x 23 % = 0.7682; by line -0.7659 and 1.5341
    text = world.june("2026-06-21", seller='currency = "EUR"\nvat = [{ rate = "23" }]')
    rules = 'settlement = "credit_and_charge"\ntax_rounding = '
    for answer, taxes in (('"per_rate"', ("-0.76", "1.53")), ('"per_line"', ("-0.77", "1.53"))):
        found = world.offer(rules + answer, text)
        assert tuple(line.amount.tax.text for line in found.lines) == taxes


def test_account_credit_pays_first_and_a_surplus_lowers_the_next_invoice() -> None:
    up = world.offer("", world.june("2026-06-16") + '[standing]\naccount_credit = "2.00"\n')
    assert (up.balance_used.text, up.balance_left.text) == ("2.00", "0.00")
    down = world.offer('decrease = "settled"', world.june("2026-06-16", "20", "10"))
    assert (down.balance_left.text, down.credit_to) == ("5.00", "account_credit")
    assert down.next_invoice is not None
    assert down.next_invoice.text == "5.00"  # 10 - 5


TERM_ENDS = [
    ('"kept"', "2026-07-01", "5.00"),
    ('"bill_day"', "2026-06-30", "4.67"),  # bill day 31: 30 June; 20 x 14/30 (31 May-30 June) - 10 x 14/30...
    ('"calendar_month"', "2026-07-01", "5.00"),
    ('"with_other_service"', "2026-06-20", None),
]


@pytest.mark.parametrize(("answer", "end", "net"), TERM_ENDS, ids=[row[0] for row in TERM_ENDS])
def test_where_the_term_ends(answer: str, end: str, net: str | None) -> None:
    text = world.june("2026-06-16", more="bill_day = 31\naligned_until = 2026-06-20")
    found = world.offer(f'term_end = {answer}\nsettlement = "credit_and_charge"', text)
    assert str(found.term_end) == end
    if net == "5.00":
        assert world.net(found) == net


def test_month_ends() -> None:
    rules = 'settlement = "new_term_nothing_credited"\nmonth_end = '
    text = world.june("2026-01-31").replace("2026-06-01", "2026-01-15").replace("2026-07-01", "2026-02-15")
    last = "2026-02-28"
    for answer, end in (("last_day", last), ("last_day_from_then_on", last), ("next_month", "2026-03-03")):
        assert str(world.offer(f'{rules}"{answer}"', text).term_end) == end


def test_prepaid_later_periods_change_too() -> None:
    text = world.june("2026-06-16", more="prepaid_periods = 2")
    assert world.net(world.offer("", text)) == "25.00"  # 10 x (15/30 + 2)
    assert world.net(world.offer('later_periods = "left_alone"', text)) == "5.00"


def test_only_what_was_paid_and_not_credited_before_is_given_back() -> None:
    text = world.june("2026-06-16", "20", "10") + '[[billed]]\namount = "20"\npaid = "20"\ncredited = "17"\n'
    rules = 'decrease = "settled"\ncredit_price = "list"'
    found = world.offer(rules, text)
    assert world.net(found) == "-3.00"  # 10 x 15/30 = 5, but 20 - 17 = 3
    step = next(step for step in found.working if step.code == "plan_difference")
    assert any(operand.code == "limit" for operand in step.operands)


@pytest.mark.parametrize(("asked", "told"), [({}, False), ({"disk": 10}, True), ({"disk": 40}, False)])
def test_a_plan_counted_by_the_hour_limits_only_what_is_asked_for_with_it(asked: dict[str, int], told: bool) -> None:
    """It includes nothing, so "at most 0" was said of all that a client uses."""
    listed, year = world.catalog("deposit"), Period(date(2026, 1, 1), date(2027, 1, 1))
    used = known.Usage({"disk": 40, "memory": 3}, datetime(2026, 6, 1, tzinfo=UTC))
    facts = known.Facts(listed, known.Service("standard", Length(12), year), usage=used)
    request = known.ChangePlan("pro-cloud", amounts=asked)
    found = quote.price(facts=facts, request=request, policy=world.shipped("deposit"), on=date(2026, 6, 1))
    assert isinstance(found, quote.Refusal)
    needs = [reason.facts["resources"] for reason in found.reasons if reason.code == "usage_too_big"]
    assert needs == ([(("disk", 40, 10),)] if told else [])


def test_the_day_of_a_change_is_the_clients_where_the_policy_says_so() -> None:
    seller, client = 'currency = "EUR"\nzone = "Europe/Rome"', 'time_zone = "America/New_York"'
    at = "2026-06-16T02:00:00+02:00"  # in New York still 15 June
    assert world.net(world.offer("", world.june(at, seller=seller, more=client))) == "5.00"  # 10 x 15/30
    theirs = 'time_zone = "client"'
    assert world.net(world.offer(theirs, world.june(at, seller=seller, more=client))) == "5.33"  # 10 x 16/30
    assert world.net(world.offer(theirs, world.june(at, seller=seller))) == "5.00"  # of whom no zone is known
    # a day of 23 hours is one day: 8 March there, 24 of 31 days are left; 10 x 24/31
    march = world.june("2026-03-09T03:00:00Z", seller=seller, more=client).replace("2026-06-01", "2026-03-01")
    assert world.net(world.offer(theirs, march.replace("2026-07-01", "2026-04-01"))) == "7.74"
