"""What an answer puts off is carried out: billed with the next term, once, or begun with it."""

import datetime as dt
from dataclasses import replace
from fractions import Fraction

import pytest

from planshift.billing import models as billing
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import models, placing
from tests.stories.conftest import Stage
from tests.stories.test_answers_in_the_product import govern, known, upgraded
from tests.stories.test_renewal_meets_change import GOLD, SILVER, number, open_renewal, to

LABEL = "pasticceria"  # Silver, four months of twelve left
DIFFERENCE = 22_00  # (135.00 - 69.00) x 4 / 12


def end(stage: Stage) -> dt.date:
    found = stage.page(LABEL).card.term_end_on
    assert found is not None
    return found


def announced(stage: Stage) -> billing.Order:
    """The order of the next term, two weeks before it."""
    to(stage, end(stage) - dt.timedelta(days=14))
    order = open_renewal(stage, LABEL).order
    assert order is not None
    return order


@pytest.mark.parametrize("when", ["next_invoice", "expiry"])
def test_what_is_billed_later_stands_on_the_order_of_the_next_term_once(stage: Stage, when: str) -> None:
    govern(stage, LABEL, settlement=f'{{ answer = "billed_later", amount = "difference", when = "{when}" }}')
    quote = stage.quote(LABEL, "gold")
    assert (quote.offer.total.gross.minor, quote.offer.later_at) == (0, when)
    assert stage.order(quote).state == "DONE"
    order = announced(stage)
    assert order.net_minor == GOLD + DIFFERENCE
    assert quote.offer.next_invoice is not None and order.gross_minor == quote.offer.next_invoice.minor  # as quoted
    lines = [(line.component, line.net_minor, line.start_on) for line in order.lines.order_by("position")]
    assert lines == [("plan", DIFFERENCE, dt.date(2026, 9, 1)), ("plan", GOLD, end(stage))]
    assert known(stage, LABEL).standing.unpaid_documents == ()  # not owed before the next term begins
    stage.pay(order.number)
    assert list(billing.Invoice.objects.filter(order=order).values_list("net_minor", flat=True)) == [GOLD + DIFFERENCE]
    assert announced(stage).net_minor == GOLD  # a year later


def test_a_term_announced_before_the_change_is_announced_anew_with_what_is_billed_later(stage: Stage) -> None:
    to(stage, end(stage) - dt.timedelta(days=14))
    before = open_renewal(stage, LABEL)
    govern(stage, LABEL, settlement='{ answer = "billed_later", amount = "full_difference" }')
    stage.order(stage.quote(LABEL, "gold"))
    after = open_renewal(stage, LABEL)
    assert before.order is not None and before.order.net_minor == SILVER
    assert after.order is not None and after.order.net_minor == GOLD + (GOLD - SILVER)
    stage.pay(number(after))
    before.refresh_from_db()
    after.refresh_from_db()
    assert (before.state, after.state) == ("REPLACED", "RENEWED")
    assert billing.InvoiceLine.objects.filter(invoice__order=after.order).count() == 2


def test_used_time_is_billed_now_and_the_rest_with_the_next_term(stage: Stage) -> None:
    govern(stage, LABEL, settlement='"used_in_arrears"')
    quote = stage.quote(LABEL, "gold")
    assert quote.offer.total.net.minor == 46_00  # 69.00 x 8 / 12
    stage.pay(stage.order(quote).order)
    assert announced(stage).net_minor == GOLD + 45_00  # 135.00 x 4 / 12


def test_the_highest_level_of_a_month_is_billed_once_for_that_month(stage: Stage) -> None:
    govern(stage, LABEL, settlement='"highest_level_in_arrears"', decrease='"settled"', credit_to='"refund"')
    assert stage.order(stage.quote(LABEL, "gold")).state == "DONE"
    stage.days(3)
    assert stage.order(stage.quote(LABEL, "silver")).state == "DONE"  # the highest of September is still Gold
    assert models.LaterCharge.objects.filter(superseded=False).count() == 1
    assert announced(stage).net_minor == SILVER + GOLD


def test_near_the_renewal_an_upgrade_for_the_renewal_only_waits_for_it(stage: Stage) -> None:
    govern(stage, LABEL, near_renewal='{ answer = "renewal_only", under_days = 300 }')
    ordered = stage.order(stage.quote(LABEL, "gold"))
    assert (ordered.state, stage.service(LABEL).plan, ordered.can_withdraw) == ("AWAITING_TERM_END", "silver", True)
    order, begins = announced(stage), end(stage)
    assert order.net_minor == GOLD
    stage.pay(order.number)
    assert stage.service(LABEL).plan == "silver"
    to(stage, begins)
    assert (stage.change(ordered.number).state, stage.service(LABEL).plan) == ("DONE", "gold")


def test_more_given_back_later_than_the_next_term_costs_is_refused_before_anything_is_ordered(stage: Stage) -> None:
    upgraded(stage)
    later = '{ answer = "billed_later", amount = "credit_and_charge" }'
    govern(stage, LABEL, settlement=later, decrease='"settled"', credit_to='"refund"')
    offered = stage.quote(LABEL, "host-pointer").offer
    assert offered.due_later is not None and offered.next_renewal is not None
    # (36.90 - 135.00) x 4 / 12 = -32.70 net: the next term, 36.90, can carry it
    assert (offered.due_later.net.minor, placing.not_orderable(offered)) == (-32_70, None)
    dearer = replace(offered.next_renewal, amount=Taxed.of_net(Money.of("32.60", "EUR"), Fraction(22, 100)))
    reason = placing.not_orderable(replace(offered, next_renewal=dearer))
    assert reason is not None and reason.code == "later_credit_too_large"
