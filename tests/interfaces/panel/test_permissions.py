"""Nobody sees or moves what is not theirs: every address, as another client, as staff, as nobody; hostile input."""

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import get_resolver

from planshift.billing import models as billing
from planshift.interfaces.panel import urls
from planshift.procedures import models

Enter, Number = Callable[..., Client], Callable[[str], str]
KEY = {"key": "0123456789abcdef"}


def owned(browser: Client, service: str) -> dict[str, str]:
    """Numbers of everything that one ordered change brings, by the first part of the address."""
    asked = browser.post(f"/services/{service}/quote/", {"plan": "gold"})
    quote = asked.headers["Location"].split("/")[2]
    browser.post(f"/quotes/{quote}/order/", KEY)
    change = models.Change.objects.get()
    assert change.order is not None
    invoice = billing.Invoice.objects.filter(client=change.client).values_list("number", flat=True)[0]
    numbers = {"services": service, "quotes": quote, "orders": change.order.number, "changes": change.number}
    return {**numbers, "invoices": invoice}


FORM = {"plan": "gold", "on": "1", "months": "12", "confirmed": "1"}  # what the forms want, of all of them


def addresses(numbers: dict[str, str]) -> list[str]:
    """Every address of the panel that names an object, with the numbers filled in."""
    found = []
    for pattern in urls.urlpatterns:
        route = str(pattern.pattern)
        if "<" in route and not route.startswith(("help/", "^")):  # an expression names no object
            start, rest = route.split("<", 1)
            number = numbers.get(start.split("/")[0], "P-1")  # of payouts, see tests/stories/test_deposit.py
            found.append(f"/{start}{number}{rest.split('>', 1)[1]}".replace("<number:key>", "KD-1"))
    return found


def test_every_object_of_another_client_is_not_there(enter: Enter, service_of: Number) -> None:
    numbers = owned(enter("silver"), service_of("silver"))
    before = models.Change.objects.values_list("state", flat=True)[0]
    listed = addresses(numbers)
    assert len(listed) == 28
    for browser in (enter("pointer"), enter("deposit")):  # of the same seller, and of another
        for address in listed:
            seen, done = browser.get(address), browser.post(address, {**FORM, **KEY})
            assert {seen.status_code, done.status_code} <= {404, 405}, (address, seen.status_code, done.status_code)
            assert seen.status_code == 404 or done.status_code == 404, address
    assert models.Change.objects.count() == 1 and models.Quote.objects.count() == 1
    assert models.Change.objects.values_list("state", flat=True)[0] == before


def test_who_is_not_signed_in_is_sent_to_the_login_and_staff_have_their_own_door(
    enter: Enter, service_of: Number
) -> None:
    numbers = owned(enter("silver"), service_of("silver"))
    nobody, staff = Client(), enter("personale")
    stranger = Client()
    stranger.force_login(get_user_model().objects.create(username="x", email="x@demo.example"))
    for address in [*addresses(numbers), "/services/", "/invoices/", "/payments/", "/help/"]:
        for answer in (nobody.get(address), nobody.post(address, KEY)):
            assert answer.status_code == 405 or answer.headers["Location"].startswith("/account/login/?next="), address
        assert staff.get(address).status_code in (302, 405)
        assert stranger.get(address).status_code in (404, 405)
    assert models.Change.objects.get().state == "AWAITING_PAYMENT"


def test_a_form_without_its_token_does_nothing(enter: Enter, service_of: Number) -> None:
    numbers = owned(enter("silver"), service_of("silver"))
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(get_user_model().objects.get(email="silver@demo.example"))
    answer = strict.post(f"/changes/{numbers['changes']}/withdraw/")
    assert answer.status_code == 403
    assert "This is not allowed" in answer.content.decode()
    assert models.Change.objects.get().state == "AWAITING_PAYMENT"


HOSTILE = [
    "",
    "-1",
    "1e9",
    "9" * 400,
    "gold'; --",
    "<script>alert(1)</script>",
    "\x00",
    "../../etc",
    "ⅻ",
    "٣",
    "none",
    "{}",
]


def test_hostile_input_is_refused_in_words_never_with_a_500(enter: Enter, service_of: Number) -> None:
    browser, service = enter("decrease"), service_of("decrease")
    for bad in HOSTILE:
        for form in (
            {"plan": bad},
            {"months": bad},
            {"resource.ip": bad},
            {f"resource.{bad}": "1"},
            {"operation": bad},
        ):
            for place in ("quote", "resources/what-if"):
                answer = browser.post(f"/services/{service}/{place}/", form)
                assert answer.status_code in (200, 409), (place, form, answer.status_code)
                assert "<script>alert" not in answer.content.decode()
        for address in ("/invoices/", "/payments/"):
            assert browser.get(address, {"cursor": bad}).status_code < 500
        assert browser.post("/payments/top-up/", {"amount": bad, **KEY}).status_code == 422
        assert browser.post("/help/plan/vote/", {"helpful": bad}).status_code < 500
    assert models.Quote.objects.count() == 0


@pytest.mark.parametrize("number", ["S-0", "S-999999", "Q-2026-000001", "O-1-A", "CH-1-1", "FV%2F2026%2F1"])
def test_numbers_that_do_not_exist_are_404(enter: Enter, number: str) -> None:
    browser = enter("silver")
    for kind in ("services", "quotes", "orders", "changes"):
        assert browser.get(f"/{kind}/{number}/").status_code == 404
    assert browser.get(f"/invoices/{number}.pdf").status_code == 404


def test_every_page_is_in_the_list_of_addresses() -> None:
    """A page added later is tried too: the list comes from the URL configuration itself."""
    assert get_resolver().resolve("/services/S-1/").view_name == "panel:service"
