"""Both demo clients go from the panel to the invoice in a real browser, as new users would, beside a real worker."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

Shot = Callable[[str], None]


def enter(page: Page, person: str) -> None:
    page.goto("/demo/")
    page.get_by_role("button", name=re.compile(person)).click()
    expect(page).to_have_url(re.compile("/services/$"))


def speak_english(page: Page) -> None:
    page.locator("summary").filter(has_text=re.compile("IT|PL")).first.click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My services")).to_be_visible()


def option(page: Page, plan: str) -> Locator:
    return page.get_by_role("article").filter(has=page.get_by_role("heading", name=plan, exact=True))


def to_the_quote(page: Page, plan: str) -> None:
    page.get_by_role("article").get_by_role("link").first.click()
    page.get_by_role("link", name="See all plans and prices").click()
    option(page, plan).get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Quote Q-")


def pay_at_the_bank(page: Page) -> None:
    expect(page).to_have_url(re.compile("/gateways/simulated/"))
    page.get_by_role("button").first.click()
    expect(page).to_have_url(re.compile("/orders/"))


def pdf_of_the_newest_invoice(page: Page) -> bytes:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Invoices").click()
    address = page.get_by_role("link", name=re.compile("as PDF")).first.get_attribute("href")
    assert address is not None
    answer = page.context.request.get(address)
    assert answer.ok and answer.headers["content-type"] == "application/pdf"
    return answer.body()


def test_H4_easy_upgrade_paid_by_card_to_the_invoice_and_the_new_renewal_price(page: Page, shot: Shot) -> None:
    enter(page, "Demo Pasticceria")
    speak_english(page)
    shot("services")
    to_the_quote(page, "Gold")
    expect(page.get_by_text("(135.00 − 69.00) × 4 / 12")).to_be_hidden()
    page.get_by_text("Difference between Silver and Gold").click()
    expect(page.get_by_text("(135.00 − 69.00) × 4 / 12")).to_be_visible()  # 22.00, not the 5.5 of the source
    shot("quote")
    page.get_by_role("button", name="Order with obligation to pay").click()
    page.get_by_role("link", name="See how to pay").first.click()
    shot("order")
    page.get_by_role("button", name="Pay €26.84 by card").click()
    pay_at_the_bank(page)
    page.goto("/services/")
    page.get_by_role("article").get_by_role("link").first.click()
    change = page.get_by_role("link", name=re.compile("Silver → Gold"))
    change.click()
    expect(page.get_by_text("Done", exact=True).first).to_be_visible(timeout=30_000)
    expect(page.locator("#change > [hx-get], #change[hx-get]")).to_have_count(0, timeout=30_000)  # polling has ended
    shot("change-done")
    assert pdf_of_the_newest_invoice(page).startswith(b"%PDF-")
    page.goto("/services/")
    expect(page.get_by_role("article").first).to_contain_text("€135.00")  # H8: the next renewal at the full price


def test_D4_upgrade_paid_by_itself_from_the_deposit_to_the_invoice(page: Page, shot: Shot) -> None:
    enter(page, "Demo Piekarnia")
    speak_english(page)
    expect(page.get_by_text("PLN 500.00").first).to_be_visible()
    to_the_quote(page, "VPS Professional")
    expect(page.get_by_text("the amount is drawn by itself as soon as you order")).to_be_visible()
    page.get_by_role("button", name="Order and pay from the deposit").click()
    expect(page.get_by_text(re.compile("^Changed on the server"))).to_be_visible()
    expect(page.get_by_role("link", name="Back to the service")).to_be_visible(timeout=30_000)
    shot("change-from-deposit")
    page.get_by_role("link", name=re.compile("^O-")).click()
    expect(page.get_by_text("was drawn from your deposit by itself")).to_be_visible()
    assert pdf_of_the_newest_invoice(page).startswith(b"%PDF-")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Payments").click()
    expect(page.get_by_text("Drawn from the deposit").first).to_be_visible()
    page.goto("/services/")
    expect(page.get_by_role("article").first).to_contain_text("PLN 961.20")  # D6: the renewal at the new price


def test_H5_hard_upgrade_with_notices_hand_over_and_switch(page: Page, shot: Shot) -> None:
    enter(page, "Demo Studio Tecnico")
    speak_english(page)
    to_the_quote(page, "Gold")
    order = page.get_by_role("button", name="Order with obligation to pay")
    order.click()  # the browser itself stops an order without the notices
    expect(page).to_have_url(re.compile("/quotes/"))
    for box in page.get_by_role("checkbox").all():
        box.check()
    shot("quote-hard")
    order.click()
    page.get_by_role("link", name="See how to pay").first.click()
    page.get_by_role("button", name="Pay €72.04 by card").click()  # (135 - 36.90) x 6/12 + 10 = 59.05, + 22 %
    pay_at_the_bank(page)
    page.get_by_role("link", name="Follow the change").click()
    show = page.get_by_role("button", name="Show the access data")
    show.click(timeout=30_000)
    expect(page.get_by_text("it is shown this one time only")).to_be_visible()
    shot("credentials")
    page.get_by_role("button", name="I moved my content: switch over").click()
    expect(page.get_by_text("In force, old service kept for a while").first).to_be_visible(timeout=30_000)
    shot("change-hard")
    page.goto("/services/")
    expect(page.get_by_role("article").first).to_contain_text("€135.00")


@pytest.mark.parametrize("path", ["/services/", "/invoices/", "/payments/", "/help/"])
def test_nothing_is_wider_than_a_small_phone(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page, "Demo Warsztat")
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_keyboard_reaches_the_content_first(page: Page) -> None:
    enter(page, "Demo Warsztat")
    page.goto("/services/")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("href", "#main")
    expect(focused).to_be_in_viewport()
