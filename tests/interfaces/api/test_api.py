"""The REST API on the running code: quote, order once, whose rows, which tokens, what is refused and how."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client

from planshift.procedures import access, models
from planshift.runtime import clock
from planshift.services import models as services
from tests.interfaces.api.known import ITALIA, POLSKA, Caller, caller


def silver() -> str:
    return services.Service.objects.get(client__email="silver@demo.example").number


def gold(service: str) -> dict[str, Any]:
    return {"service": service, "request": {"operation": "plan", "plan": "gold"}}


def test_quote_and_order_once(demo: None) -> None:
    api = caller()
    made = api.post("/quotes", gold(silver()))
    assert made.status_code == 201, made.content
    quote = made.json()
    assert "22.00" in json.dumps(quote["offer"]) and "26.84" in json.dumps(quote["offer"])  # 22.00 x 1.22
    wanted = {"quote": quote["number"], "acknowledged": [], "language": "en"}
    first = api.post("/changes", wanted, idempotency_key="order-1")
    again = api.post("/changes", wanted, idempotency_key="order-1")
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert first.json()["number"] == again.json()["number"]
    assert models.Change.objects.count() == 1
    number = first.json()["number"]
    shown = api.get(f"/changes/{number}").json()
    assert (shown["state"], shown["total"]["gross"]) == ("AWAITING_PAYMENT", "26.84")
    assert api.post(f"/changes/{number}/withdraw").json()["state"] == "WITHDRAWN"


def test_another_sellers_and_another_clients_rows_are_not_there(demo: None) -> None:
    api, service = caller(), silver()
    quote = api.post("/quotes", gold(service)).json()["number"]
    change = api.post("/changes", {"quote": quote, "acknowledged": [], "language": "en"}).json()["number"]
    sibling = services.Client.objects.get(email="gold@demo.example").number
    for other in (caller(POLSKA), caller(client=sibling)):
        for path in (f"/services/{service}", f"/services/{service}/options", f"/quotes/{quote}", f"/changes/{change}"):
            assert other.get(path).status_code == 404, path
        assert other.post("/quotes", gold(service)).status_code == 404
        assert other.post("/changes", {"quote": quote, "acknowledged": [], "language": "en"}).status_code == 404
        assert other.post(f"/changes/{change}/withdraw").status_code == 404
        assert service not in other.get("/services").content.decode()


def test_tokens_that_do_not_open(demo: None) -> None:
    now = clock.system()
    expired = access.issue_token(
        seller=ITALIA, name="old", at=now, actor="test", expires_at=now - dt.timedelta(seconds=1)
    )
    revoked = access.issue_token(seller=ITALIA, name="gone", at=now, actor="test")
    assert Caller(revoked).get("/services").status_code == 200
    access.revoke_token(prefix=revoked.split("_")[1], at=now, actor="test")
    for token in (expired, revoked, "", "ps_x_y", revoked[:-1] + "x"):
        answer = Caller(token).get("/services")
        assert answer.status_code == 401, token
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert Client().get("/api/v1/services").status_code == 401


def test_unknown_fields_and_wrong_types_are_422(demo: None) -> None:
    api, service = caller(), silver()
    assert api.post("/quotes", {**gold(service), "discount": "100"}).status_code == 422
    for months in (True, "12", 0, 1.5):
        body = {"service": service, "request": {"operation": "period", "months": months}}
        assert api.post("/quotes", body).status_code == 422, months
    assert models.Quote.objects.count() == 0


def test_H12_a_refusal_is_409_with_its_reasons_in_words(demo: None) -> None:
    body = {"service": silver(), "request": {"operation": "plan", "plan": "host-pointer"}}
    refused = caller().post("/quotes", body)
    assert refused.status_code == 409
    told = {each["code"]: each["text"] for each in refused.json()["reasons"]}
    assert told["decrease_not_offered"] == "A change to a cheaper plan is not offered."


@pytest.mark.django_db
def test_the_docs_page_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    assert "/static/ninja/swagger-ui-bundle.js" in page
    assert "https://" not in page
