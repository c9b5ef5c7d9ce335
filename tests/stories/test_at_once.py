"""Several people, machines and the clock want the same thing at the same instant: no loss, no double, no deadlock.

Threads with connections of their own, real transactions, on both databases.
"""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import models as billing
from planshift.billing import payments
from planshift.billing import ports as gateways
from planshift.billing import queries as papers
from planshift.domain import facts
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import (
    acceptance,
    bank,
    change,
    deciding_replies,
    mailbox,
    models,
    payment,
    placing,
    service,
)
from planshift.runtime import clock, runs
from planshift.runtime.models import Run
from planshift.runtime.runs import schedules
from tests.billing import bank_files
from tests.billing.test_races import at_once
from tests.harness import demo
from tests.mail.test_mailbox import reply
from tests.stories.conftest import START, Stage, sound
from tests.stories.test_acceptance import LESS, SELLERS, asked, asking, credits, seen

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
LABEL = "vps.warsztat"


@pytest.fixture
def stage(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The demo, committed: every thread sees it."""
    monkeypatch.setattr(schedules, "_schedules", {})
    monkeypatch.setattr(schedules, "_planted", {})
    with clock.stopped(at=START):
        demo.plant(at=START)
        yield Stage()


def worker() -> object:
    """A worker of its own."""
    return runs.drain(skip_backoff=True)


def sound_and_unstuck() -> None:
    sound()
    assert not Run.objects.filter(state="STUCK").exists()


@pytest.mark.parametrize("request_", [LESS, facts.ChangePlan(target="standard")], ids=["resources", "plan"])
def test_click_reply_staff_refusal_and_lapse_of_one_request_at_one_instant(
    stage: Stage, post: SimulatedMail, request_: facts.Request
) -> None:
    deposit = seen(stage)[1]
    made = stage.order(stage.quote(LABEL, request_))
    client = stage.service(LABEL).client.number
    mail = unclear_reply(stage, post, made.number)
    lapses_at = asked(made.number).lapses_at
    assert lapses_at is not None
    just = lapses_at - dt.timedelta(microseconds=1)
    letter = asking.mails(change=made.number)[-1]
    post.receive(reply(letter, body="Akceptuję.", sender="Demo <decrease@demo.example>", number=2))
    clock.move_to(at=lapses_at, actor="test")
    told: dict[str, Any] = {"client": client, "number": made.number, "at": just, "actor": "user:1"}
    staff: dict[str, Any] = {"sellers": SELLERS, "number": made.number, "note": "yes", "at": just, "actor": "user:7"}
    at_once(
        lambda: acceptance.accept(**told),
        lambda: acceptance.refuse(**told),
        lambda: mailbox.collect(at=just),
        lambda: deciding_replies.decide(mail=mail, decision="accepted", **staff),
        lambda: change.withdraw(**told),
        worker,
        worker,
    )
    mailbox.collect(at=clock.business())
    stage.work()
    row, given = stage.change(made.number), credits()
    assert row.state in ("DONE", "REFUSED", "WITHDRAWN", "LAPSED")
    assert len(given) == (1 if row.state == "DONE" else 0)
    assert seen(stage)[1] == deposit + sum(given, start=Money.of("0.00", "PLN"))
    assert billing.Invoice.objects.filter(kind="correction", correction__cause=made.number).count() == len(given)
    sound_and_unstuck()


def unclear_reply(stage: Stage, post: SimulatedMail, number: str) -> str:
    """The number of a reply that staff have to decide."""
    letter = asking.mails(change=number)[-1]
    post.receive(reply(letter, body="Akceptuję, ale?", sender="Demo <decrease@demo.example>", number=1))
    mailbox.collect(at=clock.business())
    stage.work()
    return models.IncomingMail.objects.get().number


def test_card_click_transfer_withdrawal_and_expiry_of_one_order_at_one_instant(stage: Stage) -> None:
    made = stage.order(stage.quote("vps.ksiegarnia", "professional"))
    order = billing.Order.objects.select_related("client").get(number=made.order)
    whole = papers.order(number=order.number).missing
    payments.start(order=order.number, gateway="simulated", return_path="/", at=clock.business(), base_url="http://x")
    intent = billing.PaymentAttempt.objects.get(order=order).number
    just = order.expires_at - dt.timedelta(microseconds=1)
    clock.move_to(at=order.expires_at, actor="test")
    client, before = order.client.number, whole_of(order.client.number)

    def webhook() -> object:
        event = gateways.Event(kind="paid", intent=intent, external_id="c-1", amount=whole, sent_at=clock.system())
        return payments.receive(gateway="simulated", event=event, at=just)

    def transfer() -> object:
        return payments.mark_transfer_received(
            order=order.number, amount=whole, received_at=just, key="T-1", at=just, actor="user:7"
        )

    at_once(
        webhook,
        webhook,
        transfer,
        lambda: payment.draw(client=client, order=order.number, key="d" * 20, at=just, actor="user:1"),
        lambda: change.withdraw(client=client, number=made.number, at=just, actor="user:1"),
        worker,
        worker,
    )
    stage.work()
    row = stage.change(made.number)
    assert row.state in ("DONE", "WITHDRAWN", "LAPSED")
    spent = whole if row.state == "DONE" else Money.of("0.00", "PLN")
    assert whole_of(client) == before + whole + whole - spent  # both payments are there, one change was bought
    assert stage.page("vps.ksiegarnia").card.plan_code == ("professional" if row.state == "DONE" else "standard")
    sound_and_unstuck()


def whole_of(client: str) -> Money:
    """All money of a client's, wherever it lies."""
    kinds = ("deposit", "held", "unapplied")
    found = [balances.of_client(client=client, kind=kind, currency="PLN") for kind in kinds]
    return sum(found, start=Money.of("0.00", "PLN"))


def test_two_services_spend_one_deposit_that_is_enough_for_one(stage: Stage) -> None:
    quotes = [
        stage.quote(LABEL, facts.ChangeResources(amounts={"ip": 4})),  # two addresses more
        stage.quote("archiwum.warsztat", facts.ChangeResources(amounts={"ip": 2})),
    ]
    row = stage.service(LABEL)
    for label in (LABEL, "archiwum.warsztat"):
        one = stage.service(label)
        service.set_auto_renew(client=one.client.number, service=one.number, on=True, at=START, actor="user:1")
    least, most = sorted(each.offer.total.gross for each in quotes)
    enough = most - seen(stage)[1]  # for the dearer one, not for both
    number = payment.top_up(client=row.client.number, amount=enough, key="t" * 20, at=START, actor="user:1")
    payments.mark_transfer_received(order=number, amount=enough, received_at=START, key="T-9", at=START, actor="user:7")
    at_once(*(order(stage, each.number) for each in quotes), worker, worker, worker)
    stage.work()
    states = sorted(models.Change.objects.values_list("state", flat=True))
    assert states == ["AWAITING_PAYMENT", "DONE"]
    assert seen(stage)[1] in (Money.of("0.00", "PLN"), most - least)
    sound_and_unstuck()


def order(stage: Stage, quote: str) -> Callable[[], object]:
    def act() -> object:
        kept = models.Quote.objects.select_related("client").get(number=quote)
        ticked = {
            each.code: placing.Acknowledged(language="en", text=each.code) for each in placing.offer_of(kept).notices
        }
        return change.order(
            client=kept.client.number, quote=quote, acknowledged=ticked, key=quote, at=START, actor="user:1"
        )

    return act


def test_three_workers_carry_many_paid_changes_out_once_each(stage: Stage) -> None:
    labels = {
        "pasticceria": "gold",
        "ristorante": "gold",
        "vps.ksiegarnia": "professional",
        "vps.kawiarnia": "business",
    }
    made = [stage.order(stage.quote(label, target)) for label, target in labels.items()]
    for number, each in enumerate(made):
        lacking = papers.order(number=each.order).missing
        payments.mark_transfer_received(
            order=each.order, amount=lacking, received_at=START, key=f"M-{number}", at=START, actor="user:7"
        )
    assert at_once(worker, worker, worker) == {}
    stage.work()
    assert {stage.change(each.number).state for each in made} == {"DONE"}
    assert billing.Invoice.objects.filter(order__subject__startswith="CH-").count() == len(labels)
    sound_and_unstuck()


def test_one_statement_imported_by_three_at_once_pays_once(stage: Stage) -> None:
    made = stage.order(stage.quote("pasticceria", "gold"))
    row = billing.Order.objects.select_related("seller").get(number=made.order)
    day = START.date().isoformat()
    lines = [
        bank_files.Row(amount=papers.order(number=row.number).missing.text, text=row.number, ref="A-1", day=day),
        bank_files.Row(amount="7.00", text="?", ref="A-2", day=day),
    ]
    content = bank_files.camt(*lines, account=row.seller.bank_account, currency="EUR")

    def imported() -> object:
        return bank.import_statement(sellers=None, file=io.BytesIO(content), name="s", at=START, actor="user:7")

    before = billing.Payment.objects.count()
    assert at_once(imported, imported, imported, worker) == {}
    stage.work()
    assert billing.Payment.objects.count() == before + 2
    assert billing.StatementLine.objects.count() == 2
    assert stage.change(made.number).state == "DONE"
    sound_and_unstuck()
