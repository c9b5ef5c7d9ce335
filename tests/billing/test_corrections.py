"""Corrective documents: drafted, accepted, issued without gaps, credited once, taken back; the ledger says the same."""

import datetime as dt
import re
from collections.abc import Sequence

import pytest
from django.db import IntegrityError, transaction

from planshift.billing import chains, corrections, deposits, invoices, models, orders, payments, queries
from planshift.domain import correction
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.services import models as services
from tests.billing.people import AT, client, eur, italian, line, order, pln, polish

pytestmark = pytest.mark.django_db
ON = AT.date()
WHO = {"at": AT, "actor": "run:change:CH-2026-000001"}
CAUSE = "CH-2026-000001"


def invoiced(of: services.Client, net: Sequence[str] = ("22.00",), *, from_deposit: str = "") -> models.Invoice:
    """An invoice over lines of net amounts, paid by transfer but for `from_deposit`, which must be there."""
    currency, percent = of.seller.currency, 22 if of.seller.currency == "EUR" else 23
    components = ("plan", "setup", "fee")
    kinds = ("charge", "setup", "fee")
    made = order(
        of,
        [
            line(each, percent=percent, currency=currency, kind=kinds[at], component=components[at])
            for at, each in enumerate(net)
        ],
        signal_key="",
    )
    if from_deposit:
        deposits.draw_for(order=made.number, amount=Money.of(from_deposit, currency), **WHO)
    missing = queries.order(number=made.number).missing
    if missing:
        payments.record(
            gateway="bank", external_id=made.number, amount=missing, reference=made.number, received_at=AT, **WHO
        )
    issued = invoices.issue(order=made.number, on=ON, **WHO)
    assert issued is not None
    return issued


def drafted(invoice: models.Invoice, amount: str, *, key: str = "d", regime: str = "draft_then_issue") -> list[str]:
    """Numbers of the draft that gives back a net amount of the invoice's first line from October on."""
    credit = correction.Credit(
        document=invoice.number,
        position=1,
        amount=Money.of(amount, invoice.currency),
        span=(dt.date(2026, 10, 1), dt.date(2027, 1, 1)),
    )
    made = corrections.draft(
        seller=invoice.seller, credits=[credit], reason="decrease", cause=CAUSE, key=key, regime=regime, **WHO
    )
    return [each.number for each in made]


def kept(number: str = "C-1001") -> dict[str, str]:
    """What the client's accounts hold, zero ones left out."""
    found = {kind: money for (_, kind, _), money in queries.balances_of(clients=[number]).items()}
    assert balances.differences() == {}
    return {kind: money.text for kind, money in sorted(found.items()) if money}


def booked(seller: str, currency: str) -> tuple[str, str]:
    """Revenue and VAT of a seller."""
    return tuple(balances.of_seller(seller=seller, kind=k, currency=currency).text for k in ("revenue", "vat"))  # type: ignore[return-value]


def state(numbers: Sequence[str]) -> list[str]:
    return list(models.Correction.objects.filter(number__in=numbers).order_by("pk").values_list("state", flat=True))


def test_D5_a_draft_is_accepted_then_issued_then_credited_to_the_deposit_each_once() -> None:
    invoice = invoiced(client(polish()), ["22.00"])
    draft = drafted(invoice, "6.00")  # of 22.00 + 5.06; left 16.00 + 3.68; difference 6.00 + 1.38
    assert drafted(invoice, "6.00") == draft  # the same key
    assert (state(draft), kept(), models.Invoice.objects.count()) == (["DRAFT"], {}, 1)
    with pytest.raises(Refused, match="correction_not_accepted"):
        corrections.issue(numbers=draft, on=ON, **WHO)
    corrections.ask(numbers=draft, **WHO)
    with pytest.raises(Refused, match="correction_not_accepted"):
        corrections.issue(numbers=draft, on=ON, **WHO)
    for _ in range(2):
        corrections.accept(numbers=draft, **WHO)
    assert (state(draft), kept(), booked("zagroda", "PLN")) == (["ACCEPTED"], {}, ("22.00", "5.06"))
    for _ in range(2):
        corrections.issue(numbers=draft, on=ON, **WHO)
    assert (state(draft), booked("zagroda", "PLN")) == (["ISSUED"], ("16.00", "3.68"))
    assert kept() == {"receivable": "-7.38"}  # owed to the client until it is credited
    for _ in range(2):
        corrections.credit(numbers=draft, to="deposit", **WHO)
    assert (state(draft), kept()) == (["CREDITED"], {"deposit": "7.38"})
    paper = models.Invoice.objects.get(kind="correction")
    assert (paper.number, paper.corrects, paper.net_minor, paper.tax_minor) == ("FK/2026/0001", invoice, -600, -138)
    (row,) = paper.lines.all()
    assert (row.before_net_minor, row.before_tax_minor, row.gross_minor, row.corrects) == (
        2200,
        506,
        -738,
        invoice.lines.get(),
    )
    assert (row.start_on, row.end_on) == (dt.date(2026, 10, 1), dt.date(2027, 1, 1))
    assert paper.buyer_party == invoice.buyer_party


