"""A service that was sold elsewhere: client, service and invoice come in, then it is made smaller through the panel."""

import datetime as dt
import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from lxml import etree

from planshift.billing import chains, invoices, opened, statements
from planshift.billing import models as billing
from planshift.catalog import load
from planshift.catalog import models as catalog
from planshift.domain.money import Money
from planshift.interfaces.presenters import import_format
from planshift.ledger import balances
from planshift.procedures import access, knowledge, queries
from planshift.procedures.importing import run
from planshift.procedures.reconciling import running
from planshift.provisioning import models as provisioning
from planshift.provisioning import ports as hosting
from planshift.provisioning import queries as machines
from planshift.runtime import clock
from planshift.services import models as services
from tests.billing import bank_files
from tests.einvoicing import validating
from tests.house_rules import source
from tests.stories.conftest import Stage

POLSKA = "demo-chmura-polska"
NUMBER = "F 88/06/2026"


pytestmark = pytest.mark.usefixtures("post")


def come_in(kind: str, records: list[dict[str, object]], **more: object) -> run.Report:
    found = run.run(
        seller=POLSKA,
        kind=kind,
        content=json.dumps({kind: records}).encode(),
        format="json",
        dry_run=False,
        at=clock.business(),
        actor="staff:1",
        **more,  # type: ignore[arg-type]
    )
    assert found.problems == ()
    return found


def taken_over() -> tuple[str, str]:
    """The example of docs/import-format.md, with an account on a server; numbers of client and service."""
    catalog.Seller.objects.filter(code=POLSKA).update(tax_id="PL5260250274")
    server = provisioning.Server.objects.get(seller__code=POLSKA, code="virtual-1")
    ref = hosting.Ref(server=hosting.ServerAt(server.code, server.address, server.traits), account="vm-4711")
    come_in("clients", import_format.EXAMPLE["clients"])
    running = {**import_format.EXAMPLE["services"][0], "server": server.code, "account": "vm-4711"}
    ((_, service),) = come_in("services", [running]).new
    limits = dict(machines.active_environments(services=[service])[service].limits)
    hosting.driver("simulated").create(
        op=hosting.Op(key="elsewhere", cause="elsewhere", actor="test"),
        ref=ref,
        spec=hosting.Spec("vps.tartak.demo.example", "professional"),
        limits=limits,
    )
    come_in("invoices", import_format.EXAMPLE["invoices"])
    return services.Service.objects.get(number=service).client.number, service


def test_D5_an_imported_service_is_made_smaller_through_the_panel(stage: Stage) -> None:
    client, service = taken_over()
    browser = Client()
    browser.force_login(get_user_model().objects.get(email="tartak@demo.example"))
    asked = browser.post(f"/services/{service}/quote/", {"operation": "resources", "resource.ip": "0"})
    assert asked.status_code == 302, asked.content.decode()
    quote = asked.headers["Location"].split("/")[2]
    page = browser.get(f"/quotes/{quote}/").content.decode()
    ticked = re.findall(r'name="ack" value="([a-z_]+)"', page)
    ordered = browser.post(f"/quotes/{quote}/order/", {"ack": ticked, "key": "0123456789abcdef"})
    change = ordered.headers["Location"].split("/")[2]
    stage.work()
    assert queries.change(client=client, number=change, at=clock.business()).state == "AWAITING_ACCEPTANCE"
    assert browser.post(f"/changes/{change}/accept/").status_code == 302
    stage.work()
    assert queries.change(client=client, number=change, at=clock.business()).state == "DONE"
    assert machines.active_environments(services=[service])[service].limits["ip"] == 1  # 1 of the plan, 2 given up

    paper = billing.Invoice.objects.get(kind="correction", client__number=client)
    document = invoices.document(seller=POLSKA, number=paper.number)
    assert document.corrects is not None
    assert (document.corrects.number, document.corrects.e_invoice_number) == (
        NUMBER,
        "1111111111-20260601-0100001AF629-AF",
    )
    # 216.00 x 273 / 365 = 161.56; VAT: 23 % of (1177.20 - 161.56) = 233.60, documented were 221.08 + 49.68 = 270.76
    assert (document.total.net, document.total.tax) == (Money.of("-161.56", "PLN"), Money.of("-37.16", "PLN"))
    (line,) = document.lines
    assert (line.start_on, line.end_on, line.vat_percent) == (dt.date(2026, 9, 1), dt.date(2027, 6, 1), 23)
    assert document.before[0].net == Money.of("216.00", "PLN")
    # 25.00 was taken over, 161.56 + 37.16 given back
    assert queries.money(client=client, at=clock.business()).deposit == Money.of("223.72", "PLN")
    assert balances.differences() == {} and list(running.differences()) == []

    file = invoices.xml(seller=POLSKA, number=paper.number)
    root = etree.fromstring(file)
    assert validating.faults(file) == []
    told = {name: root.findtext(f".//{{*}}{name}") for name in ("NrFaKorygowanej", "NrKSeFFaKorygowanej", "P_15")}
    assert told == {
        "NrFaKorygowanej": NUMBER,
        "NrKSeFFaKorygowanej": "1111111111-20260601-0100001AF629-AF",
        "P_15": "-198.72",
    }
    assert billing.Invoice.objects.get(number=NUMBER).imported


