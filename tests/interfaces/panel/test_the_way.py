"""A demo client's way through the panel on the running code: service, plans, quote, order, payment, change, invoice."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from planshift.procedures import models
from planshift.provisioning import models as provisioning

Enter, Number, Work = Callable[..., Client], Callable[[str], str], Callable[[], None]


def text(answer) -> str:  # type: ignore[no-untyped-def]
    """What a reader sees: no tags, single spaces."""
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", plain.replace("\xa0", " ").replace("&#x27;", "'"))


def quoted(browser: Client, service: str, plan: str) -> str:
    answer = browser.post(f"/services/{service}/quote/", {"plan": plan})
    assert answer.status_code == 302
    return answer.headers["Location"].split("/")[2]


def acknowledged() -> dict[str, object]:
    kept = models.Quote.objects.get()
    return {"ack": [notice["code"] for notice in _notices(kept.offer)], "key": "0123456789abcdef"}


def _notices(stored: object) -> list[dict[str, str]]:
    found = re.findall(r'"code": "([a-z_]+)"', str(stored).replace("'", '"'))
    known = {"new_address", "new_environment", "data_lost", "content_transfer", "old_data_removed", "backups",
             "no_recovery", "site_interruption", "attached_end"}  # fmt: skip
    return [{"code": code} for code in dict.fromkeys(found) if code in known]


def test_H7_easy_quote_shows_the_figures_and_how_to_recompute_them(enter: Enter, service_of: Number) -> None:
    browser, service = enter("silver"), service_of("silver")
    plans = text(browser.get(f"/services/{service}/plans/"))
    assert "€26.84 €22.00 net + €4.84 VAT" in plans  # 22.00 x 1.22 = 26.84
    assert "Easy change" in plans
    assert "A change to a cheaper plan is not offered." in plans  # H12: why not, in words
    page = text(browser.get(f"/quotes/{quoted(browser, service, 'gold')}/"))
    assert "(135.00 − 69.00) × 4 / 12 = €22.00" in page
    assert "22.00 × 22 / 100 = €4.84" in page
    assert "€22.00" in page and "To pay today €26.84" in page
    assert "Next renewal €164.70" in page  # 135.00 x 1.22
    assert "Rule H7" in page and "Rule H8" in page


def test_H9_without_every_notice_there_is_no_order(enter: Enter, service_of: Number) -> None:
    browser = enter("pointer")
    quote = quoted(browser, service_of("pointer"), "gold")
    codes = acknowledged()["ack"]
    assert isinstance(codes, list) and len(codes) >= 7
    refused = browser.post(f"/quotes/{quote}/order/", {"ack": codes[1:], "key": "0123456789abcdef"})
    assert refused.status_code == 422
    assert "Tick every box first" in text(refused)
    assert models.Change.objects.count() == 0
    taken = browser.post(f"/quotes/{quote}/order/", {"ack": codes, "key": "0123456789abcdef"})
    assert taken.status_code == 302
    stored = models.Acknowledgement.objects.filter(notice="content_transfer").get()
    assert (stored.language, stored.text.splitlines()[0]) == ("en", "You move your content")


def test_a_double_click_and_a_second_tab_order_once(enter: Enter, service_of: Number) -> None:
    browser = enter("silver")
    quote = quoted(browser, service_of("silver"), "gold")
    first = browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    again = browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    other_tab = browser.post(f"/quotes/{quote}/order/", {"key": "fedcba9876543210"})
    assert first.headers["Location"] == again.headers["Location"] == other_tab.headers["Location"]
    assert models.Change.objects.count() == 1


def test_D2_nothing_changes_before_payment_and_the_order_says_how_to_pay(
    enter: Enter, service_of: Number, work: Work
) -> None:
    browser, service = enter("silver"), service_of("silver")
    before = provisioning.Execution.objects.count()
    quote = quoted(browser, service, "gold")
    browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    work()
    change = models.Change.objects.get()
    assert change.order is not None
    page = text(browser.get(f"/orders/{change.order.number}/"))
    assert "Still to pay €26.84" in page and "By bank transfer" in page and "Pay €26.84 by card" in page
    assert provisioning.Execution.objects.count() == before
    assert "Silver" in text(browser.get(f"/services/{service}/"))
    assert "Waiting for payment" in text(browser.get("/services/"))


def test_D4_deposit_pays_by_itself_and_the_pages_say_so(enter: Enter, service_of: Number, work: Work) -> None:
    browser, service = enter("deposit"), service_of("deposit")
    quote = quoted(browser, service, "professional")
    page = text(browser.get(f"/quotes/{quote}/"))
    assert "the amount is drawn by itself as soon as you order" in page
    browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    work()
    change = models.Change.objects.get()
    assert change.order is not None and change.state == "DONE"
    order = text(browser.get(f"/orders/{change.order.number}/"))
    assert "was drawn from your deposit by itself" in order
    assert "because auto-renewal is on and the deposit covered the whole amount" in order
    done = text(browser.get(f"/changes/{change.number}/"))
    assert "Nothing is changed on the server before this." not in done and "Changed on the server" in done
    links = re.findall(r'href="(/invoices/[^"]+\.pdf)"', browser.get("/invoices/").content.decode())
    assert len(links) == 2  # of the term that is running, and of the change
    pdf = browser.get(links[0])
    assert pdf.headers["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF-")
    assert "Drawn from the deposit" in text(browser.get("/payments/"))


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("auto-off", "Auto-renewal is off, so the deposit is not drawn by itself."),
        ("short", "The deposit lacks"),
    ],
)
def test_D4_otherwise_the_order_waits_and_says_why(
    enter: Enter, service_of: Number, work: Work, who: str, reason: str
) -> None:
    browser = enter(who)
    quote = quoted(browser, service_of(who), "professional")
    assert reason in text(browser.get(f"/quotes/{quote}/"))
    browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    work()
    change = models.Change.objects.get()
    assert change.order is not None and change.state == "AWAITING_PAYMENT"
    assert reason in text(browser.get(f"/orders/{change.order.number}/"))


def test_D1_resources_are_another_operation_with_the_plan_as_floor(enter: Enter, service_of: Number) -> None:
    browser, service = enter("decrease"), service_of("decrease")
    page = text(browser.get(f"/services/{service}/"))
    assert "Change the plan" in page and "Change the resources" in page
    live = browser.post(
        f"/services/{service}/resources/what-if/", {"resource.ip": "16"}, headers={"HX-Request": "true"}
    )
    assert live.status_code == 200 and "Today" in text(live)
    below = browser.post(f"/services/{service}/resources/what-if/", {"resource.cpu": "1"})
    assert "is a fixed part of the plan" in text(below)
    less = text(browser.post(f"/services/{service}/resources/what-if/", {"resource.memory": "0"}))
    assert "Back to you" in less and "Not orderable yet" not in less


def test_withdrawn_order_changes_nothing(enter: Enter, service_of: Number, work: Work) -> None:
    browser = enter("silver")
    quote = quoted(browser, service_of("silver"), "gold")
    browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    change = models.Change.objects.get()
    answer = browser.post(f"/changes/{change.number}/withdraw/", follow=True)
    assert "The order is withdrawn. Nothing was changed." in text(answer)
    change.refresh_from_db()
    assert change.state == "WITHDRAWN"
