"""The deposit from outside (D11): topped up over the bank, no fee, renews nothing, listed with balances, paid back."""

import csv
import datetime as dt
import io
import re

import pypdf
import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planshift.billing import deposits
from planshift.billing import models as billing
from planshift.billing import queries as papers
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import deposit as doing
from planshift.procedures import queries
from planshift.procedures.queries import deposit
from planshift.procedures.reconciling import running
from planshift.runtime import clock
from planshift.services import register
from tests.billing import bank_files
from tests.interfaces.api import known
from tests.stories import test_undone as undone
from tests.stories.conftest import Stage

IBAN = "PL61109010140000071219812874"
POLSKA = "demo-chmura-polska"


def enter(code: str) -> Client:
    browser = Client()
    browser.force_login(get_user_model().objects.get(email=f"{code}@demo.example"))
    browser.cookies["django_language"] = "en"
    return browser


def pln(text: str) -> Money:
    return Money.of(text, "PLN")


def text(content: bytes) -> str:
    plain = re.sub(r"<[^>]+>", " ", content.decode())
    return re.sub(r"\s+", " ", plain.replace("\xa0", " ").replace("&#x27;", "'"))


def client_of(stage: Stage, label: str) -> str:
    return stage.service(label).client.number


def kept(client: str, kind: str = "deposit") -> Money:
    return balances.of_client(client=client, kind=kind, currency="PLN")


def ask(client: str, amount: str, *, key: str = "0123456789abcdef") -> str:
    return doing.ask(
        client=client,
        amount=pln(amount),
        holder="Demo Piekarnia",
        iban=IBAN,
        key=key,
        at=clock.business(),
        actor="user:1",
    )


def decide(browser: Client, number: str, **form: str) -> int:
    page = browser.get("/staff/orders/").content.decode()
    found = re.search(rf'/staff/payouts/{number}/decide/".*?name="key" value="([0-9a-f]+)"', page, re.DOTALL)
    key = found[1] if found else "0123456789abcdef"
    return browser.post(f"/staff/payouts/{number}/decide/", {"key": key, **form}).status_code


def test_D11_topped_up_by_transfer_it_renews_nothing_has_a_receipt_and_is_paid_back(stage: Stage) -> None:
    browser, client = enter("deposit"), client_of(stage, "vps1.piekarnia")
    before = stage.page("vps1.piekarnia").card
    ordered = browser.post("/payments/top-up/", {"amount": "120,00", "key": "0123456789abcdef"})
    order = ordered.headers["Location"].split("/")[2]
    assert browser.get(f"/orders/{order}/receipt.pdf").status_code == 404  # not paid yet
    row = billing.Order.objects.select_related("seller").get(number=order)
    file = bank_files.camt(
        bank_files.Row(amount="120.00", text=order, day=clock.business().date().isoformat()),
        account=row.seller.bank_account,
        currency="PLN",
    )
    uploaded = enter("obsluga").post("/staff/bank/import/", {"statement": SimpleUploadedFile("a.xml", file)})
    assert uploaded.status_code == 302
    stage.work()
    assert kept(client) == pln("620.00")  # 500.00 + 120.00
    assert stage.page("vps1.piekarnia").card == before  # nothing is renewed by itself
    assert not billing.Invoice.objects.filter(order=row).exists()  # no fee, no VAT
    paper = pypdf.PdfReader(io.BytesIO(browser.get(f"/orders/{order}/receipt.pdf").content)).pages[0].extract_text()
    assert "Potwierdzenie doładowania" in paper and "120,00" in paper and "nie jest faktura" in paper

    asked = browser.post(
        "/payments/deposit/payouts/",
        {"amount": "620.00", "holder": "Demo Piekarnia", "iban": "PL61 1090 1014 0000 0712 1981 2874", "key": "a" * 32},
    )
    assert asked.status_code == 302
    payout = billing.Payout.objects.get()
    assert (kept(client), kept(client, "payout")) == (pln("0.00"), pln("620.00"))  # set aside: nobody can spend it
    assert (payout.iban, payout.due_at - payout.requested_at > dt.timedelta(days=14)) == (IBAN, True)
    assert decide(enter("obsluga"), payout.number, decision="sent") == 302
    assert (kept(client), kept(client, "payout")) == (pln("0.00"), pln("0.00"))
    assert billing.Payout.objects.get().state == "PAID_OUT"
    assert balances.differences() == {} and list(running.differences()) == []


