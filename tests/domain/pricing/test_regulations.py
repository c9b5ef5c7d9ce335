"""The printed and the plain cases of the two regulations, to the cent."""

from datetime import date

import pytest

from planshift.domain import facts as known
from planshift.domain import quote
from planshift.domain.periods import Length, Period
from tests.domain.pricing import world


def italian(plan: str, **more: object) -> known.Facts:
    term = Period(date(2026, 1, 1), date(2027, 1, 1))
    return known.Facts(world.catalog("easy-hard"), known.Service(plan, Length(12), term, **more))  # type: ignore[arg-type]


def polish(plan: str, **more: object) -> known.Facts:
    term = Period(date(2026, 1, 5), date(2026, 2, 5))  # 31 days
    return known.Facts(world.catalog("deposit"), known.Service(plan, Length(1), term, **more))  # type: ignore[arg-type]


def easy_hard(facts: known.Facts, to: str, on: date) -> quote.Offer | quote.Refusal:
    return quote.price(facts=facts, request=known.ChangePlan(to), policy=world.shipped("easy-hard"), on=on)


def deposit(facts: known.Facts, request: known.Request, on: date) -> quote.Offer | quote.Refusal:
    return quote.price(facts=facts, request=request, policy=world.shipped("deposit"), on=on)


def offered(result: quote.Offer | quote.Refusal) -> quote.Offer:
    assert isinstance(result, quote.Offer), result
    return result


def codes(result: quote.Offer | quote.Refusal) -> list[str]:
    assert isinstance(result, quote.Refusal), result
    return [reason.code for reason in result.reasons]


def test_H7_silver_to_gold_with_four_months_left_costs_22_00_net() -> None:
    found = offered(easy_hard(italian("silver"), "gold", date(2026, 9, 1)))
    assert found.total.net.text == "22.00"  # (135 - 69) x 4 / 12
    assert found.total.tax.text == "4.84"  # 22.00 x 22 %
    assert found.total.gross.text == "26.84"
    assert (found.direction, found.kind, found.term_end) == ("up", "easy", date(2027, 1, 1))
    step = next(step for step in found.working if step.code == "plan_difference")
    assert step.formula == "(135.00 − 69.00) × 4 / 12"
    assert (step.unrounded, step.result, step.clause) == (22, 22, "H7")


def test_H7_the_printed_5_5_is_one_month_of_the_difference_and_an_error_of_the_source() -> None:
    """The source prints 5.5 beside (135 - 69) x 4 / 12. 5.50 is (135 - 69) / 12: what one remaining month costs."""
    one_month = offered(easy_hard(italian("silver"), "gold", date(2026, 12, 1)))
    four_months = offered(easy_hard(italian("silver"), "gold", date(2026, 9, 1)))
    assert one_month.total.net.text == "5.50"
    assert four_months.total.net.text == "22.00"
    assert four_months.total.net == one_month.total.net * 4


def test_H7_H5_host_pointer_to_gold_is_hard_and_costs_59_05_net() -> None:
    found = offered(easy_hard(italian("host-pointer"), "gold", date(2026, 7, 1)))
    assert [(line.role, line.amount.net.text) for line in found.lines] == [
        ("difference", "49.05"),  # (135 - 36.90) x 6 / 12
        ("setup", "10.00"),
    ]
    assert found.total.net.text == "59.05"
    assert found.total.tax.text == "12.99"  # 59.05 x 22 % = 12.991, once on the sum
    assert found.kind == "hard"


def test_H7_a_begun_month_counts_by_its_own_days() -> None:
    # on 16 September 3 months and 15 of the 30 days of September remain: 66 x 3.5 / 12 = 19.25
    assert offered(easy_hard(italian("silver"), "gold", date(2026, 9, 16))).total.net.text == "19.25"


def test_H8_the_next_renewal_is_the_full_price_of_the_new_plan() -> None:
    renewal = offered(easy_hard(italian("silver"), "gold", date(2026, 9, 1))).next_renewal
    assert renewal is not None
    assert (renewal.on, renewal.amount.net.text, renewal.amount.gross.text) == (date(2027, 1, 1), "135.00", "164.70")


