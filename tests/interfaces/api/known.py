"""Who calls the API in these tests, and numbers that exist."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.test import Client

from planshift.domain import facts
from planshift.procedures import access, change, models
from planshift.runtime import clock
from planshift.services import models as services

ITALIA, POLSKA = "demo-host-italia", "demo-chmura-polska"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One of everything that the token may see."""

    token: str
    services: Sequence[str]
    quotes: Sequence[str]
    changes: Sequence[str]

    def of(self, parameter: str, path: str) -> Sequence[str]:
        """What fits a parameter of an operation."""
        if parameter == "number":
            parameter = path.strip("/").split("/")[0].removesuffix("s")
        return {"service": self.services, "quote": self.quotes, "change": self.changes}.get(parameter, ())


def numbers() -> Numbers:
    """A seller's token and what it sees: services, open quotes, an ordered change."""
    at = clock.business()
    client = services.Client.objects.get(email="silver@demo.example").number
    service = services.Service.objects.get(client__number=client).number

    def quote() -> str:
        return change.offer(
            client=client, service=service, request=facts.ChangePlan(target="gold"), at=at, actor="test"
        )

    quotes = [quote(), quote()]
    ordered = change.order(client=client, quote=quotes[0], acknowledged={}, key="known", at=at, actor="test")
    assert models.Change.objects.filter(number=ordered).exists()
    pointer = services.Service.objects.get(client__email="pointer@demo.example")
    fresh = change.offer(
        client=pointer.client.number, service=pointer.number, request=facts.ChangePlan(target="gold"), at=at, actor="t"
    )
    return Numbers(
        token=access.issue_token(seller=ITALIA, name="test", at=clock.system(), actor="test"),
        services=list(services.Service.objects.filter(client__seller__code=ITALIA).values_list("number", flat=True)),
        quotes=[*quotes, fresh],
        changes=[ordered],
    )


class Caller:
    """An integrator with a token."""

    def __init__(self, token: str) -> None:
        self.browser, self.token = Client(), token

    def get(self, path: str) -> Any:
        return self.browser.get(f"/api/v1{path}", headers={"authorization": f"Bearer {self.token}"})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        told = {"authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.browser.post(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=told)


def caller(seller: str = ITALIA, **more: Any) -> Caller:
    """A caller with a fresh token; `client`: for this client only."""
    return Caller(access.issue_token(seller=seller, name="test", at=clock.system(), actor="test", **more))
