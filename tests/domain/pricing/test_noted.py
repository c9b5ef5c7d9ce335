"""What was found for one client, does it ever stand for another, of whom more is known, or on another day?"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from planshift.domain import facts as known
from planshift.domain import quote
from planshift.domain.exact import Fraction
from planshift.domain.periods import Period
from planshift.domain.policy.document import Policy
from tests.domain.pricing import world

ON = date(2026, 6, 16)
READ = datetime(2026, 6, 16, tzinfo=UTC)


def codes(facts: known.Facts, request: known.Request, policy: Policy, on: date = ON) -> list[str]:
    """Why there is no price."""
    found = quote.amount(facts=facts, request=request, policy=policy, on=on)
    return [reason.code for reason in found.reasons] if isinstance(found, quote.Refusal) else []


def asked(rules: str) -> tuple[known.Facts, known.Request, Policy]:
    """A change of plan in June under a policy of these rules, and nothing known of the client."""
    disks = "[plans.old.resources.disk]\nincluded = 10\n[plans.new.resources.disk]\nincluded = 5\n"
    given = world.stated(world.june("2026-06-16") + disks)
    return given.facts, given.request, world.policy(rules)


KNOWN = [
    ("", {"standing": known.Standing(unpaid_documents=("FV/1",))}, "unpaid_documents"),
    ('renewal_issued = "blocks"', {"standing": known.Standing(renewal_issued="FV/2")}, "renewal_already_issued"),
    ('usage_fit = "must_fit"', {"usage": known.Usage({"disk": 8}, READ)}, "usage_too_big"),
    ('capacity = "refused"', {"capacity": known.Capacity({"new": 0}, READ)}, "no_capacity"),
]


@pytest.mark.parametrize(("rules", "more", "code"), KNOWN, ids=[row[2] for row in KNOWN])
def test_what_is_known_of_a_client_counts_for_that_client_alone(rules: str, more: dict[str, object], code: str) -> None:
    facts, request, policy = asked(rules)
    fuller = replace(facts, **more)  # type: ignore[arg-type]
    for _ in range(2):
        assert codes(facts, request, policy) == []
        assert codes(fuller, request, policy) == [code]


def test_who_asks_counts_for_each_request() -> None:
    facts, request, policy = asked('who_may_ask = "staff"')
    for _ in range(2):
        assert codes(facts, replace(request, asked_by="client"), policy) == ["only_staff_may_order"]
        assert codes(facts, replace(request, asked_by="staff"), policy) == []


def test_what_asks_for_the_day_is_asked_every_day() -> None:
    facts, request, policy = asked('cut_off = { answer = "days_before_end", days = 4 }')
    for _ in range(2):
        assert codes(facts, request, policy, date(2026, 6, 27)) == []
        assert codes(facts, request, policy, date(2026, 6, 28)) == ["too_late_before_term_end"]


def test_of_a_dated_price_list_each_term_is_credited_at_the_price_of_its_beginning() -> None:
    """On 20 June: from a term of June 11 of 30 days are left, from one that began on the 10th 20 of 30."""
    prices = '[plans.old]\nprices = [{ period = 1, amount = "12" }, { period = 1, amount = "6", from = 2026-06-10 }]\n'
    text = world.june("2026-06-20").replace('[plans.old]\nprice = "10"\nperiod = "1 month"\n', prices)
    given, policy = world.stated(text), world.policy('credit_price = "list"')
    began_later = replace(given.facts.service, term=Period(date(2026, 6, 10), date(2026, 7, 10)))
    for _ in range(2):
        for service, net in (
            (given.facts.service, "2.93"),
            (began_later, "9.33"),
        ):  # (20 - 12) x 11/30; (20 - 6) x 20/30
            facts = replace(given.facts, service=service)
            found = quote.amount(facts=facts, request=given.request, policy=policy, on=given.on)
            assert isinstance(found, quote.Price)
            assert found.net == Fraction(net)
