"""What does the page of an order say while it waits, and when it lapsed? And the ways in that are no pages."""

import datetime as dt
from collections.abc import Callable

from django.test import Client

from planshift.billing import payments
from planshift.billing import queries as billing
from planshift.domain.money import Money
from planshift.procedures import change as changes
from planshift.procedures import models
from planshift.runtime import clock
from tests.interfaces.panel.test_the_way import quoted, text

Enter = Callable[..., Client]
Number = Callable[[str], str]
Work = Callable[[], None]


def ordered(browser: Client, service: str, plan: str) -> models.Change:
    quote = quoted(browser, service, plan)
    browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    found = models.Change.objects.select_related("order", "client").get()
    assert found.order is not None
    return found


def order_page(browser: Client, change: models.Change) -> str:
    assert change.order is not None
    return text(browser.get(f"/orders/{change.order.number}/"))


def received(change: models.Change, amount: Money) -> None:
    assert change.order is not None
    at = clock.business()
    payments.mark_transfer_received(
        order=change.order.number, amount=amount, received_at=at, key="bank-1", at=at, actor="staff:1"
    )


def test_D4_until_the_deposit_is_drawn_the_client_is_not_asked_to_pay(
    enter: Enter, service_of: Number, work: Work
) -> None:
    browser = enter("deposit")
    change = ordered(browser, service_of("deposit"), "professional")
    page = order_page(browser, change)
    assert "Being paid from your deposit" in page and "How to pay" not in page
    work()
    page = order_page(browser, change)
    assert "was drawn from your deposit by itself" in page and "Being paid from your deposit" not in page


def test_a_deposit_that_does_not_suffice_is_offered_as_a_part(enter: Enter, service_of: Number, work: Work) -> None:
    browser = enter("short")
    change = ordered(browser, service_of("short"), "professional")
    work()
    assert change.order is not None
    held = billing.balances_of(clients=[change.client.number])[change.client.number, "deposit", "PLN"]
    assert held < billing.order(number=change.order.number).missing
    page = order_page(browser, change)
    assert f"Use PLN {held.text}" in page and "remains to be paid another way" in page and "Paid at once" in page
    assert "Your deposit holds" in page and f"Your deposit holds PLN {held.text}. Paid at once" not in page


def test_a_paid_order_offers_no_way_back_even_before_the_worker_saw_it(enter: Enter, service_of: Number) -> None:
    browser = enter("silver")
    change = ordered(browser, service_of("silver"), "gold")
    assert "Withdraw the order" in order_page(browser, change)
    received(change, Money.of("26.84", "EUR"))
    assert models.Change.objects.get().state == "AWAITING_PAYMENT"  # no worker has looked yet
    assert "Withdraw" not in order_page(browser, change)
    assert "Withdraw" not in text(browser.get(f"/changes/{change.number}/"))


def test_a_lapsed_order_says_where_a_part_payment_went(enter: Enter, service_of: Number, work: Work) -> None:
    browser = enter("silver")
    change = ordered(browser, service_of("silver"), "gold")
    work()
    received(change, Money.of("20.00", "EUR"))
    work()
    assert "You had paid" not in order_page(browser, change)
    at = clock.business() + dt.timedelta(days=8)
    with clock.stopped(at=at):
        work()
        assert models.Change.objects.get().state == "LAPSED"
        assert "You had paid €20.00 of it. That money is yours" in order_page(browser, change)


def test_an_order_withdrawn_without_a_payment_says_nothing_of_money(enter: Enter, service_of: Number) -> None:
    browser = enter("silver")
    change = ordered(browser, service_of("silver"), "gold")
    changes.withdraw(client=change.client.number, number=change.number, at=clock.business(), actor="user:1")
    page = order_page(browser, change)
    assert "This order was withdrawn" in page and "You had paid" not in page


