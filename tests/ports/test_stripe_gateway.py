"""Stripe: the port's contract, and the SDK against localstripe with its signed webhooks (local_stripe.py)."""

import datetime as dt
import http.server
import json
import queue
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from planshift.adapters.gateways.stripe import views
from planshift.adapters.gateways.stripe.gateway import StripeGateway
from planshift.billing import models, orders, payments, ports, queries
from planshift.domain.errors import Permanent, Unknown
from planshift.domain.money import Money
from planshift.project import wiring
from planshift.runtime import clock
from tests.billing import people
from tests.billing.people import eur
from tests.harness import free_ports
from tests.ports.gateway_contract import INTENT, NOW, GatewayContract

SECRET = "whsec_of_the_tests"
KEY = "sk_test_of_the_tests"
HOOK = "/gateways/stripe/webhook"


def party(base: str = "http://127.0.0.1:9") -> StripeGateway:
    return StripeGateway(api_key=KEY, webhook_secret=SECRET, api_base=base)


def receive(event: ports.Event) -> str:
    return payments.receive(gateway="stripe", event=event, at=clock.business())


urlpatterns = [path("gateways/stripe/", include(views.urlpatterns(party=party(), receive=receive)))]


def signed(body: bytes, at: dt.datetime, secret: str = SECRET) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(at.timestamp()))
    return {"Stripe-Signature": header}


def message(*, kind: str, external_id: str, amount: Money, intent: str = INTENT.number, **more: object) -> bytes:
    """An event as Stripe writes it."""
    types = {"paid": "payment_intent.succeeded", "failed": "payment_intent.payment_failed"}
    about = {
        "id": external_id,
        "object": "payment_intent",
        "amount": amount.minor,
        "amount_received": amount.minor if kind == "paid" else 0,
        "currency": amount.currency.lower(),
        "metadata": {"planshift_intent": intent} if intent else {},
        **more,
    }
    event = {"id": "evt_1", "object": "event", "type": types.get(kind, kind), "data": {"object": about}}
    return json.dumps(event, indent=2).encode()


# ── localstripe ───────────────────────────────────────────────────────────────────────────────────────────────────────
class Stripe:
    """The running localstripe, and what it sent to our webhook."""

    def __init__(self, base: str, told: "queue.Queue[tuple[dict[str, str], bytes]]") -> None:
        self.base, self.told = base, told

    def post(self, where: str) -> dict[str, object]:
        with urllib.request.urlopen(urllib.request.Request(self.base + where, data=b"", method="POST")) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def pay(self, address: str, card: str = "pm_card_visa") -> tuple[dict[str, str], bytes]:
        """The client pays on Stripe's page; returns the webhook's headers and body."""
        self.post(f"/_config/checkout/{address.rsplit('/', 1)[1]}/{card}")
        while True:
            headers, body = self.told.get(timeout=20)
            if json.loads(body)["type"].startswith("payment_intent."):
                return headers, body


