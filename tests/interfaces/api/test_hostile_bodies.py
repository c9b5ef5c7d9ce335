"""Bodies, headers and addresses that nobody sends by accident: a clear answer in the one shape, nothing half done."""

import json
from typing import Any

import pytest
from django.test import Client

from planshift.interfaces.api.v1 import reading
from planshift.procedures import models
from tests.interfaces.api import known

PROBLEM = "application/problem+json"
WELL = b'{"service": "S-1001", "request": {"operation": "plan", "plan": "gold"}}'


def send(body: bytes, *, kind: str = "application/json", **headers: str) -> Any:
    """POST /quotes with exactly these bytes."""
    told = {"authorization": f"Bearer {known.caller().token}", **headers}
    return Client().post("/api/v1/quotes", body, content_type=kind, headers=told)


def told(answer: Any, status: int) -> str:
    """The detail of a problem of this status, in the declared shape."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM), answer.content
    body = answer.json()
    assert set(body) == {"title", "status", "detail", "reasons"}
    assert body["status"] == status
    return str(body["detail"])


UNREADABLE = {
    "not closed": (WELL[:-1], "The body is not JSON: line 1, column 71."),
    "not UTF-8": (WELL.replace(b"gold", b"g\xf6ld"), "The body is not UTF-8 text."),
    "half a character": (WELL.replace(b"gold", b"\\ud800"), "The body is not UTF-8 text."),
    "a key twice": (b'{"service": "S-1001", ' + WELL[1:], "An object of the body holds a key twice."),
    "a key twice below": (WELL.replace(b'"plan": "gold"', b'"plan": "gold", "plan": "x"'), "key twice"),
    "NaN": (b'{"service": NaN}', "NaN is not a number of JSON."),
    "-Infinity": (b'{"service": -Infinity}', "-Infinity is not a number of JSON."),
    "an endless integer": (b'{"service": ' + b"9" * 5000 + b"}", "A number of the body has too many digits."),
    "an endless fraction": (b'{"service": 0.' + b"1" * 5000 + b"}", "A number of the body has too many digits."),
    "nested": (b"[" * 60_000, "The body is nested too deeply."),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_body_that_cannot_be_read_is_400(demo: None, case: str) -> None:
    body, because = UNREADABLE[case]
    assert because in told(send(body), 400)
    assert models.Quote.objects.count() == 0


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_content_type_is_415(demo: None, kind: str) -> None:
    assert told(send(WELL, kind=kind), 415) == "The body must be JSON: Content-Type: application/json."
    assert models.Quote.objects.count() == 0


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_413(demo: None) -> None:
    padded = WELL + b" " * (reading.MOST_BYTES - len(WELL))
    assert send(padded).status_code == 201
    assert told(send(padded + b" "), 413) == "The body is larger than 65536 bytes."
    assert send(b"[" * 3_000_000).status_code == 413  # also above what Django reads at most
    assert models.Quote.objects.count() == 1


@pytest.mark.parametrize(
    "request_",
    [
        {"operation": "plan", "plan": "go\0ld"},
        {"operation": "plan", "plan": ["gold"]},
        {"operation": "plan", "plan": None},
        {"operation": "plan", "plan": "gold", "months": 12},
        {"operation": "resources", "additional": {}},
        {"operation": "resources", "additional": {"i\0p": 1}},
        {"operation": "resources", "additional": {"ip": -1}},
        {"operation": "resources", "additional": {"ip": 1.5}},
        {"operation": "resources", "additional": {"ip": "1"}},
        {"operation": "resources", "additional": {"ip": True}},
        {"operation": "resources", "additional": {"ip": 10**17}},
        {"operation": "period", "months": -12},
        {"operation": "period", "months": "1e1"},
        {"operation": "drop table", "plan": "gold"},
        {},
        [],
        None,
    ],
    ids=str,
)
def test_a_request_of_the_wrong_shape_is_422_and_names_the_field(demo: None, request_: Any) -> None:
    body = json.dumps({"service": "S-1001", "request": request_}).encode()
    answer = send(body)
    told(answer, 422)
    assert all(each["facts"]["field"].startswith("request") for each in answer.json()["reasons"])
    assert models.Quote.objects.count() == 0


def test_a_field_is_named_as_the_caller_wrote_it(demo: None) -> None:
    body = json.dumps({"service": "S-1001", "request": {"operation": "plan", "plan": 7}}).encode()
    assert [each["facts"]["field"] for each in send(body).json()["reasons"]] == ["request.plan"]


def test_a_whole_number_may_be_written_with_a_point_or_an_exponent(demo: None) -> None:
    for months in (b"12.0", b"1.2e1"):
        body = b'{"service": "S-1001", "request": {"operation": "period", "months": ' + months + b"}}"
        assert told(send(body), 409)  # the same period as now: read, and refused by the rules
    assert told(send(b'{"service": "S-1001", "request": {"operation": "period", "months": 1e17}}'), 422)


@pytest.mark.parametrize(
    "key", ["\0", "ż", "a b", "x" * 101, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
)
def test_a_key_that_cannot_be_kept_is_422(demo: None, key: str) -> None:
    answer = known.caller().post("/changes", {"quote": "Q-2026-000001"}, idempotency_key=key)
    assert "idempotency" in told(answer, 422).lower()


@pytest.mark.parametrize(
    "path", ["/services/%00", "/services/%ff", "/quotes/Q%0a", "/services?after=%00", "/changes/" + "9" * 4000]
)
def test_addresses_that_no_number_has(demo: None, path: str) -> None:
    told(known.caller().get(path), 422)


@pytest.mark.parametrize("token", ["ps_\0_x", "ps__", "ps_ż_x", "ps_" + "a" * 5000 + "_x", "ps_%_x"])
def test_tokens_that_no_database_should_see(demo: None, token: str) -> None:
    told(known.Caller(token).get("/services"), 401)


def test_unknown_addresses_and_wrong_methods_are_told_in_the_same_shape(demo: None) -> None:
    api = known.caller()
    assert told(api.get("/nothing"), 404) == "There is no such address here."
    wrong = api.browser.put("/api/v1/quotes", headers={"authorization": f"Bearer {api.token}"})
    assert told(wrong, 405)
    assert wrong.headers["Allow"] == "POST"


def test_a_failure_of_ours_says_nothing_about_its_cause(demo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**more: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("planshift.procedures.queries.service_card", broken)
    api = known.caller()
    api.browser.raise_request_exception = False
    answer = api.get("/services/S-1001")
    assert "our fault" in told(answer, 500)
    assert b"secret" not in answer.content
