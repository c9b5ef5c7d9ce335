"""`planshift reconcile`: the demo and a played story agree; every planted error of one cent is found and named."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planshift.billing import corrections, deposits, opening, orders, payments, payouts, statements, unapplied
from planshift.billing import models as billing
from planshift.billing import rows as bills
from planshift.catalog import models as catalog
from planshift.domain import correction
from planshift.domain import opening as papers
from planshift.domain.money import Money
from planshift.interfaces.cli import reconcile
from planshift.interfaces.presenters import reconciling as words
from planshift.ledger import models as ledger
from planshift.procedures import models as procedures
from planshift.procedures import reconciling
from planshift.runtime import clock
from planshift.services import models as services
from tests.billing import bank_files, people
from tests.harness import planting
from tests.harness.planting import run
from tests.stories.conftest import Stage

OURS = "demo-polska"


def found(**how: object) -> list[tuple[str, str, str, int]]:
    """check, subject, figure, and by how much what is stored differs."""
    return [
        (each.check, each.subject, each.figure, each.stored - each.computed) for each in reconciling.differences(**how)
    ]


def played(stage: Stage) -> None:
    """Changes paid by transfer and from the deposit, one ended undone; money that matched nothing; a bank statement; a
    correction credited as paid, one to the deposit and one to the account; an order that expired with a part paid."""
    easy = stage.order(stage.quote("vps1.piekarnia", "professional"))
    assert easy.state == "DONE"
    paid = stage.order(stage.quote("vps.ksiegarnia", "professional"))
    stage.pay(paid.order, Money.of("1.00", "PLN"))
    stage.pay(paid.order)
    at = clock.business()
    who = {"at": at, "actor": "staff:1"}
    seller = catalog.Seller.objects.get(code=stage.service("vps1.piekarnia").client.seller.code)
    client = stage.service("vps1.piekarnia").client
    for number, title in enumerate(("nobody", client.number, client.number, client.number)):
        payments.record(
            gateway="bank",
            external_id=f"late-{number}",
            amount=Money.of("12.34", "PLN"),
            reference=title,
            received_at=at,
            seller=seller,
            **who,
        )
    stray, back, saved, kept = billing.Payment.objects.filter(external_id__startswith="late-").order_by("pk")
    unapplied.identify(payment=stray.number, client=client, **who)
    unapplied.return_money(payment=back.number, **who)
    unapplied.to_deposit(payment=saved.number, **who)
    assert kept.unapplied_minor == 1234
    top_up = deposits.top_up_order(
        client=client, amount=Money.of("50.00", "PLN"), expires_at=at + dt.timedelta(7), **who
    )
    rows = [
        bank_files.Row(amount="20.00", text=top_up.number, ref="B-1"),
        bank_files.Row(amount="12.34", text=f"zwrot {back.number}", ref="B-2", side="DBIT"),
    ]
    content = bank_files.camt(*rows, account=seller.bank_account, currency="PLN")
    statements.read_in(file=bank_files.file(content), name="camt.xml", sellers=None, **who)
    for change, to in ((easy, "as_paid"), (paid, "deposit"), (paid, "account_credit")):
        invoice = billing.Invoice.objects.get(order__number=change.order)
        credit = correction.Credit(
            document=invoice.number,
            position=1,
            amount=Money.of("1.00", "PLN"),
            span=(invoice.lines.get(position=1).start_on, invoice.lines.get(position=1).end_on),
        )
        for key in ("first", "second"):
            drafts = corrections.draft(
                seller=seller,
                credits=[credit],
                reason="decrease",
                cause=change.number,
                key=f"{change.number}/{to}/{key}",
                regime="at_once",
                **who,
            )
            numbers = [each.number for each in drafts]
            corrections.issue(numbers=numbers, on=at.date(), **who)
            corrections.credit(numbers=numbers, to=to, **who)
    payouts.request(  # waits to be sent
        client=stage.service("vps.kawiarnia").client,
        amount=Money.of("0.50", "PLN"),
        holder="Demo Kawiarnia",
        bank_account="PL61109010140000071219812874",
        due_at=clock.business(),
        at=clock.business(),
        actor="user:1",
    )
    owner = services.BuyerProfile.objects.filter(client=client).latest("pk")
    half = papers.Line(line=people.line("10.00", percent=23, currency="PLN", service=""), paid=Money.of("2.30", "PLN"))
    paper = papers.Invoice(
        number="E 1/2026",
        client=client.number,
        issued_on=at.date(),
        sold_on=at.date(),
        paid_on=at.date(),
        language="pl",
        currency="PLN",
        buyer=bills.profile_party(owner, email=client.email),
        lines=(half,),
    )
    opening.register(seller=seller, invoices=[paper], **who)
    payments.mark_document_paid(
        seller=seller, document="E 1/2026", amount=Money.of("6.00", "PLN"), received_at=at, key="E-1", **who
    )
    unapplied.settle(payment=kept.number, document="E 1/2026", **who)  # the last 4.00 of 12.30
    kept.refresh_from_db()
    assert kept.unapplied_minor == 834
    waits = stage.order(stage.quote("vps.kawiarnia", "professional"))
    stage.pay(waits.order, Money.of("2.00", "PLN"))
    orders.withdraw(order=waits.order, **who)
    stage.work()
    assert billing.LineMatch.objects.filter(kind="return").count() == 1


# what is planted for each check: how, and by how much the figure that is named is off


def transfer(**changed: object) -> None:
    """Copy the newest transfer of a posting, changed; as if it had been booked."""
    row = ledger.Transfer.objects.filter(posting=changed.pop("posting")).latest("pk")
    for name, value in {"entry": "planted", "position": 1, **changed}.items():
        setattr(row, name, value)
    row.pk = None
    row.save(force_insert=True)


def newest(model: type, **of: object) -> int:
    return model.objects.filter(**of).latest("pk").pk


@dataclass(frozen=True)
class Planted:
    plant: Callable[[], object]
    by: int = 1


def _line(model: type, where: dict[str, object], *, columns: tuple[str, ...] = ("net_minor", "gross_minor")) -> None:
    run(
        f"UPDATE {model._meta.db_table} SET {', '.join(f'{c} = {c} + 1' for c in columns)} WHERE id = %s",
        newest(model, **where),
    )


def _set(model: type, where: dict[str, object], sets: str, *values: object) -> None:
    run(f"UPDATE {model._meta.db_table} SET {sets} WHERE id = %s", *values, newest(model, **where))


def _overdrawn() -> None:
    account = ledger.Account.objects.filter(kind="deposit", balance_minor__gt=0).first()
    transfer(posting="deposit_drawn", debit=account, amount_minor=account.balance_minor + 1, owner=account.owner)


def _two_changes() -> None:
    planting.drop_index("one_open_change_per_service")
    first, second = procedures.Change.objects.order_by("pk")[:2]
    run(
        "UPDATE procedures_change SET state = 'AWAITING_EXECUTION', service_id = %s WHERE id IN (%s, %s)",
        first.service_id,
        first.pk,
        second.pk,
    )


def _overlap() -> None:
    term = services.Term.objects.latest("pk")
    services.Term(
        service_id=term.service_id, start_on=term.end_on - dt.timedelta(1), end_on=term.end_on, months=1
    ).save(force_insert=True)


def _quote() -> None:
    quote = procedures.Quote.objects.filter(change__order__isnull=False).latest("pk")
    total = quote.offer["total"]
    for name in ("net", "gross"):
        amount = total[name]["amount"]["$fraction"]
        whole, _, part = amount.partition("/")
        total[name]["amount"]["$fraction"] = f"{int(whole) * 100 + int(part or 1)}/{int(part or 1) * 100}"
    run("UPDATE procedures_quote SET offer = %s WHERE id = %s", json.dumps(quote.offer), quote.pk)


def _unpaid() -> None:
    invoice = billing.Invoice.objects.filter(order__isnull=False).latest("pk")
    run("UPDATE billing_order SET state = 'AWAITING_PAYMENT' WHERE id = %s", invoice.order_id)


def _no_invoice() -> None:
    invoice = billing.Invoice.objects.filter(order__isnull=False, corrections__isnull=True).latest("pk")
    run("UPDATE billing_invoice SET order_id = NULL WHERE id = %s", invoice.pk)


def _beyond() -> None:
    row = billing.InvoiceLine.objects.filter(corrects__isnull=False).latest("pk")
    room = row.corrects.gross_minor + sum(row.corrects.corrections.values_list("gross_minor", flat=True))
    run(
        "UPDATE billing_invoiceline SET net_minor = net_minor - %s, gross_minor = gross_minor - %s WHERE id = %s",
        room + 1,
        room + 1,
        row.pk,
    )


def _undone() -> None:
    """A change that was undone, and gave all but a cent back."""
    invoice = billing.Invoice.objects.filter(order__change__isnull=False, corrections_made__state="CREDITED").latest(
        "pk"
    )
    run("UPDATE procedures_change SET state = 'UNDONE' WHERE order_id = %s", invoice.order_id)
    parts = billing.Credited.objects.filter(correction__corrects=invoice)
    more = invoice.gross_minor - sum(parts.values_list("amount_minor", flat=True)) - 1
    run("UPDATE billing_credited SET amount_minor = amount_minor + %s WHERE id = %s", more, parts.latest("pk").pk)


def _gap() -> None:
    row = billing.Invoice.objects.filter(kind="correction").earliest("pk")
    run("UPDATE billing_invoice SET number = %s WHERE id = %s", row.number[:-1] + "9", row.pk)


INVOICE = {"kind": "invoice", "order__isnull": False}
OF_INVOICE = {"invoice__order__isnull": False}
PLANTED: dict[str, Planted] = {
    "account_balance": Planted(lambda: _set(ledger.Account, {"kind": "deposit"}, "balance_minor = balance_minor + 1")),
    "account_floor": Planted(_overdrawn),
    "transfer_currency": Planted(lambda: _set(ledger.Transfer, {}, "currency = 'USD'"), by=-1),
    "payout_money": Planted(lambda: _set(ledger.Account, {"kind": "payout"}, "balance_minor = balance_minor + 1")),
    "held_money": Planted(lambda: _set(ledger.Account, {"kind": "held"}, "balance_minor = balance_minor + 1")),
    "unapplied_money": Planted(lambda: _set(billing.Payment, {"client__isnull": False, "unapplied_minor__gt": 0},
                                            "unapplied_minor = unapplied_minor - 1")),
    "receivable": Planted(lambda: _set(ledger.Account, {"kind": "receivable"}, "balance_minor = balance_minor + 1")),
    "deposit": Planted(lambda: _set(ledger.Account, {"kind": "deposit"}, "balance_minor = balance_minor + 1")),
    "account_credit": Planted(lambda: _set(ledger.Account, {"kind": "account_credit"},
                                           "balance_minor = balance_minor + 1")),
    "prepaid": Planted(lambda: _set(ledger.Account, {"kind": "prepaid"}, "balance_minor = balance_minor + 1")),
    "metered": Planted(lambda: _set(ledger.Account, {"kind": "metered"}, "balance_minor = balance_minor + 1")),
    "owed": Planted(lambda: _set(ledger.Account, {"kind": "owed"}, "balance_minor = balance_minor + 1")),
    "draw_postings": Planted(lambda: _set(ledger.Transfer, {"posting": "metered_drawn"},
                                          "amount_minor = amount_minor - 1")),
    "draw_recounted": Planted(lambda: _set(billing.Draw, {},
                                           "gross_minor = gross_minor + 1, net_minor = net_minor + 1")),
    "metered_invoice": Planted(lambda: _set(billing.Draw, {},
                                            "draw_minor = draw_minor - 1, balance_minor = balance_minor - 1")),
    "order_lines": Planted(lambda: _line(billing.OrderLine, {}), by=-1),
    "order_covered": Planted(lambda: _set(billing.PartPayment, {"released_at": None},
                                          "amount_minor = amount_minor + 1"), by=-1),
    "order_paid": Planted(lambda: _set(billing.PartPayment, {"order__state": "PAID", "released_at": None},
                                       "amount_minor = amount_minor - 1")),
    "part_payment_posting": Planted(lambda: _set(billing.PartPayment, {}, "amount_minor = amount_minor + 1")),
    "payment_amount": Planted(lambda: _set(billing.Payment, {"unapplied_minor__gt": 1},
                                           "unapplied_minor = unapplied_minor - 1")),
    "payment_received": Planted(lambda: _set(ledger.Transfer, {"posting": "received_unapplied"},
                                             "amount_minor = amount_minor - 1")),
    "payment_unapplied": Planted(lambda: _set(ledger.Transfer, {"posting": "received_unidentified"},
                                              "amount_minor = amount_minor - 1")),
    "opening_owed": Planted(lambda: _set(billing.OpeningBalance, {}, "owed_minor = owed_minor + 1")),
    "opening_settled": Planted(lambda: _set(billing.OpeningBalance, {}, "settled_minor = settled_minor - 1"), by=-1),
    "opening_lines": Planted(lambda: _set(billing.OpeningPaymentLine, {}, "amount_minor = amount_minor + 1"), by=-1),
    "opening_posting": Planted(lambda: _set(ledger.Transfer, {"posting": "unapplied_to_document"},
                                            "amount_minor = amount_minor - 1")),
    "statement_credit": Planted(lambda: _set(billing.StatementLine, {"direction": "credit"},
                                             "amount_minor = amount_minor + 1")),
    "statement_once": Planted(lambda: run("UPDATE billing_linematch SET kind = 'payment', payment_id = (SELECT "
                                          "payment_id FROM billing_linematch WHERE kind = 'payment')")),
    "statement_returned": Planted(lambda: _set(billing.StatementLine, {"direction": "debit"},
                                               "amount_minor = amount_minor + 1")),
    "document_lines": Planted(lambda: _line(billing.InvoiceLine, {}), by=-1),
    "invoice_order": Planted(lambda: _line(billing.Invoice, INVOICE)),
    "invoice_order_line": Planted(lambda: _line(billing.InvoiceLine, OF_INVOICE)),
    "document_postings": Planted(lambda: _set(ledger.Transfer, {"posting": "invoice_issued", "position": 2},
                                              "amount_minor = amount_minor - 1")),
    "invoice_settled": Planted(lambda: _set(ledger.Transfer, {"posting": "invoice_settled"},
                                            "amount_minor = amount_minor - 1")),
    "paid_without_invoice": Planted(_no_invoice, by=-1),
    "invoice_without_payment": Planted(_unpaid, by=-1),
    "posting_without_document": Planted(lambda: transfer(posting="invoice_issued", document_number="X-1",
                                                         amount_minor=1), by=-1),
    "correction_draft": Planted(lambda: _line(billing.CorrectionLine, {}, columns=("net_minor",)), by=-1),
    "correction_issued": Planted(lambda: _line(billing.Invoice, {"kind": "correction"})),
    "correction_before": Planted(lambda: _line(billing.InvoiceLine, {"corrects__isnull": False},
                                               columns=("before_net_minor",))),
    "correction_beyond_paid": Planted(_beyond),
    "correction_credited": Planted(lambda: _set(billing.Credited, {}, "amount_minor = amount_minor + 1")),
    "undone_change": Planted(_undone, by=-1),
    "credit_posting": Planted(lambda: _set(billing.Credited, {}, "amount_minor = amount_minor + 1")),
    "terms_overlap": Planted(_overlap),
    "open_changes": Planted(_two_changes),
    "quote_order": Planted(_quote, by=-1),
    "series_gap": Planted(_gap, by=None),  # type: ignore[arg-type]  # both ends of the gap are named
}  # fmt: skip


def test_every_check_has_an_error_to_find_and_a_sentence() -> None:
    assert set(PLANTED) == set(reconciling.CODES) == set(words.CHECKS)


def test_H7_the_demo_agrees(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert reconcile.main([]) == 0
    assert capsys.readouterr().out == f"{len(PLANTED)} checks, no difference.\n"


def test_H7_a_planted_error_of_one_cent_is_found_and_named(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    played(stage)
    assert found() == [] and found(batch=7) == []
    missed = {}
    for code, planted in PLANTED.items():
        with planting.undone():
            planted.plant()
            named = [each for each in found() if each[0] == code]
            if not named or not all(each[1] for each in named) or planted.by not in (None, *(x[3] for x in named)):
                missed[code] = named
    assert missed == {}
    assert found() == []  # nothing of it stayed
    with planting.undone():
        PLANTED["order_covered"].plant()
        order = billing.PartPayment.objects.filter(released_at=None).latest("pk").order
        capsys.readouterr()
        assert reconcile.main(["--seller", order.seller.code, "--json"]) == 1
        told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        covered = next(each for each in told if each.get("check") == "order_covered")
        stored = Money.from_minor(order.covered_minor, order.currency)
        more = Money.from_minor(order.covered_minor + 1, order.currency)
        assert (covered["subject"], covered["stored"], covered["computed"]) == (
            order.number,
            f"{stored.text} {order.currency}",
            f"{more.text} {order.currency}",
        )
        assert told[-1]["differences"] == len(told) - 1
        (other,) = catalog.Seller.objects.exclude(code=order.seller.code)
        assert reconcile.main(["--seller", other.code]) == 0


def test_a_batch_costs_the_same_statements_however_many_rows_it_has(stage: Stage) -> None:
    def statements_of() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert found(batch=100_000) == []
        return len(caught)

    statements_of()  # catalogs and policies are read once, then remembered
    before = statements_of()
    played(stage)
    after = statements_of()
    tables = {"procedures_change", "billing_credited", "billing_correction", "billing_statementline"}
    tables |= {"billing_openingbalance", "billing_openingpayment"}
    # tables that were empty have one batch now: two look-ups of ids instead of one, and their checks
    more = sum(1 + sum(check.table == table for check in reconciling.running.CHECKS) for table in tables)
    assert after == before + more + 2  # and the kept quotes: one look-up, one reading


def test_an_unknown_seller_is_told(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert reconcile.main(["--seller", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().out