def test_H6_the_promised_date_is_counted_in_italian_business_days() -> None:
    # 30 April 2026 is a Thursday; Friday 1 May is a holiday: 4, 5, 6, 7, 8 May
    found = offered(easy_hard(italian("host-pointer"), "gold", date(2026, 4, 30)))
    promise = found.promise
    assert (promise.business_days_min, promise.business_days_max, promise.on) == (1, 5, date(2026, 5, 8))


@pytest.mark.parametrize(
    ("plan", "to", "reason"),
    [
        ("gold", "silver", "decrease_not_offered"),
        ("silver", "silver", "same_plan"),
        ("silver", "platinum", "plan_not_in_catalog"),
        ("silver", "vps-m", "only_staff_may_order"),
    ],
)
def test_H1_H12_what_is_not_offered_is_refused_with_its_reason(plan: str, to: str, reason: str) -> None:
    assert codes(easy_hard(italian(plan), to, date(2026, 7, 1))) == [reason]


def test_H3_the_reason_of_the_kind_is_told_in_three_languages() -> None:
    found = offered(easy_hard(italian("host-pointer"), "gold", date(2026, 7, 1)))
    assert found.kind_reason == "another platform"
    assert found.told is not None
    assert set(found.told) == {"en", "it", "pl"}


def test_H9_H10_exactly_the_notices_of_a_hard_change_with_attached_services() -> None:
    attached = (
        known.Attached("S-7", "Host Pointer example.it", "host-pointer", again_on=("hosting",)),
        known.Attached("S-8", "Backup space", "backup", data_lost=False),
    )
    found = offered(easy_hard(italian("host-pointer", attached=attached), "gold", date(2026, 7, 1)))
    by_code = {notice.code: notice.facts for notice in found.notices}
    assert set(by_code) == {
        "new_address", "new_environment", "data_lost", "content_transfer", "old_data_removed", "backups",
        "no_recovery", "attached_end", "site_interruption",
    }  # fmt: skip
    assert by_code["attached_end"] == {
        "ends": ({"number": "S-7", "name": "Host Pointer example.it"}, {"number": "S-8", "name": "Backup space"}),
        "again": ("S-7",),
        "lost": ("S-7",),
    }


def test_H9_an_easy_change_asks_for_no_notice() -> None:
    assert offered(easy_hard(italian("silver"), "gold", date(2026, 9, 1))).notices == ()


def test_D2_an_increase_of_the_plan_costs_the_difference_for_the_days_left() -> None:
    found = offered(deposit(polish("standard"), known.ChangePlan("professional"), date(2026, 1, 20)))
    assert found.total.net.text == "20.65"  # (89 - 49) x 16 / 31 = 20.645...
    assert found.total.gross.text == "25.40"  # + 23 % of 20.65 = 4.7495
    assert (found.timing, found.credit_to) == ("after_payment", "nowhere")


def test_D5_D8_a_lower_plan_is_given_back_to_the_deposit_after_the_acceptance() -> None:
    found = offered(deposit(polish("professional"), known.ChangePlan("standard"), date(2026, 1, 20)))
    assert found.total.net.text == "-20.65"  # 49 x 16 / 31 - 89 x 16 / 31
    assert found.total.gross.text == "-25.40"
    assert (found.timing, found.credit_to) == ("after_acceptance", "deposit")
    assert [notice.code for notice in found.notices] == ["decrease_after_acceptance"]


def test_D5_a_decrease_names_the_billed_lines_that_it_returns_newest_first() -> None:
    billed = (
        world.billed("1", "resource:ip", "10.00"),
        world.billed("2", "resource:ip", "18.00", start="2026-01-09", end="2026-02-05", quantity=2),
    )
    facts = polish("standard", resources={"ip": 3})
    facts = known.Facts(facts.catalog, facts.service, billed)
    found = offered(deposit(facts, known.ChangeResources({"ip": 0}), date(2026, 1, 20)))
    # newest first: 18.00 x 16 / 27 + 10.00 x 16 / 31 = 10.6667 + 5.1613 = 15.828
    assert found.total.net.text == "-15.83"
    assert [(part.billed_id, part.amount.text) for part in found.lines[0].returns] == [
        ("2", "10.67"),
        ("1", "5.16"),
    ]


