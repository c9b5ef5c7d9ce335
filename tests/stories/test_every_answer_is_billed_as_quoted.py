"""Every settlement, and every course of a decrease, is ordered in the product and billed as its quote said: now, later
and at the renewal."""

import datetime as dt

import pytest

from planshift.billing import models as billing
from planshift.domain.policy import decrease, settlement
from planshift.procedures import change
from planshift.runtime import clock
from tests.stories.conftest import Stage
from tests.stories.test_answers_in_the_product import govern, refusals, upgraded
from tests.stories.test_renewal_meets_change import number, open_renewal, to

LABEL = "pasticceria"  # Silver, four months of twelve left


def billed(stage: Stage, order: str) -> int:
    """Gross of the invoices of an order."""
    return sum(billing.Invoice.objects.filter(order__number=order).values_list("gross_minor", flat=True))


def ordered_and_renewed(stage: Stage, target: str) -> None:
    quote = stage.quote(LABEL, target)
    offered = quote.offer
    placed = stage.order(quote)
    if offered.total.gross.minor > 0:
        stage.pay(placed.order)
    assert billed(stage, placed.order) == max(offered.total.gross.minor, 0)
    waits = offered.timing == "at_renewal"
    page = stage.change(placed.number)
    assert (page.state, page.can_withdraw) == (("AWAITING_TERM_END", True) if waits else ("DONE", False))
    before = stage.service(LABEL).plan
    assert before != target if waits else before == target
    end = offered.term_end.date() if isinstance(offered.term_end, dt.datetime) else offered.term_end
    assert end is not None and end == stage.page(LABEL).card.term_end_on
    to(stage, end - dt.timedelta(days=14))
    renewal = open_renewal(stage, LABEL)
    assert renewal.order is not None and offered.next_invoice is not None
    credit = offered.balance_left.minor  # to a credit on the account, by default: it pays a part of the renewal
    assert (renewal.order.covered_minor, renewal.order.gross_minor - credit) == (credit, offered.next_invoice.minor)
    stage.pay(number(renewal))
    assert billed(stage, number(renewal)) == offered.next_invoice.minor + credit
    to(stage, end)
    assert (stage.service(LABEL).plan, stage.change(placed.number).state) == (target, "DONE")


@pytest.mark.parametrize("answer", [each for each in settlement.RULES if each != "client_chooses"])
def test_every_settlement(stage: Stage, answer: str) -> None:
    idle = {"denominator": None} if answer == "full_difference" else {}  # it divides no time
    govern(stage, LABEL, settlement=settlement.RULES[answer].example, **idle)
    ordered_and_renewed(stage, "gold")


@pytest.mark.parametrize("answer", list(decrease.RULES))
def test_every_course_of_a_decrease(stage: Stage, answer: str) -> None:
    upgraded(stage)
    govern(stage, LABEL, decrease=f'"{answer}"')
    if answer == "not_offered":
        assert refusals(stage, LABEL, "silver") == {"decrease_not_offered"}
    else:
        ordered_and_renewed(stage, "silver")


@pytest.mark.parametrize("answer", ["renewal_only", "next_period_too"])
def test_what_holds_near_the_renewal(stage: Stage, answer: str) -> None:
    govern(stage, LABEL, near_renewal=f'{{ answer = "{answer}", under_days = 300 }}')
    ordered_and_renewed(stage, "gold")


def test_a_change_for_the_next_term_is_taken_back_before_it(stage: Stage) -> None:
    govern(stage, LABEL, near_renewal='{ answer = "renewal_only", under_days = 300 }')
    placed = stage.order(stage.quote(LABEL, "gold"))
    client = stage.service(LABEL).client.number
    change.withdraw(client=client, number=placed.number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert (stage.change(placed.number).state, stage.service(LABEL).plan) == ("WITHDRAWN", "silver")
