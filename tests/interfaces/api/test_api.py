"""The REST API on the running code: quote, order once, whose rows, which tokens, what is refused and how."""

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

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


def test_H12_a_refusal_is_409_with_all_its_reasons_in_the_clients_words(demo: None) -> None:
    """Gold has a Host Pointer attached; that plan is cheaper: refused for every reason at once, and nothing is kept."""
    wanted = {
        "service": services.Service.objects.filter(client__email="gold@demo.example").earliest("pk").number,
        "request": {"operation": "plan", "plan": "silver"},
    }
    refused = caller().post("/quotes", wanted)
    assert (refused.status_code, refused.headers["Content-Language"]) == (409, "it")  # an Italian client
    reasons = refused.json()["reasons"]
    assert [each["text"] for each in reasons] == [
        "Usi più di quanto il piano contenga: Database 4 (massimo 2), Disco 24 (massimo 20), "
        "Caselle e-mail 20 (massimo 10). Libera prima spazio.",
        "Il passaggio a un piano più economico non è offerto.",
    ]
    assert models.Quote.objects.count() == 0
    english = caller().post("/quotes", wanted, accept_language="en").json()["reasons"]
    assert [each["code"] for each in english] == ["usage_too_big", "decrease_not_offered"]
    assert english[0]["facts"] == {"resources": [["databases", 4, 2], ["disk", 24, 20], ["mailboxes", 20, 10]]}
    assert english[1]["text"] == "A change to a cheaper plan is not offered."


def test_the_same_key_with_the_same_body_is_the_same_quote(demo: None) -> None:
    api, service = caller(), silver()
    first, again = (api.post("/quotes", gold(service), idempotency_key="k-1") for _ in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    other = api.post("/quotes", {**gold(service), "request": {"operation": "plan", "plan": "x"}}, idempotency_key="k-1")
    assert (other.status_code, [each["code"] for each in other.json()["reasons"]]) == (409, ["key_reused"])
    assert models.Quote.objects.count() == 1
    assert api.post("/quotes", gold(service), idempotency_key="k-2").json()["number"] != first.json()["number"]
    # once it is ordered the answer to the first request is still that quote, not a refusal
    api.post("/changes", {"quote": first.json()["number"]})
    late = api.post("/quotes", gold(service), idempotency_key="k-1")
    assert (late.status_code, late.json()["number"], late.json()["state"]) == (201, first.json()["number"], "ordered")


def test_the_same_key_with_another_quote_is_refused(demo: None) -> None:
    api, service = caller(), silver()
    first, second = (api.post("/quotes", gold(service)).json()["number"] for _ in range(2))
    assert api.post("/changes", {"quote": first}, idempotency_key="k").status_code == 201
    other = api.post("/changes", {"quote": second}, idempotency_key="k")
    assert (other.status_code, [each["code"] for each in other.json()["reasons"]]) == (409, ["key_reused"])
    assert models.Change.objects.count() == 1


def test_a_failed_request_leaves_its_key_free(demo: None) -> None:
    api, service = caller(), silver()
    refused = {"service": service, "request": {"operation": "plan", "plan": "host-pointer"}}
    assert api.post("/quotes", refused, idempotency_key="k").status_code == 409
    assert api.post("/quotes", gold(service), idempotency_key="k").status_code == 201


@pytest.mark.parametrize("path", ["/services", "/clients"])
def test_a_list_page_by_page_is_the_whole_list(demo: None, path: str) -> None:
    api, name = caller(), path.strip("/")
    whole = api.get(path).json()
    assert (len(whole[name]), whole["next"]) == (len({each["number"] for each in whole[name]}), "")
    assert len(whole[name]) == {"services": 6, "clients": 5}[name]  # procedures/demo/cast.py
    seen, cursor = [], ""
    for _ in range(10):
        page = api.get(f"{path}?limit=2&after={cursor}").json()
        assert len(page[name]) <= 2
        seen += page[name]
        if not (cursor := page["next"]):
            break
    assert seen == whole[name]
    for wrong in ("limit=0", "limit=101", "limit=x", "after=-1", "after=1e3"):
        assert api.get(f"{path}?{wrong}").status_code == 422, wrong


def test_a_list_costs_the_same_for_one_and_for_many(demo: None, django_assert_num_queries: Any) -> None:
    api = caller()
    api.get("/services")
    with CaptureQueriesContext(connection) as one:
        api.get("/services?limit=1")
    with django_assert_num_queries(len(one)):
        api.get("/services?limit=100")


@pytest.mark.django_db
def test_the_docs_page_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    assert "/static/ninja/swagger-ui-bundle.js" in page
    assert "https://" not in page
