"""What staff do for a client: paths that are theirs alone (H2), and easy or hard decided by them (H3)."""

import re
from collections.abc import Callable

from django.test import Client

from planshift.billing import models as billing
from planshift.procedures import models
from planshift.procedures.reconciling import quotes
from planshift.runtime import runs
from planshift.runtime.models import AuditEntry
from planshift.services import models as services

Enter, Ordered, Number = Callable[..., Client], Callable[[str, str], str], Callable[[str], str]
STAFF, OTHER_SELLERS_STAFF = "personale", "obsluga"
KEY = "0123456789abcdef"
NOTE = "No new server is needed: the site stays where it is."


def text(answer) -> str:  # type: ignore[no-untyped-def]
    """What a reader sees: no tags, single spaces."""
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", plain.replace("\xa0", " ").replace("&#x27;", "'"))


def quoted(browser: Client, service: str, plan: str, *, door: str = "") -> str:
    """The number of the quote that this form makes."""
    answer = browser.post(f"{door}/services/{service}/quote/", {"plan": plan})
    assert answer.status_code == 302, text(answer)
    return answer.headers["Location"].rstrip("/").rsplit("/", 1)[1]


def notices_of(browser: Client, quote: str) -> list[str]:
    """The codes of the notices that the page of staff wants ticked."""
    return re.findall(r'name="ack" value="(\w+)"', browser.get(f"/staff/quotes/{quote}/").content.decode())


# ── H2: some paths only by staff ──────────────────────────────────────────────────────────────────────────────────────
def test_H2_what_only_staff_may_order_is_shown_with_its_price_and_cannot_be_ordered_in_the_panel(
    enter: Enter, service_of: Number
) -> None:
    client, service = enter("silver"), service_of("silver")
    page = text(client.get(f"/services/{service}/plans/"))
    assert "Ask us This change is arranged by our staff. Please write to us." in page
    assert "which our staff set up together with the client" in page  # the policy's reason
    answer = client.post(f"/services/{service}/quote/", {"plan": "vps-m", "asked_by": "staff"})
    assert answer.status_code == 409 and "This change is arranged by our staff" in text(answer)
    assert models.Quote.objects.count() == 0


def test_H2_staff_order_for_the_client_who_sees_it_pays_it_and_gets_it(
    enter: Enter, service_of: Number, work: Callable[[], None]
) -> None:
    staff, client, service = enter(STAFF), enter("silver"), service_of("silver")
    owner = services.Client.objects.get(email="silver@demo.example").number
    assert f"/staff/clients/{owner}/" in staff.get("/staff/clients/?q=pasticceria").content.decode()
    assert f"/staff/services/{service}/" in staff.get(f"/staff/clients/{owner}/").content.decode()
    assert "VPS M" in text(staff.get(f"/staff/services/{service}/"))
    quote = quoted(staff, service, "vps-m", door="/staff")
    # (300.00 - 69.00) x 4 / 12 = 77.00, + 10.00 set-up = 87.00 net, x 1.22 = 106.14
    assert "€106.14" in text(staff.get(f"/staff/quotes/{quote}/"))
    ticked = notices_of(staff, quote)
    assert {"new_address", "backups", "old_data_removed"} <= set(ticked)

    form = {"how": "telephone", "note": "Ms Demo, on the telephone today", "key": KEY}
    for missing in ({"ack": ticked[1:]}, {"ack": ticked, "how": "dream"}, {"ack": ticked, "note": " "}):
        assert staff.post(f"/staff/quotes/{quote}/order/", {**form, **missing}).status_code == 409
    assert models.Change.objects.count() == 0
    for _ in range(2):  # a double click
        answer = staff.post(f"/staff/quotes/{quote}/order/", {**form, "ack": ticked})
        assert answer.status_code == 302
    change = models.Change.objects.get()
    assert (change.ordered_how, change.ordered_note) == ("telephone", "Ms Demo, on the telephone today")
    kept = change.acknowledgements.values_list("notice", "by", "language")
    assert sorted(kept) == sorted((code, change.ordered_by, "en") for code in ticked)
    work()

    seen = text(client.get(f"/changes/{change.number}/"))
    assert "Our staff ordered this for you Ms Demo, on the telephone today" in seen
    assert change.order is not None and change.execution is None  # nothing before it is paid (D2)
    assert "Still to pay €106.14" in text(client.get(f"/orders/{change.order.number}/"))
    paid = {"key": KEY, "amount": "106.14", "change": change.number}
    staff.post(f"/staff/orders/{change.order.number}/received/", paid)
    work()
    change.refresh_from_db()
    assert change.state == "AWAITING_EXECUTION" and change.execution is not None
    assert change.execution.recipe == "HARD"
    assert "By telephone" in text(staff.get(f"/staff/changes/{change.number}/"))


