"""A change ordered for the next term: nothing moves before, it can be taken back, and the renewal is priced for it."""

import datetime as dt

import pytest

from planshift.billing import models as billing
from planshift.billing import queries as papers
from planshift.domain.errors import Refused
from planshift.procedures import change, deciding, models
from planshift.provisioning import queries as machines
from planshift.runtime import clock
from planshift.services import models as services
from tests.stories.conftest import Stage, sound
from tests.stories.test_answers_in_the_product import govern, upgraded

LABEL = "pasticceria"
SILVER, GOLD = 69_00, 135_00  # net per year
SILVER_GROSS, GOLD_GROSS = 84_18, 164_70  # 22 % VAT: 15.18 and 29.70


def to(stage: Stage, day: dt.date) -> None:
    clock.move_to(at=clock.business() + (day - clock.business().date()) * 1, actor="test")
    stage.work()


def scheduled(stage: Stage) -> tuple[str, dt.date]:
    """Gold is in force, Silver is ordered for the next term: the change, and the end of the term."""
    upgraded(stage)
    govern(stage, LABEL, decrease='"at_renewal"')
    quote = stage.quote(LABEL, "silver")
    assert (quote.offer.timing, quote.offer.total.gross.minor) == ("at_renewal", 0)
    made = stage.order(quote)
    assert (made.state, made.can_withdraw) == ("AWAITING_TERM_END", True)
    end = stage.page(LABEL).card.term_end_on
    assert end is not None
    return made.number, end


def renewals(stage: Stage) -> list[tuple[str, int]]:
    found = models.Renewal.objects.filter(service=stage.service(LABEL)).select_related("order").order_by("pk")
    return [(row.state, row.order.net_minor) for row in found if row.order]


def open_order(stage: Stage) -> str:
    row = models.Renewal.objects.select_related("order").get(
        service=stage.service(LABEL), state__in=("AWAITING_PAYMENT", "OVERDUE")
    )
    assert row.order is not None
    return row.order.number


def documents(stage: Stage) -> list[tuple[str, int, int]]:
    """Every document of the client after the two of the past: kind, net and tax."""
    rows = billing.Invoice.objects.filter(client=stage.service(LABEL).client).order_by("pk")
    return [(row.kind, row.net_minor, row.tax_minor) for row in rows][2:]


def postings(order: str) -> list[tuple[str, int]]:
    return [(each.posting, each.amount.minor) for each in papers.postings_of_order(number=order)]


def plan_on_the_machine(stage: Stage) -> str:
    service = stage.service(LABEL)
    return machines.active_environments(services=[service.number])[service.number].plan


def test_D9_it_begins_with_the_term_that_was_paid_for_it_and_the_documents_say_so(stage: Stage) -> None:
    number, end = scheduled(stage)
    assert (stage.page(LABEL).card.plan_code, plan_on_the_machine(stage)) == ("gold", "gold")
    to(stage, end - dt.timedelta(days=20))
    assert renewals(stage) == [("AWAITING_PAYMENT", SILVER)]  # H8: of what the service becomes
    order = open_order(stage)
    stage.pay(order)
    assert (stage.page(LABEL).card.plan_code, plan_on_the_machine(stage)) == ("gold", "gold")  # still paid for
    assert stage.change(number).state == "AWAITING_TERM_END"
    to(stage, end)
    assert (stage.page(LABEL).card.plan_code, plan_on_the_machine(stage)) == ("silver", "silver")
    assert stage.change(number).state == "DONE"
    assert documents(stage) == [("invoice", SILVER, SILVER_GROSS - SILVER)]
    assert postings(order) == [
        ("received_for_order", SILVER_GROSS),
        ("invoice_issued", SILVER),
        ("invoice_issued", SILVER_GROSS - SILVER),
        ("invoice_settled", SILVER_GROSS),
    ]
    terms = services.Term.objects.filter(service=stage.service(LABEL)).order_by("start_on")
    assert [term.start_on for term in terms][1:] == [end]
    sound()