DISTRIBUTED = [
    # "standard" for 49.00, "professional" since the 15th + 40.00 x 21 / 31 = 27.10. On the 20th 16 of 31 days are left:
    # back to "standard" gives 49.00 x 16 / 31 + 27.10 x 16 / 21 - 49.00 x 16 / 31, rounded: 20.65, of which the
    # lines are worth 25.29 and 20.65
    ("newest_first", [("2", "20.65")]),
    ("oldest_first", [("1", "20.65")]),
    ("proportional", [("2", "9.28"), ("1", "11.37")]),  # 20.65 x 20.65 / 45.94 = 9.282, x 25.29 / 45.94 = 11.368
]


@pytest.mark.parametrize(("rule", "returns"), DISTRIBUTED)
def test_a_credit_is_laid_on_the_invoices_of_the_term_by_the_rule(rule: str, returns: list[tuple[str, str]]) -> None:
    billed = (
        world.billed("1", "plan", "49.00", start="2026-01-05", end="2026-02-05"),
        world.billed("2", "plan", "27.10", start="2026-01-15", end="2026-02-05"),
    )
    facts = polish("professional")
    policy = world.changed("deposit", 'credit_distribution = "newest_first"', f'credit_distribution = "{rule}"')
    given = known.Facts(facts.catalog, facts.service, billed)
    found = offered(quote.price(facts=given, request=known.ChangePlan("standard"), policy=policy, on=date(2026, 1, 20)))
    assert found.total.net.text == "-20.65"
    assert [(part.billed_id, part.amount.text) for part in found.lines[0].returns] == returns


def test_D1_additional_resources_have_the_plan_as_floor() -> None:
    facts = polish("standard", resources={"ip": 1})
    assert codes(deposit(facts, known.ChangeResources({"ip": -1}), date(2026, 1, 20))) == ["resource_below_plan"]
    assert codes(deposit(facts, known.ChangeResources({"cpu": 1}), date(2026, 1, 20))) == ["resource_fixed_in_plan"]


def test_D1_more_addresses_are_charged_for_the_days_left() -> None:
    facts = polish("standard", resources={"ip": 1})
    found = offered(deposit(facts, known.ChangeResources({"ip": 3}), date(2026, 1, 20)))
    assert found.total.net.text == "10.32"  # 2 x 10.00 x 16 / 31
    assert found.operation == "resources"
    renewal = found.next_renewal
    assert renewal is not None
    assert renewal.amount.net.text == "79.00"  # 49 + 3 x 10


def test_D1_D5_what_is_raised_and_what_is_lowered_are_ordered_apart() -> None:
    facts = polish("standard", resources={"ip": 2})
    request = known.ChangeResources({"ip": 1, "memory": 2})
    assert codes(deposit(facts, request, date(2026, 1, 20))) == ["increase_and_decrease_apart"]


def test_D3_pro_cloud_changes_at_once_and_costs_by_the_hour() -> None:
    found = offered(deposit(polish("pro-cloud"), known.ChangeResources({"cpu": 4, "ip": 1}), date(2026, 1, 20)))
    assert (found.settlement, found.timing, found.total.gross.text) == ("metered", "at_once", "0.00")
    assert found.hourly is not None
    assert found.hourly.text == "0.25"  # 4 x 0.06 + 0.01
    assert found.next_renewal is None


def test_D9_also_on_the_first_and_on_the_last_day() -> None:
    up = known.ChangePlan("professional")
    assert offered(deposit(polish("standard"), up, date(2026, 1, 5))).total.net.text == "40.00"
    assert offered(deposit(polish("standard"), up, date(2026, 2, 4))).total.net.text == "1.29"  # 40 / 31
    assert codes(deposit(polish("standard"), up, date(2026, 2, 5))) == ["term_is_over"]


def test_D11_from_one_to_three_months_pays_the_two_missing_months() -> None:
    found = offered(deposit(polish("standard"), known.ChangePeriod(Length(3)), date(2026, 1, 20)))
    assert found.months_charged == 2
    assert found.total.net.text == "98.00"  # 2 x 49.00
    assert found.term_end == date(2026, 4, 5)


def test_D11_no_other_plan_for_a_dedicated_server() -> None:
    reasons = codes(deposit(polish("dedicated-e3"), known.ChangePlan("dedicated-e5"), date(2026, 1, 20)))
    assert reasons == ["plan_changes_not_offered", "refused_by_policy"]  # the catalog and the policy, each for itself
