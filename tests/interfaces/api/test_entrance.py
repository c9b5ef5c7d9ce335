"""Who gets in, and to what? Every operation of the OpenAPI document, so that a new one cannot be forgotten."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from planshift.billing import models as billing
from planshift.interfaces.presenters import import_format
from planshift.procedures import access, models
from planshift.runtime import clock
from planshift.services import models as services
from tests.interfaces.api import known
from tests.interfaces.api.known import ITALIA, POLSKA

SERVICE = {**import_format.EXAMPLE["services"][0], "family": "hosting", "plan": "gold", "additional": {}}
INVOICE = {**import_format.EXAMPLE["invoices"][0], "gross": "122.00"}
LINE = {"text": "Gold", "vat_percent": "22", "net": "100.00", "tax": "22.00"}
BODIES: dict[str, dict[str, Any]] = {
    "preview_quote": {"request": {"operation": "plan", "plan": "gold"}},
    "create_quote": {"request": {"operation": "plan", "plan": "gold"}},
    "create_change": {"acknowledged": []},
    "set_auto_renewal": {"on": True},
    "create_top_up": {"amount": "10.00", "currency": "EUR"},
    "set_e_invoice_number": {"e_invoice_number": "KSEF-1"},
    "create_payout": {
        "amount": "1.00",
        "currency": "EUR",
        "holder": "Demo",
        "iban": "PL61109010140000071219812874",
    },
    "import_clients": {"clients": [{**import_format.EXAMPLE["clients"][0], "deposit": None}]},
    "import_services": {"services": [{**SERVICE, "client": "{client}"}]},
    "import_invoices": {"invoices": [{**INVOICE, "client": "{client}", "currency": "EUR", "lines": [LINE]}]},
    "pause_clock": {"reason": "client", "note": "waits for the client"},
    "resume_clock": {"note": "the client has answered"},
    "grant_account_credit": {"amount": "10.00", "currency": "EUR", "reason": "an outage"},
    "take_back_account_credit": {"amount": "10.00", "currency": "EUR", "reason": "a mistake"},
    "create_prepaid_top_up": {"amount": "10.00", "currency": "EUR"},
    "create_prepaid_transfer": {"amount": "10.00", "currency": "EUR", "direction": "to_prepaid"},
}
LISTS = {"list_services", "list_changes", "list_clients", "list_acceptances"}  # they show what the token may see
ABOUT_NOBODY = LISTS | {"import_clients", "import_services", "import_invoices"}  # for the token's own seller
OF_THE_CLIENT_ITSELF = {"accept", "refuse"}  # a seller's token never answers for a client (D5)
OF_THE_SELLER = {  # what only its staff decide (H6)
    "get_clock",
    "pause_clock",
    "resume_clock",
    "grant_account_credit",
    "take_back_account_credit",
}
OF_A_DEPOSIT = {
    "get_deposit_statement",
    "get_deposit_statement_pdf",
    "list_payouts",
    "create_payout",
    "withdraw_payout",
    "get_receipt_pdf",
}
ONLY_LOOKS = {"preview_quote"}  # a POST that keeps nothing


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    name: str
    method: str
    path: str
    entry: dict[str, Any]

    def send(self, token: str | None, numbers: known.Numbers) -> Any:
        """Call it well, about what `numbers` names."""
        names = [each["name"] for each in self.entry["parameters"] if each["in"] == "path"]
        path = self.path.format(**{name: numbers.of(name, self.path)[0] for name in names})
        if "_statement" in self.name:
            path += "?from=2026-01-01&to=2026-12-31"
        told = {"authorization": f"Bearer {token}"} if token is not None else {}
        body = None
        if "requestBody" in self.entry:
            body = dict(BODIES[self.name])  # a new operation with a body: say here what a good one is
            if self.name.startswith("import_"):
                body = json.loads(json.dumps(body).replace("{client}", numbers.of("client", "")[0]))
            fields = self.entry["requestBody"]["content"]["application/json"]["schema"].get("$ref", "").split("/")[-1]
            for name in ("service", "quote"):
                if fields and name in DOCUMENT["components"]["schemas"][fields]["properties"]:
                    body[name] = numbers.of(name, "")[-1]
        return Client().generic(
            self.method, path, json.dumps(body) if body else b"", content_type="application/json", headers=told
        )


DOCUMENT = known.document()


def operations() -> Iterator[Operation]:
    """All of them."""
    for path, methods in DOCUMENT["paths"].items():
        for method, entry in methods.items():
            yield Operation(entry["operationId"], method.upper(), path, entry)


EVERY = pytest.mark.parametrize("operation", list(operations()), ids=lambda each: each.name)
ABOUT_SOMEBODY = pytest.mark.parametrize(
    "operation", [each for each in operations() if each.name not in ABOUT_NOBODY], ids=lambda each: each.name
)


def rows() -> tuple[int, ...]:
    """How many rows there are of everything that a call could make."""
    return tuple(
        table.objects.count()
        for table in (models.Quote, models.Change, billing.Order, billing.Payment, billing.Invoice)
    )


@EVERY
def test_without_a_token_every_operation_is_401(numbers: known.Numbers, operation: Operation) -> None:
    before = rows()
    for token in (None, "", "ps_x_y", numbers.token[:-1]):
        answer = operation.send(token, numbers)
        assert answer.status_code == 401, token
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert rows() == before


@EVERY
def test_with_its_token_every_operation_answers(numbers: known.Numbers, operation: Operation) -> None:
    """So that the 404 below are about whose it is, not about a call that is wrong anyway."""
    answer = operation.send(numbers.token, numbers)
    allowed = {200, 201}
    if operation.name in ("switch_over", "reveal_credentials"):
        allowed = {404}  # nothing is handed over yet
    if operation.name in ("get_meter", "list_draws", "get_prepaid"):
        allowed = {404}  # nothing of this client is metered
    if operation.name in ("end_metered_service", "create_prepaid_top_up", "create_prepaid_transfer"):
        allowed = {409}  # this seller meters nothing
    if operation.name in ("pay_from_deposit", "create_top_up", "create_change", "create_quote"):
        allowed = {409}  # this seller keeps no deposits; a change is open already
    if operation.name in OF_A_DEPOSIT:  # this seller keeps none
        allowed = {404, 409}
    if operation.name == "take_back_account_credit":
        allowed = {409}  # nothing was granted
    if operation.name == "next_term":
        allowed = {409}  # no decrease waits for an answer
    if operation.name == "set_e_invoice_number":
        allowed = {409}  # the PDF is the invoice
    if operation.name in ("pause_clock", "resume_clock"):
        allowed = {409}  # nothing is promised before it is paid
    if operation.name in OF_THE_CLIENT_ITSELF:
        allowed = {403}
    assert answer.status_code in allowed, answer.content


@ABOUT_SOMEBODY
@pytest.mark.parametrize("whose", ["another seller's token", "another client's token"])
def test_what_is_not_theirs_is_not_there(numbers: known.Numbers, operation: Operation, whose: str) -> None:
    sibling = services.Client.objects.get(email="gold@demo.example").number
    other = known.caller(POLSKA) if whose == "another seller's token" else known.caller(ITALIA, client=sibling)
    before = rows()
    answer = operation.send(other.token, numbers)
    assert answer.status_code == 404, answer.content
    invented = known.Numbers(token="", found={name: ["X-9"] for name in numbers.found})
    assert operation.send(other.token, invented).content == answer.content  # the same words for what does not exist
    assert rows() == before


@pytest.mark.parametrize("name", sorted(OF_THE_SELLER))
def test_what_staff_decide_is_403_for_the_client_whose_it_is(numbers: known.Numbers, name: str) -> None:
    operation = next(each for each in operations() if each.name == name)
    own = access.issue_token(
        seller=ITALIA, client=numbers.of("client", "")[0], name="own", at=clock.system(), actor="test"
    )
    answer = operation.send(own, numbers)
    assert (answer.status_code, "403" in operation.entry["responses"]) == (403, True), answer.content


@pytest.mark.parametrize("list_", sorted(LISTS))
def test_a_list_shows_nothing_of_others(numbers: known.Numbers, list_: str) -> None:
    path = f"/{list_.removeprefix('list_')}"
    client = numbers.of("client", "")[0]
    if list_ != "list_acceptances":  # nothing waits for this client's acceptance
        assert client in known.Caller(numbers.token).get(path).content.decode()
    sibling = services.Client.objects.get(email="gold@demo.example").number
    for other in (known.caller(POLSKA), known.caller(ITALIA, client=sibling)):
        for query in ("", f"?client={client}"):
            shown = other.get(path + query)
            assert shown.status_code == 200
            assert f'"{client}"' not in shown.content.decode()


@EVERY
def test_a_read_only_token_changes_nothing(numbers: known.Numbers, operation: Operation) -> None:
    token = access.issue_token(seller=ITALIA, name="looks", at=clock.system(), actor="test", read_only=True)
    before = rows()
    writes = operation.method != "GET" and operation.name not in ONLY_LOOKS
    answer = operation.send(token, numbers)
    assert (answer.status_code == 403) == writes, answer.content
    assert ("403" in operation.entry["responses"]) >= writes
    assert rows() == before


@EVERY
def test_a_method_that_an_address_does_not_know_is_405(numbers: known.Numbers, operation: Operation) -> None:
    known_ones = {method.upper() for method in DOCUMENT["paths"][operation.path]}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known_ones:
        answer = Operation(operation.name, method, operation.path, operation.entry).send(numbers.token, numbers)
        assert answer.status_code == 405, method
        assert set(answer.headers["Allow"].split(", ")) == known_ones


def test_a_clients_token_may_call_so_often_and_a_sellers_as_often_as_it_likes(demo: None, settings: Any) -> None:
    settings.API_CLIENT_RATE = "2/h"
    one = known.caller(client=services.Client.objects.get(email="gold@demo.example").number)
    assert [one.get("/services").status_code for _ in range(3)] == [200, 200, 429]
    late = one.get("/services")
    assert late.headers["Content-Type"] == "application/problem+json"
    assert 3000 < int(late.headers["Retry-After"]) <= 3600
    assert [known.caller().get("/services").status_code for _ in range(3)] == [200, 200, 200]