@pytest.fixture(scope="module")
def local() -> Iterator[Stripe]:
    told: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.put((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    hook = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    port = free_ports.take()
    script = Path(__file__).with_name("local_stripe.py")
    process = subprocess.Popen([sys.executable, str(script), str(port)])
    found = Stripe(f"http://127.0.0.1:{port}", told)
    try:
        _wait_for(port, process)
        url = f"http://127.0.0.1:{hook.server_port}/"
        body = json.dumps({"url": url, "secret": SECRET}).encode()
        asked = urllib.request.Request(f"{found.base}/_config/webhooks/ours", data=body, method="POST")
        asked.add_header("Content-Type", "application/json")
        urllib.request.urlopen(asked).close()
        yield found
    finally:
        process.terminate()
        process.wait(timeout=20)
        hook.shutdown()
        hook.server_close()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert process.poll() is None, "localstripe ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("localstripe does not answer")


class TestContract(GatewayContract):
    @pytest.fixture
    def gateway(self, local: Stripe) -> ports.PaymentGateway:
        return party(local.base)

    def said(self, *, kind: str, external_id: str, amount: Money, at: dt.datetime) -> tuple[dict[str, str], bytes]:
        body = message(kind=kind, external_id=external_id, amount=amount)
        return signed(body, at), body


# ── with orders of ours ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def bound(local: Stripe, db: None) -> Iterator[Stripe]:
    """The gateway of this installation is Stripe."""
    before = dict(ports._gateways)
    ports.bind_gateway(party(local.base))
    with override_settings(ROOT_URLCONF=__name__):
        yield local
    ports._gateways.clear()
    ports._gateways.update(before)


def begun(*, number: str = "") -> tuple[str, str]:
    """An order over 26.84 EUR (or the open one with this number), and the address where it is paid."""
    at = clock.business()
    if not number:
        client = people.client(people.italian())
        number = people.order(client, at=at, expires_at=at + dt.timedelta(days=7)).number
    address = payments.start(
        order=number, gateway="stripe", return_path=f"/orders/{number}", at=at, base_url="http://localhost:8000"
    )
    return number, address


def send(headers: dict[str, str], body: bytes) -> HttpResponse:
    """As Stripe calls the webhook."""
    return Client(enforce_csrf_checks=True).post(
        HOOK, body, content_type="application/json", headers={"Stripe-Signature": headers.get("Stripe-Signature", "")}
    )


def told(kind: str, *, order: str, payment: str = "pi_1", amount: Money | None = None, **more: object) -> HttpResponse:
    """A signed event about the order's newest intent."""
    intent = models.PaymentAttempt.objects.filter(order__number=order).latest("pk").number
    body = message(kind=kind, external_id=payment, amount=amount or eur("26.84"), intent=intent, **more)
    return send(signed(body, clock.system()), body)


def state(number: str) -> str:
    return queries.order(number=number).state


def left() -> list[tuple[str, str]]:
    return [(view.unapplied.text, view.why_unapplied) for view in queries.unapplied(seller="vicolo")]


def test_paid_on_stripes_page_and_told_by_its_own_signed_webhook(bound: Stripe) -> None:
    number, address = begun()
    headers, body = bound.pay(address)
    assert state(number) == "AWAITING_PAYMENT"  # only the webhook counts, not that the client came back
    assert send(headers, body).status_code == 200
    assert state(number) == "PAID"
    assert send(headers, body).status_code == 200  # Stripe delivers at least once
    (payment,) = models.Payment.objects.all()
    assert (payment.gateway, payment.external_id[:3], payment.amount_minor) == ("stripe", "pi_", 2684)
    assert models.PaymentAttempt.objects.get().result == "paid"


def test_a_declined_card(bound: Stripe) -> None:
    number, address = begun()
    assert send(*bound.pay(address, "pm_card_chargeCustomerFail")).status_code == 200
    assert (state(number), models.Payment.objects.count()) == ("AWAITING_PAYMENT", 0)
    assert models.PaymentAttempt.objects.get().result == "failed"


def test_the_same_intent_asked_twice_is_one_session(bound: Stripe) -> None:
    stripe_party = party(bound.base)
    assert stripe_party.start(intent=INTENT) == stripe_party.start(intent=INTENT)


def test_events_out_of_order_never_unsay_a_payment(bound: Stripe) -> None:
    number, _ = begun()
    assert told("paid", order=number).status_code == 200
    assert told("failed", order=number).status_code == 200
    assert (state(number), models.PaymentAttempt.objects.get().result) == ("PAID", "paid")


def test_what_came_counts_not_what_was_asked_for(bound: Stripe) -> None:
    number, _ = begun()
    told("paid", order=number, amount=eur("20.00"))
    assert queries.order(number=number).missing == eur("6.84")  # 26.84 - 20.00
    told("paid", order=number, payment="pi_2", amount=eur("10.00"))
    assert (state(number), left()) == ("PAID", [("3.16", "too_much")])  # 10.00 - 6.84


def test_another_currency_pays_nothing(bound: Stripe) -> None:
    number, _ = begun()
    told("paid", order=number, amount=Money.of("26.84", "PLN"))
    assert (state(number), left()) == ("AWAITING_PAYMENT", [("26.84", "other_currency")])


def test_a_part_received_is_a_part_paid(bound: Stripe) -> None:
    number, _ = begun()
    told("paid", order=number, amount_received=1)
    assert queries.order(number=number).missing == eur("26.83")


def test_two_payments_and_a_late_one(bound: Stripe) -> None:
    number, _ = begun()
    told("paid", order=number, payment="pi_1")
    told("paid", order=number, payment="pi_2")
    assert left() == [("26.84", "paid_twice")]
    client = models.Order.objects.get(number=number).client
    at = clock.business()
    other = people.order(client, at=at, expires_at=at + dt.timedelta(days=7), subject="CH-2", signal_key="").number
    begun(number=other)
    orders.expire(order=other, at=at + dt.timedelta(days=7), actor="system:sweep")
    assert told("paid", order=other, payment="pi_3").status_code == 200
    assert (state(other), left()[0]) == ("EXPIRED", ("26.84", "too_late"))


def test_a_replay_with_another_amount_is_refused(bound: Stripe) -> None:
    number, _ = begun()
    told("paid", order=number, amount=eur("20.00"))
    assert told("paid", order=number, amount=eur("26.84")).status_code == 409
    assert queries.order(number=number).missing == eur("6.84")


def test_an_intent_that_nobody_knows(bound: Stripe) -> None:
    body = message(kind="paid", external_id="pi_1", amount=eur("1.00"), intent="A-2609-UNKNOWN")
    assert send(signed(body, clock.system()), body).status_code == 404
    assert not models.Payment.objects.exists()


@pytest.mark.parametrize("kind", ["charge.succeeded", "customer.created", "payment_intent.created"])
def test_what_does_not_concern_us_is_taken_and_forgotten(bound: Stripe, kind: str) -> None:
    number, _ = begun()
    assert told(kind, order=number).status_code == 200
    foreign = message(kind="paid", external_id="pi_9", amount=eur("26.84"), intent="")
    assert send(signed(foreign, clock.system()), foreign).status_code == 200
    assert (state(number), models.Payment.objects.count()) == ("AWAITING_PAYMENT", 0)


def test_forged(bound: Stripe) -> None:
    number, _ = begun()
    intent = models.PaymentAttempt.objects.get().number
    body = message(kind="paid", external_id="pi_1", amount=eur("26.84"), intent=intent)
    old = clock.system() - dt.timedelta(hours=1)
    for headers in (
        {},
        signed(body, clock.system(), "whsec_other"),
        signed(body, old),
        {"Stripe-Signature": "t=x,v1="},
    ):
        assert send(headers, body).status_code == 400
    right = signed(body, clock.system())
    assert send(right, body.replace(b"2684", b"9999")).status_code == 400
    assert (state(number), models.Payment.objects.count()) == ("AWAITING_PAYMENT", 0)
    assert Client().get(HOOK).status_code == 405


@pytest.mark.parametrize("amount", [26.84, "2684", -1, True, None, 10**30])
def test_signed_nonsense_is_no_crash(amount: object) -> None:
    body = message(kind="paid", external_id="pi_1", amount=eur("26.84"), amount_received=amount, currency="eur")
    if amount is None:  # what localstripe leaves out: the amount asked for, which a success received in full
        assert party().verify(headers=signed(body, NOW), body=body, now=NOW).amount == eur("26.84")
        return
    try:
        event = party().verify(headers=signed(body, NOW), body=body, now=NOW)
    except ports.Forged:
        return
    assert isinstance(event.amount.minor, int)
    assert amount in (10**30, -1)  # a number all the same: billing refuses what is not positive


def test_no_answer_a_refusal_and_no_secret_in_either(local: Stripe) -> None:
    with pytest.raises(Unknown) as silent:
        StripeGateway(api_key=KEY, webhook_secret=SECRET, api_base="http://127.0.0.1:9").start(intent=INTENT)
    with pytest.raises(Permanent) as refused:
        StripeGateway(api_key="pk_wrong", webhook_secret=SECRET, api_base=local.base).start(intent=INTENT)
    for raised in (silent, refused):
        assert "sk_test" not in f"{raised.value} {raised.value.facts}"
        assert "pk_wrong" not in f"{raised.value} {raised.value.facts}"
    for currency in ("ISK", "KWD"):
        with pytest.raises(Permanent, match="currency"):
            odd = ports.PaymentIntent(
                number="A-1",
                order="O-1",
                amount=Money.from_minor(100, currency),
                language="en",
                seller_name="x",
                return_url="/",
            )
            party(local.base).start(intent=odd)


@override_settings(STRIPE_API_KEY=KEY, STRIPE_WEBHOOK_SECRET=SECRET, SIMULATED_GATEWAY=False)
def test_it_is_mounted_where_its_key_is_set() -> None:
    (mounted,) = wiring.urlpatterns()
    assert str(mounted.pattern) == "gateways/stripe/"
