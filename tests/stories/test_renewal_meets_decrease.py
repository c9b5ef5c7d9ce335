"""A decrease that waits for its acceptance meets the renewal (D5, D9): paid first, held back, lapsed together."""

import datetime as dt

import pytest

from planshift.billing import models as billing
from planshift.domain import facts
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import acceptance, change, models, payment
from planshift.runtime import clock
from planshift.services import models as services
from planshift.services import register
from tests.stories.conftest import Stage, sound

LABEL = "vps.warsztat"
LESS = facts.ChangeResources(amounts={"ip": 0, "memory": 0})


pytestmark = pytest.mark.usefixtures("post")


def to(stage: Stage, day: dt.date) -> None:
    clock.move_to(at=clock.business() + (day - clock.business().date()) * 1, actor="test")
    stage.work()


def asked_near_the_end(stage: Stage) -> tuple[str, dt.date]:
    """Ten days before the end of the term, after the renewal was announced, a decrease is ordered."""
    end = stage.page(LABEL).card.term_end_on
    assert end is not None
    to(stage, end - dt.timedelta(days=10))
    made = stage.order(stage.quote(LABEL, LESS))
    assert made.state == "AWAITING_ACCEPTANCE"
    return made.number, end


def renewal(stage: Stage) -> models.Renewal:
    return models.Renewal.objects.select_related("order").get(
        service=stage.service(LABEL), state__in=("AWAITING_PAYMENT", "OVERDUE", "RENEWED")
    )


def deposit(stage: Stage) -> Money:
    return balances.of_client(client=stage.service(LABEL).client.number, kind="deposit", currency="PLN")


def test_D9_the_renewal_paid_first_ends_the_unanswered_decrease_and_nothing_is_given_back(stage: Stage) -> None:
    number, _ = asked_near_the_end(stage)
    before, whole = deposit(stage), renewal(stage)
    assert whole.order is not None and whole.basis["additional"]  # priced as it is: nothing was accepted
    stage.pay(whole.order.number)
    assert stage.change(number).state == "LAPSED"
    row = models.Acceptance.objects.get(change__number=number)
    assert row.state == "LAPSED" and row.credited_at is None
    assert {each.state for each in billing.Correction.objects.filter(cause=number)} <= {"LAPSED", "VOIDED"}
    assert renewal(stage).state == "RENEWED" and deposit(stage) == before
    assert not billing.Invoice.objects.filter(kind="correction").exists()
    assert stage.quote(LABEL, LESS).offer.total.gross.amount < 0  # asked anew, it counts what is paid now
    sound()


def test_D4_D9_the_deposit_is_not_drawn_while_the_client_may_still_accept(stage: Stage) -> None:
    row = stage.service(LABEL)
    number, _ = asked_near_the_end(stage)
    register.set_auto_renew(service=row, on=True, at=clock.business(), actor="test")
    top_up(stage, "2000.00")
    held = renewal(stage)
    assert (held.state, held.collection["because"]) == ("AWAITING_PAYMENT", ["decrease_not_accepted"])
    acceptance.refuse(client=row.client.number, number=number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert (stage.change(number).state, renewal(stage).state) == ("REFUSED", "RENEWED")
    sound()


def top_up(stage: Stage, amount: str) -> None:
    number = payment.top_up(
        client=stage.service(LABEL).client.number,
        amount=Money.of(amount, "PLN"),
        key="t" * 20,
        at=clock.business(),
        actor=stage.actor,
    )
    stage.pay(number)


@pytest.mark.parametrize("ends", ["withdrawn", "lapsed"])
def test_D9_taken_back_or_unanswered_the_renewal_is_collected_at_the_price_of_what_is(stage: Stage, ends: str) -> None:
    row = stage.service(LABEL)
    number, end = asked_near_the_end(stage)
    register.set_auto_renew(service=row, on=True, at=clock.business(), actor="test")
    top_up(stage, "2000.00")
    if ends == "withdrawn":
        change.withdraw(client=row.client.number, number=number, at=clock.business(), actor=stage.actor)
        stage.work()
    else:
        to(stage, end)  # no later than the term
    assert stage.change(number).state == ends.upper()
    paid = renewal(stage)
    assert paid.state == "RENEWED" and paid.basis["additional"] and stage.service(LABEL).state == "ACTIVE"
    last = services.Term.objects.filter(service=row).latest("end_on")
    assert (last.start_on, last.end_on) == (paid.start_on, paid.end_on)
    sound()


def test_D9_an_accepted_decrease_makes_the_unpaid_renewal_cheaper(stage: Stage) -> None:
    number, _ = asked_near_the_end(stage)
    before = renewal(stage).order
    acceptance.accept(client=stage.service(LABEL).client.number, number=number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert stage.change(number).state == "DONE"
    after = renewal(stage).order
    assert before is not None and after is not None
    # the additional IP (216.00 a year) and memory (345.60) are gone
    assert before.net_minor - after.net_minor == 216_00 + 345_60
    sound()
