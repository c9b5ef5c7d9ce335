"""Whatever happens in whatever order: the ledger balances, no account falls below its floor, no cent is lost."""

import datetime as dt

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planshift.billing import deposits, invoices, models, orders, payments, queries, unapplied
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.ledger import models as ledger
from tests.billing.people import AT, client, line, order, pln, polish

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
NAMES = ("place", "pay", "repeat", "draw", "expire", "withdraw", "issue", "topup", "assign", "to_deposit", "return")
ACTIONS = st.tuples(st.sampled_from(NAMES), st.integers(0, 3), st.integers(1, 6000))


class History:
    """One client's money, and what must be true of it after every step."""

    def __init__(self) -> None:
        self.who = client(polish())
        self.at, self.reports, self.in_minor, self.out_minor = AT, 0, 0, 0
        self.orders: list[str] = []
        for name, minor in (("topup", 6000), ("place", 5000), ("place", 4000)):
            getattr(self, name)(0, Money.from_minor(minor, "PLN"))

    def step(self, name: str, which: int, minor: int) -> None:
        """Let one thing happen; what the rules refuse leaves everything as it was."""
        self.at += dt.timedelta(hours=7)
        before = self.totals()
        try:
            getattr(self, name)(which, Money.from_minor(minor, "PLN"))
        except Refused:
            assert self.totals() == before
        self.check()

    def place(self, which: int, amount: Money) -> None:
        lines = [line(amount.text, percent=23, currency="PLN")]
        self.orders.append(order(self.who, lines, at=self.at, expires_at=self.at + 2 * DAY, signal_key="").number)

    def topup(self, which: int, amount: Money) -> None:
        made = deposits.top_up_order(
            client=self.who, amount=amount, expires_at=self.at + 2 * DAY, at=self.at, actor="client:C-1001"
        )
        self.orders.append(made.number)

    def pay(self, which: int, amount: Money) -> None:
        self.reports += 1
        lacking = queries.order(number=self._order(which)).missing
        paid = lacking if lacking and which % 2 else amount
        self._report(self._order(which), paid, self.reports)
        self.in_minor += paid.minor

    def repeat(self, which: int, amount: Money) -> None:
        known = models.Payment.objects.order_by("pk").first()
        if known is not None:
            self._report(known.reference, Money.from_minor(known.amount_minor, "PLN"), int(known.external_id))

    def draw(self, which: int, amount: Money) -> None:
        deposits.draw_for(
            order=self._order(which), at=self.at, actor="client:C-1001", amount=amount if which % 2 else None
        )

    def expire(self, which: int, amount: Money) -> None:
        self.at += DAY
        orders.expire_due(at=self.at, actor="system:sweep")

    def withdraw(self, which: int, amount: Money) -> None:
        orders.withdraw(order=self._order(which), at=self.at, actor="client:C-1001")

    def issue(self, which: int, amount: Money) -> None:
        invoices.issue(order=self._order(which), on=AT.date(), at=self.at, actor="system:change")

    def assign(self, which: int, amount: Money) -> None:
        unapplied.assign(payment=self._payment(), order=self._order(which), at=self.at, actor="staff:ola")

    def to_deposit(self, which: int, amount: Money) -> None:
        unapplied.to_deposit(payment=self._payment(), at=self.at, actor="staff:ola")

    def totals(self) -> tuple[object, ...]:
        """Everything that money is made of."""
        return (
            ledger.Transfer.objects.count(),
            tuple(ledger.Account.objects.order_by("code").values_list("code", "balance_minor")),
            tuple(models.Order.objects.order_by("pk").values_list("state", "covered_minor")),
            tuple(models.Payment.objects.order_by("pk").values_list("unapplied_minor", flat=True)),
        )

    def check(self) -> None:
        """The laws."""
        assert balances.differences() == {}
        kept = {kind: money.minor for (_, kind, _), money in queries.balances_of(clients=["C-1001"]).items()}
        assert min((kept.get(kind, 0) for kind in ("deposit", "held", "unapplied")), default=0) >= 0
        # what is held is exactly what covers orders that have no invoice yet
        covering = models.Order.objects.exclude(purpose="topup").filter(invoice__isnull=True)
        topups = models.Order.objects.filter(purpose="topup", state="AWAITING_PAYMENT")
        assert kept.get("held", 0) == sum(row.covered_minor for row in (*covering, *topups))
        assert kept.get("unapplied", 0) == sum(models.Payment.objects.values_list("unapplied_minor", flat=True))
        # what came in is what is kept, was invoiced, or went back
        invoiced = sum(models.Invoice.objects.values_list("gross_minor", flat=True))
        assert self.in_minor == sum(kept.values()) + invoiced + self.out_minor
        assert balances.of_seller(seller="zagroda", kind="bank", currency="PLN").minor == self.in_minor - self.out_minor
        parts = {row.pk: 0 for row in models.Order.objects.all()}
        for part in models.PartPayment.objects.filter(released_at__isnull=True):
            parts[part.order_id] += part.amount_minor
        assert parts == {row.pk: row.covered_minor for row in models.Order.objects.all()}

    def _order(self, which: int) -> str:
        if not self.orders:
            raise Refused("nothing_yet")
        return self.orders[-1 - which % len(self.orders)]

    def _payment(self) -> str:
        row = models.Payment.objects.order_by("-unapplied_minor", "pk").first()
        if row is None:
            raise Refused("nothing_yet")
        return row.number

    def _report(self, reference: str, amount: Money, key: int) -> None:
        payments.record(
            gateway="bank",
            external_id=str(key),
            amount=amount,
            reference=reference,
            received_at=self.at,
            at=self.at,
            actor="staff:ola",
        )


def _return(history: History, which: int, amount: Money) -> None:
    number = history._payment()
    minor = models.Payment.objects.get(number=number).unapplied_minor
    unapplied.return_money(payment=number, at=history.at, actor="staff:ola")
    history.out_minor += minor


setattr(History, "return", _return)


def histories(*, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.lists(ACTIONS, min_size=4, max_size=14))
    def run(actions: list[tuple[str, int, int]]) -> None:
        example = transaction.atomic()
        example._from_testcase = True  # type: ignore[attr-defined]  # each step is a transaction of its own to our checks
        with example:
            history = History()
            for action in actions:
                history.step(*action)
            transaction.set_rollback(True)

    run()


def test_no_history_loses_or_makes_a_cent() -> None:
    histories(examples=40)


@pytest.mark.long
def test_thousands_of_them() -> None:
    histories(examples=3000)


def test_a_deposit_paid_renewal_ends_in_the_right_accounts() -> None:
    """One history by hand, with the figures beside it."""
    history = History()
    history.orders.clear()
    history.step("topup", 0, 5000)
    history.step("pay", 1, 1)  # all that it lacks: 50.00
    history.step("place", 0, 2200)  # 22.00 + 5.06 = 27.06
    history.step("draw", 0, 1)
    history.step("issue", 0, 1)
    kept = {kind: money for (_, kind, _), money in queries.balances_of(clients=["C-1001"]).items()}
    assert kept == {"deposit": pln("22.94"), "held": pln("0"), "receivable": pln("0")}
    assert balances.of_seller(seller="zagroda", kind="revenue", currency="PLN") == pln("22.00")
    assert balances.of_seller(seller="zagroda", kind="vat", currency="PLN") == pln("5.06")
