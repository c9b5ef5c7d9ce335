"""A refusal has every reason at once, and what a plan change carries along is refused by the same rules as alone."""

import pytest

from planshift.domain import facts, quote
from tests.domain.pricing import world

BUSY = '[standing]\nunpaid_documents = ["FV/1"]\nopen_change = "CH-1"\n'
OPEN = ["change_under_way", "unpaid_documents"]
HEAD = "on = 2026-07-01\n"
SERVICE = '[service]\nplan = "old"\nperiod = 12\nstart = 2026-01-01\n'
PLANS = '[plans.old]\nprice = "120"\nperiod = 12\n[plans.new]\nprice = "240"\nperiod = 12\n'
RULES = 'settlement = "difference"\ndecrease = "settled"\nunpaid_documents = "blocks"\n'


@pytest.mark.parametrize(
    ("plans", "request_of", "codes"),
    [
        (PLANS + "offered = false\n", 'change = "plan"\nto = "new"', ["plan_not_offered"]),
        (PLANS, 'change = "plan"\nto = "old"', ["same_plan"]),
        (PLANS, 'change = "plan"\nto = "none"', ["plan_not_in_catalog"]),
        (PLANS, 'change = "resources"\nresources = { zz = 1 }', ["resource_unknown"]),
        (PLANS, 'change = "period"\nperiod = 12', ["same_billing_period"]),
        (PLANS, 'change = "plan"\nto = "new"\nperiod = 7', ["period_not_sold"]),
        (PLANS + "[plans.hours]\n", 'change = "plan"\nto = "hours"\nperiod = 7', ["no_billing_period"]),
    ],
)
def test_what_is_no_change_at_all_is_refused_with_what_else_stands_in_the_way(
    plans: str, request_of: str, codes: list[str]
) -> None:
    text = HEAD + plans + SERVICE + BUSY + f"[request]\n{request_of}\n"
    assert world.refusal(RULES, text) == codes + OPEN
    assert world.refusal(RULES, text.replace(BUSY, "")) == codes


def test_a_policy_in_another_currency_is_refused_with_every_other_reason_too() -> None:
    text = HEAD + PLANS + SERVICE + BUSY + '[request]\nchange = "plan"\nto = "new"\n'
    assert world.refusal(RULES, text, currency="PLN") == ["currencies_differ", *OPEN]


def test_what_is_not_offered_is_refused_with_the_reasons_of_the_case_and_of_what_is_used() -> None:
    plans = PLANS + "offered = false\nresources.disk = { included = 10 }\n"
    usage = "[usage]\nas_of = 2026-07-01\namounts = { disk = 11 }\n"
    text = HEAD + plans + SERVICE + usage + BUSY + '[request]\nchange = "plan"\nto = "new"\n'
    rules = RULES + 'usage_fit = "must_fit"\n[[case]]\nkind = "refused"\nreason.en = "no"\n'
    assert world.refusal(rules, text) == ["plan_not_offered", "refused_by_policy", *OPEN, "usage_too_big"]


MORE = (
    '[plans.old.resources.ip]\nprice = "10"\nperiod = 12\nmaximum = 20\n'
    '[plans.new.resources.ip]\nprice = "10"\nperiod = 12\nmaximum = 3\n'
)


@pytest.mark.parametrize(("held", "asked", "codes"), [
    (11, "", ["resource_above_maximum"]),
    (11, "resources = { ip = 4 }", ["resource_above_maximum"]),
    (11, "resources = { ip = 3 }", []),
    (3, "", []),
])  # fmt: skip
def test_additional_resources_never_come_along_beyond_the_maximum_of_the_target(
    held: int, asked: str, codes: list[str]
) -> None:
    text = HEAD + PLANS + MORE + SERVICE + f"resources = {{ ip = {held} }}\n"
    text += f'[request]\nchange = "plan"\nto = "new"\n{asked}\n'
    if codes:
        assert world.refusal(RULES, text) == codes
    else:
        assert world.offer(RULES, text).operation == "plan"


