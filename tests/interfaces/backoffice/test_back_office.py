"""The staff's pages on the running code: the queue, one change, money, stuck work, votes, the clock of the demo."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planshift.billing import models as billing
from planshift.billing import statements
from planshift.catalog import models as sellers
from planshift.domain import letters
from planshift.procedures import help as help_pages
from planshift.procedures import mailbox, mailing, models, ports
from planshift.provisioning import models as machines
from planshift.runtime import clock, moves, runs
from planshift.runtime.models import AuditEntry, Run
from planshift.services import models as services
from tests.billing import bank_files
from tests.interfaces.backoffice import waiting

Enter, Ordered = Callable[..., Client], Callable[[str, str], str]
ITALIAN, POLISH = "personale", "obsluga"
KEY = "0123456789abcdef"


def text(answer) -> str:  # type: ignore[no-untyped-def]
    """What a reader sees: no tags, single spaces."""
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", plain.replace("\xa0", " ").replace("&#x27;", "'"))


def order_of(number: str) -> billing.Order:
    order = models.Change.objects.get(number=number).order
    assert order is not None
    return order


def make_stuck(number: str) -> str:
    """The run of a change, as a bug would leave it."""
    key = f"change:{number}"
    Run.objects.filter(key=key).update(state="STUCK", due_at=None, awaiting="", reason="ValueError: no such plan")
    return key


def test_the_start_page_leads_staff_to_the_queue(enter: Enter) -> None:
    browser = enter(ITALIAN)
    assert browser.get("/", follow=True).redirect_chain == [("/staff/", 302), ("/staff/changes/", 302)]
    page = text(browser.get("/staff/changes/"))
    assert "Nothing here" in page and "Back office" in page and "Business time:" in page


def test_queue_shows_the_change_with_total_and_whom_it_waits_for(enter: Enter, ordered: Ordered) -> None:
    number, browser = ordered("silver", "gold"), enter(ITALIAN)
    page = text(browser.get("/staff/changes/"))
    assert number in page and "Demo Pasticceria" in page and "Easy change" in page
    assert "€26.84" in page  # 22.00 x 1.22
    assert re.search(r"Waiting for payment 1 .* Client Waiting for payment", page)
    assert number in text(browser.get("/staff/changes/?state=payment"))
    assert number not in text(browser.get("/staff/changes/?state=staff"))
    assert browser.get("/staff/changes/?state=nonsense").status_code == 404
    assert browser.get("/staff/changes/?page=99999999&state=open").status_code == 200


def test_overdue_changes_come_first(enter: Enter, ordered: Ordered) -> None:
    late, soon = ordered("pointer", "gold"), ordered("silver", "gold")
    today = clock.business().date()
    for number, days in ((late, -3), (soon, 2)):
        row = models.Change.objects.get(number=number)
        moves.move(row, "paid", actor="test", at=clock.business(), promised_on=today + dt.timedelta(days=days))
    page = text(enter(ITALIAN).get("/staff/changes/"))
    assert page.index(late) < page.index(soon)
    assert page.count("Overdue") == 1


def test_the_queue_needs_the_same_statements_for_one_change_and_for_three(enter: Enter, ordered: Ordered) -> None:
    browser = enter(ITALIAN)
    browser.get("/staff/changes/")  # the session is read for the first time
    counts = []
    for code, plan in (("silver", "gold"), ("pointer", "gold"), ("first-day", "gold")):
        ordered(code, plan)
        clock.forget()  # read anew each time: how long the process remembers the clock must not decide
        with CaptureQueriesContext(connection) as seen:
            browser.get("/staff/changes/")
        counts.append(len(seen))
    assert counts[0] == counts[1] == counts[2]


def test_D2_a_transfer_booked_twice_from_one_form_pays_once_and_the_change_goes_on(
    enter: Enter, ordered: Ordered
) -> None:
    number, browser = ordered("silver", "gold"), enter(ITALIAN)
    order = order_of(number).number
    shown = browser.get(f"/staff/changes/{number}/").content.decode()
    assert 'value="26.84"' in shown
    form = {"key": re.findall(r'name="key" value="([0-9a-f]{32})"', shown)[0], "amount": "26.84", "change": number}
    for _ in range(2):
        answer = browser.post(f"/staff/orders/{order}/received/", form)
        assert answer.headers["Location"] == f"/staff/changes/{number}/"
    assert billing.Payment.objects.filter(order_number=order).count() == 1
    runs.drain()
    page = text(browser.get(f"/staff/changes/{number}/"))
    assert "Done" in page and "New parameters set" in page
    assert "Payment received" in page and "€26.84" in page
    user = get_user_model().objects.get(email=f"{ITALIAN}@demo.example")
    booked = AuditEntry.objects.get(kind="billing.payment", facts__order=order)
    assert booked.actor == f"user:{user.pk}"
    other_amount = browser.post(f"/staff/orders/{order}/received/", {**form, "amount": "1.00"})
    assert other_amount.status_code == 409 and "was recorded with another amount" in text(other_amount)


@pytest.mark.parametrize("amount", ["", "abc", "0", "-5", "1e9", "NaN", "26.845", "9" * 30, "٣"])
def test_amounts_that_are_none_book_nothing(enter: Enter, ordered: Ordered, amount: str) -> None:
    order = order_of(ordered("silver", "gold")).number
    answer = enter(ITALIAN).post(f"/staff/orders/{order}/received/", {"key": KEY, "amount": amount})
    assert answer.status_code == 409
    assert not billing.Payment.objects.filter(order_number=order).exists()


def test_part_payments_and_leftovers_are_on_the_page_of_payments(enter: Enter, ordered: Ordered) -> None:
    order, browser = order_of(ordered("silver", "gold")).number, enter(ITALIAN)
    browser.post(f"/staff/orders/{order}/received/", {"key": KEY, "amount": "20,00"})
    page = text(browser.get("/staff/orders/"))
    assert "€6.84 of €26.84" in page  # 26.84 - 20.00
    browser.post(f"/staff/orders/{order}/received/", {"key": KEY[::-1], "amount": "10.00"})
    page = text(browser.get("/staff/orders/"))
    assert "Everything is paid" in page
    assert "More than was due" in page and "€3.16 of €10.00" in page  # 10.00 - 6.84


def test_a_change_that_failed_is_carried_out_anew_with_a_reason(enter: Enter, ordered: Ordered) -> None:
    number, browser = ordered("silver", "gold"), enter(ITALIAN)
    row = models.Change.objects.get(number=number)
    moves.move(row, "paid", actor="test", at=clock.business())
    moves.move(row, "failed", actor="test", at=clock.business())
    assert "It could not be carried out" in text(browser.get(f"/staff/changes/{number}/"))
    assert number in text(browser.get("/staff/changes/?state=staff"))
    without = browser.post(f"/staff/changes/{number}/retry/", {"note": "  "})
    assert without.status_code == 409 and "Please give a reason." in text(without)
    assert browser.post(f"/staff/changes/{number}/retry/", {"note": "disk replaced"}).status_code == 302
    asked = AuditEntry.objects.get(event="retried")
    assert (asked.number, asked.note, asked.actor[:5]) == (number, "disk replaced", "user:")


def test_stuck_runs_are_retried_or_cancelled_with_a_reason(enter: Enter, ordered: Ordered) -> None:
    number, browser = ordered("silver", "gold"), enter(ITALIAN)
    key = make_stuck(number)
    page = text(browser.get("/staff/runs/"))
    assert key in page and "ValueError: no such plan" in page and "Workers Name State" in page
    assert browser.post("/staff/runs/decide/", {"run": key, "decision": "retry", "note": ""}).status_code == 409
    assert browser.post("/staff/runs/decide/", {"run": key, "decision": "skip", "note": "x"}).status_code == 409
    assert browser.post("/staff/runs/decide/", {"run": key, "decision": "retry", "note": "fixed"}).status_code == 302
    assert Run.objects.get(key=key).state == "READY"
    make_stuck(number)
    browser.post("/staff/runs/decide/", {"run": key, "decision": "cancel", "note": "client gave up"})
    assert Run.objects.get(key=key).state == "CANCELLED"
    assert models.Change.objects.get(number=number).state == "WITHDRAWN"  # never an open change without a run


def test_the_run_of_a_paid_change_cannot_be_cancelled_from_under_it(enter: Enter, ordered: Ordered) -> None:
    number, browser = ordered("silver", "gold"), enter(ITALIAN)
    moves.move(models.Change.objects.get(number=number), "paid", actor="test", at=clock.business())
    key = make_stuck(number)
    answer = browser.post("/staff/runs/decide/", {"run": key, "decision": "cancel", "note": "why not"})
    assert answer.status_code == 409 and "still under way" in text(answer)
    assert Run.objects.get(key=key).state == "STUCK"


def test_work_that_is_stuck_is_tried_again(enter: Enter) -> None:
    browser = enter(ITALIAN)
    row = machines.Execution.objects.filter(service__client__email="silver@demo.example").latest("pk")
    machines.Execution.objects.filter(pk=row.pk).update(state="STUCK", ended_at=None, step="create")
    assert row.number in text(browser.get("/staff/runs/"))
    form = {"decision": "retry", "note": "server is back"}
    assert browser.post(f"/staff/executions/{row.number}/decide/", form).status_code == 302
    row.refresh_from_db()
    assert row.state == "RUNNING"
    assert browser.post(f"/staff/executions/{row.number}/decide/", form).status_code == 409  # it is not stuck now
    odd = browser.post(f"/staff/executions/{row.number}/decide/", {"decision": "delete", "note": "x"})
    assert odd.status_code == 409


def test_D10_votes_are_counted_per_page_and_seller(enter: Enter) -> None:
    users = [user.pk for user in get_user_model().objects.order_by("pk")[:3]]
    for user_id, helped in zip(users, (True, True, False), strict=True):
        help_pages.vote(
            user_id=user_id,
            seller="demo-host-italia",
            page="downgrades",
            language="en",
            helped=helped,
            at=clock.business(),
        )
    assert re.search(r"downgrades Demo Host Italia 2 1 ", text(enter(ITALIAN).get("/staff/help-votes/")))
    assert "downgrades" not in text(enter(POLISH).get("/staff/help-votes/"))


def test_the_clock_is_pushed_only_where_it_can_be(enter: Enter, settings) -> None:  # type: ignore[no-untyped-def]
    browser, before = enter(ITALIAN), clock.business()
    assert "Push the clock ahead by" in text(browser.get("/staff/changes/"))
    assert browser.post("/staff/clock/", {"days": "7"}).status_code == 302
    assert 7 * 86_400 <= (clock.business() - before).total_seconds() < 7 * 86_400 + 300
    assert AuditEntry.objects.get(event="clock_moved").actor.startswith("user:")
    assert browser.post("/staff/clock/", {"days": "3650"}).status_code == 409
    settings.CLOCK_MOVABLE = False
    assert "Push the clock ahead by" not in text(browser.get("/staff/changes/"))
    assert browser.post("/staff/clock/", {"days": "1"}).status_code == 404


# ── who may see it ────────────────────────────────────────────────────────────────────────────────────────────────────
GETS = [
    "/staff/",
    "/staff/changes/",
    "/staff/changes/{change}/",
    "/staff/deadlines/",
    "/staff/drift/",
    "/staff/tasks/",
    "/staff/clients/",
    "/staff/clients/{client}/",
    "/staff/imports/",
    "/staff/prepaid/",
    "/staff/services/{service}/",
    "/staff/quotes/{quote}/",
    "/staff/payments/{payment}/",
    "/staff/orders/",
    "/staff/bank/",
    "/staff/mails/",
    "/staff/mails/{reply}/",
    "/staff/runs/",
    "/staff/runs/search/",
    "/staff/runs/of/{run}/",
    "/staff/help-votes/",
]
POSTS = [
    "/staff/changes/{change}/retry/",
    "/staff/changes/{change}/answer/",
    "/staff/changes/{change}/undo/",
    "/staff/changes/{change}/confirm/",
    "/staff/changes/{change}/pause/",
    "/staff/changes/{change}/resume/",
    "/staff/deadlines/seen/",
    "/staff/drift/look/",
    "/staff/drift/{difference}/decide/",
    "/staff/drift/accounts/{unknown}/dismiss/",
    "/staff/tasks/{task}/",
    "/staff/clients/{client}/prepaid/",
    "/staff/clients/{client}/credit/",
    "/staff/services/{service}/quote/",
    "/staff/quotes/{quote}/order/",
    "/staff/quotes/{quote}/kind/",
    "/staff/orders/{order}/received/",
    "/staff/invoices/{opened}/received/",
    "/staff/payments/{payment}/decide/",
    "/staff/payouts/{payout}/decide/",
    "/staff/tax/{tax}/seen/",
    "/staff/bank/import/",
    "/staff/imports/file/",
    "/staff/bank/{line}/accept/",
    "/staff/bank/{line}/explain/",
    "/staff/mails/{reply}/decide/",
    "/staff/mails/{mail}/again/",
    "/staff/runs/decide/",
    "/staff/executions/{execution}/decide/",
    "/staff/clock/",
]
FILES = ["/staff/changes/{change}/documents/{paper}.pdf", "/staff/changes/{change}/evidence.zip"]
OF_A_ROW = [path for path in GETS + FILES + POSTS if "{" in path and "{task}" not in path] + ["/staff/runs/decide/"]


def mails(client: str) -> dict[str, str]:
    """A mail to this client and an unclear reply to it."""
    letter = letters.Letter(subject="Demo", text="?")
    with transaction.atomic():
        sent = mailing.send(
            client=client, letter=letter, purpose="demo", key=KEY, at=clock.business(), actor="system:test"
        )
    subject = models.OutgoingMail.objects.get(number=sent).subject
    came = ports.Fetched(
        place=ports.Place(mailbox="test", validity=1, uid=1),
        received_at=clock.system(),
        raw=f"From: x@example.com\nSubject: Re: {subject}\n\nhm\n".encode(),
    )
    return {"mail": sent, "reply": mailbox.record(fetched=came, at=clock.business(), actor="system:test")}


def statement_line(seller: sellers.Seller) -> str:
    """A debit on the seller's bank account that nothing explains."""
    told = bank_files.camt(bank_files.Row(amount="1.00", side="DBIT"), account=seller.bank_account)
    statements.read_in(file=bank_files.file(told), name="x", sellers=None, at=clock.business(), actor="system:test")
    return billing.StatementLine.objects.get().number


