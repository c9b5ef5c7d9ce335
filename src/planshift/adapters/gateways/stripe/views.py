"""Where Stripe's webhooks come in. Anybody may knock: only the signature counts.

200 also for what does not concern us, so that Stripe does not repeat it; 404 for an intent that this installation does
not know, so that it shows in Stripe's list of failed deliveries; 400 for what Stripe did not send.
"""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from planshift.adapters.gateways.stripe import gateway
from planshift.billing import ports
from planshift.domain.errors import Refused
from planshift.runtime import clock

Receive = Callable[[ports.Event], str]
log = structlog.get_logger("planshift.stripe")


def urlpatterns(*, party: gateway.StripeGateway, receive: Receive) -> list[URLPattern]:
    """The webhook; `receive` takes a verified event."""

    def webhook(request: HttpRequest) -> HttpResponse:
        try:
            event = party.verify(headers=request.headers, body=request.body, now=clock.system())
        except ports.Forged as forged:
            log.warning("stripe.forged", why=str(forged))
            return _answer("not accepted", 400)
        except ports.NotOurs as other:
            log.info("stripe.not_ours", what=str(other))
            return _answer("nothing to do", 200)
        try:
            receive(event)
        except Refused as refused:
            log.error("stripe.refused", why=refused.code, intent=event.intent, payment=event.external_id)
            return _answer(refused.code, 404 if refused.code == "payment_intent_unknown" else 409)
        return _answer("taken", 200)

    return [path("webhook", csrf_exempt(require_POST(webhook)), name="stripe-webhook")]


def _answer(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
