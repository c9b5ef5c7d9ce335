"""A file comes in by the command, the API and the back office: the same report, all of it or nothing, once."""

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planshift.billing import models as billing
from planshift.catalog import models as catalog
from planshift.domain.money import Money
from planshift.interfaces.cli import importing as command
from planshift.interfaces.presenters import import_format
from planshift.ledger import balances
from planshift.ledger import models as ledger
from planshift.procedures import models
from planshift.procedures.importing import run
from planshift.procedures.reconciling import running
from planshift.runtime import clock
from planshift.runtime.models import NumberSeries
from planshift.services import models as services
from tests.interfaces.api import known

Enter = Callable[..., Client]
POLSKA = "demo-chmura-polska"


def body(kind: str, *records: object) -> bytes:
    return json.dumps({kind: records or import_format.EXAMPLE[kind]}).encode()


def come_in(kind: str, content: bytes, *, dry_run: bool = False, seller: str = POLSKA) -> run.Report:
    return run.run(
        seller=seller, kind=kind, content=content, format="json", dry_run=dry_run, at=clock.business(), actor="staff:1"
    )


def rows() -> list[int]:
    tables = (services.Client, services.BuyerProfile, services.Membership, services.Service, services.Term)
    counts = [model.objects.count() for model in (*tables, billing.Invoice, billing.InvoiceLine, models.Imported)]
    return [*counts, *NumberSeries.objects.order_by("series").values_list("last", flat=True)]


@pytest.mark.usefixtures("demo")
def test_the_command_imports_the_examples_in_both_formats_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("clients", "services", "invoices"):
        (tmp_path / f"{kind}.csv").write_text(import_format.csv_of(kind), encoding="utf-8")
        (tmp_path / f"{kind}.json").write_bytes(body(kind))
    before = rows()
    clients = str(tmp_path / "clients.csv")
    assert command.main(["clients", clients, "--seller", POLSKA, "--dry-run"]) == 0
    assert "crm-17\nclients.csv: 1 clients would come in, 0 known already" in capsys.readouterr().out
    assert rows() == before
    for kind in ("clients", "services", "invoices"):
        for format, new in (("csv", 1), ("json", 0)):
            assert command.main([kind, str(tmp_path / f"{kind}.{format}"), "--seller", POLSKA]) == 0
            assert f"{new} {kind} came in, {1 - new} known already" in capsys.readouterr().out
    row = services.Client.objects.get(email="tartak@demo.example")
    assert row.buyer_profiles.get().confirmed_at is not None and row.memberships.count() == 1
    assert balances.of_client(client=row.number, kind="deposit", currency="PLN") == Money.of("25.00", "PLN")
    service = row.services.get()
    assert [(each.resource, each.amount) for each in service.allocations.all()] == [("ip", 2)]
    assert service.terms.get().end_on.isoformat() == "2027-06-01"
    invoice = billing.Invoice.objects.get(number="F 88/06/2026")
    assert (invoice.imported, invoice.gross_minor, invoice.order, invoice.series) == (True, 144_796, None, "")
    assert balances.of_client(client=row.number, kind="receivable", currency="PLN") == Money.of("0.00", "PLN")


@pytest.mark.usefixtures("demo")
def test_the_command_tells_every_problem_and_nothing_comes_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = import_format.EXAMPLE["services"][0], {**import_format.EXAMPLE["services"][0], "reference": "vm-2"}
    file = tmp_path / "services.json"
    file.write_bytes(
        body("services", good, {**bad, "plan": "nonsense", "attached_to": "nobody", "server": "x", "account": "a"})
    )
    before = rows()
    assert command.main(["services", str(file), "--seller", POLSKA]) == 1
    told = capsys.readouterr().err
    for sentence in (
        "There is no client crm-17: import clients first.",
        "The catalog has no plan nonsense in this family.",
        "There is no service nobody: import services first.",
        "There is no server x.",
        "nothing was imported, 5 problems",
    ):
        assert sentence in told
    assert rows() == before
    assert command.main(["services", str(file), "--seller", "nobody"]) == 1
    assert command.main(["services", str(tmp_path / "missing"), "--seller", POLSKA]) == 2


@pytest.mark.usefixtures("demo")
def test_numbers_of_our_own_series_are_refused_now_and_for_later() -> None:
    assert come_in("clients", body("clients")).problems == () == come_in("services", body("services")).problems
    example, own = import_format.EXAMPLE["invoices"][0], billing.Invoice.objects.filter(seller__code=POLSKA)[0].number
    records = [{**example, "number": number} for number in ("FV/2031/01/0007", "FK/2026/11/0001", own)]
    found = come_in("invoices", body("invoices", *records))
    assert [(each.code, each.facts["value"]) for each in found.problems] == [
        ("import_number_of_series", "FV/2031/01/0007"),
        ("import_number_of_series", "FK/2026/11/0001"),
        ("import_number_taken", own),
    ]