def test_H8_cards_of_plans_compare_gross_with_gross(enter: Enter, service_of: Number) -> None:
    page = text(enter("silver").get(f"/services/{service_of('silver')}/plans/"))
    # Silver 69.00 + 22 % = 84.18 stands beside Gold 135.00 + 22 % = 164.70
    assert "Next renewal €84.18" in page and "At renewal €164.70 €135.00 net" in page


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(client: Client, demo: object) -> None:
    answer = client.post("/services/S-1001/quote/", headers={"Referer": "http://testserver/services/S-1001/plans/"})
    assert answer.headers["Location"] == "/account/login/?next=/services/S-1001/plans/"
    foreign = client.post("/services/S-1001/quote/", headers={"Referer": "https://elsewhere.example/services/"})
    assert foreign.headers["Location"] == "/account/login/?next=/"
    page = client.get("/services/S-1001/plans/")
    assert page.headers["Location"] == "/account/login/?next=/services/S-1001/plans/"


def test_the_address_of_a_form_opened_like_a_page_explains_itself(enter: Enter, service_of: Number) -> None:
    answer = enter("silver").get(f"/services/{service_of('silver')}/quote/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "This page cannot be opened like this" in text(answer)


def test_D4_until_the_worker_looks_the_page_of_the_change_asks_for_no_payment(
    enter: Enter, service_of: Number, work: Work
) -> None:
    browser = enter("deposit")
    change = ordered(browser, service_of("deposit"), "professional")
    page = text(browser.get(f"/changes/{change.number}/"))
    assert "Being paid from your deposit" in page and "there is nothing for you to do" in page
    assert [each for each in ("Waiting for payment", "We wait for you", "See how to pay") if each in page] == []
    work()
    page = text(browser.get(f"/changes/{change.number}/"))
    assert "Being paid from your deposit" not in page and "Done" in page


def test_D4_a_deposit_that_does_not_suffice_is_not_called_a_payment_under_way(enter: Enter, service_of: Number) -> None:
    browser = enter("short")
    change = ordered(browser, service_of("short"), "professional")
    page = text(browser.get(f"/changes/{change.number}/"))
    assert "Waiting for payment" in page and "See how to pay" in page and "Being paid" not in page


def test_what_is_paid_is_nowhere_said_to_wait_for_a_payment(enter: Enter, service_of: Number) -> None:
    browser, service = enter("silver"), service_of("silver")
    change = ordered(browser, service, "gold")
    received(change, Money.of("26.84", "EUR"))
    for path in (f"/changes/{change.number}/", f"/services/{service}/", "/services/"):
        page = text(browser.get(path))
        assert "Paid, about to begin" in page, path
        assert "Waiting for payment" not in page and "See how to pay" not in page, path
    assert "Follow the change" in text(browser.get(f"/services/{service}/"))


def test_D3_a_metered_change_waits_for_no_payment(enter: Enter, service_of: Number, work: Work) -> None:
    browser, service = enter("cloud"), service_of("cloud")
    quote = browser.post(f"/services/{service}/quote/", {"resource.cpu": "3"}).headers["Location"].split("/")[2]
    browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    change = models.Change.objects.get()
    assert (change.state, change.order) == ("AWAITING_EXECUTION", None)  # no worker has looked yet
    page = text(browser.get(f"/changes/{change.number}/"))
    assert "In progress" in page and "This goes on by itself" in page and "By the hour" in page
    assert "Waiting for payment" not in page and "PLN 0.00" not in page
    work()
    assert models.Change.objects.get().state == "DONE"


def test_an_invoice_is_dated_by_the_day_of_its_seller(enter: Enter, service_of: Number, work: Work) -> None:
    browser = enter("silver")
    change = ordered(browser, service_of("silver"), "gold")
    late = clock.business().replace(hour=23, minute=30)  # UTC: in Rome the next day has begun
    with clock.stopped(at=late):
        received(change, Money.of("26.84", "EUR"))
        work()
        page = order_page(browser, change)
    day = (late + dt.timedelta(days=1)).date()
    assert f"Invoice {day.day} {day:%B} {day.year}" in page
