"""The simulated gateway: the port's contract, and its pages in the hands of a client's visitor."""

import datetime as dt
import re
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from planshift.adapters.gateways.simulated import messages
from planshift.adapters.gateways.simulated.gateway import SimulatedGateway
from planshift.adapters.gateways.simulated.texts import TEXTS
from planshift.billing import models, orders, payments, ports, queries
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import clock
from tests.billing.people import client as add_client
from tests.billing.people import eur, italian, order
from tests.ports.gateway_contract import INTENT, GatewayContract

SECRET = "a secret of the tests"
FORM = re.compile(r'<form method="post" action="([^"]+)">(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class TestContract(GatewayContract):
    @pytest.fixture
    def gateway(self) -> ports.PaymentGateway:
        return SimulatedGateway(secret=SECRET, pages="/gateways/simulated")

    def said(self, *, kind: str, external_id: str, amount: Money, at: dt.datetime) -> tuple[dict[str, str], bytes]:
        content = {
            "kind": kind,
            "intent": INTENT.number,
            "external_id": external_id,
            "amount": amount.text,
            "currency": amount.currency,
            "sent_at": at.isoformat(),
        }
        return {}, urlencode(messages.seal(content, secret=SECRET)).encode()


def test_an_address_carries_the_intent_and_cannot_be_altered() -> None:
    bank = SimulatedGateway(secret=SECRET, pages="/gateways/simulated")
    token = bank.start(intent=INTENT).removeprefix("/gateways/simulated/pay/")
    assert bank.intent(token=token) == INTENT
    with pytest.raises(ports.Forged):
        bank.intent(token=token[:-1] + ("A" if token[-1] != "A" else "B"))
    with pytest.raises(ports.Forged):
        SimulatedGateway(secret="another", pages="/x").intent(token=token)


def test_every_language_has_every_word() -> None:
    for words in TEXTS.values():
        assert words.keys() == TEXTS["en"].keys()
    assert TEXTS.keys() == {"en", "pl", "it"}


@pytest.fixture
def visitor(db: None) -> Client:
    return Client(enforce_csrf_checks=True)


def send(visitor: Client, action: str, fields: dict[str, str]) -> HttpResponse:
    """As a browser sends a form."""
    return visitor.post(action, urlencode(fields), content_type="application/x-www-form-urlencoded")


class Page:
    """The payment page as a visitor has it."""

    def __init__(self, visitor: Client, address: str) -> None:
        self.visitor, self.answer = visitor, visitor.get(address)
        assert self.answer.status_code == 200
        self.text = self.answer.content.decode()

    def press(self, label: str) -> HttpResponse:
        """Send the form whose button says `label`."""
        for action, inside in FORM.findall(self.text):
            if label in inside:
                return send(self.visitor, action, dict(FIELD.findall(inside)))
        raise AssertionError(f"no button {label}")


def pending(visitor: Client) -> tuple[str, Page]:
    """An order over 26.84 EUR and the page on which it is paid."""
    at = clock.business()
    placed = order(add_client(italian()), at=at, expires_at=at + dt.timedelta(days=7))
    address = payments.start(
        order=placed.number, gateway="simulated", return_path=f"/orders/{placed.number}", at=at, base_url="http://x"
    )
    return placed.number, Page(visitor, address)


def state(number: str) -> str:
    return queries.order(number=number).state


def test_pay(visitor: Client) -> None:
    number, page = pending(visitor)
    assert "26,84\xa0€" in page.text
    assert "Vicolo (demo)" in page.text
    answer = page.press('name="pay"')
    assert (answer.status_code, answer["Location"]) == (303, f"/orders/{number}")
    assert state(number) == "PAID"
    # the visitor sends the form again: the same money
    assert page.press('name="pay"').status_code == 303
    assert models.Payment.objects.count() == 1
    assert models.PaymentAttempt.objects.get().result == "paid"


def test_a_failure_told_after_the_payment_does_not_unsay_it(visitor: Client) -> None:
    number, page = pending(visitor)
    page.press('name="pay"')
    page.press('name="fail"')
    assert state(number) == "PAID"
    assert models.PaymentAttempt.objects.get().result == "paid"


def test_fail(visitor: Client) -> None:
    number, page = pending(visitor)
    assert page.press('name="fail"')["Location"] == f"/orders/{number}"
    assert state(number) == "AWAITING_PAYMENT"
    assert models.PaymentAttempt.objects.get().result == "failed"
    assert not models.Payment.objects.exists()


def test_pay_twice(visitor: Client) -> None:
    number, page = pending(visitor)
    again = Page(visitor, page.press(TEXTS["it"]["twice"])["Location"])
    assert state(number) == "PAID"
    assert again.press(TEXTS["it"]["again_repeat"])["Location"] == f"/orders/{number}"
    assert models.Payment.objects.count() == 1
    assert again.press(TEXTS["it"]["again_pay"])["Location"] == f"/orders/{number}"
    (left,) = queries.unapplied(seller="vicolo")
    assert (left.unapplied, left.why_unapplied) == (eur("26.84"), "paid_twice")


def test_pay_late(visitor: Client) -> None:
    number, page = pending(visitor)
    address = re.search(r'href="([^"]+/late)"', page.text)[1]
    late = Page(visitor, address)
    orders.expire(order=number, at=clock.business() + dt.timedelta(days=7), actor="system:sweep")
    assert late.press(TEXTS["it"]["late_do"]).status_code == 303
    assert state(number) == "EXPIRED"
    (left,) = queries.unapplied(seller="vicolo")
    assert (left.unapplied, left.why_unapplied) == (eur("26.84"), "too_late")


def test_pay_a_wrong_amount(visitor: Client) -> None:
    number, page = pending(visitor)
    page.press("1,00\xa0€ in meno")
    assert (state(number), queries.order(number=number).missing) == ("AWAITING_PAYMENT", eur("1.00"))
    page_2 = Page(
        visitor,
        payments.start(
            order=number, gateway="simulated", return_path="/", at=clock.business(), base_url="http://localhost"
        ),
    )
    assert "1,00\xa0€" in page_2.text
    page_2.press("5,00\xa0€ in più")
    assert state(number) == "PAID"
    assert [view.unapplied for view in queries.unapplied(seller="vicolo")] == [eur("5.00")]


def test_forged(visitor: Client) -> None:
    number, page = pending(visitor)
    answer = page.press(TEXTS["it"]["forged"])
    assert answer.status_code == 400
    assert state(number) == "AWAITING_PAYMENT"
    assert not models.Payment.objects.exists()
    assert models.PaymentAttempt.objects.get().result == ""


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example/",
        "//evil.example/gateways/simulated/pay/",
        "/orders",
        "/gateways/simulated/pay/../../x?next=//evil",
    ],
)
def test_nobody_is_sent_elsewhere(visitor: Client, then: str) -> None:
    number, page = pending(visitor)
    action, inside = next(form for form in FORM.findall(page.text) if 'name="pay"' in form[1])
    answer = send(visitor, action, dict(FIELD.findall(inside)) | {"then": then})
    assert answer["Location"] == f"/orders/{number}"