def everything(number: str) -> tuple[dict[str, str], dict[str, str]]:
    execution = machines.Execution.objects.filter(service__client__email="silver@demo.example").latest("pk").number
    row = models.Change.objects.select_related("quote", "service", "client__seller").get(number=number)
    payment = billing.Payment.objects.create(
        number="P-1-TEST",
        seller=row.client.seller,
        client=row.client,
        gateway="bank",
        external_id="test",
        amount_minor=100,
        unapplied_minor=100,
        currency="EUR",
        why_unapplied="no_order",
        recorded_at=clock.business(),
        received_at=clock.business(),
    )
    names = {
        "change": number,
        "tax": waiting.otherwise(change=row),
        "payout": waiting.payout(change=row),
        "opened": waiting.unpaid_invoice(change=row),
        "order": order_of(number).number,
        "run": f"change:{number}",
        "difference": str(waiting.difference(execution)),
        "unknown": str(waiting.unknown_account(execution)),
        "task": "0123abcd",
        "execution": execution,
        "payment": payment.number,
        "paper": "KD-1",
        "line": statement_line(row.client.seller),
    }
    names |= mails(row.client.number)
    names |= {
        "quote": row.quote.number,
        "service": row.service.number,
        "client": row.client.number,
    }
    form = {"note": "x", "decision": "retry", "run": f"change:{number}", "key": KEY, "amount": "26.84", "days": "1"}
    return names, {**form, "plan": "gold", "kind": "hard", "how": "telephone"}


