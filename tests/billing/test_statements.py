"""Bank statements become payments: what each kind of line ends as, and what importing again changes (nothing)."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from planshift.billing import models, payments, queries, statements, unapplied
from planshift.domain.errors import Refused
from tests.billing import bank_files, people
from tests.billing.bank_files import Row
from tests.billing.people import AT, WEEK, eur

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def take(*rows: Row, at: dt.datetime = AT + 2 * DAY, name: str = "STM-1", **told: str) -> statements.Imported:
    """Import a CAMT.053 file of the Italian seller."""
    content = bank_files.file(bank_files.camt(*rows, name=name, **told))
    return statements.read_in(file=content, name="statement.xml", sellers=None, at=at, actor="user:1")


def waiting() -> models.Order:
    """An order over 26.84 EUR (22.00 net, 22 %)."""
    return people.order(people.client(people.italian()))


def left() -> list[tuple[str, str]]:
    """What waits for staff: amount and why."""
    return [(view.unapplied.text, view.why_unapplied) for view in queries.unapplied(seller="vicolo")]


def totals() -> tuple[int, ...]:
    tables = (models.Payment, models.StatementLine, models.LineMatch, models.Statement)
    return tuple(table.objects.count() for table in tables)


@pytest.mark.parametrize(
    "title",
    [
        "{number}",
        "{reference}",
        "zapłata za zamówienie {number}, dziękuję",
        "{spaced}",
        "{broken}",
        "{lower}",
    ],
)
def test_an_order_is_paid_however_its_reference_is_written(title: str) -> None:
    order = waiting()
    whole = order.payment_reference
    forms = {
        "number": order.number,
        "reference": whole,
        "spaced": " ".join(whole[start : start + 4] for start in range(0, len(whole), 4)),
        "broken": f"{order.number[:9]}\n{order.number[9:]}",
        "lower": order.number.lower().replace("-", " "),
    }
    done = take(Row(amount="26.84", text=title.format(**forms), ref="B-1"))
    assert (done.new, done.matched, done.known) == (1, 1, 0)
    assert queries.order(number=order.number).state == "PAID"
    assert left() == []


def test_the_structured_reference_and_the_end_to_end_id_count_too() -> None:
    order = waiting()
    take(Row(amount="20.00", structured=order.payment_reference, ref="B-1"))
    take(Row(amount="6.84", end_to_end=order.number, ref="B-2"))
    assert queries.order(number=order.number).state == "PAID"


def test_a_reference_at_the_end_of_a_long_title_is_found() -> None:
    order = waiting()
    take(Row(amount="26.84", text="x" * 240 + " " + order.number, ref="B-1"))
    assert queries.order(number=order.number).state == "PAID"


def test_a_mistyped_reference_pays_nothing() -> None:
    order = waiting()
    wrong = order.number[:-1] + ("A" if order.number[-1] != "A" else "B")
    take(Row(amount="26.84", text=wrong, ref="B-1"))
    assert queries.order(number=order.number).state == "AWAITING_PAYMENT"
    assert left() == [("26.84", "no_order")]


def test_short_then_the_rest_then_too_much() -> None:
    order = waiting()
    take(Row(amount="20.00", text=order.number, ref="B-1"))
    assert queries.order(number=order.number).missing == eur("6.84")  # 26.84 - 20.00
    take(Row(amount="10.00", text=order.number, ref="B-2"), name="STM-2")
    assert queries.order(number=order.number).state == "PAID"
    assert left() == [("3.16", "too_much")]  # 10.00 - 6.84


def test_paid_twice_late_and_in_another_currency() -> None:
    order = waiting()
    take(Row(amount="26.84", text=order.number, ref="B-1"), Row(amount="26.84", text=order.number, ref="B-2"))
    assert left() == [("26.84", "paid_twice")]
    late = people.order(order.client, subject="CH-2", signal_key="change:CH-2")
    take(Row(amount="26.84", text=late.number, ref="B-3", day="2026-09-09"), at=WEEK + DAY)  # WEEK is 8 September
    assert left()[0] == ("26.84", "too_late")
    other = people.order(order.client, subject="CH-3", signal_key="change:CH-3")
    take(Row(amount="26.84", text=other.number, ref="B-4"), currency="USD")
    assert left()[0] == ("26.84", "other_currency")
    assert queries.order(number=other.number).state == "AWAITING_PAYMENT"


def test_a_transfer_of_the_last_day_is_in_time_though_the_statement_comes_later() -> None:
    order = waiting()  # until 8 September, 10:00 UTC
    take(Row(amount="26.84", text=order.number, ref="B-1", day="2026-09-08"), at=WEEK + DAY)
    assert queries.order(number=order.number).state == "PAID"


def test_a_clients_number_names_the_client() -> None:
    client = people.client(people.italian())
    take(Row(amount="5.00", text="for C-1001", ref="B-1"))
    (view,) = queries.unapplied(seller="vicolo")
    assert (view.client, view.why_unapplied) == (client.number, "no_order")


def test_the_same_file_again_changes_nothing() -> None:
    order = waiting()
    rows = (
        Row(amount="26.84", text=order.number),
        Row(amount="3.00"),
        Row(amount="3.00"),
        Row(amount="1.00", side="DBIT"),
    )
    first = take(*rows)
    assert (first.new, first.credits, first.debits, first.matched) == (4, 3, 1, 1)
    before = totals()
    again = take(*rows, at=AT + 5 * DAY)
    assert (again.new, again.known, again.statements) == (0, 4, first.statements)
    assert totals() == before == (3, 4, 3, 1)


def test_an_overlapping_statement_adds_only_what_is_new() -> None:
    people.italian()
    old, same, new = (
        Row(amount="1.00", ref="B-1"),
        Row(amount="2.00", text="no reference"),
        Row(amount="3.00", ref="B-3"),
    )
    take(old, same)
    done = take(same, new, name="STM-2")
    assert (done.new, done.known) == (1, 1)
    assert sorted(text for text, _ in left()) == ["1.00", "2.00", "3.00"]


def test_an_import_that_broke_off_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    people.italian()
    rows = [Row(amount=f"{number}.00", ref=f"B-{number}") for number in range(1, 6)]
    real, calls = payments.record, []

    def dies(**fields: object) -> models.Payment:
        calls.append(fields)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(**fields)

    monkeypatch.setattr(payments, "record", dies)
    with pytest.raises(KeyboardInterrupt):
        take(*rows)
    assert totals() == (2, 2, 2, 1)
    done = take(*rows)
    assert (done.new, done.known) == (3, 2)
    assert totals() == (5, 5, 5, 1)


def test_what_staff_booked_by_hand_is_not_booked_again() -> None:
    order = waiting()
    by_hand = payments.mark_transfer_received(
        order=order.number, amount=eur("26.84"), received_at=AT, key="form-1", at=AT, actor="user:1"
    )
    take(Row(amount="26.84", text=order.number, ref="B-1"))
    assert models.LineMatch.objects.get().payment == by_hand
    assert left() == []
    take(Row(amount="26.84", text=order.number, ref="B-2"), name="STM-2")  # a second real transfer is one more payment
    assert left() == [("26.84", "paid_twice")]


def test_a_return_is_matched_by_number_or_by_account() -> None:
    order = waiting()
    take(Row(amount="30.00", text=order.number, ref="B-1"))  # 3.16 too much
    (over,) = queries.unapplied(seller="vicolo")
    back = Row(amount="3.16", side="DBIT", ref="B-2")
    first = take(back, name="STM-2")  # nothing was booked as returned yet: staff see the debit
    assert (first.debits, models.LineMatch.objects.count()) == (1, 1)
    unapplied.return_money(payment=over.number, at=AT + 3 * DAY, actor="user:1")
    take(Row(amount="3.16", side="DBIT", ref="B-3"), name="STM-3")
    match = models.LineMatch.objects.get(kind="return")
    assert (match.payment.number, match.line.bank_reference) == (over.number, "B-3")
    take(Row(amount="3.16", side="DBIT", ref="B-4", account="", text=over.number), name="STM-4")
    assert models.LineMatch.objects.filter(kind="return").count() == 1  # one return, one debit


def test_a_strange_account_changes_nothing() -> None:
    order = waiting()
    with pytest.raises(Refused, match="statement_account_unknown"):
        take(Row(amount="26.84", text=order.number), account=bank_files.OTHER_PAYER)
    assert totals() == (0, 0, 0, 0)


def test_staff_of_one_seller_import_nothing_for_another() -> None:
    waiting()
    people.polish()
    content = bank_files.camt(Row(amount="26.84"))
    with pytest.raises(Refused, match="statement_account_unknown"):
        statements.read_in(file=bank_files.file(content), name="x", sellers=["zagroda"], at=AT, actor="user:1")
    assert totals() == (0, 0, 0, 0)


def test_an_account_of_two_sellers_is_not_guessed() -> None:
    seller = people.italian()
    people.polish()
    type(seller).objects.filter(code="zagroda").update(bank_account=seller.bank_account)
    with pytest.raises(Refused, match="statement_account_shared"):
        take(Row(amount="1.00"))


@pytest.mark.parametrize("content", [b"", b"date;amount", b"<html/>", bank_files.camt(Row(amount="1.00"))[:-40]])
def test_a_file_that_cannot_be_read_changes_nothing(content: bytes) -> None:
    people.italian()
    with pytest.raises(Refused, match="statement_unreadable"):
        statements.read_in(file=bank_files.file(content), name="x", sellers=None, at=AT, actor="user:1")
    assert totals() == (0, 0, 0, 0)


def test_signs_that_no_database_keeps_do_no_harm() -> None:
    people.polish()
    block = ":61:2609020902C5,00NTRFNONREF//B-1\r\n:86:020~20za\x00usluge\x07~32" + "N" * 200
    content = bank_files.mt940(block, balances=(":60F:C260901PLN0,00", ":62F:C260902PLN5,00"))
    done = statements.read_in(file=bank_files.file(content), name="x" * 300, sellers=None, at=AT, actor="user:1")
    assert done.new == 1
    assert models.StatementLine.objects.get().text == "za usluge"


def test_what_the_bank_said_never_changes() -> None:
    people.italian()
    take(Row(amount="1.00", ref="B-1"))
    for table in (models.Statement, models.StatementLine, models.LineMatch):
        with pytest.raises(DatabaseError), transaction.atomic():
            table.objects.update(number="x") if table is not models.LineMatch else table.objects.update(note="x")
        with pytest.raises(DatabaseError), transaction.atomic():
            table.objects.all()._raw_delete(table.objects.db)


def test_known_lines_cost_no_statement_each() -> None:
    people.italian()
    few, many = ([Row(amount="1.00", ref=f"B-{number}") for number in range(count)] for count in (2, 40))
    for rows in (few, many):
        take(*rows)
        with CaptureQueriesContext(connection) as asked:
            take(*rows)
        assert len(asked) == 3  # sellers, the statement, the lines that are known


@pytest.mark.parametrize("day", ["0001-01-01", "1950-01-01", "2030-01-01", "9999-12-31"])
def test_a_day_that_no_statement_of_today_can_tell_of_is_unreadable(day: str) -> None:
    order = waiting()
    before = totals()
    with pytest.raises(Refused) as refused:
        take(Row(amount="26.84", text=order.number, ref="B-1", day=day))
    assert [each.code for each in refused.value.reasons] == ["statement_unreadable"]
    assert totals() == before and queries.order(number=order.number).state == "AWAITING_PAYMENT"
