"""Does each law of the histories see what breaks it? Rows are made wrong on purpose, one at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from planshift.billing import corrections
from planshift.billing import models as billing
from planshift.domain import correction
from planshift.domain.money import Money
from planshift.runtime import clock
from tests.harness import planting
from tests.stories.conftest import Stage
from tests.stories.histories import laws
from tests.stories.test_reconcile import _two_changes

pytestmark = pytest.mark.sqlite  # where constraints can be put aside; the laws are asked on both
run = planting.run


@contextmanager
def planted() -> Iterator[None]:
    """Nothing that happens inside stays; inside, no guard and no constraint refuses a write."""
    with planting.undone(), connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        try:
            yield
        finally:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def _waiting(sets: str) -> None:
    run(f"UPDATE runtime_run SET {sets} WHERE state = 'WAITING' AND kind = 'change'")


IN_FORCE = "SELECT order_id FROM procedures_change WHERE applied_at IS NOT NULL AND order_id IS NOT NULL"
AT_ANY_TIME: dict[str, tuple[Callable[[], object], str]] = {
    "the ledger does not balance": (
        lambda: run("UPDATE ledger_account SET balance_minor = balance_minor + 1 WHERE kind = 'receivable'"),
        "balances.differences()",
    ),
    "an account is below its floor": (
        lambda: run("UPDATE ledger_account SET floor_minor = balance_minor + 1 WHERE floor_minor IS NOT NULL"),
        "BELOW_ITS_FLOOR",
    ),
    "two changes of one service are open": (_two_changes, "two open changes of one service"),
    "more is given back than was paid": (
        lambda: run(
            "UPDATE billing_invoiceline SET net_minor = net_minor - 1000000, gross_minor = gross_minor - 1000000 "
            "WHERE corrects_id IS NOT NULL"
        ),
        "GIVEN_BACK_TOO_MUCH",
    ),
    "account credit was paid out": (
        lambda: run("UPDATE ledger_account SET kind = 'account_credit' WHERE kind = 'held'"),
        "PAID_OUT",
    ),
    "what account credit paid went to the deposit": (
        lambda: run("UPDATE billing_partpayment SET source = 'account_credit'"),
        "CREDIT_TO_CASH",
    ),
    "in force, and its order lapsed": (
        lambda: run(f"UPDATE billing_order SET state = 'EXPIRED' WHERE id IN ({IN_FORCE})"),
        "IN_FORCE_UNPAID",
    ),
    "in force, and nothing was invoiced": (
        lambda: run(f"UPDATE billing_invoice SET order_id = NULL WHERE order_id IN ({IN_FORCE})"),
        "IN_FORCE_UNPAID",
    ),
    "in force, and neither paid nor accepted": (
        lambda: run("UPDATE procedures_change SET order_id = NULL WHERE applied_at IS NOT NULL"),
        "IN_FORCE_UNASKED",
    ),
    "a wait without an owner": (lambda: _waiting("owner = ''"), "change:"),
    "a wait without an end": (lambda: _waiting("due_at = NULL"), "change:"),
    "an open change that nobody carries on": (
        lambda: _waiting("ended_at = '2026-09-01 10:00:00'"),
        "nobody carries it on",
    ),
    "an unpaid order that nobody waits for": (
        lambda: run("UPDATE billing_order SET signal_key = 'nobody' WHERE state = 'AWAITING_PAYMENT'"),
        "nobody waits for it",
    ),
}
AT_REST = {
    "something is ready": lambda: _waiting("state = 'READY'"),
    "something is stuck": lambda: _waiting("state = 'STUCK'"),
    "something waits for the past": lambda: _waiting("due_at = '2026-08-31 00:00:00'"),
}


@pytest.fixture
def told(stage: Stage) -> Stage:
    """A change was paid from the deposit and a part of it given back; another one waits for its money."""
    done = stage.order(stage.quote("vps1.piekarnia", "professional"))
    assert done.state == "DONE"
    invoice = billing.Invoice.objects.select_related("seller").get(order__number=done.order)
    line = invoice.lines.get(position=1)
    credit = correction.Credit(
        document=invoice.number, position=1, amount=Money.of("1.00", "PLN"), span=(line.start_on, line.end_on)
    )
    who = {"at": clock.business(), "actor": "staff:1"}
    seller = {"seller": invoice.seller, "reason": "decrease", "cause": done.number, "key": "k", "regime": "at_once"}
    numbers = [each.number for each in corrections.draft(credits=[credit], **seller, **who)]
    corrections.issue(numbers=numbers, on=clock.business().date(), **who)
    corrections.credit(numbers=numbers, to="deposit", **who)
    assert stage.order(stage.quote("vps.ksiegarnia", "professional")).state == "AWAITING_PAYMENT"
    laws.always()
    laws.agreed()
    laws.at_rest()
    return stage


def test_each_law_sees_what_breaks_it(told: Stage) -> None:
    for title, (plant, expected) in AT_ANY_TIME.items():
        with planted():
            plant()
            with pytest.raises(AssertionError) as seen:
                laws.always()
            assert expected in str(seen.value) or expected in str(seen.traceback[-1].statement), title
    for plant in AT_REST.values():
        with planted():
            plant()
            with pytest.raises(AssertionError):
                laws.at_rest()
    with planted():
        run("UPDATE billing_invoiceline SET net_minor = net_minor + 1, gross_minor = gross_minor + 1")
        with pytest.raises(AssertionError):
            laws.agreed()  # documents are the ledger
    with pytest.raises(AssertionError):
        laws.in_the_end(begun_before=clock.business())  # the change that waits
    laws.always()