@pytest.mark.usefixtures("demo")
def test_what_belongs_to_others_cannot_be_named() -> None:
    other = services.Service.objects.filter(client__seller__code="demo-host-italia")[0]
    come_in("clients", body("clients"))
    example = import_format.EXAMPLE["services"][0]
    found = come_in("services", body("services", {**example, "client": other.client.number}))
    assert [each.code for each in found.problems] == ["import_client_unknown"]
    neighbour = services.Service.objects.filter(client__seller__code=POLSKA)[0]
    found = come_in("services", body("services", {**example, "attached_to": neighbour.number}))
    assert [each.code for each in found.problems] == ["import_service_of_other"]
    invoice = json.loads(json.dumps(import_format.EXAMPLE["invoices"][0]))
    for line in invoice["lines"]:
        line["service"] = neighbour.number
    found = come_in("invoices", body("invoices", {**invoice, "currency": "EUR", "issued_on": "2040-01-01"}))
    assert sorted(each.code for each in found.problems) == [
        *("import_future", "import_other_currency", "import_service_of_other", "import_service_of_other"),
    ]


@pytest.mark.usefixtures("demo")
def test_a_client_without_a_deposit_of_its_seller_brings_none() -> None:
    found = come_in("clients", body("clients"), seller="demo-host-italia")
    assert [each.code for each in found.problems] == ["no_deposit"]


@pytest.mark.usefixtures("demo")
def test_statements_do_not_grow_with_the_records() -> None:
    def many(start: int, count: int) -> bytes:
        one = import_format.EXAMPLE["clients"][0]
        return body("clients", *({**one, "reference": f"c-{start + n}"} for n in range(count)))

    counts = []
    for start, count in ((0, 2), (100, 40)):
        with CaptureQueriesContext(connection) as seen:
            assert come_in("clients", many(start, count)).problems == ()
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 2  # accounts of the ledger are made in chunks


@pytest.mark.usefixtures("demo")
def test_the_api_imports_for_its_seller_only() -> None:
    api = known.caller(POLSKA)

    def send(kind: str, content: bytes, media: str = "application/json", query: str = "", token: str = api.token):  # type: ignore[no-untyped-def]
        return api.browser.post(
            f"/api/v1/imports/{kind}{query}", content, content_type=media, headers={"authorization": f"Bearer {token}"}
        )

    before = rows()
    dry = send("clients", body("clients"), query="?dry_run=true")
    assert dry.json() == {
        "kind": "clients",
        "dry_run": True,
        "new": [{"reference": "crm-17", "number": ""}],
        "known": 0,
    }
    assert rows() == before
    came = send("clients", import_format.csv_of("clients").encode(), "text/csv")
    number = services.Client.objects.get(email="tartak@demo.example").number
    assert came.json()["new"] == [{"reference": "crm-17", "number": number}]
    assert send("clients", body("clients")).json() == {"kind": "clients", "dry_run": False, "new": [], "known": 1}
    assert services.Client.objects.get(number=number).seller.code == POLSKA
    wrong = send("services", body("services", {**import_format.EXAMPLE["services"][0], "months": 0}))
    assert wrong.status_code == 422
    assert [(each["code"], each["facts"]["field"]) for each in wrong.json()["reasons"]] == [("import_range", "months")]
    assert send("clients", b"x", "application/xml").status_code == 415
    assert send("clients", b" " * 2_700_000).status_code == 413
    one = known.caller(POLSKA, client=number)
    assert send("services", body("services"), token=one.token).status_code == 403


def test_staff_import_and_read_every_problem(enter: Enter) -> None:
    browser = enter("obsluga")

    def post(content: bytes, **more: str):  # type: ignore[no-untyped-def]
        return browser.post("/staff/imports/file/", {"file": SimpleUploadedFile("clients.json", content), **more})

    assert "Import" in browser.get("/staff/imports/").content.decode()
    before = rows()
    shown = post(body("clients", {**import_format.EXAMPLE["clients"][0], "since": "soon"}), kind="clients")
    assert shown.status_code == 422
    assert "“soon” is no day such as 2026-12-31." in shown.content.decode()
    checked = post(body("clients"), kind="clients", dry_run="on")
    assert "Nothing was kept. 1 would come in, 0 are known already." in checked.content.decode()
    assert rows() == before
    done = post(body("clients"), kind="clients")
    assert "1 came in, 0 were known already." in done.content.decode() and "crm-17" in done.content.decode()
    assert catalog.Seller.objects.get(clients__email="tartak@demo.example").code == POLSKA
    assert post(body("clients"), kind="clients", seller="demo-host-italia").status_code == 404
    assert post(body("clients"), kind="nonsense").status_code == 409
    assert browser.post("/staff/imports/file/", {"kind": "clients"}).status_code == 409


