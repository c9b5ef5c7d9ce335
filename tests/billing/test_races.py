"""Several connections at one moment: no cent is lost or made, whoever is first."""

import random
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import transaction

from planshift.billing import corrections, deposits, drawing, invoices, models, orders, payments, queries, unapplied
from planshift.domain.errors import Refused
from planshift.ledger import balances
from planshift.runtime.models import Signal
from planshift.services import models as services
from tests.billing import test_opened
from tests.billing.bank_files import Row
from tests.billing.people import AT, WEEK, client, credit, order, pln, polish
from tests.machines.test_once import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs: Callable[[], object]) -> Counter[str]:
    """Run all jobs from one moment on; the codes of those that were refused. Any other failure fails the test."""
    start = threading.Barrier(len(jobs))

    def waiting(job: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            start.wait(20)
            job()

        return run

    problems = in_threads(*(waiting(job) for job in jobs))
    assert [problem for problem in problems if not isinstance(problem, Refused)] == []
    return Counter(problem.code for problem in problems if isinstance(problem, Refused))


def sound() -> None:
    """Stored balances are the sums of the transfers."""
    assert balances.differences() == {}


def free(source: str = "deposit") -> str:
    return balances.of_client(client="C-1001", kind=source, currency="PLN").text


def draw(number: str, source: str = "deposit") -> Callable[[], object]:
    return lambda: drawing.draw_for(order=number, source=source, at=AT, actor="system:collection")


BALANCES = pytest.mark.parametrize("source", ["deposit", "account_credit"])


def holding(who: services.Client, amount: str, source: str) -> None:
    """Give a client so much on a balance."""
    if source == "deposit":
        deposits.open_with(client=who, amount=pln(amount), key="import", at=AT, actor="system:import")
    else:
        credit(who, amount)


def pay(number: str, key: str, amount: str = "27.06") -> Callable[[], object]:
    return lambda: payments.record(
        gateway="simulated",
        external_id=key,
        amount=pln(amount),
        reference=number,
        received_at=AT,
        at=AT,
        actor="gateway:simulated",
    )


@BALANCES
def test_many_draws_of_a_balance_that_suffices_for_two(source: str) -> None:
    who = client(polish())
    holding(who, "60.00", source)
    numbers = [order(who, subject=f"CH-{n}").number for n in range(6)]  # 27.06 each
    refused = at_once(*(draw(number, source) for number in numbers))
    assert refused == {f"{source}_too_low": 4}
    assert free(source) == "5.88"  # 60.00 - 2 x 27.06
    assert Counter(queries.order(number=number).state for number in numbers) == {"PAID": 2, "AWAITING_PAYMENT": 4}
    assert Signal.objects.count() == 2
    sound()


@BALANCES
def test_one_order_drawn_by_click_and_by_sweep(source: str) -> None:
    who = client(polish())
    holding(who, "60.00", source)
    number = order(who).number
    assert at_once(*[draw(number, source)] * 4) == {"order_not_open": 3}
    assert free(source) == "32.94"
    sound()


def test_one_order_drawn_from_both_balances_and_paid_at_one_moment() -> None:
    """Whoever is first: what covers the order is what it costs, and what is left of each is where it was."""
    who = client(polish())
    holding(who, "20.00", "deposit")
    holding(who, "20.00", "account_credit")
    number = order(who).number  # 27.06

    def part(source: str) -> object:
        return drawing.draw_for(order=number, source=source, amount=pln("20.00"), at=AT, actor="system:collection")

    at_once(lambda: part("deposit"), lambda: part("account_credit"), pay(number, "webhook"), pay(number, "webhook"))
    seen = queries.order(number=number)
    assert seen.state == "PAID" and sum(each.amount.minor for each in seen.parts) == 2706
    drawn = {each.source for each in seen.parts}
    for source in ("deposit", "account_credit"):
        assert free(source) == ("0.00" if source in drawn else "20.00")
    sound()


@pytest.mark.parametrize("named", [True, False], ids=["for an order", "for nobody"])
def test_one_payment_reported_several_times(named: bool) -> None:
    seller = polish()
    number = order(client(seller)).number if named else "?"

    def report() -> object:
        return payments.record(
            gateway="simulated",
            external_id="the same",
            amount=pln("27.06"),
            reference=number,
            received_at=AT,
            at=AT,
            actor="gateway:simulated",
            seller=seller,
        )

    assert at_once(*[report] * 5) == {}
    assert models.Payment.objects.count() == 1
    assert balances.of_seller(seller="zagroda", kind="gateway", currency="PLN") == pln("27.06")
    assert Signal.objects.count() == (1 if named else 0)
    sound()


def test_two_tabs_pay_one_order() -> None:
    number = order(client(polish())).number
    assert at_once(pay(number, "tab 1"), pay(number, "tab 2"), pay(number, "tab 3")) == {}
    assert queries.order(number=number).state == "PAID"
    assert [view.unapplied for view in queries.unapplied(seller="zagroda")] == [pln("27.06")] * 2
    assert Signal.objects.count() == 1
    sound()


def test_payment_draw_expiry_and_withdrawal_of_one_order() -> None:
    who = client(polish())
    deposits.open_with(client=who, amount=pln("30.00"), key="import", at=AT, actor="system:import")
    for turn in range(6):
        number = order(who, subject=f"CH-{turn}").number
        at_once(
            pay(number, f"{turn}"),
            draw(number),
            lambda number=number: orders.expire(order=number, at=WEEK, actor="system:sweep"),
            lambda number=number: orders.withdraw(order=number, at=AT, actor="client:C-1001"),
        )
        assert queries.order(number=number).state in ("PAID", "EXPIRED", "WITHDRAWN")
        sound()
    received = pln("27.06") * 6
    kept = queries.balances_of(clients=["C-1001"])
    deposit, held, unapplied = (
        kept.get(("C-1001", kind, "PLN"), pln("0")) for kind in ("deposit", "held", "unapplied")
    )
    every = deposit + held + unapplied  # an account that nothing came to is not opened
    assert every == pln("30.00") + received
    paid = models.Order.objects.filter(state="PAID").count()
    assert held == pln("27.06") * paid


def test_one_order_gets_one_invoice() -> None:
    number = order(client(polish())).number
    pay(number, "1")()
    given: list[str] = []

    def issue() -> None:
        invoice = invoices.issue(order=number, on=AT.date(), at=AT, actor="system:change")
        assert invoice is not None
        given.append(invoice.number)

    assert at_once(*[issue] * 5) == {}
    assert given == ["FV/2026/09/0001"] * 5
    assert models.Invoice.objects.count() == 1
    sound()


def test_invoice_numbers_have_no_gap_though_some_transactions_roll_back() -> None:
    seller = polish()
    numbers = []
    for n in range(12):
        number = order(client(seller, f"C-{2000 + n}"), subject=f"CH-{n}").number
        pay(number, f"{n}")()
        numbers.append(number)

    def issue(number: str, fails: bool) -> Callable[[], None]:
        def run() -> None:
            with transaction.atomic():
                invoices.issue(order=number, on=AT.date(), at=AT, actor="system:change")
                if fails:
                    raise Refused("power_cut")

        return run

    unlucky = set(random.Random(7).sample(numbers, 5))
    assert at_once(*(issue(number, number in unlucky) for number in numbers)) == {"power_cut": 5}
    assert sorted(models.Invoice.objects.values_list("number", flat=True)) == [
        f"FV/2026/09/{n:04}" for n in range(1, 8)
    ]
    assert at_once(*(issue(number, False) for number in sorted(unlucky))) == {}
    assert sorted(models.Invoice.objects.values_list("number", flat=True)) == [
        f"FV/2026/09/{n:04}" for n in range(1, 13)
    ]
    sound()


def test_money_that_is_taken_back_of_a_document_while_it_is_corrected_is_not_given_back_too() -> None:
    """The correction comes first, and is not committed yet: what it gives back was paid and stays paid."""
    test_opened.taken_over()
    test_opened.came(Row(amount="123.00", text=test_opened.NUMBER, ref="B-1"))
    (paid,) = models.Payment.objects.all()
    drafted, over = threading.Event(), threading.Event()

    def correct() -> None:
        with transaction.atomic():
            corrections.draft_to_zero(
                seller=polish(), document=test_opened.NUMBER, cause="CH-1", key="zero", at=AT, actor="user:1"
            )
            drafted.set()
            over.wait(1)  # without a lock the other one is over by now

    def take_back() -> None:
        assert drafted.wait(20)
        try:
            unapplied.take_back(payment=paid.number, document=test_opened.NUMBER, at=AT, actor="staff:1")
        finally:
            over.set()

    assert at_once(correct, take_back) == {"document_corrected": 1}
    assert models.OpeningRelease.objects.count() == 0 and models.Correction.objects.count() == 1
    sound()