def test_issue_then_confirm_moves_no_money_before_the_confirmation() -> None:
    draft = drafted(invoiced(client(polish())), "6.00", regime="issue_then_confirm")
    corrections.issue(numbers=draft, on=ON, **WHO)
    assert (state(draft), kept()) == (["AWAITING_CONFIRMATION"], {"receivable": "-7.38"})
    with pytest.raises(Refused, match="move_not_allowed"):
        corrections.credit(numbers=draft, to="deposit", **WHO)
    assert kept() == {"receivable": "-7.38"}
    corrections.accept(numbers=draft, **WHO)
    corrections.credit(numbers=draft, to="deposit", **WHO)
    assert (state(draft), kept()) == (["CREDITED"], {"deposit": "7.38"})


@pytest.mark.parametrize("event", ["refused", "lapsed", "voided"])
def test_a_draft_that_comes_to_nothing_leaves_nothing(event: str) -> None:
    draft = drafted(invoiced(client(polish())), "6.00")
    corrections.ask(numbers=draft, **WHO)
    for _ in range(2):
        corrections.void(numbers=draft, on=ON, event=event, **WHO)
    assert (state(draft), kept(), models.Invoice.objects.count()) == ([event.upper()], {}, 1)
    with pytest.raises(Refused, match="move_not_allowed"):
        corrections.accept(numbers=draft, **WHO)


def test_an_issued_one_that_is_refused_is_taken_back_by_a_counter_correction() -> None:
    invoice = invoiced(client(polish()))
    draft = drafted(invoice, "6.00", regime="issue_then_confirm")
    corrections.issue(numbers=draft, on=ON, **WHO)
    for _ in range(2):
        corrections.void(numbers=draft, on=ON, event="refused", note="not wanted", **WHO)
    assert (state(draft), kept(), booked("zagroda", "PLN")) == (["REVERSED"], {}, ("22.00", "5.06"))
    papers = models.Invoice.objects.filter(kind="correction").order_by("pk")
    assert [(each.number, each.gross_minor, each.reason) for each in papers] == [
        ("FK/2026/0001", -738, "decrease"),
        ("FK/2026/0002", 738, "correction_undone"),
    ]
    assert papers[1].undoes == papers[0]
    with pytest.raises(Refused, match="move_not_allowed"):
        corrections.credit(numbers=draft, to="deposit", **WHO)
    (chain,) = chains.of_numbers(seller="zagroda", numbers=[invoice.number])
    assert chain.now[1].gross == pln("27.06")


def test_what_is_credited_cannot_be_taken_back() -> None:
    draft = drafted(invoiced(client(polish())), "6.00", regime="at_once")
    corrections.issue(numbers=draft, on=ON, **WHO)
    corrections.credit(numbers=draft, to="deposit", **WHO)
    with pytest.raises(Refused, match="move_not_allowed"):
        corrections.void(numbers=draft, on=ON, **WHO)
    assert (state(draft), kept()) == (["CREDITED"], {"deposit": "7.38"})


def test_to_zero_gives_everything_back_the_way_it_was_paid() -> None:
    who = client(polish())
    deposits.open_with(client=who, amount=pln("20.00"), key="old", at=AT, actor="system:import")
    invoice = invoiced(who, ["22.00", "10.00"], from_deposit="12.00")  # 32.00 + 7.36 = 39.36; 27.36 by transfer
    assert kept() == {"deposit": "8.00"}
    draft = [
        each.number
        for each in corrections.draft_to_zero(
            seller=invoice.seller, document=invoice.number, cause=CAUSE, key="undo", **WHO
        )
    ]
    corrections.issue(numbers=draft, on=ON, **WHO)
    corrections.credit(numbers=draft, to="as_paid", **WHO)
    assert kept() == {"deposit": "20.00", "unapplied": "27.36"}
    assert booked("zagroda", "PLN") == ("0.00", "0.00")
    (waiting,) = queries.unapplied(seller="zagroda")
    assert (waiting.unapplied, waiting.why_unapplied, waiting.order) == (
        pln("27.36"),
        "given_back",
        invoice.order.number,
    )
    (paper,) = models.Invoice.objects.filter(kind="correction")
    assert [(each.component, each.gross_minor) for each in paper.lines.order_by("position")] == [
        ("plan", -2706),
        ("setup", -1230),
    ]