def test_a_message_about_another_gateways_intent_is_refused(visitor: Client) -> None:
    number, page = pending(visitor)
    models.PaymentAttempt.objects.all().delete()
    assert page.press('name="pay"').status_code == 400
    assert state(number) == "AWAITING_PAYMENT"


@pytest.mark.parametrize("path", ["pay/x", "pay/x/late", "pay/x/again/0123456789", "pay/x:y:z"])
def test_addresses_that_nobody_gave_out(visitor: Client, path: str) -> None:
    assert visitor.get(f"/gateways/simulated/{path}").status_code == 400


def test_only_what_is_meant_for_it(visitor: Client) -> None:
    assert visitor.get("/gateways/simulated/callback").status_code == 405
    assert visitor.post("/gateways/simulated/callback").status_code == 400


def test_an_order_that_is_over_is_not_sent_to_a_gateway(db: None) -> None:
    at = clock.business()
    placed = order(add_client(italian()), at=at, expires_at=at + dt.timedelta(days=7))
    for when, code in ((at + dt.timedelta(days=7), "order_not_open"), (at, "gateway_unknown")):
        gateway = "simulated" if code == "order_not_open" else "paypal"
        with pytest.raises(Refused, match=code):
            payments.start(order=placed.number, gateway=gateway, return_path="/", at=when, base_url="http://x")
    for path in ("https://evil.example", "//evil.example", "/\\evil.example", "orders"):
        with pytest.raises(ValueError, match="path of this site"):
            payments.start(order=placed.number, gateway="simulated", return_path=path, at=at, base_url="http://x")
    assert not models.PaymentAttempt.objects.exists()


@override_settings(SIMULATED_GATEWAY=False)
def test_where_clients_are_real_it_is_not_mounted() -> None:
    from planshift.project import wiring

    assert wiring.urlpatterns() == []
