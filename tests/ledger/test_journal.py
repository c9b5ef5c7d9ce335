"""The ledger: balanced by construction, append-only, never below a floor."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from planshift.domain import posting_examples, postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances, journal, models
from planshift.runtime import bulk

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 9, 1, 22, 30, tzinfo=dt.UTC)


def eur(text: str) -> Money:
    return Money.of(text, "EUR")


def entry(key: str, posting: postings.Posting) -> journal.Entry:
    return journal.Entry(key=key, posting=posting, on=AT.date(), at=AT, actor="system:test")


def opened(amount: str, *, client: str = "C-1", key: str = "") -> journal.Entry:
    made = postings.deposit_opened(seller="x", client=client, amount=eur(amount))
    return entry(key or f"{client}/{amount}", made)


def deposit(client: str = "C-1") -> str:
    return balances.of_client(client=client, kind="deposit", currency="EUR").text


def test_stored_balances_follow_the_transfers() -> None:
    journal.post_many(entries=[opened("10.00"), opened("5.50")])
    journal.post_many(entries=[entry("draw", postings.deposit_drawn(client="C-1", amount=eur("15.49")))])
    assert deposit() == "0.01"
    assert balances.of_client(client="C-1", kind="held", currency="EUR") == eur("15.49")
    assert balances.summed(account=postings.client_account(client="C-1", kind="deposit", currency="EUR")) == eur("0.01")
    assert balances.of_seller(seller="x", kind="opening", currency="EUR") == eur("15.50")
    assert balances.differences() == {}


def test_below_the_floor_nothing_is_written() -> None:
    journal.post_many(entries=[opened("10.00")])
    with pytest.raises(Refused) as refused:
        journal.post_many(
            entries=[opened("3.00"), entry("draw", postings.deposit_drawn(client="C-1", amount=eur("13.01")))]
        )
    reason = refused.value.reasons[0]
    assert (reason.code, reason.facts["available_minor"], reason.facts["wanted_minor"]) == (
        "balance_too_low",
        1000,
        1001,
    )
    assert deposit() == "10.00"
    assert models.Transfer.objects.count() == 1


def test_only_the_end_of_a_batch_counts() -> None:
    draw = entry("draw", postings.deposit_drawn(client="C-1", amount=eur("10.00")))
    journal.post_many(entries=[draw, opened("10.00")])
    assert deposit() == "0.00"


def test_the_database_itself_refuses_a_balance_below_the_floor() -> None:
    journal.post_many(entries=[opened("10.00")])
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Account.objects.filter(kind="deposit").update(balance_minor=-1)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Account.objects.filter(kind="deposit").update(balance_minor=None)
    assert deposit() == "10.00"


def test_the_same_thing_is_not_booked_twice() -> None:
    journal.post_many(entries=[opened("10.00", key="once")])
    with pytest.raises(IntegrityError), transaction.atomic():
        journal.post_many(entries=[opened("10.00", key="once")])
    assert deposit() == "10.00"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transfer SET amount_minor = 1",
        "DELETE FROM ledger_transfer",
        "UPDATE ledger_account SET code = 'x'",
        "UPDATE ledger_account SET floor_minor = -100000",
        "DELETE FROM ledger_account",
    ],
)
def test_what_was_booked_stays(statement: str) -> None:
    journal.post_many(entries=[opened("10.00")])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("_case", ["over nothing", "to itself"])
def test_a_transfer_moves_something_between_two_accounts(_case: str) -> None:
    journal.post_many(entries=[opened("10.00")])
    row = models.Transfer.objects.get()
    row.pk, row.entry = None, "other"
    if _case == "over nothing":
        row.amount_minor = 0
    else:
        row.credit_id = row.debit_id
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_planted_cent_is_found() -> None:
    journal.post_many(entries=[opened("10.00")])
    models.Account.objects.filter(kind="deposit").update(balance_minor=1001)
    assert balances.differences() == {"client:C-1:deposit:EUR": (1001, 1000)}


def test_seller_wide_balances_have_no_stored_row_to_queue_for() -> None:
    issued = postings.invoice_issued(seller="x", client="C-1", net=eur("22.00"), tax=eur("4.84"))
    journal.post_many(entries=[entry("i", issued)])
    assert set(models.Account.objects.filter(balance_minor__isnull=True).values_list("code", flat=True)) == {
        "seller:x:revenue:EUR",
        "seller:x:vat:EUR",
    }
    assert balances.of_seller(seller="x", kind="vat", currency="EUR") == eur("4.84")
    assert balances.of_seller(seller="x", kind="vat", currency="EUR", until=AT.date()) == eur("0")
    assert balances.of_client(client="C-1", kind="receivable", currency="EUR") == eur("26.84")


def test_many_entries_take_as_many_statements_as_one() -> None:
    with CaptureQueriesContext(connection) as one:
        journal.post_many(entries=[opened("1.00", client="C-0")])
    many = [opened("1.00", client=f"C-{n}") for n in range(1, 60)]
    with CaptureQueriesContext(connection) as sixty:
        journal.post_many(entries=many)
    # a COPY of new accounts has a savepoint around it: two statements more, and one less to read them back
    assert len(sixty) == len(one) + (1 if connection.vendor == "postgresql" else 0)
    assert balances.of_kind(kind="deposit").keys() == {f"C-{n}" for n in range(60)}


def test_accounts_that_somebody_else_opens_in_the_same_moment_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the opening; the database's unique code decides."""
    opens = journal._opened

    def slowly(account: postings.Account) -> models.Account:
        monkeypatch.setattr(journal, "_opened", opens)
        models.Account.objects.create(
            code="client:C-7:deposit:EUR", owner="client:C-7", kind="deposit", currency="EUR", balance_minor=500,
            floor_minor=0,
        )  # fmt: skip
        return opens(account)

    monkeypatch.setattr(bulk, "WORTH", 1)
    monkeypatch.setattr(journal, "_opened", slowly)
    journal.post_many(entries=[opened("1.00", client=f"C-{n}") for n in range(6, 9)])
    assert balances.of_client(client="C-7", kind="deposit", currency="EUR") == eur("6.00")  # 5.00 and 1.00
    assert balances.of_client(client="C-8", kind="deposit", currency="EUR") == eur("1.00")