def test_H8_an_imported_service_is_older_than_every_price(stage: Stage) -> None:
    """Nobody told since when its client has it: a price that names a day for existing contracts holds from then on."""
    text = (source.ROOT / "catalogs/deposit.toml").read_text(encoding="utf-8")
    head, rest = text.split("[plans.professional]", 1)
    more = ", from = 2026-05-01, existing_from = 2027-09-01 },\n"
    rest = rest.replace(
        '  { period = 12, amount = "961.20" },\n',
        '  { period = 12, amount = "961.20" },\n  { period = 12, amount = "1100.00"' + more,
        1,
    )
    load.load_catalog(text=f"{head}[plans.professional]{rest}", name="deposit.toml", at=clock.business(), actor="test")
    client, service = taken_over()
    card = queries.service(client=client, number=service, at=clock.business()).card.renewal
    assert card is not None and card.net == Money.of("1177.20", "PLN")  # 961.20 + 216.00, not 1100.00 + 216.00
    known = knowledge.of(service=service, at=clock.business()).facts
    assert known.service.agreed_on == dt.date.min


def test_importing_the_invoice_again_changes_nothing_and_another_content_is_refused(stage: Stage) -> None:
    taken_over()
    before = list(billing.InvoiceLine.objects.values_list("pk", "net_minor"))
    again = come_in("invoices", import_format.EXAMPLE["invoices"])
    assert (again.new, again.known) == ((), 1)
    other = json.loads(json.dumps(import_format.EXAMPLE["invoices"]))
    other[0]["lines"][0]["net"] = "961.21"
    other[0]["gross"] = "1447.97"
    found = run.run(
        seller=POLSKA,
        kind="invoices",
        content=json.dumps({"invoices": other}).encode(),
        format="json",
        dry_run=False,
        at=clock.business(),
        actor="staff:1",
    )
    assert [each.code for each in found.problems] == ["import_differs"]
    assert list(billing.InvoiceLine.objects.values_list("pk", "net_minor")) == before


def test_what_was_not_paid_of_an_imported_invoice_is_owed_and_never_given_back(stage: Stage) -> None:
    client, _ = taken_over()
    record = json.loads(json.dumps(import_format.EXAMPLE["invoices"][0]))
    record["number"] = "F 89/06/2026"
    record["lines"][1]["paid"] = "100.00"  # of 265.68
    come_in("invoices", [record])
    owed = balances.of_client(client=client, kind="receivable", currency="PLN")
    assert owed == Money.of("165.68", "PLN")  # 265.68 - 100.00
    (issued,) = chains.of_numbers(seller=POLSKA, numbers=["F 89/06/2026"])
    assert [line.paid for line in issued.lines] == [Money.of("1182.28", "PLN"), Money.of("100.00", "PLN")]
    assert list(running.differences()) == []


