"""Statements in the back office: uploaded, matched, suggestions accepted with one click, debits explained."""

import datetime as dt
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from planshift.billing import models, queries
from planshift.catalog import models as catalog
from planshift.interfaces.cli import statements as command
from planshift.procedures import bank
from planshift.procedures import models as procedures
from planshift.procedures.queries import bank as looking
from planshift.procedures.views import bank as views
from planshift.runtime import clock, runs
from tests.billing import bank_files
from tests.billing.bank_files import Row

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]


def day() -> str:
    """Today, as banks write it."""
    return clock.business().date().isoformat()


def of_change(number: str) -> models.Order:
    return models.Order.objects.get(subject=number)


def camt(order: models.Order, *rows: Row, name: str = "STM-1", account: str = "") -> bytes:
    return bank_files.camt(
        *rows, account=account or order.seller.bank_account, currency=order.currency, version="08", name=name
    )


def lacking(order: models.Order) -> str:
    return queries.order(number=order.number).missing.text


def upload(browser: Client, content: bytes) -> HttpResponse:
    return browser.post("/staff/bank/import/", {"statement": SimpleUploadedFile("bank/../statement.xml", content)})


def form(browser: Client, action: str) -> dict[str, str]:
    """The hidden fields of the form on the page that goes to an address that ends so."""
    text = browser.get("/staff/bank/").content.decode()
    found = re.search(rf'<form[^>]*action="(/staff/bank/[^"]+{action})"[^>]*>(.*?)</form>', text, re.DOTALL)
    assert found, text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', found[2]))
    return {"action": found[1], **fields}


def press(browser: Client, fields: dict[str, str], **more: str) -> HttpResponse:
    return browser.post(fields["action"], {**fields, **more})


def test_D2_a_statement_file_pays_the_order_and_only_in_full_is_the_change_executed(
    enter: Enter, ordered: Callable[..., str], work: Callable[[], None]
) -> None:
    change = ordered("silver", "gold")
    order = of_change(change)
    assert procedures.Change.objects.get(number=change).state == "AWAITING_PAYMENT"
    spaced = " ".join(re.findall(".{1,4}", order.payment_reference))
    whole, part = queries.order(number=order.number).missing, "1.00"
    rest = (whole - type(whole).of(part, whole.currency)).text
    browser = enter("personale")
    short = camt(order, Row(amount=rest, structured=order.payment_reference, ref="B-1", day=day()))
    assert upload(browser, short).status_code == 302
    work()
    assert procedures.Change.objects.get(number=change).state == "AWAITING_PAYMENT"  # short by 1.00: nothing moves
    both = camt(
        order,
        Row(amount=rest, structured=order.payment_reference, ref="B-1", day=day()),
        Row(amount=part, text=f"rest {spaced}", ref="B-2", day=day()),
        name="STM-2",
    )
    assert upload(browser, both).status_code == 302
    work()
    assert procedures.Change.objects.get(number=change).state in ("AWAITING_RETIREMENT", "DONE")
    ours = models.Payment.objects.filter(order_number=order.number)
    before = (ours.count(), models.StatementLine.objects.count())
    told = browser.post("/staff/bank/import/", {"statement": SimpleUploadedFile("again.xml", both)}, follow=True)
    assert "0 new lines" in told.content.decode()
    assert (ours.count(), models.StatementLine.objects.count()) == before == (2, 2)


def test_D2_a_polish_statement_pays_a_polish_order(
    enter: Enter, ordered: Callable[..., str], work: Callable[[], None]
) -> None:
    change = ordered("auto-off", "professional")
    order = of_change(change)
    whole = queries.order(number=order.number).missing
    today = clock.business().date()
    title = order.payment_reference  # of 25 signs at most, cut by the bank after the 11th
    credit = (
        f":61:{today:%y%m%d}{today:%m%d}C{whole.text.replace('.', ',')}NTRFNONREF//B-1\r\n"
        f":86:020~00PRZELEW~20ZA USLUGE {title[:11]}\r\n~21{title[11:]}~32{order.client.name}~38{bank_files.PAYER}"
    )
    balances = (f":60F:C{today:%y%m%d}PLN0,00", f":62F:C{today:%y%m%d}PLN{whole.text.replace('.', ',')}")
    content = bank_files.mt940(credit, account=order.seller.bank_account[2:], balances=balances)
    assert upload(enter("obsluga"), content).status_code == 302
    work()
    assert queries.order(number=order.number).state == "PAID"
    assert procedures.Change.objects.get(number=change).state in ("AWAITING_RETIREMENT", "DONE")