def test_two_corrections_give_each_payment_back_once() -> None:
    who = client(polish())
    deposits.open_with(client=who, amount=pln("20.00"), key="old", at=AT, actor="system:import")
    invoice = invoiced(who, ["22.00"], from_deposit="20.00")  # 27.06 = 20.00 + 7.06
    for key, amount in (("a", "11.00"), ("b", "11.00")):  # 13.53 each: 7.06 + 6.47, then 13.53
        draft = drafted(invoice, amount, key=key, regime="at_once")
        corrections.issue(numbers=draft, on=ON, **WHO)
        corrections.credit(numbers=draft, to="as_paid", **WHO)
    assert kept() == {"deposit": "20.00", "unapplied": "7.06"}
    given = models.Credited.objects.order_by("pk").values_list("to", "amount_minor")
    assert list(given) == [("unapplied", 706), ("deposit", 647), ("deposit", 1353)]


def test_without_a_deposit_nothing_can_be_credited_to_one() -> None:
    draft = drafted(invoiced(client(italian())), "6.00", regime="at_once")
    corrections.issue(numbers=draft, on=ON, **WHO)
    with pytest.raises(Refused, match="no_deposit"):
        corrections.credit(numbers=draft, to="deposit", **WHO)
    corrections.credit(numbers=draft, to="as_paid", **WHO)
    assert kept() == {"unapplied": eur("7.32").text}  # 6.00 + 1.32


def test_never_more_than_was_paid_and_never_on_what_another_correction_changed() -> None:
    invoice = invoiced(client(polish()))
    with pytest.raises(Refused, match="correction_beyond_paid"):
        drafted(invoice, "22.01")
    assert not models.Correction.objects.exists()
    first, second = (drafted(invoice, "12.00", key=key, regime="at_once") for key in "ab")
    corrections.issue(numbers=first, on=ON, **WHO)
    with pytest.raises(Refused, match="correction_outdated"):
        corrections.issue(numbers=second, on=ON, **WHO)
    assert (state(second), booked("zagroda", "PLN")) == (["DRAFT"], ("10.00", "2.30"))
    with pytest.raises(Refused, match="correction_outdated"):  # both in one call
        fresh = [
            *drafted(invoice, "1.00", key="c", regime="at_once"),
            *drafted(invoice, "1.00", key="d", regime="at_once"),
        ]
        corrections.issue(numbers=fresh, on=ON, **WHO)
    assert models.Invoice.objects.filter(kind="correction").count() == 1


def test_numbers_have_no_gap_and_a_series_of_their_own() -> None:
    who = client(polish())
    papers = [invoiced(who) for _ in range(3)]
    drafts = [drafted(each, "1.00", key=each.number, regime="at_once") for each in papers]
    corrections.issue(numbers=drafts[0], on=ON, **WHO)
    with pytest.raises(Refused, match="invoice_date_in_future"):
        corrections.issue(numbers=drafts[1], on=ON + dt.timedelta(days=1), **WHO)
    with pytest.raises(RuntimeError), transaction.atomic():
        corrections.issue(numbers=drafts[1], on=ON, **WHO)
        raise RuntimeError
    corrections.issue(numbers=[*drafts[2], *drafts[1]], on=ON, **WHO)
    numbers = models.Invoice.objects.order_by("pk").values_list("number", flat=True)
    assert [re.sub(r"^FV/2026/09/", "", each) for each in numbers] == [
        *("0001", "0002", "0003"),
        *("FK/2026/0001", "FK/2026/0002", "FK/2026/0003"),
    ]


def test_drafts_and_documents_never_change() -> None:
    draft = drafted(invoiced(client(polish())), "6.00", regime="at_once")
    corrections.issue(numbers=draft, on=ON, **WHO)
    row = models.Correction.objects.get(number=draft[0])
    for change in (
        lambda: models.Correction.objects.update(gross_minor=-1, net_minor=-1, tax_minor=0),
        lambda: models.CorrectionLine.objects.update(net_minor=0),
        lambda: models.CorrectionLine.objects.all().delete(),
        lambda: models.Invoice.objects.filter(pk=row.document_id).update(number="X"),
        lambda: models.InvoiceLine.objects.filter(invoice=row.document_id).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_an_order_that_is_undone_stays_paid() -> None:
    invoice = invoiced(client(polish()))
    assert invoice.order is not None
    with pytest.raises(Refused, match="move_not_allowed"):
        orders.withdraw(order=invoice.order.number, at=AT, actor="client:C-1001")


def test_what_does_not_exist_is_refused() -> None:
    seller = polish()
    with pytest.raises(Refused, match="correction_draft_unknown"):
        corrections.issue(numbers=["K-0000-X"], on=ON, **WHO)
    with pytest.raises(Refused, match="document_unknown"):
        corrections.draft_to_zero(seller=seller, document="FV/0", cause=CAUSE, key="x", **WHO)