def test_what_is_unpaid_is_shown_and_paid_by_statement_and_by_staff(stage: Stage) -> None:
    """The panel, the API and the back office show what is open; a transfer and a form of staff settle it."""
    client, _ = taken_over()
    for number in ("F 89/06/2026", "F 90/06/2026"):
        record = json.loads(json.dumps(import_format.EXAMPLE["invoices"][0]))
        record["number"] = number
        record["lines"][1]["paid"] = "100.00"  # of 265.68
        come_in("invoices", [record])
    seller = catalog.Seller.objects.get(code=POLSKA)
    token = access.issue_token(seller=POLSKA, name="test", at=clock.system(), actor="test")
    panel, staff = Client(), Client()
    panel.force_login(get_user_model().objects.get(email="tartak@demo.example"))
    staff.force_login(get_user_model().objects.get(email="obsluga@demo.example"))

    def seen() -> tuple[list[str], ...]:
        money, office = (each.content.decode() for each in (panel.get("/payments/"), staff.get("/staff/orders/")))
        page = staff.get(f"/staff/clients/{client}/").content.decode()
        told = Client().get(f"/api/v1/clients/{client}/invoices", headers={"Authorization": f"Bearer {token}"})
        unpaid = [each["number"] for each in told.json()["invoices"] if each["unpaid"] == "165.68"]
        numbers = ("F 89/06/2026", "F 90/06/2026")
        sections = (text.split('="moves"')[0].split('="unapplied"')[0] for text in (money, office, page))
        return (*([each for each in numbers if each in text] for text in sections), sorted(unpaid))

    assert seen() == (["F 89/06/2026", "F 90/06/2026"],) * 4
    assert "165" in panel.get("/invoices/").content.decode()
    rows = [bank_files.Row(amount="165.68", text="za F 89/06/2026", ref="B-1", day="2026-09-01")]
    file = bank_files.file(bank_files.camt(*rows, account=seller.bank_account, currency="PLN"))
    statements.read_in(file=file, name="x.xml", sellers=None, at=clock.business(), actor="staff:1")
    assert "F 89/06/2026" in staff.get("/staff/bank/").content.decode()  # among the lines: what it was
    assert seen() == (["F 90/06/2026"],) * 4
    (waiting,) = opened.open_of(client=client)
    form = {
        "key": "0123456789abcdef",
        "amount": "170,00",
    }
    for _ in range(2):
        assert staff.post(f"/staff/invoices/{waiting.id}/received/", form).status_code == 302
    assert seen() == ([],) * 4
    (left,) = billing.Payment.objects.filter(unapplied_minor__gt=0)
    assert (left.unapplied_minor, left.why_unapplied) == (432, "too_much")  # 170.00 - 165.68
    assert balances.of_client(client=client, kind="receivable", currency="PLN") == Money.of("0.00", "PLN")
    other = Client()
    other.force_login(get_user_model().objects.get(email="personale@demo.example"))  # of another seller
    assert other.post(f"/staff/invoices/{waiting.id}/received/", {**form, "key": "f" * 16}).status_code == 404
    assert list(running.differences()) == []


def test_D6_the_buyer_of_the_imported_invoice_stands_on_what_follows(stage: Stage) -> None:
    client, _ = taken_over()
    services.BuyerProfile.objects.create(
        client=services.Client.objects.get(number=client),
        name="Not confirmed",
        street="x",
        postcode="x",
        city="x",
        country="PL",
        tax_id="",
        is_business=True,
        created_at=clock.business(),
    )
    quote = stage.quote("vps.tartak", "business")
    made = stage.order(quote)
    assert billing.Order.objects.get(number=made.order).buyer_party["name"] == "Demo Tartak sp. z o.o."


def test_what_the_catalog_does_not_sell_so_does_not_come_in(stage: Stage) -> None:
    come_in("clients", import_format.EXAMPLE["clients"])
    wrong = {**import_format.EXAMPLE["services"][0], "months": 7, "additional": {"ip": 2, "memory": 3}}
    found = run.run(
        seller=POLSKA,
        kind="services",
        content=json.dumps({"services": [wrong]}).encode(),
        format="json",
        dry_run=False,
        at=clock.business(),
        actor="staff:1",
    )
    assert [(each.code, each.facts.get("field")) for each in found.problems] == [
        ("import_period_not_sold", "months"),
        ("import_step", "additional"),
    ]
    assert not services.Service.objects.filter(label=wrong["label"]).exists()