def test_the_list_runs_in_business_time_with_the_balance_after_each_movement(stage: Stage) -> None:
    client = client_of(stage, "vps.warsztat")
    page = deposit.page(client=client)
    assert [each.at for each in page.rows] == sorted((each.at for each in page.rows), reverse=True)
    assert page.rows[0].balance == page.balance == pln("40.00")
    for newer, older in zip(page.rows, page.rows[1:], strict=False):
        assert older.balance == newer.balance - newer.amount
    assert page.rows[-1].balance == page.rows[-1].amount
    movements = queries.money(client=client, at=clock.business()).postings.rows
    assert [each.at for each in movements] == sorted((each.at for each in movements), reverse=True)  # type: ignore[attr-defined]


def test_pages_and_periods_leave_nothing_out_and_count_nothing_twice(stage: Stage) -> None:
    client = client_of(stage, "vps1.piekarnia")
    for n in range(5):  # several in one instant
        doing.withdraw(
            client=client,
            number=ask(client, f"{n + 1}.00", key=f"key-{n}-0123456789"),
            at=clock.business(),
            actor="user:1",
        )
    whole, seen, cursor = deposit.page(client=client, size=100).rows, [], ""
    for _ in range(20):
        part = deposit.page(client=client, size=3, cursor=cursor)
        seen += part.rows
        cursor = part.next
        if not cursor:
            break
    assert tuple(seen) == whole and len(whole) == 11  # the top-up, five times set aside and back
    today = clock.business().date()
    assert deposit.page(client=client, end_on=today).rows == whole[-1:]
    assert deposit.page(client=client, start_on=today).rows == whole[:-1]
    with CaptureQueriesContext(connection) as few:
        deposit.page(client=client, size=2)
    with CaptureQueriesContext(connection) as many:
        deposit.page(client=client, size=100)
    assert len(few) == len(many)


def test_a_statement_opens_and_closes_where_the_movements_say(stage: Stage) -> None:
    client, browser = client_of(stage, "vps1.piekarnia"), enter("deposit")
    ask(client, "100.00")
    today = clock.business().date()
    query = f"?from={today}&to={today}"
    told = list(csv.DictReader(io.StringIO(browser.get(f"/payments/deposit/statement.csv{query}").content.decode())))
    assert [(row["code"], row["amount"], row["balance"]) for row in told] == [
        ("opening_balance", "", "500.00"),
        ("payout_reserved", "-100.00", "400.00"),
    ]
    paper = pypdf.PdfReader(io.BytesIO(browser.get(f"/payments/deposit/statement.pdf{query}").content))
    shown = paper.pages[0].extract_text().replace("\xa0", " ").replace("−", "-")
    for part in ("Wyciąg z Salda Kaucji", "01.09.2026 – 01.09.2026", "500,00", "-100,00", "400,00", client):
        assert part in shown
    api = known.caller(POLSKA)
    found = api.get(f"/clients/{client}/deposit/statement?from={today}&to={today + dt.timedelta(days=1)}").json()
    assert (found["opening"], found["closing"]) == ("500.00", "400.00")
    assert [each["balance"] for each in found["movements"]] == ["400.00"]
    wrong = api.get(f"/clients/{client}/deposit/statement?from={today}&to={today}")
    assert (wrong.status_code, wrong.json()["reasons"][0]["code"]) == (409, "period_unreadable")


def test_a_statement_without_days_ends_with_the_sellers_day(stage: Stage) -> None:
    client, browser = client_of(stage, "vps1.piekarnia"), enter("deposit")
    with clock.stopped(at=dt.datetime(2026, 9, 1, 22, 30, tzinfo=dt.UTC)):  # the second of September in Warsaw
        ask(client, "100.00")
        told = list(csv.DictReader(io.StringIO(browser.get("/payments/deposit/statement.csv").content.decode())))
    assert (told[-1]["code"], told[-1]["balance"]) == ("payout_reserved", "400.00")


