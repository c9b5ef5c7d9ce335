"""The simulated bank's pages, and the address to which its messages are posted by the client's browser."""

import re
import secrets
from collections.abc import Callable
from typing import Any

from babel import numbers
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from planshift.adapters.gateways.simulated import gateway, messages
from planshift.adapters.gateways.simulated.texts import TEXTS
from planshift.billing import ports
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import clock

Receive = Callable[[ports.Event], str]


def urlpatterns(*, bank: gateway.SimulatedGateway, receive: Receive) -> list[URLPattern]:
    """The pages; `receive` takes a verified event and returns the path to send the client to."""
    pages = Pages(bank=bank, receive=receive)
    return [
        path("pay/<str:token>", require_GET(pages.pay), name="simulated-pay"),
        path("pay/<str:token>/late", require_GET(pages.late), name="simulated-late"),
        path("pay/<str:token>/again/<str:first>", require_GET(pages.again), name="simulated-again"),
        path("callback", csrf_exempt(require_POST(pages.callback)), name="simulated-callback"),
    ]


class Pages:
    """The views, with what wiring gave them."""

    def __init__(self, *, bank: gateway.SimulatedGateway, receive: Receive) -> None:
        self.bank, self.receive = bank, receive

    def pay(self, request: HttpRequest, token: str) -> HttpResponse:
        """What is to be paid, with a button for each thing that can happen."""
        try:
            intent = self.bank.intent(token=token)
        except ports.Forged as forged:
            return self._refused(request, str(forged), language=request.LANGUAGE_CODE)
        words, payment = _words(intent.language), _new_id()
        less, more = _less(intent.amount), Money.of(5, intent.amount.currency)
        fake = {**self._message(intent, payment, "paid", intent.amount), "signature": "0" * 64}
        choices = [
            self._choice(words, "less", intent, payment, amount=intent.amount - less, shown=less),
            self._choice(words, "excess", intent, payment, amount=intent.amount + more, shown=more),
            {
                **self._choice(words, "twice", intent, payment),
                "then": f"{self.bank.pages}/pay/{token}/again/{payment}",
            },
            {"title": words["late"], "hint": words["late_hint"], "go": f"{self.bank.pages}/pay/{token}/late"},
            {"title": words["forged"], "hint": words["forged_hint"], "fields": fake},
        ]
        return self._page(
            request,
            intent,
            kind="pay",
            pay=self._message(intent, payment, "paid", intent.amount),
            fail=self._message(intent, payment, "failed", intent.amount),
            choices=[choice for choice in choices if choice],
        )

    def late(self, request: HttpRequest, token: str) -> HttpResponse:
        """The bank has the money and keeps quiet until its button is pressed. Every visit makes a fresh message."""
        try:
            intent = self.bank.intent(token=token)
        except ports.Forged as forged:
            return self._refused(request, str(forged), language=request.LANGUAGE_CODE)
        fields = self._message(intent, f"late-{intent.number}", "paid", intent.amount)
        return self._page(request, intent, kind="late", buttons=[("late_do", fields)])

    def again(self, request: HttpRequest, token: str, first: str) -> HttpResponse:
        """After the first of two payments."""
        try:
            intent = self.bank.intent(token=token)
        except ports.Forged as forged:
            return self._refused(request, str(forged), language=request.LANGUAGE_CODE)
        if not re.fullmatch(r"[0-9A-Za-z_-]{10,40}", first):
            return self._refused(request, "address", language=intent.language)
        buttons = [
            ("again_pay", self._message(intent, f"{first}-2", "paid", intent.amount)),
            ("again_repeat", self._message(intent, first, "paid", intent.amount)),
        ]
        return self._page(request, intent, kind="again", buttons=buttons)

    def callback(self, request: HttpRequest) -> HttpResponse:
        """A message of the gateway. Whoever brings it: only the signature counts."""
        try:
            event = self.bank.verify(headers=request.headers, body=request.body, now=clock.system())
        except ports.Forged as forged:
            return self._refused(request, str(forged), language=request.LANGUAGE_CODE)
        try:
            back = self.receive(event)
        except Refused:
            return self._refused(request, "unknown", language=request.LANGUAGE_CODE)
        then = request.POST.get("then", "")
        if then.startswith(f"{self.bank.pages}/pay/") and re.fullmatch(r"/[0-9A-Za-z:/_-]+", then):
            back = then
        answer = HttpResponseRedirect(back)
        answer.status_code = 303
        return answer

    def _message(self, intent: ports.PaymentIntent, payment: str, kind: str, amount: Money) -> dict[str, str]:
        content = {
            "kind": kind,
            "intent": intent.number,
            "external_id": payment,
            "amount": amount.text,
            "currency": amount.currency,
            "sent_at": clock.system().isoformat(),
        }
        return messages.seal(content, secret=self.bank.secret)

    def _choice(
        self,
        words: dict[str, str],
        name: str,
        intent: ports.PaymentIntent,
        payment: str,
        *,
        amount: Money | None = None,
        shown: Money | None = None,
    ) -> dict[str, Any]:
        if shown is not None and not shown:
            return {}
        title = words[name].format(amount=_amount(shown, intent.language)) if shown else words[name]
        fields = self._message(intent, payment, "paid", amount or intent.amount)
        return {"title": title, "hint": words[f"{name}_hint"], "fields": fields}

    def _page(self, request: HttpRequest, intent: ports.PaymentIntent, *, kind: str, **context: Any) -> HttpResponse:
        context |= {
            "kind": kind,
            "words": _words(intent.language),
            "language": intent.language,
            "intent": intent,
            "amount": _amount(intent.amount, intent.language),
            "callback": f"{self.bank.pages}/callback",
        }
        if "buttons" in context:
            context["buttons"] = [(context["words"][name], fields) for name, fields in context["buttons"]]
        return render(request, "simulated_gateway/page.html", context)

    def _refused(self, request: HttpRequest, why: str, *, language: str) -> HttpResponse:
        words = _words(language)
        text = words["bad_text"].format(why=words[why])
        context = {"kind": "bad", "words": words, "language": language, "why": text}
        return render(request, "simulated_gateway/page.html", context, status=400)


def _words(language: str) -> dict[str, str]:
    return TEXTS.get(language[:2], TEXTS["en"])


def _amount(amount: Money, language: str) -> str:
    return numbers.format_currency(amount.text, amount.currency, locale=language)


def _less(amount: Money) -> Money:
    """What a short payment lacks: one unit, or the smallest one of a small amount, or nothing when it is that small."""
    one = Money.of(1, amount.currency)
    smallest = Money.from_minor(1, amount.currency)
    return one if amount > one else smallest if amount > smallest else Money.zero(amount.currency)


def _new_id() -> str:
    return secrets.token_urlsafe(15)
