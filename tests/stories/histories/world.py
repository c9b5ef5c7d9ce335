"""Everything that people, banks, machines and the calendar can do to the demo, in any order."""

import datetime as dt
import io
from dataclasses import dataclass, field

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import account_credit, payments
from planshift.billing import models as billing
from planshift.billing import ports as gateways
from planshift.billing import queries as papers
from planshift.catalog import load
from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.periods import Length
from planshift.procedures import (
    acceptance,
    asking,
    bank,
    change,
    deciding,
    deciding_replies,
    mailbox,
    mailing,
    models,
    payment,
    placing,
    retrying,
    service,
    unapplied,
    undoing,
)
from planshift.provisioning import executions
from planshift.provisioning import models as hosting
from planshift.provisioning import ports as machines
from planshift.runtime import clock, runs
from planshift.services import models as services
from planshift.services.queries import NotFound
from tests.billing import bank_files
from tests.house_rules import source
from tests.mail.test_mailbox import reply

SERVICES = ("vps.warsztat", "vps1.piekarnia", "pasticceria", "vps.kawiarnia", "vps.ksiegarnia", "studio-tecnico")
PAID_FROM_DEPOSIT = ("vps.warsztat", "vps1.piekarnia", "vps.kawiarnia", "vps.ksiegarnia")
REQUESTS: tuple[facts.Request, ...] = (
    facts.ChangePlan(target="professional"),
    facts.ChangePlan(target="standard"),
    facts.ChangePlan(target="gold"),
    facts.ChangePlan(target="business"),
    facts.ChangeResources(amounts={"ip": 0, "memory": 0}),
    facts.ChangeResources(amounts={"ip": 3}),
    facts.ChangeResources(amounts={"ip": 1, "memory": 6}),
    facts.ChangePeriod(length=Length(3)),
    facts.ChangePeriod(length=Length(12)),
)
SELLERS = ("demo-chmura-polska", "demo-host-italia")
NOTE = "as agreed by telephone"