@pytest.mark.parametrize(("language", "sentence"), [("pl", "nie jest dniem"), ("it", "non è un giorno")])
def test_problems_are_told_in_the_readers_language(enter: Enter, language: str, sentence: str) -> None:
    browser = enter("obsluga", language=language)
    wrong = body("clients", {**import_format.EXAMPLE["clients"][0], "since": "soon"})
    shown = browser.post("/staff/imports/file/", {"file": SimpleUploadedFile("c.json", wrong), "kind": "clients"})
    assert sentence in shown.content.decode()


@pytest.mark.usefixtures("demo")
def test_account_credit_is_taken_over_in_both_formats_once_and_is_never_a_deposit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a seller that keeps no deposit too. The CSV and the JSON say the same, so the second changes nothing."""
    seller = "demo-host-italia"
    client = {**import_format.EXAMPLE["clients"][0], "account_credit": "26.84"}
    del client["deposit"]
    lines = import_format.csv_of("clients").splitlines()
    (tmp_path / "clients.csv").write_text(
        f"{lines[0].replace(',deposit', ',account_credit')}\n{lines[1].replace('25.00', '26.84')}\n", encoding="utf-8"
    )
    (tmp_path / "clients.json").write_bytes(body("clients", client))
    for format, new in (("csv", 1), ("json", 0), ("csv", 0)):
        assert command.main(["clients", str(tmp_path / f"clients.{format}"), "--seller", seller]) == 0
        assert f"{new} clients came in, {1 - new} known already" in capsys.readouterr().out
    number = services.Client.objects.get(email="tartak@demo.example").number
    held = balances.of_client(client=number, kind="account_credit", currency="EUR")
    assert held == Money.of("26.84", "EUR")
    assert balances.of_client(client=number, kind="deposit", currency="EUR") == Money.of("0.00", "EUR")
    (move,) = ledger.Transfer.objects.filter(posting="account_credit_opened")
    assert (move.debit.kind, move.credit.kind, move.amount_minor) == ("opening", "account_credit", 2684)
    assert list(running.differences()) == [] and balances.differences() == {}
    found = come_in("clients", body("clients", {**client, "account_credit": "99.00"}), seller=seller)
    assert [each.code for each in found.problems] == ["import_differs"]  # an import changes nothing that came in
    for amount, code in (("0.00", "import_amount_above_zero"), ("1.005", "import_amount")):
        other = {**client, "reference": "crm-18", "account_credit": amount}
        (problem,) = come_in("clients", body("clients", other), seller=seller).problems
        assert (problem.code, problem.facts["field"]) == (code, "account_credit")


@pytest.mark.usefixtures("demo")
def test_a_file_that_came_in_before_account_credit_could_be_said_is_still_known() -> None:
    """The digest of a record that says nothing of it is the one that was remembered then."""
    come_in("clients", body("clients"))
    kept = models.Imported.objects.get(reference="crm-17").digest
    assert kept == "a5aa7c98062432718344b37ba5390690937497de53c4e587828f27f9b03af6e1"


@pytest.mark.usefixtures("demo")
def test_the_api_takes_account_credit_over_and_client_and_staff_read_where_it_came_from(enter: Enter) -> None:
    api = known.caller(POLSKA)
    content = body("clients", {**import_format.EXAMPLE["clients"][0], "account_credit": "12.30"})
    for new in (1, 0):
        sent = api.browser.post(
            "/api/v1/imports/clients",
            content,
            content_type="application/json",
            headers={"authorization": f"Bearer {api.token}"},
        )
        assert sent.status_code == 200 and len(sent.json()["new"]) == new, sent.content
    number = services.Client.objects.get(email="tartak@demo.example").number
    assert api.get(f"/clients/{number}/account-credit").json()["balance"] == "12.30"
    day = clock.business().date()
    told = api.get(f"/clients/{number}/account-credit/statement?from={day}&to={day + dt.timedelta(days=1)}").json()
    assert [(each["code"], each["amount"]) for each in told["movements"]] == [("account_credit_opened", "12.30")]
    browser = Client()
    browser.force_login(get_user_model().objects.get(email="tartak@demo.example"))
    page = browser.get("/payments/credit/", headers={"accept-language": "en"}).content.decode()
    assert "12.30" in page or "12,30" in page
    moves = browser.get(f"/payments/credit/statement.csv?from={day}&to={day}").content.decode()
    assert "account_credit_opened,,12.30,12.30,PLN" in moves
    paper = pypdf.PdfReader(io.BytesIO(browser.get(f"/payments/credit/statement.pdf?from={day}&to={day}").content))
    assert "Przejęte saldo początkowe" in paper.pages[0].extract_text()
