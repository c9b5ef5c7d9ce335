"""Who calls the API in these tests, and numbers that exist."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.test import Client

from planshift.domain import facts
from planshift.procedures import access, change, models, queries, views
from planshift.runtime import clock
from planshift.services import models as services

ITALIA, POLSKA = "demo-host-italia", "demo-chmura-polska"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, not to be changed: making it takes seconds."""
    told: dict[str, Any] = Client().get("/api/v1/openapi.json").json()
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One of everything that a token may see, by the name under which the API takes it."""

    token: str
    found: Mapping[str, Sequence[str]]

    def of(self, parameter: str, path: str) -> Sequence[str]:
        """What fits a parameter of an operation; KeyError for one that nobody taught this table."""
        return self.found[path.split("/")[3].removesuffix("s") if parameter == "number" else parameter]


def numbers(*, seller: str = ITALIA, who: str = "silver", target: str = "gold", **token: Any) -> Numbers:
    """A token and what it sees: services, open quotes, an ordered change, its order, an issued invoice."""
    at = clock.business()
    client = services.Client.objects.get(email=f"{who}@demo.example").number
    service = services.Service.objects.filter(client__number=client).earliest("pk").number
    quotes = [
        change.offer(client=client, service=service, request=facts.ChangePlan(target=target), at=at, actor="test")
        for _ in range(2)
    ]
    ordered = change.order(client=client, quote=quotes[0], acknowledged={}, key="known", at=at, actor="test")
    order = models.Change.objects.get(number=ordered).order
    assert order is not None
    issued = [row.number for row in queries.invoices(client=client).rows if isinstance(row, views.InvoiceRow)]
    assert issued
    return Numbers(
        token=access.issue_token(seller=seller, name="test", at=clock.system(), actor="test", **token),
        found={
            "service": [service],
            "quote": quotes,
            "change": [ordered],
            "order": [order.number],
            "client": [client],
            "invoice": issued,
            "payout": ["W-2611-7K3M9QX2A4"],
        },
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
