"""Invoices: issued once, numbered without gaps, frozen, equal to order and ledger."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from planshift.billing import deposits, invoices, models, numbering, payments, queries
from planshift.domain import document_numbers, documents
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.tax import Taxed
from planshift.ledger import balances
from planshift.services import models as services
from tests.billing.people import AT, WEEK, client, eur, italian, line, order, pln, polish, profile, taxed

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 9, 1)


def paid(of: services.Client, *, key: str = "T1", subject: str = "CH-1", at: dt.datetime = AT, **more: object) -> str:
    placed = order(of, subject=subject, at=at, expires_at=at + dt.timedelta(days=7), **more)  # type: ignore[arg-type]
    payments.record(
        gateway="simulated",
        external_id=key,
        amount=queries.order(number=placed.number).total.gross,
        reference=placed.number,
        received_at=at,
        at=at,
        actor="gateway:simulated",
    )
    return placed.number


def issue(number: str, *, on: dt.date = TODAY, at: dt.datetime = AT) -> models.Invoice:
    made = invoices.issue(order=number, on=on, at=at, actor="system:change")
    assert made is not None
    return made


def test_quote_order_invoice_and_ledger_agree() -> None:
    who = client(polish())
    lines = [
        line("22.00", percent=23, currency="PLN"),
        line("10.00", percent=23, currency="PLN", kind="setup", component="setup"),
        line("-4.10", percent=23, currency="PLN", kind="credit"),
        line("3.33", percent=8, currency="PLN", kind="fee", component="fee"),
    ]
    # net 22.00 + 10.00 - 4.10 + 3.33 = 31.23; tax 5.06 + 2.30 - 0.94 + 0.27 = 6.69; gross 37.92
    quoted = Taxed(pln("31.23"), pln("6.69"), pln("37.92"))
    number = paid(who, lines=lines)
    invoice = issue(number)
    paper = invoices.document(seller="zagroda", number=invoice.number)
    assert queries.order(number=number).total == quoted
    assert paper.total == quoted
    assert paper.lines == tuple(lines)
    # 23 %: net 22.00 + 10.00 - 4.10 = 27.90, tax 6.42; 8 %: 3.33 and 0.27
    assert [(r.vat_percent, r.amount.net, r.amount.tax) for r in paper.rates] == [
        (Fraction(23), pln("27.90"), pln("6.42")),
        (Fraction(8), pln("3.33"), pln("0.27")),
    ]
    ledger = {kind: balances.of_seller(seller="zagroda", kind=kind, currency="PLN").text for kind in ("revenue", "vat")}
    assert ledger == {"revenue": "31.23", "vat": "6.69"}
    assert balances.of_seller(seller="zagroda", kind="gateway", currency="PLN") == pln("37.92")
    assert {k[1]: v.text for k, v in queries.balances_of(clients=["C-1001"]).items()} == {
        "held": "0.00",
        "receivable": "0.00",
    }
    assert balances.differences() == {}
    # the statement names the invoice
    assert {m.document for m in queries.postings_of_client(client="C-1001") if m.posting == "invoice_issued"} == {
        invoice.number
    }


def test_numbers_follow_the_sellers_pattern_and_start_anew_each_month() -> None:
    who = client(polish())
    october = dt.datetime(2026, 10, 1, 0, 30, tzinfo=dt.UTC)
    numbers = [
        issue(paid(who, key="1", subject="CH-1")).number,
        issue(paid(who, key="2", subject="CH-2")).number,
        issue(paid(who, key="3", subject="CH-3", at=october), on=dt.date(2026, 10, 1), at=october).number,
    ]
    assert numbers == ["FV/2026/09/0001", "FV/2026/09/0002", "FV/2026/10/0001"]
    other = client(italian(), "C-2001")
    assert issue(paid(other, key="4", subject="CH-4")).number == "2026/00001"


def test_issuing_again_gives_the_same_invoice() -> None:
    number = paid(client(italian()))
    first = issue(number)
    transfers = len(queries.postings_of_client(client="C-1001"))
    assert issue(number).number == first.number == "2026/00001"
    assert (models.Invoice.objects.count(), len(queries.postings_of_client(client="C-1001"))) == (1, transfers)


def test_a_rolled_back_issue_leaves_no_gap() -> None:
    who = client(italian())
    one, two = paid(who, key="1", subject="CH-1"), paid(who, key="2", subject="CH-2")
    with pytest.raises(RuntimeError), transaction.atomic():
        issue(one)
        raise RuntimeError("power cut")
    assert [issue(two).number, issue(one).number] == ["2026/00001", "2026/00002"]


def test_what_gets_no_invoice() -> None:
    who = client(polish())
    unpaid = order(who)
    with pytest.raises(Refused, match="order_not_paid"):
        invoices.issue(order=unpaid.number, on=TODAY, at=AT, actor="system:change")
    topup = deposits.top_up_order(client=who, amount=pln("50.00"), expires_at=WEEK, at=AT, actor="client:C-1001")
    payments.mark_transfer_received(
        order=topup.number, amount=pln("50.00"), received_at=AT, key="k", at=AT, actor="staff:ola"
    )
    assert invoices.issue(order=topup.number, on=TODAY, at=AT, actor="system:change") is None
    free = order(who, [line("0.00", percent=23, currency="PLN")], subject="CH-2")
    assert invoices.issue(order=free.number, on=TODAY, at=AT, actor="system:change") is None
    with pytest.raises(Refused, match="invoice_date_in_future"):
        invoices.issue(order=paid(who, key="9", subject="CH-9"), on=dt.date(2026, 9, 2), at=AT, actor="system:change")
    assert not models.Invoice.objects.exists()
    assert balances.of_seller(seller="zagroda", kind="revenue", currency="PLN") == pln("0")


@pytest.mark.parametrize("table", ["billing_invoice", "billing_invoiceline"])
def test_an_issued_invoice_is_never_changed_or_deleted(table: str) -> None:
    issue(paid(client(italian())))
    for statement in (f"UPDATE {table} SET net_minor = net_minor + 1", f"DELETE FROM {table}"):
        with pytest.raises(IntegrityError, match=table), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_D6_buyer_as_on_the_previous_settlement() -> None:
    who = client(polish(), name="Anna Próba (demo)")
    issue(paid(who, key="1", subject="CH-1"))
    profile(who, name="Anna Nowa (demo)", confirmed_at=None)
    second = issue(paid(who, key="2", subject="R-2"))
    assert second.buyer_party["name"] == "Anna Próba (demo)"
    # confirmed for invoicing after the last settlement: from now on the new data
    profile(who, name="Anna Potwierdzona (demo)", confirmed_at=AT + dt.timedelta(hours=1))
    later = AT + dt.timedelta(hours=2)
    third = issue(paid(who, key="3", subject="R-3", at=later), at=later)
    assert third.buyer_party["name"] == "Anna Potwierdzona (demo)"
    # the documents before stay as they are
    assert invoices.document(seller="zagroda", number=second.number).buyer.name == "Anna Próba (demo)"


def test_the_buyer_is_that_of_the_service_not_of_another_one() -> None:
    who = client(polish())
    issue(paid(who, key="1", subject="CH-1"))
    profile(who, name="Anna Nowa (demo)", confirmed_at=AT - dt.timedelta(days=300))
    other = [line("5.00", percent=23, currency="PLN", service="S-2002")]
    assert issue(paid(who, key="2", subject="CH-2", lines=other)).buyer_party["name"] == "Anna Nowa (demo)"


def test_how_it_was_paid_stands_on_the_invoice() -> None:
    who = client(polish())
    deposits.open_with(client=who, amount=pln("10.00"), key="import", at=AT, actor="system:import")
    placed = order(who)  # 27.06
    deposits.draw_for(order=placed.number, amount=pln("10.00"), at=AT, actor="client:C-1001")
    payments.mark_transfer_received(
        order=placed.number, amount=pln("17.06"), received_at=AT, key="k", at=AT, actor="staff:ola"
    )
    paper = invoices.document(seller="zagroda", number=issue(placed.number).number)
    assert [(part.source, part.amount, part.on) for part in paper.settled] == [
        ("deposit", pln("10.00"), TODAY),
        ("bank", pln("17.06"), TODAY),
    ]
    assert (paper.paid, paper.due) == (pln("27.06"), pln("0"))


def test_pro_forma_shows_what_is_still_due() -> None:
    placed = order(client(italian()))
    payments.mark_transfer_received(
        order=placed.number, amount=eur("20.00"), received_at=AT, key="k", at=AT, actor="staff:ola"
    )
    paper = invoices.proforma(order=placed.number)
    assert (paper.kind, paper.number, paper.due_on) == ("proforma", placed.number, dt.date(2026, 9, 8))
    assert (paper.paid, paper.due) == (eur("20.00"), eur("6.84"))


def test_billed_lines_of_a_term() -> None:
    who = client(italian())
    invoice = issue(paid(who, lines=[line("22.00"), line("10.00", kind="setup", component="setup")]))
    (billed,) = queries.billed_lines(service="S-1001", start_on=dt.date(2026, 5, 1), end_on=dt.date(2026, 9, 2))
    assert (billed.id, billed.component) == (f"{invoice.number}/1", "plan")
    assert (billed.amount, billed.paid) == (taxed("22.00", 22, "EUR"), taxed("22.00", 22, "EUR"))
    assert billed.credited == Taxed.zero("EUR")
    # half-open: a term that ends where the line begins does not touch it
    assert queries.billed_lines(service="S-1001", start_on=dt.date(2026, 5, 1), end_on=dt.date(2026, 9, 1)) == ()
    assert queries.billed_lines(service="S-1001", start_on=dt.date(2027, 1, 1), end_on=dt.date(2028, 1, 1)) == ()


def test_what_corrections_gave_back_is_counted() -> None:
    who = client(italian())
    invoice = issue(paid(who))
    _correct(invoice, "-5.00")
    _correct(invoice, "-1.00")
    (billed,) = queries.billed_lines(service="S-1001", start_on=dt.date(2026, 9, 1), end_on=dt.date(2027, 1, 1))
    # 5.00 + 1.00 net, 1.10 + 0.22 tax
    assert billed.credited == Taxed(eur("6.00"), eur("1.32"), eur("7.32"))


def _correct(invoice: models.Invoice, net: str) -> None:
    """A correction as the tables carry it."""
    kept = {f.attname: getattr(invoice, f.attname) for f in models.Invoice._meta.concrete_fields if not f.primary_key}
    amount = taxed(net, 22, "EUR")
    minor = {"net_minor": amount.net.minor, "tax_minor": amount.tax.minor, "gross_minor": amount.gross.minor}
    made = models.Invoice.objects.create(
        **kept | minor | {"number": f"NC{net}", "kind": "correction", "order_id": None, "corrects_id": invoice.pk}
    )
    original = invoice.lines.get()
    fields = [f.attname for f in models.InvoiceLine._meta.concrete_fields if not f.primary_key]
    line_kept = {name: getattr(original, name) for name in fields}
    models.InvoiceLine.objects.create(**line_kept | minor | {"invoice_id": made.pk, "corrects_id": original.pk})


def test_issuing_many_takes_as_many_statements_as_issuing_one() -> None:
    seller = polish()
    people = [client(seller, f"C-{3000 + n}") for n in range(12)]
    ready = [paid(who, key=who.number, subject=who.number) for who in people]
    with CaptureQueriesContext(connection) as one:
        invoices.issue_many(orders=ready[:1], on=TODAY, at=AT, actor="system:renewals")
    with CaptureQueriesContext(connection) as eleven:
        made = invoices.issue_many(orders=ready[1:], on=TODAY, at=AT, actor="system:renewals")
    assert len(eleven) <= len(one)
    assert [invoice.number for invoice in made if invoice] == [f"FV/2026/09/{n:04}" for n in range(2, 13)]


@pytest.mark.parametrize(
    ("pattern", "series", "number"),
    [
        ("FV/{year}/{month:02}/{n:04}", "document/x/FV/2026/09", "FV/2026/09/0007"),
        ("{year}/{n:05}", "document/x//2026", "2026/00007"),
        ("R{n}", "document/x/R", "R7"),
    ],
)
def test_patterns(pattern: str, series: str, number: str) -> None:
    assert numbering.series_of(seller="x", pattern=pattern, on=TODAY) == series
    assert document_numbers.number(pattern=pattern, on=TODAY, n=7) == number


@pytest.mark.parametrize(
    ("_case", "pattern"),
    [
        ("no counter", "FV/{year}"),
        ("two counters", "{n}/{n}"),
        ("months of all years in one series", "FV/{month}/{n}"),
        ("reaches into objects", "{n.__class__}"),
        ("indexes", "{n[0]}"),
        ("unknown", "{n}/{seller}"),
        ("conversion", "{n!r}"),
        ("format of its own", "{n:>{year}}"),
        ("unbalanced", "{n"),
    ],
)
def test_bad_patterns(_case: str, pattern: str) -> None:
    with pytest.raises(Refused, match="bad_document_pattern"):
        document_numbers.number(pattern=pattern, on=TODAY, n=7)


def test_a_number_too_long_for_e_invoices_is_refused() -> None:
    with pytest.raises(Refused, match="document_number_too_long"):
        document_numbers.number(pattern="FAKTURA/{year}/{month:02}/{n:06}", on=TODAY, n=7)


def test_total_of_no_lines() -> None:
    assert documents.total_of([], currency="EUR") == Taxed.zero("EUR")