def test_H2_a_quote_of_staff_waits_in_the_panel_and_the_client_acknowledges_and_orders_it(
    enter: Enter, service_of: Number
) -> None:
    staff, client, service = enter(STAFF), enter("silver"), service_of("silver")
    quote = quoted(staff, service, "vps-s", door="/staff")
    assert "Our staff made a quote for you VPS S" in text(client.get(f"/services/{service}/"))
    assert client.post(f"/quotes/{quote}/order/", {"key": KEY}).status_code == 422  # notices first (H9)
    ticked = re.findall(r'name="ack" value="(\w+)"', client.get(f"/quotes/{quote}/").content.decode())
    assert client.post(f"/quotes/{quote}/order/", {"key": KEY, "ack": ticked}).status_code == 302
    change = models.Change.objects.get()
    assert (change.ordered_how, change.quote.number) == ("", quote)
    assert "Our staff made a quote for you" not in text(client.get(f"/services/{service}/"))


def test_H2_no_client_and_no_other_seller_comes_through_the_door_of_staff(enter: Enter, service_of: Number) -> None:
    service = service_of("silver")
    for code in ("silver", OTHER_SELLERS_STAFF):
        assert enter(code).post(f"/staff/services/{service}/quote/", {"plan": "vps-m"}).status_code == 404
    assert models.Quote.objects.count() == 0


# ── H3: staff override ────────────────────────────────────────────────────────────────────────────────────────────────
def test_H3_staff_make_a_quoted_hard_change_easy_with_a_note_that_the_client_reads(
    enter: Enter, service_of: Number
) -> None:
    staff, client, service = enter(STAFF), enter("pointer"), service_of("pointer")
    old = quoted(client, service, "gold")
    assert "€72.04" in text(client.get(f"/quotes/{old}/"))  # 59.05 x 1.22 = 72.041
    without = staff.post(f"/staff/quotes/{old}/kind/", {"kind": "easy", "note": " "})
    assert without.status_code == 409 and "Please give a reason." in text(without)
    answer = staff.post(f"/staff/quotes/{old}/kind/", {"kind": "easy", "note": NOTE})
    new = answer.headers["Location"].rstrip("/").rsplit("/", 1)[1]
    page = text(client.get(f"/quotes/{new}/"))
    assert "€59.84" in page  # (135.00 - 36.90) x 6 / 12 = 49.05, without the set-up; x 1.22 = 59.841
    assert f"Easy change Decided by our staff: {NOTE}" in page
    assert "Please confirm that you know" not in page  # nothing moves: no notice of a hard change applies
    before = text(client.get(f"/quotes/{old}/"))
    assert "takes the place of this one" in before and "Order with obligation to pay" not in before
    assert client.post(f"/quotes/{old}/order/", {"key": KEY}).status_code == 409
    assert models.Change.objects.count() == 0
    assert "Our staff made a quote for you Gold" in text(client.get(f"/services/{service}/"))
    assert client.post(f"/quotes/{new}/order/", {"key": KEY}).status_code == 302
    change = models.Change.objects.get()
    assert (change.kind, change.quote.number) == ("easy", new)
    written = AuditEntry.objects.get(event="kind_decided")
    assert (written.number, written.note, written.facts) == (old, NOTE, {"from": "hard", "to": "easy", "quote": new})
    assert written.actor.startswith("user:")


def test_H3_an_ordered_but_unpaid_change_is_withdrawn_for_the_new_quote_hard_with_its_set_up_and_notices(
    enter: Enter, ordered: Ordered
) -> None:
    staff, client, number = enter(STAFF), enter("silver"), ordered("silver", "gold")
    old = models.Change.objects.get(number=number).quote.number
    assert "Make it a hard change" in text(staff.get(f"/staff/changes/{number}/"))
    answer = staff.post(f"/staff/quotes/{old}/kind/", {"kind": "hard", "note": "The old server is full."})
    new = answer.headers["Location"].rstrip("/").rsplit("/", 1)[1]
    runs.drain()
    change = models.Change.objects.get(number=number)
    assert change.state == "WITHDRAWN" and change.order is not None and change.order.state == "WITHDRAWN"
    assert new in client.get(f"/changes/{number}/").content.decode()
    page = text(client.get(f"/quotes/{new}/"))
    assert "€39.04" in page  # (22.00 + 10.00 set-up) x 1.22
    assert "Please confirm that you know" in page and "The old server is full." in page
    again = staff.post(f"/staff/quotes/{old}/kind/", {"kind": "hard", "note": "once more"})
    assert again.status_code == 409 and "is over" in text(again)  # one new quote, not two
    assert models.Quote.objects.count() == 2


