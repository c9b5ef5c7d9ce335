"""What goes wrong with payments elsewhere, and must not here.

Each test is a complaint that users of other panels have written down: the payment gate and the unpaid upgrade (a failed
payment that revokes the paid plan, access before payment, no way back), and double charges.
"""

import datetime as dt
import io

import pytest

from planshift.billing import models, payments, ports, queries, statements
from planshift.domain.errors import Refused, Unknown
from planshift.domain.money import Money
from planshift.procedures import change, payment
from planshift.procedures import models as procedures
from planshift.runtime import clock
from planshift.runtime.models import AuditEntry
from tests.billing import bank_files
from tests.stories.conftest import Stage

LABEL = "pasticceria"  # Silver, of the Italian seller


def ordered(stage: Stage) -> tuple[str, models.Order]:
    """A change from Silver to Gold that waits for its payment."""
    made = stage.order(stage.quote(LABEL, "gold"))
    return made.number, models.Order.objects.get(subject=made.number)


def plan(stage: Stage) -> str:
    return stage.service(LABEL).plan


def state(number: str) -> str:
    return procedures.Change.objects.get(number=number).state


def attempt(order: models.Order) -> str:
    payments.start(order=order.number, gateway="simulated", return_path="/", at=clock.business(), base_url="http://x")
    return models.PaymentAttempt.objects.filter(order=order).latest("pk").number


def told(intent: str, *, kind: str = "paid", external_id: str = "pay-1", amount: Money) -> str:
    event = ports.Event(kind=kind, intent=intent, external_id=external_id, amount=amount, sent_at=clock.system())  # type: ignore[arg-type]
    return payments.receive(gateway="simulated", event=event, at=clock.business())


def due(order: models.Order) -> Money:
    return queries.order(number=order.number).missing


def test_B_a_failed_payment_leaves_the_plan_that_was_paid_alone(stage: Stage) -> None:
    number, order = ordered(stage)
    told(attempt(order), kind="failed", amount=due(order))
    stage.work()
    assert (plan(stage), stage.service(LABEL).state, state(number)) == ("silver", "ACTIVE", "AWAITING_PAYMENT")
    told(attempt(order), external_id="pay-2", amount=due(order))  # the next try is not spoilt by the first
    stage.work()
    assert plan(stage) == "gold"


def test_B_no_access_before_payment_and_none_for_a_part_of_it(stage: Stage) -> None:
    number, order = ordered(stage)
    cent = Money.from_minor(1, order.currency)
    stage.pay(order.number, due(order) - cent)
    assert (plan(stage), state(number)) == ("silver", "AWAITING_PAYMENT")
    stage.pay(order.number, cent)
    assert plan(stage) == "gold"


def test_B_the_client_can_change_their_mind_while_the_order_is_unpaid(stage: Stage) -> None:
    number, _ = ordered(stage)
    client = stage.service(LABEL).client.number
    change.withdraw(client=client, number=number, at=clock.business(), actor="user:1")
    stage.work()
    assert state(number) == "WITHDRAWN"
    again = stage.order(stage.quote(LABEL, "gold"))  # and may ask again at once
    assert again.number != number


def test_B_money_for_a_withdrawn_order_changes_nothing_and_is_not_lost(stage: Stage) -> None:
    number, order = ordered(stage)
    intent, whole = attempt(order), due(order)
    change.withdraw(client=order.client.number, number=number, at=clock.business(), actor="user:1")
    told(intent, amount=whole)
    stage.work()
    assert plan(stage) == "silver"
    (left,) = queries.unapplied(seller=order.seller.code)
    assert (left.unapplied, left.why_unapplied, left.client) == (whole, "order_withdrawn", order.client.number)


def test_B_a_gateway_that_does_not_answer_is_told_in_words_and_the_order_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, order = ordered(stage)

    def silent(**_: object) -> str:
        raise Unknown("gateway", code="no_answer")

    monkeypatch.setattr(payments, "start", silent)
    with pytest.raises(Refused, match="gateway_silent"):
        payment.by_card(
            client=order.client.number, order=order.number, return_path="/", at=clock.business(), actor="user:1"
        )
    assert state(number) == "AWAITING_PAYMENT"


def test_D_one_payment_reported_many_times_is_one_payment_and_one_transition(stage: Stage) -> None:
    _, order = ordered(stage)
    intent, whole = attempt(order), due(order)
    for _ in range(3):
        told(intent, amount=whole)
    stage.work()
    told(intent, amount=whole)  # and once more when all is done
    stage.work()
    assert models.Payment.objects.filter(order_number=order.number).count() == 1
    assert AuditEntry.objects.filter(number=order.number, to_state="PAID").count() == 1
    assert models.Invoice.objects.filter(order=order).count() == 1
    assert queries.unapplied(seller=order.seller.code) == ()


def test_D_card_and_transfer_for_one_order_are_one_change_and_one_sum_to_give_back(stage: Stage) -> None:
    _, order = ordered(stage)
    whole = due(order)
    told(attempt(order), amount=whole)
    row = bank_files.Row(
        amount=whole.text, text=order.payment_reference, ref="B-1", day=clock.business().date().isoformat()
    )
    content = bank_files.camt(row, account=order.seller.bank_account, currency=order.currency)
    for _ in range(2):  # the statement is imported twice, too
        statements.read_in(file=io.BytesIO(content), name="x", sellers=None, at=clock.business(), actor="user:1")
    stage.work()
    assert plan(stage) == "gold"
    (left,) = queries.unapplied(seller=order.seller.code)
    assert (left.unapplied, left.why_unapplied) == (whole, "paid_twice")
    assert models.Invoice.objects.filter(order=order).count() == 1


def test_D_payment_after_the_order_lapsed_goes_to_the_client_not_to_the_change(stage: Stage) -> None:
    number, order = ordered(stage)
    intent, whole = attempt(order), due(order)
    clock.move_to(at=order.expires_at + dt.timedelta(minutes=1), actor="test")
    stage.work()
    assert state(number) == "LAPSED"
    told(intent, amount=whole)
    stage.work()
    assert plan(stage) == "silver"
    (left,) = queries.unapplied(seller=order.seller.code)
    assert (left.unapplied, left.why_unapplied) == (whole, "too_late")


def test_D_two_clients_who_pay_on_one_day_pay_each_their_own(stage: Stage) -> None:
    """Keys are of the operation, not of the day: nothing collides."""
    _, first = ordered(stage)
    other = stage.order(stage.quote("studio-tecnico", "silver"))
    second = models.Order.objects.get(subject=other.number)
    day = clock.business().date().isoformat()
    rows = [bank_files.Row(amount=due(each).text, text=each.number, ref="SAME", day=day) for each in (first, second)]
    content = bank_files.camt(*rows, account=first.seller.bank_account)
    statements.read_in(file=io.BytesIO(content), name="x", sellers=None, at=clock.business(), actor="user:1")
    stage.work()
    assert {queries.order(number=each.number).state for each in (first, second)} == {"PAID"}
    assert plan(stage) == "gold"
    assert queries.unapplied(seller=first.seller.code) == ()
