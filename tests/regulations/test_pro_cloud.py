"""D3 from outside: panel, API, statement file and payment page on the running product; what a person could see."""

import datetime as dt
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from planshift.billing import models as billing
from planshift.domain.money import Money
from planshift.procedures import access, models
from planshift.procedures.metering import drawing
from planshift.procedures.reconciling import running
from planshift.provisioning import ports
from planshift.provisioning import queries as machines
from planshift.runtime import clock, runs
from planshift.runtime.runs import schedules
from planshift.services import models as services
from tests.billing import bank_files
from tests.harness import demo

WARSAW = ZoneInfo("Europe/Warsaw")
START = dt.datetime(2026, 9, 1, 12, 0, tzinfo=WARSAW)


class World:
    """The demo's Pro Cloud client: a browser, a token, staff, and the clock."""

    def __init__(self) -> None:
        self.service = services.Service.objects.get(family="pro-cloud")
        self.client = self.service.client
        self.panel, self.office = self.browser("cloud"), self.browser("obsluga")
        self.token = access.issue_token(
            seller=self.client.seller.code, client=self.client.number, name="test", at=clock.system(), actor="test"
        )

    def browser(self, who: str) -> Client:
        made = Client()
        made.force_login(get_user_model().objects.get(email=f"{who}@demo.example"))
        made.cookies["django_language"] = "en"
        return made

    def until(self, text: str) -> None:
        clock.move_to(at=dt.datetime.fromisoformat(text).replace(tzinfo=WARSAW), actor="test")
        self.work()

    def work(self) -> None:
        while runs.drain(skip_backoff=True):
            pass

    def see(self, path: str) -> str:
        """A page of the panel as a reader sees it."""
        answer = self.panel.get(path)
        assert answer.status_code == 200, path
        plain = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
        return re.sub(r"\s+", " ", plain.replace("\xa0", " "))

    def get(self, path: str) -> dict[str, object]:
        answer = Client().get(f"/api/v1{path}", headers={"authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.content
        return answer.json()  # type: ignore[no-any-return]

    def post(self, path: str, body: object, *, key: str) -> dict[str, object]:
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": key}
        answer = Client().post(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)
        assert answer.status_code in (200, 201), answer.content
        return answer.json()  # type: ignore[no-any-return]

    def limits(self) -> dict[str, int]:
        """What the machine gives, as it was read back."""
        return dict(machines.active_environments(services=[self.service.number])[self.service.number].limits)

    def balance(self) -> str:
        return str(self.get(f"/clients/{self.client.number}/prepaid")["balance"])


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(schedules, "_schedules", {})
    monkeypatch.setattr(schedules, "_planted", {})
    drawing.define()
    with clock.stopped(at=START):
        demo.plant(at=START)
        yield World()


def test_D3_resources_rise_and_fall_at_once_in_the_panel_and_by_the_api(world: World) -> None:
    orders, papers = billing.Order.objects.count(), billing.Invoice.objects.count()
    number = world.service.number
    # the panel: 4 cores instead of 2
    quoted = world.panel.post(f"/services/{number}/quote/", {"resource.cpu": "4"})
    quote = quoted.headers["Location"].split("/")[2]
    # 4 x 0.06 + 4 x 0.03 + 40 x 0.0008 + 0.01 = 0.402
    page = world.see(f"/quotes/{quote}/")
    assert "PLN 0.402" in page and "Nothing to pay now." in page and "Change it now" in page
    ordered = world.panel.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    world.work()
    assert world.limits()["cpu"] == 4
    assert "Done" in world.see(ordered.headers["Location"])
    # the API: down to 1 within the same hour
    made = world.post(
        "/quotes", {"service": number, "request": {"operation": "resources", "additional": {"cpu": 1}}}, key="q1"
    )
    changed = world.post("/changes", {"quote": made["number"], "acknowledged": []}, key="c1")
    world.work()
    assert world.get(f"/changes/{changed['number']}")["state"] == "DONE"
    assert world.limits()["cpu"] == 1
    # no order, no document, nothing to accept
    assert (billing.Order.objects.count(), billing.Invoice.objects.count()) == (orders, papers)
    assert models.Acceptance.objects.count() == 0


def test_D3_staff_change_it_for_the_client_and_a_machine_that_refuses_costs_nothing(world: World) -> None:
    number = world.service.number
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(kind="refuses", verb="apply", times=1)
    quoted = world.office.post(f"/staff/services/{number}/quote/", {"resource.memory": "16"})
    quote = quoted.headers["Location"].split("/")[3]
    asked = {"key": "0123456789abcdef", "how": "telephone", "note": "called at noon"}
    ordered = world.office.post(f"/staff/quotes/{quote}/order/", asked)
    world.work()
    change = ordered.headers["Location"].split("/")[3]
    assert "could not" in world.office.get(f"/staff/changes/{change}/").content.decode().lower()
    held = world.get(f"/services/{number}/meter")["held"]
    assert isinstance(held, list) and {row["resource"]: row["amount"] for row in held}["memory"] == 4
    simulation.clear_faults()
    world.office.post(f"/staff/changes/{change}/retry/", {"note": "the machine was mended", "confirmed": "1"})
    world.work()
    held = world.get(f"/services/{number}/meter")["held"]
    assert isinstance(held, list) and {row["resource"]: row["amount"] for row in held}["memory"] == 16


def test_D3_by_the_hour_from_the_prepaid_balance_down_to_the_floor_and_up_again(world: World) -> None:
    number, client = world.service.number, world.client.number
    # noon on 1 September: 12 hours of this month, and the one that begins
    meter = world.get(f"/services/{number}/meter")
    assert meter["this_hour"] == {"net": "0.282", "gross": "0.34686"}
    # 12 hours: 1.44 + 1.44 + 0.38 (0.384) + 0.12 = 3.38 + 0.78 = 4.16
    assert meter["so_far"] == {"net": "3.38", "tax": "0.78", "gross": "4.16"}
    page = world.see(f"/services/{number}/")
    assert "This hour PLN 0.34686" in page and "This month so far PLN 4.16" in page
    # 68.14 - 4.16 - 10.00 = 53.98 / 0.34686 = 155.6 hours: 6 days and 11 hours from noon
    assert "Lasts until 7 Sept 2026 23:00" in page
    assert world.balance() == "68.14"
    world.until("2026-09-08T12:00")
    assert world.balance() == "9.86"  # 168 hours: 58.28 less
    assert "The service is blocked" in world.see(f"/services/{number}/")
    account = next(iter(machines.active_environments(services=[number]).values()))
    server = ports.ServerAt(account.server)
    seen = ports.driver("simulated").get(ref=ports.Ref(server, account.account))
    assert seen is not None and seen.suspended
    assert "Blocked" in world.office.get("/staff/prepaid/?only=blocked").content.decode()
    # a statement of the bank tops it up
    order = world.post(f"/clients/{client}/prepaid/top-ups", {"amount": "40.00", "currency": "PLN"}, key="t1")
    row = billing.Order.objects.get(number=order["number"])
    paid = bank_files.Row(amount="40.00", structured=row.payment_reference, ref="B-1", day="2026-09-08")
    file = bank_files.camt(paid, account=row.seller.bank_account, currency="PLN", version="08")
    world.office.post("/staff/bank/import/", {"statement": SimpleUploadedFile("statement.xml", file)})
    world.work()
    seen = ports.driver("simulated").get(ref=ports.Ref(server, account.account))
    assert seen is not None and not seen.suspended
    assert "The service is blocked" not in world.see(f"/services/{number}/")
    assert not billing.Invoice.objects.filter(order=row).exists()  # its receipt is the paid order
    assert "Paid, thank you" in world.see(f"/orders/{row.number}/")
    # and the payment page of the card processor
    topped = world.panel.post("/prepaid/top-up/", {"amount": "100,00", "key": "0123456789abcdef"})
    order_page = topped.headers["Location"]
    sent = world.panel.post(f"{order_page}card/")
    paid_at = sent.headers["Location"]
    shown = world.panel.get(paid_at).content.decode()
    forms = re.findall(r"<form.*?</form>", shown, re.DOTALL)
    form = next(each for each in forms if "message" in each)
    inputs = {name: html.unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form)}
    form_sent = "application/x-www-form-urlencoded"
    paid_back = world.panel.post("/gateways/simulated/callback", urlencode(inputs), content_type=form_sent)
    assert paid_back.status_code == 303
    world.work()
    world.until("2026-09-09T09:00")
    # 8 September: midnight to noon, in which it was blocked and started again: 24 hours at the most that was held
    drawn = world.get(f"/services/{number}/draws")["draws"]
    assert isinstance(drawn, list) and (drawn[0]["on"], drawn[0]["hours"]) == ("2026-09-08", 24)
    # 192 hours: 23.04 + 23.04 + 6.14 (6.144) + 1.92 = 54.14 + 12.45 = 66.59, less 58.28
    assert drawn[0]["draw"] == "8.31" and world.balance() == "141.55"  # 9.86 + 140.00 - 8.31
    assert "8 Sept 2026 24 hours" in world.see(f"/services/{number}/draws/")
    assert list(running.differences()) == []


def test_D3_the_invoice_of_the_month_is_the_sum_of_its_days(world: World) -> None:
    world.post(
        f"/clients/{world.client.number}/prepaid/transfers",
        {"amount": "80.00", "currency": "PLN", "direction": "to_prepaid"},
        key="m1",
    )
    world.until("2026-10-01T06:00")
    days = world.get(f"/services/{world.service.number}/draws?limit=100")["draws"]
    assert isinstance(days, list)
    september = [row for row in days if row["on"].startswith("2026-09")]
    assert len(september) == 30
    invoice = billing.Invoice.objects.get(metered__month=dt.date(2026, 9, 1))
    assert invoice.gross_minor == sum(Money.of(row["draw"], "PLN").minor for row in september)
    pdf = world.panel.get(f"/invoices/{invoice.number}.pdf")
    assert pdf.headers["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF-")
    assert invoice.number in world.see("/invoices/")
