"""The lives in which processes die: a change paid in two ways, one paid from the deposit, a hard one from the order to
the removal of the old environment, an accepted decrease (with and without an order beside it), one whose credit pays
the next change, renewals, an alarm."""

import contextlib
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

from django.db import transaction

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import models as billing
from planshift.billing import payments
from planshift.billing import ports as gateways
from planshift.catalog import load
from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.procedures import (
    acceptance,
    alarms,
    asking,
    bank,
    change,
    deadlines,
    mailbox,
    models,
    pace,
    payment,
    placing,
    ports,
)
from planshift.runtime import clock, runs
from planshift.runtime.runs import working
from planshift.services import models as services
from tests.billing import bank_files
from tests.harness.killing.scenarios import Act, Scenario
from tests.house_rules import source
from tests.mail.test_mailbox import reply

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def service(label: str) -> services.Service:
    return services.Service.objects.select_related("client__seller").get(label__startswith=label)


def ordered(label: str, request: facts.Request, *, again: str = "") -> None:
    """Quoted and ordered, with the keys that the pages made; `again`: another time."""
    row = service(label)
    quote = change.offer(
        client=row.client.number,
        service=row.number,
        request=request,
        key=f"quote-{label}{again}",
        at=clock.business(),
        actor="user:1",
    )
    notices = placing.offer_of(models.Quote.objects.get(number=quote)).notices
    change.order(
        client=row.client.number,
        quote=quote,
        acknowledged={each.code: placing.Acknowledged(language="en", text=each.code) for each in notices},
        key=f"order-{label}{again}",
        at=clock.business(),
        actor="user:1",
    )


def order_of(label: str) -> billing.Order:
    return billing.Order.objects.select_related("seller").get(
        subject=models.Change.objects.get(service=service(label)).number
    )


def card(*, cents: int) -> None:
    """The gateway reports a part, under one id, as often as it likes."""
    order = order_of("pasticceria")
    begun = billing.PaymentAttempt.objects.filter(order=order).first()
    if begun is None:
        payments.start(
            order=order.number, gateway="simulated", return_path="/", at=clock.business(), base_url="http://localhost"
        )
        begun = billing.PaymentAttempt.objects.get(order=order)
    event = gateways.Event(
        kind="paid",
        intent=begun.number,
        external_id="card-1",
        amount=Money.from_minor(cents, order.currency),
        sent_at=clock.system(),
    )
    payments.receive(gateway="simulated", event=event, at=clock.business())


def statement() -> None:
    """The bank's statement with the rest, and a transfer for the same order that is one too many."""
    order = order_of("pasticceria")
    rest = Money.from_minor(order.gross_minor - 1000, order.currency)
    day = clock.business().date().isoformat()
    rows = [bank_files.Row(amount=rest.text, text=order.number, ref=f"B-{n}", day=day) for n in (1, 2)]
    content = bank_files.camt(*rows, account=order.seller.bank_account, currency=order.currency)
    bank.import_statement(sellers=None, file=io.BytesIO(content), name="s.xml", at=clock.business(), actor="user:7")


PAID = Scenario(
    acts=[
        Act(do=lambda: ordered("pasticceria", facts.ChangePlan(target="gold"))),
        Act(after=HOUR, do=lambda: card(cents=1000)),
        Act(after=DAY, do=statement),
        Act(after=2 * DAY, do=statement),  # the same file again
    ]
)


def topped_up() -> None:
    row = service("vps.kawiarnia")
    number = payment.top_up(
        client=row.client.number, amount=Money.of("200.00", "PLN"), key="t" * 20, at=clock.business(), actor="user:1"
    )
    payments.mark_transfer_received(
        order=number,
        amount=Money.of("200.00", "PLN"),
        received_at=clock.business(),
        key="T-1",
        at=clock.business(),
        actor="staff:1",
    )