def test_one_click_pays_what_a_suggestion_says(
    enter: Enter, ordered: Callable[..., str], work: Callable[[], None]
) -> None:
    change = ordered("silver", "gold")
    order = of_change(change)
    browser = enter("personale")
    upload(browser, camt(order, Row(amount=lacking(order), text="za zmiane", party=order.client.name, day=day())))
    (waits,) = queries.unapplied(seller=order.seller.code)
    assert (waits.client, waits.why_unapplied) == ("", "no_order")
    page = browser.get("/staff/bank/").content.decode()
    assert "same amount · same name" in re.sub(r"\s+", " ", page)
    fields = form(browser, "/accept/")
    assert fields["order"] == order.number
    assert press(browser, fields).status_code == 302
    assert press(browser, fields).status_code == 302  # the form sent twice is one action
    work()
    assert procedures.Change.objects.get(number=change).state in ("AWAITING_RETIREMENT", "DONE")
    assert queries.unapplied(seller=order.seller.code) == ()
    assert queries.payment(number=waits.number).client == order.client.number


def test_the_same_account_as_before_is_a_suggestion(enter: Enter, ordered: Callable[..., str]) -> None:
    order = of_change(ordered("silver", "gold"))
    browser = enter("personale")
    first = Row(amount="1.00", text=order.client.number, party="X", ref="B-1", day=day())
    second = Row(amount="2.00", text="?", party="Y", ref="B-2", day=day())
    stranger = Row(amount="2.00", text="?", party="Z", ref="B-3", day=day(), account=bank_files.OTHER_PAYER)
    upload(browser, camt(order, first, second, stranger))
    found = {each.bank_reference: each for each in _page(order).credits}
    assert [each.because for each in found["B-1"].suggestions] == [("client", "account")]
    assert [each.because for each in found["B-2"].suggestions] == [("account",)]
    assert found["B-3"].suggestions == ()


def _page(order: models.Order) -> views.Bank:
    return looking.page(sellers=(order.seller.code,), number=1)


def test_a_debit_is_matched_to_the_return_or_explained(enter: Enter, ordered: Callable[..., str]) -> None:
    order = of_change(ordered("silver", "gold"))
    browser = enter("personale")
    upload(browser, camt(order, Row(amount="7.00", text=order.client.number, ref="B-1", day=day())))
    back, fee = (
        Row(amount="7.00", side="DBIT", ref="B-2", day=day()),
        Row(amount="3.00", side="DBIT", ref="B-3", day=day()),
    )
    upload(browser, camt(order, back, fee, name="STM-2"))
    (payment,) = queries.unapplied(seller=order.seller.code)
    fields = form(browser, "/explain/")
    assert fields["payment"] == payment.number
    assert press(browser, fields).status_code == 302
    assert press(browser, fields).status_code == 302
    assert queries.unapplied(seller=order.seller.code) == ()
    assert models.LineMatch.objects.filter(kind="return", payment__number=payment.number).count() == 1
    fields = form(browser, "/explain/")
    assert press(browser, fields).status_code == 409  # without a note
    assert press(browser, fields, note="fee of the bank").status_code == 302
    assert models.LineMatch.objects.get(kind="other").note == "fee of the bank"
    assert press(browser, {**fields, "key": "f" * 32}, note="again").status_code == 409


def test_a_debit_that_does_not_fit_books_nothing(enter: Enter, ordered: Callable[..., str]) -> None:
    order = of_change(ordered("silver", "gold"))
    browser = enter("personale")
    rows = (
        Row(amount="7.00", text=order.client.number, ref="B-1", day=day()),
        Row(amount="6.99", side="DBIT", day=day()),
    )
    upload(browser, camt(order, *rows))
    (payment,) = queries.unapplied(seller=order.seller.code)
    fields = form(browser, "/explain/")
    assert press(browser, fields, payment=payment.number).status_code == 409
    assert queries.payment(number=payment.number).unapplied.text == "7.00"
    assert not models.LineMatch.objects.filter(kind="return").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"<html></html>", b"\x00" * 50])
def test_a_file_that_is_no_statement_is_refused_in_words(enter: Enter, content: bytes) -> None:
    answer = upload(enter("personale"), content)
    assert answer.status_code == 409
    assert not models.Statement.objects.exists()


def test_only_statements_of_the_own_account(enter: Enter, ordered: Callable[..., str]) -> None:
    order = of_change(ordered("silver", "gold"))
    answer = upload(enter("personale"), camt(order, Row(amount="1.00"), account=bank_files.OTHER_PAYER))
    assert answer.status_code == 409
    assert bank_files.OTHER_PAYER in answer.content.decode()


