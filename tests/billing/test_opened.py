"""What was unpaid of an invoice issued elsewhere is paid here: by statements, by staff, once, never beyond."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from planshift.billing import (
    chains,
    corrections,
    models,
    opened,
    opening,
    payments,
    queries,
    rows,
    statements,
    unapplied,
)
from planshift.domain import correction
from planshift.domain import opening as papers
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import reconciling
from planshift.services import models as services
from tests.billing import bank_files, people
from tests.billing.bank_files import Row
from tests.billing.people import AT, client, pln, polish

pytestmark = pytest.mark.django_db
NUMBER = "F 88/06/2026"
WHO = {"at": AT, "actor": "staff:1"}


def taken_over(number: str = NUMBER, *, of: services.Client | None = None, paid: tuple[str, ...] = ("0.00",)) -> str:
    """An invoice over lines of 100.00 net (123.00 gross), of each of which so much was paid before it came."""
    owner = of or services.Client.objects.filter(number="C-1001").first() or client(polish())
    lines = [
        papers.Line(line=people.line("100.00", percent=23, currency="PLN", component=component), paid=pln(each))
        for component, each in zip(("plan", "resource:ip"), paid, strict=False)
    ]
    profile = services.BuyerProfile.objects.filter(client=owner).latest("pk")
    day = dt.date(2026, 6, 1)
    made = papers.Invoice(
        number=number,
        client=owner.number,
        issued_on=day,
        sold_on=day,
        paid_on=day,
        language="pl",
        currency="PLN",
        buyer=rows.profile_party(profile, email=owner.email),
        lines=tuple(lines),
    )
    opening.register(seller=owner.seller, invoices=[made], **WHO)
    return number


def came(*rows: Row, name: str = "STM-1") -> statements.Imported:
    content = bank_files.camt(*rows, account=bank_files.POLISH, currency="PLN", name=name)
    return statements.read_in(file=bank_files.file(content), name="x.xml", sellers=None, at=AT, actor="staff:1")


def open_now() -> dict[str, str]:
    return {each.number: each.missing.text for each in opened.open_of(sellers=["zagroda"])}


def left() -> list[tuple[str, str]]:
    return [(view.unapplied.text, view.why_unapplied) for view in queries.unapplied(seller="zagroda")]


def owed(number: str = "C-1001") -> str:
    """What the client owes by the ledger; the rows all agree with it."""
    assert balances.differences() == {} and list(reconciling.differences()) == []
    return balances.of_client(client=number, kind="receivable", currency="PLN").text


@pytest.mark.parametrize(
    "title",
    [
        NUMBER,
        "zapłata za f 88/06/2026, dziękuję",
        "F88-06-2026",
        "ZA FAKTURE F 88/0 6/2026",
        "/INV/F88/06/2026",
        "x" * 300,
    ],
)
def test_a_transfer_that_names_it_settles_it_however_the_number_is_written(title: str) -> None:
    taken_over()
    assert (owed(), open_now()) == ("123.00", {NUMBER: "123.00"})
    done = came(Row(amount="123.00", text=f"{title} {NUMBER}" if title[0] == "x" else title, ref="B-1"))
    assert (done.matched, owed(), open_now(), left()) == (1, "0.00", {}, [])
    came(Row(amount="123.00", text=title, ref="B-1"))
    assert models.Payment.objects.count() == 1
    assert balances.of_seller(seller="zagroda", kind="bank", currency="PLN") == pln("123.00")
    assert balances.of_seller(seller="zagroda", kind="revenue", currency="PLN") == pln("0.00")


def test_a_line_of_an_mt940_statement_settles_it() -> None:
    taken_over()
    block = ":61:2609020902C123,00NTRFNONREF//B-1\r\n:86:020~20FAKTURA F 88/06~21/2026~32JAN PROBA"
    content = bank_files.mt940(block, balances=(":60F:C260901PLN0,00", ":62F:C260902PLN123,00"))
    done = statements.read_in(file=bank_files.file(content), name="x", sellers=None, at=AT, actor="user:1")
    assert (done.matched, owed(), left()) == (1, "0.00", [])


def test_short_over_and_double_payments() -> None:
    taken_over()
    came(Row(amount="100.00", text=NUMBER, ref="B-1"))
    assert (owed(), open_now(), left()) == ("23.00", {NUMBER: "23.00"}, [])
    came(Row(amount="30.00", text=NUMBER, ref="B-2"), name="STM-2")  # 23.00 and 7.00 too much
    assert (owed(), open_now(), left()) == ("0.00", {}, [("7.00", "too_much")])
    came(Row(amount="123.00", text=NUMBER, ref="B-3"), name="STM-3")
    assert (owed(), left()) == ("0.00", [("123.00", "invoice_paid"), ("7.00", "too_much")])
    assert balances.of_client(client="C-1001", kind="unapplied", currency="PLN") == pln("130.00")


def test_one_transfer_settles_all_that_it_names_the_oldest_first() -> None:
    for number in (NUMBER, "F 89/06/2026"):
        taken_over(number)
    came(Row(amount="200.00", text=f"F 89/06/2026 oraz {NUMBER}", ref="B-1"))
    assert (open_now(), left(), owed()) == ({"F 89/06/2026": "46.00"}, [], "46.00")  # 246 - 200


def test_what_is_not_said_clearly_waits_for_staff() -> None:
    other = client(polish(), "C-1002")
    taken_over("7")  # too short to be looked for
    taken_over("11/2026")  # so few digits: the amount must agree
    taken_over("1/12/2026")
    taken_over("11/2/2026")  # the same digits in a row
    taken_over("G 1/2026", of=other)
    told = (
        Row(amount="123.00", text="faktura 7", ref="B-1"),
        Row(amount="50.00", text="czynsz 11/2026", ref="B-2"),
        Row(amount="123.00", text="1122026", ref="B-3"),
        Row(amount="123.00", text="G 1/2026 od C-1001", ref="B-4"),  # whose? staff decide
        Row(amount="123.00", text="G 1/2026 i 11/2026", ref="B-5"),  # of two clients
    )
    assert came(*told).matched == 0
    assert len(open_now()) == 5 and [text for text, _ in left()] == ["123.00", "123.00", "123.00", "50.00", "123.00"]
    came(
        Row(amount="123.00", text="za 11/2026", ref="B-6"), Row(amount="123.00", text="1/12/2026", ref="B-7"), name="2"
    )
    assert open_now() == {"7": "123.00", "11/2/2026": "123.00", "G 1/2026": "123.00"}
    assert (owed(), owed("C-1002")) == ("246.00", "123.00")


def test_a_number_within_a_longer_one_is_not_meant() -> None:
    taken_over("88/06/2026")
    taken_over(NUMBER)
    came(Row(amount="123.00", text=NUMBER, ref="B-1"))
    assert open_now() == {"88/06/2026": "123.00"}


def test_another_currency_and_another_sellers_account_settle_nothing() -> None:
    taken_over()
    people.italian()
    payments.record(
        gateway="bank",
        external_id="1",
        amount=people.eur("123.00"),
        reference=NUMBER,
        received_at=AT,
        seller=polish(),
        **WHO,
    )
    content = bank_files.camt(Row(amount="123.00", text=NUMBER, ref="B-1"))
    statements.read_in(file=bank_files.file(content), name="x", sellers=None, at=AT, actor="user:1")
    assert (open_now(), left()) == ({NUMBER: "123.00"}, [("123.00", "other_currency")])


def test_what_staff_booked_is_not_booked_again_and_one_form_books_once() -> None:
    taken_over("7")
    for _ in range(2):
        told = {"seller": polish(), "document": "7", "amount": pln("123.00"), "received_at": AT, "key": "form-1"}
        by_hand = payments.mark_document_paid(**told, **WHO)
    assert (owed(), open_now(), models.Payment.objects.count()) == ("0.00", {}, 1)
    taken_over(NUMBER)
    by_hand = payments.mark_document_paid(
        seller=polish(), document=NUMBER, amount=pln("123.00"), received_at=AT, key="form-2", **WHO
    )
    came(Row(amount="123.00", text=NUMBER, ref="B-1"))
    assert models.LineMatch.objects.get().payment == by_hand
    assert (owed(), left()) == ("0.00", [])


def test_unapplied_money_of_the_same_client_settles_it() -> None:
    taken_over("7")
    client(polish(), "C-1002")
    came(Row(amount="200.00", text="C-1001", ref="B-1"), Row(amount="9.00", text="C-1002", ref="B-2"))
    mine, foreign = models.Payment.objects.order_by("pk")
    with pytest.raises(Refused, match="payment_of_other_client"):
        unapplied.settle(payment=foreign.number, document="7", **WHO)
    unapplied.settle(payment=mine.number, document="7", **WHO)
    assert (owed(), open_now(), [text for text, _ in left()]) == ("0.00", {}, ["9.00", "77.00"])
    with pytest.raises(Refused, match="document_paid"):
        unapplied.settle(payment=mine.number, document="7", **WHO)
    with pytest.raises(Refused, match="document_unknown"):
        unapplied.settle(payment=mine.number, document="8", **WHO)


def test_what_was_put_on_the_wrong_invoice_is_taken_back_once() -> None:
    taken_over()
    taken_over("F 89/06/2026")
    came(Row(amount="200.00", text=NUMBER, ref="B-1"))  # 123.00 by the title, 77.00 too much
    (paid,) = models.Payment.objects.all()
    unapplied.settle(payment=paid.number, document="F 89/06/2026", **WHO)
    assert (owed(), open_now(), left()) == ("46.00", {"F 89/06/2026": "46.00"}, [])  # 246 - 200
    unapplied.take_back(payment=paid.number, document=NUMBER, **WHO)
    assert (owed(), left()) == ("169.00", [("123.00", "taken_back")])
    assert open_now() == {NUMBER: "123.00", "F 89/06/2026": "46.00"}
    with pytest.raises(Refused, match="not_put_there"):
        unapplied.take_back(payment=paid.number, document=NUMBER, **WHO)
    with pytest.raises(Refused, match="document_unknown"):
        unapplied.take_back(payment=paid.number, document="F 90/06/2026", **WHO)
    unapplied.settle(payment=paid.number, document="F 89/06/2026", **WHO)  # in two parts now: 77.00 and 46.00
    assert (owed(), open_now(), [text for text, _ in left()]) == ("123.00", {NUMBER: "123.00"}, ["77.00"])
    unapplied.take_back(payment=paid.number, document="F 89/06/2026", **WHO)
    assert (owed(), [text for text, _ in left()]) == ("246.00", ["200.00"])
    with pytest.raises(DatabaseError), transaction.atomic():
        models.OpeningRelease.objects.all().delete()


def test_what_paid_a_corrected_invoice_stays_there() -> None:
    taken_over()
    came(Row(amount="123.00", text=NUMBER, ref="B-1"))
    (draft,) = drafted("10.00")
    paid = models.Payment.objects.get()
    with pytest.raises(Refused, match="document_corrected"):
        unapplied.take_back(payment=paid.number, document=NUMBER, **WHO)
    corrections.void(numbers=[draft], on=AT.date(), **WHO)
    unapplied.take_back(payment=paid.number, document=NUMBER, **WHO)
    assert owed() == "123.00"
    with pytest.raises(Refused, match="correction_beyond_paid"):  # nothing of it is paid any more
        drafted("10.01")


def drafted(amount: str) -> list[str]:
    """Corrections of the first line that give back so much net."""
    span = (dt.date(2026, 9, 1), dt.date(2027, 1, 1))
    credit = correction.Credit(document=NUMBER, position=1, amount=pln(amount), span=span)
    made = corrections.draft(
        seller=polish(), credits=[credit], reason="decrease", cause="CH-1", key=amount, regime="at_once", **WHO
    )
    numbers = [each.number for each in made]
    corrections.issue(numbers=numbers, on=AT.date(), **WHO)
    return numbers


def test_a_correction_gives_back_what_was_paid_before_and_here_and_not_a_cent_more() -> None:
    # 23.00 of the first line and nothing of the second was paid before: 100.00 and 123.00 are open
    taken_over(paid=("23.00", "0.00"))
    with pytest.raises(Refused, match="correction_beyond_paid"):
        drafted("40.00")  # 49.20 gross
    came(Row(amount="89.20", text=NUMBER, ref="B-1"))
    # in proportion: 89.20 x 100 / 223 = 40.00 and 89.20 x 123 / 223 = 49.20
    settled = models.OpeningPaymentLine.objects.order_by("line__position")
    assert [each.amount_minor for each in settled] == [4000, 4920]
    (issued,) = chains.of_numbers(seller="zagroda", numbers=[NUMBER])
    assert [each.paid for each in issued.lines] == [pln("63.00"), pln("49.20")]
    (billed, _) = queries.billed_lines(service="S-1001", start_on=dt.date(2026, 9, 1), end_on=dt.date(2027, 1, 1))
    assert (billed.amount.gross, billed.paid.gross) == (pln("123.00"), pln("63.00"))
    with pytest.raises(Refused, match="correction_beyond_paid"):
        drafted("51.23")  # 63.01 gross
    numbers = drafted("40.00")
    corrections.credit(numbers=numbers, to="as_paid", **WHO)
    # 49.20 go back: as much as came here to the payment, which staff send back
    paid = models.Payment.objects.get(gateway="bank")
    assert (paid.unapplied_minor, paid.why_unapplied) == (4920, "given_back")
    assert (owed(), open_now()) == ("133.80", {NUMBER: "133.80"})  # 223.00 - 89.20, after as before the correction
    came(Row(amount="133.80", text=NUMBER, ref="B-2"), name="STM-2")
    assert (owed(), open_now()) == ("0.00", {})
    (issued,) = chains.of_numbers(seller="zagroda", numbers=[NUMBER])
    assert [each.paid for each in issued.lines] == [pln("123.00"), pln("123.00")]


def test_what_settled_it_never_changes() -> None:
    taken_over()
    came(Row(amount="1.00", text=NUMBER, ref="B-1"))
    for table in (models.OpeningPayment, models.OpeningPaymentLine):
        with pytest.raises(DatabaseError), transaction.atomic():
            table.objects.update(amount_minor=2)
    for changed in ({"owed_minor": 1}, {"settled_minor": 12301}):
        with pytest.raises(DatabaseError), transaction.atomic():
            models.OpeningBalance.objects.update(**changed)


def test_a_clients_own_account_needs_no_number() -> None:
    seller = polish()
    type(seller).objects.filter(pk=seller.pk).update(legal={"virtual_accounts": "10901014{client:016}"})
    taken_over("7")
    content = bank_files.camt(Row(amount="123.00", text="dziękuję"), account=bank_files.POLISH, currency="PLN")
    own = "<CdtrAcct><Id><IBAN>PL70109010140000000000001001</IBAN></Id></CdtrAcct></RltdPties>"
    content = content.replace(b"</RltdPties>", own.encode())
    statements.read_in(file=bank_files.file(content), name="x", sellers=None, at=AT, actor="staff:1")
    assert models.Payment.objects.get().client.number == "C-1001"  # "7" is too short: staff put it there
    taken_over("F 9/2026")
    (row,) = models.Payment.objects.all()
    unapplied.settle(payment=row.number, document="7", **WHO)
    content = content.replace(b"STM-1", b"STM-2").replace(b"2026-09-02", b"2026-09-01")
    statements.read_in(file=bank_files.file(content), name="x", sellers=None, at=AT, actor="staff:1")
    assert (owed(), open_now(), left()) == ("0.00", {}, [])


def test_money_of_no_seller_still_needs_an_order() -> None:
    taken_over()
    with pytest.raises(Refused, match="payment_matches_nothing"):
        payments.record(
            gateway="bank", external_id="1", amount=Money.of("1.00", "PLN"), reference=NUMBER, received_at=AT, **WHO
        )