FROM_THE_DEPOSIT = Scenario(
    acts=[
        Act(do=lambda: ordered("vps.kawiarnia", facts.ChangePlan(target="professional"))),
        Act(after=HOUR, do=topped_up),
        Act(after=DAY, do=lambda: ordered("vps1.piekarnia", facts.ChangeResources(amounts={"ip": 1}))),
    ]
)

# ── hard: paid, moved, access data shown, in use, held, announced, removed ──────────────────────────────────────────
MOVED = "studio-tecnico"


def transferred() -> None:
    """The bank tells of the one transfer, as often as it likes."""
    order = order_of(MOVED)
    payments.mark_transfer_received(
        order=order.number,
        amount=Money.from_minor(order.gross_minor, order.currency),
        received_at=clock.business(),
        key="T-hard",
        at=clock.business(),
        actor="staff:1",
    )


def moved(act: Callable[..., object]) -> None:
    """What the client does with the change; done already is fine, since he clicks again when he heard nothing."""
    row = service(MOVED)
    number = models.Change.objects.get(service=row).number
    with contextlib.suppress(Refused):
        act(client=row.client.number, number=number, at=clock.business(), actor="user:1")


HARD = Scenario(
    acts=[
        Act(do=lambda: ordered(MOVED, facts.ChangePlan(target="gold"))),
        Act(after=HOUR, do=transferred),
        Act(after=2 * HOUR, do=lambda: moved(change.reveal_credentials)),
        Act(after=3 * HOUR, do=lambda: moved(change.switch_over)),
        Act(after=10 * DAY),  # nothing is removed yet
        Act(after=16 * DAY),
        Act(after=18 * DAY),
    ]
)

DECREASED = "vps.warsztat"


def bind_mail(folder: Path) -> None:
    post = SimulatedMail(folder=folder / "mail")
    ports.bind_mail(out=post, mailbox=post)


def replied() -> None:
    """The client's answer reaches the mailbox once; we look into it as often as we like."""
    post = ports.mailbox()
    assert isinstance(post, SimulatedMail)
    asked = asking.mails(change=models.Change.objects.get(service=service(DECREASED)).number)[-1]
    if not any((post.folder / "in").glob("*.eml")):
        post.receive(reply(asked, body="Akceptuję.", sender="Demo <decrease@demo.example>"))
    mailbox.collect(at=clock.business())


def clicked() -> None:
    row = service(DECREASED)
    number = models.Change.objects.get(service=row).number
    acceptance.accept(client=row.client.number, number=number, at=clock.business(), actor="user:1")


ACCEPTED = Scenario(
    bind=bind_mail,
    acts=[
        Act(do=lambda: ordered(DECREASED, facts.ChangeResources(amounts={"ip": 0, "memory": 0}))),
        Act(after=3 * DAY),  # a reminder goes out
        Act(after=4 * DAY, do=replied),
        Act(after=4 * DAY, do=clicked),
    ],
)


def to_the_account() -> None:
    """The policy gives back as a credit on the account."""
    seller = service(DECREASED).client.seller
    text = (source.ROOT / "policies/deposit.toml").read_text(encoding="utf-8")
    changed = text.replace('credit_to = "deposit"', 'credit_to = "account_credit"')
    assert changed != text
    load.load_policy(seller=seller.code, text=changed, at=clock.business(), actor="test")


CREDITED = Scenario(
    bind=bind_mail,
    prepare=to_the_account,
    acts=[
        Act(do=lambda: ordered(DECREASED, facts.ChangeResources(amounts={"memory": 0}))),
        Act(after=HOUR, do=clicked),
        Act(after=DAY, do=lambda: ordered(DECREASED, facts.ChangeResources(amounts={"memory": 2}), again="-2")),
    ],
)


def declined() -> None:
    row = service(DECREASED)
    number = models.Change.objects.get(service=row).number
    acceptance.refuse(client=row.client.number, number=number, at=clock.business(), actor="user:1")