def test_another_sellers_lines_do_not_exist(enter: Enter, ordered: Callable[..., str]) -> None:
    order = of_change(ordered("silver", "gold"))
    browser = enter("personale")
    upload(browser, camt(order, Row(amount="1.00", day=day()), Row(amount="1.00", side="DBIT", day=day())))
    credit, debit = form(browser, "/accept/") if lacking(order) == "1.00" else {}, form(browser, "/explain/")
    other = catalog.Seller.objects.exclude(pk=order.seller_id).values_list("code", flat=True)
    line = models.StatementLine.objects.get(direction="credit").number
    with pytest.raises(bank.NotFound):
        bank.accept(
            sellers=tuple(other), line=line, order=order.number, key="k" * 32, at=clock.business(), actor="user:9"
        )
    with pytest.raises(bank.NotFound):
        bank.was_other(
            sellers=tuple(other),
            line=debit["action"].split("/")[3],
            note="x",
            key="k" * 32,
            at=clock.business(),
            actor="user:9",
        )
    assert credit == {}
    assert enter("silver").get("/staff/bank/").status_code == 404
    assert enter("silver").post("/staff/bank/import/").status_code == 404
    assert Client().post("/staff/bank/import/").status_code == 302


def test_the_number_of_statements_does_not_depend_on_the_lines(
    enter: Enter, ordered: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "CACHE_SECONDS", 600.0)  # it is read by time, not by lines
    order = of_change(ordered("silver", "gold"))
    browser = enter("personale")
    counts = []
    for count in (3, 20):
        rows = [
            Row(amount=f"{each}.10", ref=f"B-{each}", side=side, day=day())
            for each in range(1, count)
            for side in ("CRDT", "DBIT")
        ]
        upload(browser, camt(order, *rows, name=f"STM-{count}"))
        browser.get("/staff/bank/")  # the message that it was imported is shown once
        with CaptureQueriesContext(connection) as asked:
            assert browser.get("/staff/bank/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("language", "title"), [("en", "Money in that serves"), ("pl", "Wpływy"), ("it", "Entrate")])
def test_the_page_speaks_three_languages(enter: Enter, language: str, title: str) -> None:
    assert title in enter("personale", language=language).get("/staff/bank/").content.decode()


# ── the folder ────────────────────────────────────────────────────────────────────────────────────────────────────────
def put(folder: Path, name: str, content: bytes, *, seconds_ago: float = 60) -> Path:
    path = folder / name
    path.write_bytes(content)
    then = clock.system().timestamp() - seconds_ago
    os.utime(path, (then, then))
    return path


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_watched_folder(
    demo: dt.datetime, ordered: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = of_change(ordered("silver", "gold"))
    content = camt(order, Row(amount=lacking(order), text=order.number, ref="B-1", day=day()))
    put(tmp_path, "one.xml", content)
    put(tmp_path, "bad.xml", b"<Document/>")
    put(tmp_path, "coming.xml", content, seconds_ago=0)  # still being written
    put(tmp_path, "half.xml.part", content)
    assert command.main(["import", "--watch", str(tmp_path), "--once"]) == 1
    expected = ["coming.xml", "done/one.xml", "failed/bad.xml", "failed/bad.xml.reason.txt", "half.xml.part"]
    assert names(tmp_path) == expected
    assert (tmp_path / "failed/bad.xml.reason.txt").read_text() == "statement_unreadable why=format where=\n"
    assert queries.order(number=order.number).state == "PAID"
    put(tmp_path, "one.xml", content)  # the bank gives the same name again
    assert command.main(["import", "--watch", str(tmp_path), "--once"]) == 0
    assert "one.xml: 0 new, 1 known" in capsys.readouterr().out
    assert "done/one-2.xml" in names(tmp_path)


def test_the_worker_looks_into_the_folder(demo: dt.datetime, ordered: Callable[..., str], tmp_path: Path) -> None:
    order = of_change(ordered("silver", "gold"))
    put(tmp_path, "one.xml", camt(order, Row(amount=lacking(order), text=order.number, ref="B-1", day=day())))
    with override_settings(STATEMENTS_FOLDER=str(tmp_path)):
        runs.start(kind=bank.KIND, key="bank_statements:now", subject="now")
        runs.drain()
    assert names(tmp_path) == ["done/one.xml"]
    assert queries.order(number=order.number).state == "PAID"


def test_the_command_says_what_it_did(
    demo: dt.datetime, ordered: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = of_change(ordered("silver", "gold"))
    good = put(
        tmp_path, "one.xml", camt(order, Row(amount="1.00", day=day()), Row(amount="2.00", side="DBIT", day=day()))
    )
    assert command.main(["import", str(good)]) == 0
    assert capsys.readouterr().out == "one.xml: 2 new (0 paid an order, 1 debits), 0 known\n"
    assert command.main(["import", str(good), str(tmp_path / "none.xml")]) == 1
    assert "none.xml: No such file or directory" in capsys.readouterr().err