def test_money_set_aside_cannot_be_spent_and_comes_back_when_the_client_or_staff_say_no(stage: Stage) -> None:
    client = client_of(stage, "vps1.piekarnia")
    first = ask(client, "400.00")
    with pytest.raises(Refused) as refused:
        ask(client, "100.01", key="another-key-0123456")
    assert refused.value.code == "deposit_too_low"
    assert ask(client, "400.00") == first  # the same key again is the same payout
    browser = enter("deposit")
    assert browser.post(f"/payments/deposit/payouts/{first}/withdraw/").status_code == 302
    assert browser.post(f"/payments/deposit/payouts/{first}/withdraw/").status_code == 302  # a double click
    assert kept(client) == pln("500.00")
    second = ask(client, "500.00", key="third-key-012345678")
    staff = enter("obsluga")
    assert decide(staff, second, decision="refuse") == 409  # a reason is needed
    assert decide(staff, second, decision="refuse", note="The account is not yours") == 302
    assert decide(staff, second, decision="sent", key="f" * 32) == 409  # it is over
    assert kept(client) == pln("500.00")
    assert "The account is not yours" in text(browser.get("/payments/deposit/").content)
    assert list(running.differences()) == []


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"amount": "500.01"}, "does not cover"),
        ({"amount": "0"}, "Give an amount such as 50.00."),
        ({"amount": "1e3"}, "Give an amount such as 50.00."),
        ({"iban": "PL61109010140000071219812875"}, "is no IBAN"),
        ({"holder": " "}, "who owns the bank account"),
    ],
)
def test_a_payout_that_cannot_be_made_changes_nothing(stage: Stage, form: dict[str, str], code: str) -> None:
    asked = {"amount": "10.00", "holder": "Demo", "iban": IBAN, "key": "b" * 32, **form}
    answer = enter("deposit").post("/payments/deposit/payouts/", asked)
    assert answer.status_code == 422 and code in text(answer.content)
    assert not billing.Payout.objects.exists()


def test_nobody_reads_or_takes_back_anothers(stage: Stage) -> None:
    client = client_of(stage, "vps1.piekarnia")
    number = ask(client, "10.00")
    other, italian = enter("short"), enter("silver")
    assert other.post(f"/payments/deposit/payouts/{number}/withdraw/").status_code == 404
    assert number not in text(other.get("/payments/deposit/").content)
    assert italian.get("/payments/deposit/").status_code == 404  # this seller keeps no deposits
    assert enter("personale").post(f"/staff/payouts/{number}/decide/", {"key": "c" * 32}).status_code == 404
    sibling = known.caller(POLSKA, client=client_of(stage, "vps.kawiarnia"))
    assert sibling.get(f"/clients/{client}/deposit/payouts").status_code == 404
    api = known.caller(POLSKA, client=client)
    (told,) = api.get(f"/clients/{client}/deposit/payouts").json()["payouts"]
    assert (told["number"], told["state"], told["amount"]) == (number, "REQUESTED", "10.00")
    assert api.post(f"/clients/{client}/deposit/payouts/{number}/withdraw").json()["state"] == "WITHDRAWN"
    made = api.post(
        f"/clients/{client}/deposit/payouts",
        {"amount": "20.00", "currency": "PLN", "holder": "Demo", "iban": IBAN},
        idempotency_key="k-1",
    )
    assert (made.status_code, made.json()["amount"]) == (201, "20.00")


def test_D4_what_a_correction_gives_back_pays_at_once_for_who_waits_for_it(stage: Stage) -> None:
    """One client, two services: a paid change of the first is given up, and the second one's waits for a deposit."""
    label = "vps1.piekarnia"  # auto-renewal on, 500.00 in the deposit
    first = stage.service(label)
    second = register.add_service(
        client=first.client, label="vps2.piekarnia", family=first.family, plan=first.plan, months=12,
        start_on=clock.business().date(), auto_renew=True, at=clock.business(), actor="test",
    )  # fmt: skip
    undone.refuse(stage, label)
    given_up = stage.order(stage.quote(label, "professional"))
    at, client = clock.business(), first.client.number
    rest = balances.of_client(client=client, kind="deposit", currency="PLN")
    doing.ask(client=client, amount=rest, holder="Demo", iban=IBAN, key="all" * 8, at=at, actor="user:1")
    waits = stage.order(stage.quote("vps2.piekarnia", "professional"))
    wanted, back = (papers.order(number=each.order).total.gross for each in (waits, given_up))
    # twelve months of the second cost more than eight of the first: without what comes back it does not suffice
    deposits.open_with(client=first.client, amount=wanted - back, key="rest", at=at, actor="test")
    stage.work()
    states = [stage.change(each.number).state for each in (given_up, waits)]
    assert (states, second.auto_renew) == (["AWAITING_STAFF", "AWAITING_PAYMENT"], True)
    undone.give_up(stage, given_up.number)
    assert stage.change(given_up.number).state == "UNDONE"
    assert papers.order(number=waits.order).state == "PAID"  # nobody pressed anything
    assert balances.of_client(client=client, kind="deposit", currency="PLN") == pln("0.00")