def test_D9_taken_back_before_the_renewal_is_paid_it_never_was(stage: Stage) -> None:
    number, end = scheduled(stage)
    to(stage, end - dt.timedelta(days=20))
    first = open_order(stage)
    client = stage.service(LABEL).client.number
    for _ in range(2):  # a double click
        change.withdraw(client=client, number=number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert stage.change(number).state == "WITHDRAWN"
    assert renewals(stage) == [("REPLACED", SILVER), ("AWAITING_PAYMENT", GOLD)]
    assert papers.order(number=first).state == "WITHDRAWN"
    stage.pay(open_order(stage))
    to(stage, end)
    assert (stage.page(LABEL).card.plan_code, plan_on_the_machine(stage)) == ("gold", "gold")
    assert documents(stage) == [("invoice", GOLD, GOLD_GROSS - GOLD)]
    sound()


def test_D9_once_the_next_term_is_paid_for_it_it_cannot_be_taken_back(stage: Stage) -> None:
    number, end = scheduled(stage)
    to(stage, end - dt.timedelta(days=20))
    stage.pay(open_order(stage))
    assert not stage.change(number).can_withdraw
    with pytest.raises(Refused) as refused:
        change.withdraw(
            client=stage.service(LABEL).client.number, number=number, at=clock.business(), actor=stage.actor
        )
    assert [each.code for each in refused.value.reasons] == ["next_term_paid"]
    assert stage.change(number).state == "AWAITING_TERM_END" and renewals(stage) == [("RENEWED", SILVER)]


@pytest.mark.parametrize("paid_late", [True, False])
def test_a_term_that_is_not_paid_suspends_what_was_and_the_change_waits_or_ends_with_it(
    stage: Stage, paid_late: bool
) -> None:
    number, end = scheduled(stage)
    to(stage, end - dt.timedelta(days=20))
    to(stage, end)
    assert stage.service(LABEL).state == "SUSPENDED"
    assert (stage.change(number).state, plan_on_the_machine(stage)) == ("AWAITING_TERM_END", "gold")
    if paid_late:
        stage.days(2)
        stage.pay(open_order(stage))
        assert (stage.service(LABEL).state, stage.change(number).state) == ("ACTIVE", "DONE")
        assert plan_on_the_machine(stage) == "silver" and documents(stage) == [
            ("invoice", SILVER, SILVER_GROSS - SILVER)
        ]
    else:
        to(stage, end + dt.timedelta(days=60))
        stage.days(2)
        assert (stage.service(LABEL).state, stage.change(number).state) == ("ENDED", "LAPSED")
        assert documents(stage) == [] and renewals(stage) == [("LAPSED", SILVER)]
    sound()


def scheduled_for_a_fee(stage: Stage, target: str = "silver", **answers: str) -> tuple[str, dt.date]:
    """The same, with something to pay for the change itself: 10.00, 12.20 with VAT."""
    upgraded(stage)
    govern(stage, LABEL, decrease='"at_renewal"', **answers)
    quote = stage.quote(LABEL, target)
    assert (quote.offer.timing, quote.offer.total.gross.minor) == ("at_renewal", 12_20)
    made = stage.order(quote)
    stage.pay(made.order)
    assert stage.change(made.number).state == "AWAITING_TERM_END"
    end = stage.page(LABEL).card.term_end_on
    assert end is not None
    return made.number, end


FEE = '[{ answer = "flat", amount = "10.00" }]'


def test_a_fee_paid_for_a_change_that_never_begins_is_given_back_when_the_service_ends(stage: Stage) -> None:
    number, end = scheduled_for_a_fee(stage, change_fee=FEE)
    assert documents(stage) == [("invoice", 10_00, 2_20)]
    to(stage, end - dt.timedelta(days=20))
    to(stage, end + dt.timedelta(days=62))
    stage.days(2)
    assert (stage.service(LABEL).state, stage.change(number).state) == ("ENDED", "UNDONE")
    assert documents(stage) == [("invoice", 10_00, 2_20), ("correction", -10_00, -2_20)]
    assert not models.Renewal.objects.filter(service=stage.service(LABEL), state__in=("AWAITING_PAYMENT", "OVERDUE"))
    sound()


def test_a_scheduled_change_that_turns_out_to_be_easy_gives_its_set_up_back_at_once(stage: Stage) -> None:
    number, _end = scheduled_for_a_fee(stage, "host-pointer")  # another platform: hard, with its set-up fee (H5)
    stage.days(1)
    row = models.Change.objects.select_related("quote__client").get(number=number)
    deciding.decide_kind(
        client=row.quote.client.number,
        number=row.quote.number,
        kind="easy",
        note="it can be done in place",
        at=clock.business(),
        actor="user:7",
    )
    stage.work()
    assert stage.change(number).state == "AWAITING_TERM_END"
    assert documents(stage) == [("invoice", 10_00, 2_20), ("correction", -10_00, -2_20)]
    sound()