REFUSED = Scenario(
    bind=bind_mail,
    acts=[
        Act(do=lambda: ordered(DECREASED, facts.ChangePlan(target="standard"))),
        Act(after=HOUR, do=declined),
    ],
)


def charging() -> None:
    """The seller takes a fee for every change: an accepted decrease pays an order out of its credit."""
    seller = service(DECREASED).client.seller
    text = (source.ROOT / "policies" / "deposit.toml").read_text(encoding="utf-8")
    fee = '\nchange_fee = [{ answer = "flat", amount = "10.00" }]\nsettlement'
    assert "change_fee" not in text
    text = text.replace("\nsettlement", fee, 1)
    load.load_policy(seller=seller.code, text=text, at=clock.business(), actor="test")


CHARGED_BESIDE = Scenario(
    bind=bind_mail,
    prepare=charging,
    acts=[
        Act(do=lambda: ordered(DECREASED, facts.ChangeResources(amounts={"ip": 0, "memory": 0}))),
        Act(after=DAY, do=clicked),
        Act(after=2 * DAY),
    ],
)


# ── renewals: announced in a batch, paid from the deposit in it, by transfer, late, never ───────────────────────────
ENDS_IN = 14


def ending() -> None:
    """Four services whose terms end in two weeks: two of one deposit, one paid by transfer, one paid late."""
    end = clock.business().date() + dt.timedelta(days=ENDS_IN)
    for label in ("vps1.piekarnia", "vps.kawiarnia", "vps.ksiegarnia", "pasticceria"):
        row = service(label)
        services.Term.objects.filter(service=row).update(start_on=end - dt.timedelta(days=365), end_on=end)
        services.Service.objects.filter(pk=row.pk).update(auto_renew=label == "vps1.piekarnia")


def renewal_paid(label: str) -> None:
    """The transfer for the renewal that was announced arrives; the bank tells it as often as it likes."""
    row = models.Renewal.objects.select_related("order").filter(service=service(label)).latest("pk")
    assert row.order is not None
    payments.mark_transfer_received(
        order=row.order.number,
        amount=Money.from_minor(row.order.gross_minor, row.order.currency),
        received_at=clock.business(),
        key=f"R-{label}",
        at=clock.business(),
        actor="staff:1",
    )


def untimed(folder: Path) -> None:
    """How many services a batch has, and how many runs a worker claims at once, depends on how long the last ones took:
    here it does not, so that every life has the same commits."""
    pace.LONGEST.clear()
    working.BATCH_SECONDS = float("inf")


RENEWED = Scenario(
    bind=untimed,
    prepare=ending,
    sweeps=True,
    acts=[
        Act(after=DAY),  # announced; what the deposit pays is a term at once
        Act(after=2 * DAY, do=lambda: renewal_paid("vps.ksiegarnia")),
        Act(after=(ENDS_IN + 1) * DAY),  # suspended
        Act(after=(ENDS_IN + 2) * DAY, do=lambda: renewal_paid("pasticceria")),  # reinstated
        Act(after=(ENDS_IN + 40) * DAY),  # given up
    ],
)


# ── an alarm: what is due and then overdue is mailed to staff, each once, however often anybody looks ─────────────────
def looked(slot: int) -> None:
    """The clock of promises is looked at, then staff are mailed; both as the calendar would have it."""
    for kind in (deadlines.KIND, alarms.KIND):
        with transaction.atomic():
            runs.start(kind=kind, key=f"{kind}:{slot}", subject=str(slot))
        runs.drain(skip_backoff=True)


def promised() -> None:
    """A hard change, paid: its client does not come to use the new environment."""
    ordered(MOVED, facts.ChangePlan(target="gold"))
    transferred()


ALARMED = Scenario(
    bind=bind_mail,
    prepare=promised,
    acts=[
        Act(after=10 * DAY, do=lambda: looked(1)),
        Act(after=10 * DAY, do=lambda: looked(2)),
    ],
)