def test_the_refusal_says_how_many_are_too_many() -> None:
    text = HEAD + PLANS + MORE + SERVICE + 'resources = { ip = 11 }\n[request]\nchange = "plan"\nto = "new"\n'
    given = world.stated(text)
    found = quote.price(facts=given.facts, request=given.request, policy=world.policy(RULES), on=given.on)
    assert isinstance(found, quote.Refusal)
    assert [dict(each.facts) for each in found.reasons] == [{"resource": "ip", "amount": 11, "maximum": 3}]


@pytest.mark.parametrize("answer", ['"none"', '{ answer = "all_but", resources = ["ip"] }'])
def test_a_plan_change_gives_up_no_resource_that_the_policy_keeps(answer: str) -> None:
    text = HEAD + PLANS + MORE + SERVICE + 'resources = { ip = 3 }\n[request]\nchange = "plan"\nto = "new"\n'
    rules = RULES + f"resource_decrease = {answer}\n"
    assert world.offer(rules, text).operation == "plan"
    assert world.refusal(rules, text + "resources = { ip = 2 }\n") == ["resource_cannot_shrink"]


DISK = PLANS.replace('"240"', '"60"') + (
    "[plans.old.resources.disk]\nincluded = 100\nshrinkable = false\n"
    "[plans.new.resources.disk]\nincluded = 50\nshrinkable = false\n"
)


def test_a_plan_with_less_of_what_never_shrinks_is_refused_in_place_and_offered_where_the_service_moves() -> None:
    text = HEAD + DISK + SERVICE + '[request]\nchange = "plan"\nto = "new"\n'
    given = world.stated(text)
    found = quote.price(facts=given.facts, request=given.request, policy=world.policy(RULES), on=given.on)
    assert isinstance(found, quote.Refusal)
    (reason,) = found.reasons
    assert reason.code == "resource_never_shrinks_in_place"
    assert dict(reason.facts) == {"resource": "disk", "present": 100, "target": 50}
    hard = '[[case]]\nwhen = { less_of = ["disk"] }\nkind = "hard"\nreason.en = "moves"\n[[case]]\n'
    assert world.offer(RULES + hard, text).kind == "hard"
    same = text.replace("included = 50", "included = 100")
    assert world.offer(RULES + hard, same).kind == "easy"


def test_additional_amounts_count_for_what_never_shrinks() -> None:
    """100 included and 20 on top, to 100 included: 20 less, unless the 20 come along."""
    text = HEAD + DISK.replace("included = 50", "included = 100").replace(
        "shrinkable = false\n", 'shrinkable = false\nprice = "1"\nperiod = 12\nmaximum = 500\n'
    )
    text += SERVICE + 'resources = { disk = 20 }\n[request]\nchange = "plan"\nto = "new"\n'
    assert world.offer(RULES, text).kind == "easy"
    assert world.refusal(RULES, text + "resources = { disk = 10 }\n") == ["resource_never_shrinks_in_place"]


def test_the_shipped_deposit_policy_moves_a_service_to_a_smaller_disk() -> None:
    catalog, policy = world.catalog("deposit"), world.shipped("deposit")
    year = world.stated(HEAD + PLANS + SERVICE + '[request]\nchange = "plan"\nto = "new"\n').facts.service.length
    for present, target, kind in (("professional", "standard", "easy"), ("business", "standard", "hard")):
        service = facts.Service(
            plan=present,
            length=year,
            term=world.Period(world.date(2026, 1, 1), world.date(2027, 1, 1)),
        )
        found = quote.price(
            facts=facts.Facts(catalog=catalog, service=service),
            request=facts.ChangePlan(target),
            policy=policy,
            on=world.date(2026, 7, 1),
        )
        assert isinstance(found, quote.Offer), found
        assert (found.kind, found.timing) == (kind, "after_acceptance")