def test_every_url_of_the_back_office_is_in_these_lists() -> None:
    from planshift.interfaces.backoffice import urls

    listed = {re.sub(r"\{\w+\}", "<>", path.removeprefix("/staff/")) for path in GETS + FILES + POSTS}
    assert {re.sub(r"<[^>]+>", "<>", str(each.pattern)) for each in urls.urlpatterns} == listed


def test_nobody_but_staff_comes_in(enter: Enter, ordered: Ordered) -> None:
    names, form = everything(ordered("silver", "gold"))
    make_stuck(names["change"])
    stranger, owner = Client(), enter("silver")
    for path in GETS + FILES:
        assert stranger.get(path.format(**names)).headers["Location"].startswith("/account/login/"), path
        assert owner.get(path.format(**names)).status_code == 404, path
    for path in POSTS:
        assert stranger.post(path.format(**names), form).headers["Location"].startswith("/account/login/"), path
        assert owner.post(path.format(**names), form).status_code == 404, path


def test_another_sellers_rows_are_not_there(enter: Enter, ordered: Ordered) -> None:
    names, form = everything(ordered("silver", "gold"))
    make_stuck(names["change"])
    other = enter(POLISH)
    for path in OF_A_ROW:
        answer = other.get(path.format(**names)) if path in GETS + FILES else other.post(path.format(**names), form)
        assert answer.status_code == 404, path
    for path in GETS:
        if path not in OF_A_ROW:
            shown = text(other.get(path.format(**names), follow=True))
            assert not any(each in shown for each in names.values()), path
    assert not billing.Payment.objects.filter(order_number=names["order"]).exists()
    assert Run.objects.get(key=f"change:{names['change']}").state == "STUCK"


def test_writes_need_post_and_the_forms_token(enter: Enter, ordered: Ordered) -> None:
    names, form = everything(ordered("silver", "gold"))
    unprotected, strict = enter(ITALIAN), enter(ITALIAN, csrf=True)
    for path in POSTS:
        assert unprotected.get(path.format(**names)).status_code == 405, path
        assert strict.post(path.format(**names), form).status_code == 403, path


@pytest.mark.parametrize("language", ["pl", "it"])
def test_every_page_speaks_the_languages(enter: Enter, ordered: Ordered, language: str) -> None:
    names, _ = everything(ordered("silver", "gold"))
    browser = enter(ITALIAN, language=language)
    for path in GETS:
        page = browser.get(path.format(**names), follow=True)
        assert page.status_code == 200 and f'lang="{language}"' in page.content.decode(), path
        assert "Back office" not in text(page)


def test_a_person_without_any_role_is_a_stranger(enter: Enter) -> None:
    browser = enter(ITALIAN)
    services.StaffRole.objects.all().delete()
    assert browser.get("/staff/changes/").status_code == 404