def test_H3_after_payment_the_price_never_rises(enter: Enter, ordered: Ordered) -> None:
    staff, number = enter(STAFF), ordered("silver", "gold")
    order = billing.Order.objects.get(change__number=number).number
    staff.post(f"/staff/orders/{order}/received/", {"key": KEY, "amount": "26.84"})
    rising = models.Change.objects.get(number=number).quote.number
    for said in ("can never raise its price (by €12.20)", "it is in force"):  # the set-up: 10.00 x 1.22; carried out
        answer = staff.post(f"/staff/quotes/{rising}/kind/", {"kind": "hard", "note": "x"})
        assert answer.status_code == 409 and said in text(answer)
        runs.drain()
    assert models.Quote.objects.count() == 1 and not AuditEntry.objects.filter(event="kind_decided").exists()


def test_H3_a_paid_hard_change_is_made_easy_by_a_corrective_invoice_and_carried_out_in_place(
    enter: Enter, ordered: Ordered, work: Callable[[], None]
) -> None:
    staff, client, number = enter(STAFF), enter("pointer"), ordered("pointer", "gold")
    order = billing.Order.objects.get(change__number=number).number
    staff.post(f"/staff/orders/{order}/received/", {"key": KEY, "amount": "72.04"})
    work()
    change = models.Change.objects.select_related("execution", "quote").get(number=number)
    assert change.execution is not None and change.execution.recipe == "HARD"  # the new environment is being made
    paid = change.quote.number
    answer = staff.post(f"/staff/quotes/{paid}/kind/", {"kind": "easy", "note": NOTE})
    assert answer.status_code == 302, text(answer)
    work()
    change = models.Change.objects.select_related("execution", "quote__replaces").get(number=number)
    assert (change.state, change.kind, change.service.plan) == ("DONE", "easy", "gold")
    assert change.execution is not None and change.execution.recipe == "EASY"
    assert change.quote.replaces is not None and change.quote.replaces.number == paid
    papers = billing.Invoice.objects.filter(client=change.client, order__number=order).order_by("pk")
    (invoice,) = papers.filter(kind="invoice")
    correction = billing.Invoice.objects.get(corrects=invoice)
    # the set-up alone is taken off: 10.00 net, 2.20 of VAT
    assert (invoice.net_minor, invoice.gross_minor) == (5905, 7204)
    assert (correction.net_minor, correction.gross_minor) == (-1000, -1220)
    row = billing.Correction.objects.get(document=correction)
    assert (row.reason, row.state, row.credited_to) == ("price_lowered", "CREDITED", "as_paid")
    assert correction.number in text(client.get(f"/changes/{number}/"))
    assert billing.Payment.objects.get(client=change.client, order_number=order).unapplied_minor == 1220
    again = staff.post(f"/staff/quotes/{change.quote.number}/kind/", {"kind": "hard", "note": "x"})
    assert again.status_code == 409
    assert list(quotes.differences(after=0, until=change.pk, seller="")) == []


def test_H3_what_is_not_offered_cannot_be_decided_into_being_offered(enter: Enter, service_of: Number) -> None:
    staff, quote = enter(STAFF), quoted(enter("pointer"), service_of("pointer"), "gold")
    for kind in ("refused", "", "HARD", "easy'"):
        assert staff.post(f"/staff/quotes/{quote}/kind/", {"kind": kind, "note": "x"}).status_code == 409
    same = staff.post(f"/staff/quotes/{quote}/kind/", {"kind": "hard", "note": "x"})
    assert same.status_code == 409 and "It is that kind of change already." in text(same)
    assert enter(OTHER_SELLERS_STAFF).post(f"/staff/quotes/{quote}/kind/", {"kind": "easy"}).status_code == 404
    assert models.Quote.objects.get().state == "OPEN"


def test_H3_a_decrease_that_waits_for_its_acceptance_is_decided_anew_and_never_breaks_the_page(
    enter: Enter, service_of: Number, work: Callable[[], None]
) -> None:
    client, number = enter("decrease"), service_of("decrease")
    quote = quoted(client, number, "standard")
    ordered = client.post(f"/quotes/{quote}/order/", {"key": KEY, "ack": ["decrease_after_acceptance"]})
    assert ordered.status_code == 302, text(ordered)
    work()
    change = models.Change.objects.get()
    assert change.state == "AWAITING_ACCEPTANCE"
    staff = enter(OTHER_SELLERS_STAFF)  # of the Polish seller
    answer = staff.post(f"/staff/quotes/{quote}/kind/", {"kind": "hard", "note": NOTE, "key": KEY})
    assert answer.status_code == 302, text(answer)
    change.refresh_from_db()
    new = models.Quote.objects.get(replaces__number=quote)
    assert (change.state, new.offer and new.state) == ("WITHDRAWN", "OPEN")


def test_numbers_of_any_length_in_a_form_of_staff_are_refused_in_words(enter: Enter, service_of: Number) -> None:
    staff, number = enter(STAFF), service_of("silver")
    for months in ("0012" + "0" * 5000, "0012" + "9" * 20, "9" * 400, "0", "121", "٣", "-1", "1.5"):
        answer = staff.post(f"/staff/services/{number}/quote/", {"months": months})
        assert (answer.status_code, models.Quote.objects.count()) == (409, 0), months[:9]
