"""Stripe as billing sees it.

The intent's number travels in the metadata of Stripe's payment intent, and comes back with each event about it. What
came is what the event says was received: never what we asked for, never what the client's return address says.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import stripe

from planshift.billing import ports
from planshift.domain import money
from planshift.domain.errors import BadMoney, Permanent, Transient, Unknown
from planshift.domain.money import Money

FRESH = dt.timedelta(minutes=30)  # Stripe signs each delivery anew, also when it tries again for days
SECONDS = 15  # for one answer of Stripe's
LARGEST = 512_000  # bytes of a message
MARK = "planshift_intent"
_KINDS = {"payment_intent.succeeded": "paid", "payment_intent.payment_failed": "failed"}
_LANGUAGES = ("en", "pl", "it")
# Stripe counts these in other units than ISO 4217 does: nothing may be off by a factor of ten or a hundred.
_OTHER_UNITS = ("ISK", "UGX")


class StripeGateway:
    """Sends the client to Stripe Checkout; believes only messages signed with `webhook_secret`."""

    code = "stripe"

    def __init__(self, *, api_key: str, webhook_secret: str, api_base: str = "") -> None:
        """`api_base` is another address of the API, for tests."""
        addresses: Any = {"api": api_base} if api_base else {}
        self.webhook_secret = webhook_secret
        self.client = stripe.StripeClient(
            api_key,
            base_addresses=addresses,
            max_network_retries=2,  # by the SDK, with the same idempotency key
            http_client=stripe.new_default_http_client(timeout=SECONDS),
        )

    def start(self, *, intent: ports.PaymentIntent) -> str:
        """A Checkout session for exactly this amount; the same intent again gives the same one (idempotency key)."""
        currency = intent.amount.currency
        if currency in _OTHER_UNITS or money.decimals_of(currency=currency) > 2:
            raise Permanent("currency", currency=currency)
        marks = {MARK: intent.number, "order": intent.order}
        params: Any = {
            "mode": "payment",
            "locale": intent.language if intent.language in _LANGUAGES else "auto",
            "client_reference_id": intent.number,
            "success_url": intent.return_url,
            "cancel_url": intent.return_url,
            "metadata": marks,
            "payment_intent_data": {"metadata": marks, "description": f"{intent.seller_name} {intent.order}"},
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": currency.lower(),
                        "unit_amount": intent.amount.minor,
                        "product_data": {"name": f"{intent.seller_name} {intent.order}"},
                    },
                }
            ],
        }
        try:
            session = self.client.v1.checkout.sessions.create(params, {"idempotency_key": f"planshift-{intent.number}"})
        except stripe.RateLimitError as problem:
            raise Transient("gateway", code="rate_limit") from problem
        except stripe.APIConnectionError as problem:
            raise Unknown("gateway", code="no_answer") from problem
        except stripe.StripeError as problem:
            # neither the message nor the headers: they may tell a part of the key
            server = (problem.http_status or 0) >= 500
            kind = Transient if server else Permanent
            raise kind("gateway", code=problem.code or "", status=problem.http_status or 0) from None
        if not session.url:
            raise Permanent("gateway", code="no_address")
        return session.url

    def verify(self, *, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> ports.Event:
        """The event in a webhook's body."""
        signed_at = self._signed_at(headers, body)
        if abs(now - signed_at) > FRESH:
            raise ports.Forged("old")
        try:
            message = json.loads(body)
            kind, about = message["type"], message["data"]["object"]
        except (ValueError, KeyError, TypeError, RecursionError) as problem:
            raise ports.Forged("read") from problem
        if kind not in _KINDS:
            raise ports.NotOurs(str(kind)[:60])
        return _event(_KINDS[kind], about, signed_at)

    def _signed_at(self, headers: Mapping[str, str], body: bytes) -> dt.datetime:
        given = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        if not given or len(given) > 2000 or len(body) > LARGEST:
            raise ports.Forged("signature")
        try:
            text = body.decode("utf-8")
            stripe.WebhookSignature.verify_header(text, given, self.webhook_secret, tolerance=None)
            times = [part[2:] for part in given.split(",") if part.startswith("t=")]
            return dt.datetime.fromtimestamp(int(times[0]), dt.UTC)
        except stripe.SignatureVerificationError as problem:
            raise ports.Forged("signature") from problem
        except (ValueError, IndexError, OverflowError, OSError) as problem:
            raise ports.Forged("read") from problem


def _event(kind: Any, about: Any, signed_at: dt.datetime) -> ports.Event:
    try:
        number = (about.get("metadata") or {}).get(MARK, "")
        if not isinstance(number, str) or not number:
            raise ports.NotOurs("no intent of ours")
        amount = about.get("amount_received") if kind == "paid" else about["amount"]
        amount = about["amount"] if amount is None else amount
        currency = about["currency"].upper()
        if not isinstance(amount, int) or isinstance(amount, bool) or currency in _OTHER_UNITS:
            raise ports.Forged("read")
        return ports.Event(
            kind=kind,
            intent=number[:40],
            external_id=str(about["id"])[:120],
            amount=Money.from_minor(amount, currency),
            sent_at=signed_at,
        )
    except (KeyError, TypeError, AttributeError, BadMoney) as problem:
        raise ports.Forged("read") from problem