def test_a_statement_comes_in_pages() -> None:
    journal.post_many(entries=[opened(f"{n}.00", key=str(n)) for n in range(1, 6)])
    first = balances.statement(client="C-1", limit=2)
    second = balances.statement(client="C-1", before=first[-1].id, limit=2)
    assert [m.amount.text for m in (*first, *second)] == ["5.00", "4.00", "3.00", "2.00"]
    assert balances.statement(client="C-2") == ()


@pytest.mark.parametrize(
    ("_case", "make"),
    [
        ("nothing moves", lambda: postings.deposit_drawn(client="C-1", amount=eur("0"))),
        ("negative", lambda: postings.deposit_drawn(client="C-1", amount=eur("-1"))),
        (
            "a client's account of a seller",
            lambda: postings.seller_account(seller="x", kind="deposit", currency="EUR"),
        ),
    ],
)
def test_postings_that_cannot_be(_case: str, make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]
    assert not models.Transfer.objects.exists()


def test_a_tax_of_nothing_is_no_transfer() -> None:
    made = postings.invoice_issued(seller="x", client="C-1", net=eur("22.00"), tax=eur("0"))
    assert [(t.credit.kind, t.amount) for t in made.transfers] == [("revenue", eur("22.00"))]


def test_every_posting_is_explained_with_an_example() -> None:
    makers = {
        name
        for name, value in vars(postings).items()
        if callable(value) and getattr(value, "__annotations__", {}).get("return") in ("Posting", postings.Posting)
    } - {"_posting", "_received", "_left", "_within"}
    assert {posting.name for posting, _ in posting_examples.examples()} == makers
    assert all(when for _, when in posting_examples.examples())


def test_what_nobody_owns_is_found_with_the_accounts_of_its_client_and_no_balance_of_others() -> None:
    journal.post_many(entries=[opened("10.00"), opened("5.00", client="C-2")])
    mine, theirs = (postings.client_account(client=each, kind="deposit", currency="EUR") for each in ("C-1", "C-2"))
    (opening,) = (t.debit for t in opened("1.00").posting.transfers)
    with CaptureQueriesContext(connection) as said:
        held = journal.lock_owner(owner=mine.owner, beside=[opening, theirs, mine])
    assert len(said) == 1
    assert {code: row.balance_minor for code, row in held.rows.items()} == {mine.code: 1000, opening.code: None}
    assert held.rows[opening.code].pk == models.Account.objects.get(code=opening.code).pk
    with CaptureQueriesContext(connection) as said:
        assert journal.lock(accounts=[mine, opening], held=held).rows == held.rows
    assert len(said) == 0