@dataclass
class World:
    """One history. What the rules refuse is Refused or NotFound; anything else that is raised is a fault of ours."""

    post: SimulatedMail
    count: int = 0
    reported: list[tuple[str, Money, str]] = field(default_factory=list)
    unread: bool = False

    # ── how it begins ──
    def on_the_account(self, minor: int, given_back: bool) -> None:
        """Every client has so much account credit; the seller with a deposit gives back as such too, or to that."""
        if given_back:
            text = (source.ROOT / "policies/deposit.toml").read_text(encoding="utf-8")
            changed = text.replace('credit_to = "deposit"', 'credit_to = "account_credit"')
            assert changed != text
            load.load_policy(seller="demo-chmura-polska", text=changed, at=clock.business(), actor="test")
        clients = services.Client.objects.select_related("seller").order_by("pk")
        opened = [(client, Money.from_minor(minor, client.seller.currency)) for client in clients]
        account_credit.open_many(opened=opened, key="history", at=clock.business(), actor="test")

    # ── clients ──
    def order(self, label: str, request: facts.Request) -> None:
        """Quoted, and ordered at once."""
        self.order_of_quote(self.quote(label, request))

    def quote(self, label: str, request: facts.Request) -> str:
        row = self.service(label)
        return change.offer(
            client=row.client.number, service=row.number, request=request, at=clock.business(), actor="user:1"
        )

    def order_of_quote(self, number: str) -> None:
        kept = models.Quote.objects.select_related("client").get(number=number)
        notices = placing.offer_of(kept).notices
        change.order(
            client=kept.client.number,
            quote=number,
            acknowledged={each.code: placing.Acknowledged(language="en", text=each.code) for each in notices},
            key=f"order-{number}",
            at=clock.business(),
            actor="user:1",
        )

    def order_an_old_quote(self, which: int) -> None:
        rows = models.Quote.objects.order_by("-pk")
        self.order_of_quote(self.pick(rows, which).number)

    def withdraw(self, which: int) -> None:
        row = self.change(which)
        change.withdraw(client=row.client.number, number=row.number, at=clock.business(), actor="user:1")

    def answer(self, which: int, yes: bool) -> None:
        row = self.change(which, acceptance__isnull=False)
        act = acceptance.accept if yes else acceptance.refuse
        act(client=row.client.number, number=row.number, at=clock.business(), actor="user:1")

    def switch_over(self, which: int) -> None:
        row = self.change(which, kind="hard")
        change.switch_over(client=row.client.number, number=row.number, at=clock.business(), actor="user:1")

    def auto_renew(self, label: str, on: bool) -> None:
        row = self.service(label)
        service.set_auto_renew(client=row.client.number, service=row.number, on=on, at=clock.business(), actor="user:1")

    def draw(self, which: int) -> None:
        row = self.an_order(which)
        payment.draw(
            client=row.client.number, order=row.number, key=self.key("draw"), at=clock.business(), actor="user:1"
        )

    def top_up(self, label: str, minor: int) -> None:
        row = self.service(label)
        amount = Money.from_minor(minor, row.client.seller.currency)
        payment.top_up(
            client=row.client.number, amount=amount, key=self.key("topup"), at=clock.business(), actor="user:1"
        )

    # ── money from outside ──
    def transfer(self, which: int, how: str, minor: int) -> None:
        """`how`: exact, part, over (`minor` more) or foreign."""
        row = self.an_order(which)
        lacking = papers.order(number=row.number).missing
        amount = Money.from_minor(minor, "USD" if how == "foreign" else row.currency)
        if how == "exact":
            amount = lacking if lacking else Money.from_minor(row.gross_minor or minor, row.currency)
        elif how == "over":
            amount = lacking + amount
        self.report(row.number, amount, self.key("bank"))

    def report(self, order: str, amount: Money, key: str) -> None:
        at = clock.business()
        payments.mark_transfer_received(order=order, amount=amount, received_at=at, key=key, at=at, actor="user:7")
        self.reported.append((order, amount, key))

    def report_again(self, which: int) -> None:
        if not self.reported:
            raise NotFound("no report")
        payments_before = billing.Payment.objects.count()
        self.report(*self.reported.pop(which % len(self.reported)))
        assert billing.Payment.objects.count() == payments_before

    def card(self, which: int, kind: str) -> None:
        row = self.an_order(which)
        missing = papers.order(number=row.number).missing
        payments.start(
            order=row.number, gateway="simulated", return_path="/", at=clock.business(), base_url="http://localhost"
        )
        begun = billing.PaymentAttempt.objects.filter(order=row).latest("pk")
        event = gateways.Event(
            kind=kind,  # type: ignore[arg-type]
            intent=begun.number,
            external_id=self.key("card"),
            amount=missing,
            sent_at=clock.system(),
        )
        for _ in range(2):  # gateways tell things twice
            payments.receive(gateway="simulated", event=event, at=clock.business())

    def statement(self, which: int, minor: int) -> None:
        """One line for an order, one that names nothing."""
        row = self.an_order(which)
        missing = papers.order(number=row.number).missing or Money.from_minor(minor, row.currency)
        lines = [
            bank_files.Row(amount=missing.text, text=row.number, ref=self.key("line"), day=self.day()),
            bank_files.Row(
                amount=Money.from_minor(minor, row.currency).text, text="?", ref=self.key("line"), day=self.day()
            ),
        ]
        content = bank_files.camt(*lines, account=row.seller.bank_account, currency=row.currency)
        for _ in range(2):
            bank.import_statement(sellers=None, file=io.BytesIO(content), name="s", at=clock.business(), actor="user:7")

    # ── staff ──
    def unapplied(self, which: int, what: str, other: int) -> None:
        row = self.pick(billing.Payment.objects.filter(unapplied_minor__gt=0).order_by("-pk"), which)
        told = {
            "sellers": SELLERS,
            "payment": row.number,
            "note": NOTE,
            "key": self.key("u"),
            "at": clock.business(),
            "actor": "user:7",
        }
        if what == "identify":
            client = self.pick(services.Client.objects.filter(seller=row.seller_id).order_by("pk"), other)
            unapplied.identify(client=client.number, **told)  # type: ignore[arg-type]
        elif what == "assign":
            unapplied.assign(order=self.an_order(other).number, **told)  # type: ignore[arg-type]
        elif what == "to_deposit":
            unapplied.to_deposit(**told)  # type: ignore[arg-type]
        else:
            unapplied.return_money(**told)  # type: ignore[arg-type]

    def undo(self, which: int) -> None:
        undoing.undo(number=self.change(which).number, note=NOTE, at=clock.business(), actor="user:7")

    def retry(self, which: int) -> None:
        retrying.retry(number=self.change(which).number, note=NOTE, at=clock.business(), actor="user:7")

    def take_back(self, which: int) -> None:
        row = self.change(which, acceptance__isnull=False)
        deciding_replies.take_back(sellers=SELLERS, number=row.number, note=NOTE, at=clock.business(), actor="user:7")

    def decide_mail(self, which: int, decision: str) -> None:
        mail = self.pick(models.IncomingMail.objects.filter(answer="unclear").order_by("-pk"), which)
        if mail.outgoing is None:
            raise NotFound(mail.number)
        deciding_replies.decide(
            sellers=SELLERS,
            number=mail.outgoing.about,
            mail=mail.number,
            decision=decision,
            note=NOTE,
            at=clock.business(),
            actor="user:7",
        )

    def ask_again(self, which: int) -> None:
        row = self.change(which, acceptance__isnull=False)
        deciding_replies.ask_again(sellers=SELLERS, number=row.number, at=clock.business(), actor="user:7")

    def mail_again(self, which: int) -> None:
        row = self.pick(models.OutgoingMail.objects.filter(state__in=("FAILED", "BOUNCED")).order_by("pk"), which)
        mailing.retry(sellers=SELLERS, number=row.number, note=NOTE, at=clock.business(), actor="user:7")

    def decide_kind(self, which: int, kind: str) -> None:
        row = self.pick(models.Quote.objects.select_related("client").order_by("-pk"), which)
        deciding.decide_kind(
            client=row.client.number, number=row.number, kind=kind, note=NOTE, at=clock.business(), actor="user:7"
        )

    def execution(self, which: int, what: str) -> None:
        row = self.pick(hosting.Execution.objects.order_by("-pk"), which)
        told = {"number": row.number, "note": NOTE, "at": clock.business(), "actor": "user:7"}
        acts = {
            "retry": executions.retry,
            "skip": executions.skip,
            "roll_back": executions.roll_back,
            "cancel": executions.cancel,
            "report_work": executions.report_work,
        }
        acts[what](**told)  # type: ignore[arg-type]

    # ── mail ──
    def mail(self, which: int, body: str, mine: bool) -> None:
        asked = self.change(which, acceptance__isnull=False)
        sent = asking.mails(change=asked.number)
        if not sent:
            raise NotFound(asked.number)
        sender = f"Demo <{asked.client.email}>" if mine else "Jan <jan@example.com>"
        self.count += 1
        self.unread = True
        self.post.receive(reply(sent[-1], body=body, sender=sender, number=self.count))

    def fetch(self) -> None:
        self.unread = False
        mailbox.collect(at=clock.business())

    # ── machines and time ──
    def fault(self, kind: str, verb: str, times: int) -> None:
        found = machines.simulation()
        assert found is not None
        found.add_fault(kind=kind, verb=verb, times=times)

    def mended(self) -> None:
        found = machines.simulation()
        assert found is not None
        found.clear_faults()

    def mail_fault(self, kind: str) -> None:
        self.post.faults.append(kind)  # type: ignore[arg-type]

    def some_work(self, steps: int) -> None:
        runs.drain(limit=steps, skip_backoff=True)

    def work(self) -> None:
        for _ in range(60):
            if not runs.drain(skip_backoff=True):
                return
        raise AssertionError("the workers never come to rest")

    def tick(self, hours: int) -> None:
        """The workers slept so long; now they do what has become due."""
        clock.move_to(at=clock.business() + dt.timedelta(hours=hours), actor="test")
        self.fetch()
        self.work()

    # ── looking things up ──
    def service(self, label: str) -> services.Service:
        return services.Service.objects.select_related("client__seller").get(label__startswith=label)

    def change(self, which: int, **only: object) -> models.Change:
        return self.pick(models.Change.objects.filter(**only).select_related("client").order_by("-pk"), which)

    def an_order(self, which: int) -> billing.Order:
        """Open ones first, the newest first: money seldom comes for what is long over."""
        rows = billing.Order.objects.filter(placed_at__gte=START).select_related("client", "seller")
        return self.pick(sorted(rows, key=lambda row: (row.state != "AWAITING_PAYMENT", -row.pk)), which)

    def pick(self, rows, which: int):  # type: ignore[no-untyped-def]
        found = list(rows[:12])
        if not found:
            raise NotFound("nothing there yet")
        return found[which % len(found)]

    def key(self, what: str) -> str:
        self.count += 1
        return f"{what}-{self.count:06}"

    def day(self) -> str:
        return clock.business().date().isoformat()


START = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)
EXPECTED = (Refused, NotFound)
