"""Orders: placed as quoted, payable once, with a defined end."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from planshift.billing import deposits, models, orders, payments, queries
from planshift.domain.errors import Refused
from planshift.domain.tax import Taxed
from planshift.ledger import balances
from planshift.ledger import models as ledger
from planshift.runtime import audit
from planshift.runtime.models import Signal
from tests.billing.people import AT, WEEK, client, eur, italian, line, order, pln, polish, taxed

pytestmark = pytest.mark.django_db


def held(number: str, currency: str = "EUR") -> str:
    return balances.of_client(client=number, kind="held", currency=currency).text


def unapplied(number: str, currency: str = "EUR") -> str:
    return balances.of_client(client=number, kind="unapplied", currency=currency).text


def pay(target: models.Order, amount: str, *, key: str = "T1", at: dt.datetime = AT) -> models.Payment:
    currency = eur(amount) if target.currency == "EUR" else pln(amount)
    return payments.record(
        gateway="bank",
        external_id=key,
        amount=currency,
        reference=target.payment_reference,
        received_at=at,
        at=at,
        actor="staff:ola",
    )


def test_an_order_freezes_what_was_quoted() -> None:
    placed = order(client(italian()))
    seen = queries.order(number=placed.number)
    # 22.00 x 22 % = 4.84
    assert seen.total == Taxed(eur("22.00"), eur("4.84"), eur("26.84"))
    assert seen.state == "AWAITING_PAYMENT"
    assert seen.missing == eur("26.84")
    assert seen.lines == (line("22.00"),)
    assert placed.payment_reference == "RF" + placed.payment_reference[2:4] + placed.number.replace("-", "")
    assert placed.buyer_party["name"] == "Anna Próba (demo)"
    assert placed.seller_party["tax_id"] == "IT12345670017"
    assert [entry.event for entry in audit.history(kind="billing.order", number=placed.number)] == ["placed"]
    assert not Signal.objects.exists()


def test_lines_that_do_not_sum_to_the_quote_are_an_error() -> None:
    who = client(italian())
    with pytest.raises(ValueError, match=r"lines sum to 26\.84 EUR, the quote says 26\.85 EUR"):
        orders.place(
            seller=who.seller,
            client=who,
            subject="CH-1",
            lines=[line("22.00")],
            total=Taxed(eur("22.01"), eur("4.84"), eur("26.85")),
            expires_at=WEEK,
            signal_key="",
            at=AT,
            actor="client:C-1001",
        )
    assert not models.Order.objects.exists()


@pytest.mark.parametrize(
    ("_case", "net", "expires_at", "code"),
    [
        ("negative", "-0.01", WEEK, "order_negative"),
        ("deadline is now", "22.00", AT, "order_expired"),
    ],
)
def test_what_cannot_be_ordered(_case: str, net: str, expires_at: dt.datetime, code: str) -> None:
    who = client(italian())
    with pytest.raises(Refused) as refused:
        order(who, [line(net)], expires_at=expires_at)
    assert refused.value.code == code
    assert not models.Order.objects.exists()


def test_a_client_without_confirmed_buyer_data_cannot_order() -> None:
    who = client(italian())
    who.buyer_profiles.update(confirmed_at=None)
    with pytest.raises(Refused, match="buyer_not_confirmed"):
        order(who)
    assert not models.Order.objects.exists()


def test_an_order_over_nothing_is_paid_at_once() -> None:
    placed = order(client(italian()), [line("10.00"), line("-10.00", kind="credit")])
    assert (placed.state, placed.paid_at) == ("PAID", AT)
    assert [(s.key, s.name) for s in Signal.objects.all()] == [("change:CH-2026-000001", "paid")]
    assert not ledger.Transfer.objects.exists()


def test_paid_in_full_by_one_transfer() -> None:
    placed = order(client(italian()))
    payment = pay(placed, "26.84")
    seen = queries.order(number=placed.number)
    assert (seen.state, seen.paid_at, seen.missing) == ("PAID", AT, eur("0"))
    assert [(part.source, part.amount) for part in seen.parts] == [("bank", eur("26.84"))]
    assert payment.unapplied_minor == 0
    assert held("C-1001") == "26.84"
    assert [(s.key, s.name) for s in Signal.objects.all()] == [("change:CH-2026-000001", "paid")]


def test_one_transfer_is_never_booked_for_two_orders() -> None:
    buyer = client(italian())
    first, second = order(buyer), order(buyer, subject="CH-2026-000002")
    pay(first, "26.84", key="bank-7")
    with pytest.raises(Refused, match="payment_differs"):
        pay(second, "26.84", key="bank-7")
    assert queries.order(number=second.number).state == "AWAITING_PAYMENT"
    assert models.Payment.objects.count() == 1


def test_short_payment_waits_for_the_rest() -> None:
    placed = order(client(italian()))
    pay(placed, "20.00", key="T1")
    seen = queries.order(number=placed.number)
    assert (seen.state, seen.missing) == ("AWAITING_PAYMENT", eur("6.84"))
    assert not Signal.objects.exists()
    pay(placed, "6.84", key="T2")
    assert queries.order(number=placed.number).state == "PAID"
    assert Signal.objects.count() == 1


def test_too_much_covers_the_order_and_the_rest_is_unapplied() -> None:
    placed = order(client(italian()))
    payment = pay(placed, "30.00")
    assert queries.order(number=placed.number).state == "PAID"
    # 30.00 - 26.84 = 3.16
    assert (payment.unapplied_minor, payment.why_unapplied) == (316, "too_much")
    assert (held("C-1001"), unapplied("C-1001")) == ("26.84", "3.16")


@pytest.mark.parametrize(
    ("_case", "how", "why", "state"),
    [
        ("paid already", "paid", "paid_twice", "PAID"),
        ("expired", "expired", "too_late", "EXPIRED"),
        ("withdrawn", "withdrawn", "order_withdrawn", "WITHDRAWN"),
        ("after the deadline, not yet swept", "late", "too_late", "AWAITING_PAYMENT"),
    ],
)
def test_money_for_an_order_that_is_over_is_unapplied(_case: str, how: str, why: str, state: str) -> None:
    placed = order(client(italian()))
    at = WEEK if how in ("expired", "late") else AT
    if how == "paid":
        pay(placed, "26.84", key="first")
    elif how == "expired":
        assert orders.expire(order=placed.number, at=WEEK, actor="system:sweep")
    elif how == "withdrawn":
        orders.withdraw(order=placed.number, at=AT, actor="client:C-1001")
    Signal.objects.all().delete()
    payment = pay(placed, "26.84", key="second", at=at)
    assert (payment.unapplied_minor, payment.why_unapplied) == (2684, why)
    assert unapplied("C-1001") == "26.84"
    assert queries.order(number=placed.number).state == state
    assert not Signal.objects.exists()
    assert [view.number for view in queries.unapplied(seller="vicolo")] == [payment.number]


def test_another_currency_is_unapplied_in_that_currency() -> None:
    placed = order(client(italian()))
    payment = payments.record(
        gateway="bank",
        external_id="T1",
        amount=pln("26.84"),
        reference=placed.number,
        received_at=AT,
        at=AT,
        actor="staff:ola",
    )
    assert (payment.why_unapplied, unapplied("C-1001", "PLN"), held("C-1001")) == ("other_currency", "26.84", "0.00")
    assert queries.order(number=placed.number).state == "AWAITING_PAYMENT"


def test_on_time_but_reported_late_still_pays() -> None:
    placed = order(client(italian()))
    payments.record(
        gateway="bank",
        external_id="T1",
        amount=eur("26.84"),
        reference=placed.number,
        received_at=WEEK - dt.timedelta(seconds=1),
        at=WEEK + dt.timedelta(days=1),
        actor="staff:ola",
    )
    assert queries.order(number=placed.number).state == "PAID"


def test_the_same_payment_reported_again_changes_nothing() -> None:
    placed = order(client(italian()))
    first = pay(placed, "26.84")
    transfers = ledger.Transfer.objects.count()
    assert pay(placed, "26.84").number == first.number
    assert (models.Payment.objects.count(), ledger.Transfer.objects.count()) == (1, transfers)
    assert Signal.objects.count() == 1
    with pytest.raises(Refused, match="payment_differs"):
        pay(placed, "26.85")
    assert models.Payment.objects.count() == 1


def test_an_expired_order_releases_what_was_paid_and_drawn() -> None:
    who = client(polish())
    deposits.open_with(client=who, amount=pln("10.00"), key="import", at=AT, actor="system:import")
    placed = order(who)  # 22.00 + 23 % = 27.06
    deposits.draw_for(order=placed.number, amount=pln("10.00"), at=AT, actor="client:C-1001")
    payment = pay(placed, "5.00")
    assert queries.order(number=placed.number).missing == pln("12.06")
    assert deposits.balance(client="C-1001", currency="PLN") == pln("0")
    Signal.objects.all().delete()

    assert not orders.expire(order=placed.number, at=WEEK - dt.timedelta(seconds=1), actor="system:sweep")
    assert orders.expire_due(at=WEEK, actor="system:sweep") == 1
    assert orders.expire_due(at=WEEK, actor="system:sweep") == 0
    assert deposits.balance(client="C-1001", currency="PLN") == pln("10.00")
    assert (held("C-1001", "PLN"), unapplied("C-1001", "PLN")) == ("0.00", "5.00")
    payment.refresh_from_db()
    assert (payment.unapplied_minor, payment.why_unapplied) == (500, "order_expired")
    assert [s.name for s in Signal.objects.all()] == ["expired"]
    assert balances.differences() == {}


def test_withdrawing_twice_is_harmless_and_a_paid_order_stays_paid() -> None:
    who = client(italian())
    placed = order(who)
    orders.withdraw(order=placed.number, at=AT, actor="client:C-1001")
    orders.withdraw(order=placed.number, at=AT, actor="client:C-1001")
    assert [e.event for e in audit.history(kind="billing.order", number=placed.number)] == ["placed", "withdrawn"]
    paid = order(who, subject="CH-2")
    pay(paid, "26.84")
    with pytest.raises(Refused, match="move_not_allowed"):
        orders.withdraw(order=paid.number, at=AT, actor="client:C-1001")
    assert not orders.expire(order=paid.number, at=WEEK, actor="system:sweep")
    assert queries.order(number=paid.number).state == "PAID"
    assert held("C-1001") == "26.84"


def test_the_frozen_part_of_an_order_cannot_be_changed() -> None:
    placed = order(client(italian()))
    for change in ({"gross_minor": 1, "net_minor": 1, "tax_minor": 0}, {"buyer_party": {}}, {"expires_at": AT}):
        with pytest.raises(IntegrityError), transaction.atomic():
            models.Order.objects.filter(pk=placed.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.OrderLine.objects.filter(order=placed).update(net_minor=1)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM billing_orderline")
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Order.objects.filter(pk=placed.pk).update(state="PAID")


def test_placing_many_takes_as_many_statements_as_placing_one() -> None:
    seller = italian()
    people = [client(seller, f"C-{2000 + n}") for n in range(20)]
    total = taxed("22.00", 22, "EUR")

    def drafts(whom: list) -> list[orders.Draft]:
        return [
            orders.Draft(
                seller=seller,
                client=who,
                subject=f"R-{who.number}",
                purpose="renewal",
                lines=[line("22.00")],
                total=total,
                expires_at=WEEK,
                signal_key="",
            )
            for who in whom
        ]

    with CaptureQueriesContext(connection) as one:
        orders.place_many(drafts=drafts(people[:1]), at=AT, actor="system:renewals")
    with CaptureQueriesContext(connection) as twenty:
        orders.place_many(drafts=drafts(people), at=AT, actor="system:renewals")
    assert len(twenty) == len(one)
