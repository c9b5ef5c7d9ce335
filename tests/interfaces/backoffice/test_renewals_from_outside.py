"""Renewals as clients and the bank see them: pages of the panel and statement files, nothing else (D6, D9, H8)."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from planshift.billing import models, queries
from planshift.procedures import models as procedures
from planshift.procedures import sweep
from planshift.runtime import clock, runs
from planshift.runtime.runs import schedules
from planshift.services import models as services
from tests.billing.bank_files import Row
from tests.interfaces.backoffice.test_bank import camt, day, of_change, upload
from tests.interfaces.panel.test_the_way import quoted, text

pytestmark = pytest.mark.django_db
Enter, Number, Ordered = Callable[..., Client], Callable[[str], str], Callable[..., str]


@pytest.fixture(autouse=True)
def nightly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep runs every night, as in the product."""
    monkeypatch.setattr(schedules, "_schedules", {})
    monkeypatch.setattr(schedules, "_planted", {})
    sweep.define()


def term_end(service: str) -> dt.date:
    return services.Term.objects.filter(service__number=service).latest("end_on").end_on


def to(on: dt.date) -> None:
    """The days pass until noon of a day, the same day in every zone; every night the sweep runs."""
    noon = dt.datetime.combine(on, dt.time(12), tzinfo=dt.UTC)
    clock.move_to(at=max(clock.business(), noon), actor="test")
    while runs.drain(skip_backoff=True):
        pass


def paid_by_statement(staff: Client, order: models.Order, name: str) -> None:
    missing = queries.order(number=order.number).missing
    row = Row(amount=missing.text, structured=order.payment_reference, ref=f"R-{name}", day=day())
    assert upload(staff, camt(order, row, name=name)).status_code == 302
    while runs.drain(skip_backoff=True):
        pass


def renewal_of(service: str) -> models.Order:
    found = models.Order.objects.select_related("seller").filter(purpose="renewal", state="AWAITING_PAYMENT")
    return found.get(subject__startswith=f"{service}/")


def test_D6_H8_after_an_upgrade_the_renewal_is_at_the_new_price_and_to_the_buyer_of_the_last_settlement(
    enter: Enter, service_of: Number, ordered: Ordered, work: Callable[[], None]
) -> None:
    browser, staff, service = enter("auto-off"), enter("obsluga"), service_of("auto-off")
    paid_by_statement(staff, of_change(ordered("auto-off", "professional")), "STM-1")
    before = models.Invoice.objects.latest("pk").buyer_party
    client = services.Client.objects.get(services__number=service)
    known = client.buyer_profiles.latest("pk")
    client.buyer_profiles.create(  # new data that nobody confirmed for invoicing
        name="Another name", street=known.street, postcode=known.postcode, city=known.city, country=known.country,
        is_business=known.is_business, created_at=clock.business(),
    )  # fmt: skip
    end = term_end(service)
    to(end - dt.timedelta(days=10))
    renewal = renewal_of(service)
    card = services.Service.objects.get(number=service)
    assert (card.plan, procedures.Renewal.objects.get(order=renewal).basis["plan"]) == ("professional", "professional")
    shown = text(browser.get(f"/orders/{renewal.number}/"))
    assert "How to pay" in shown and "Professional" in shown
    paid_by_statement(staff, renewal, "STM-2")
    invoice = models.Invoice.objects.get(order=renewal)
    assert (invoice.buyer_party, invoice.gross_minor) == (before, renewal.gross_minor)
    assert invoice.number in text(browser.get("/invoices/"))
    assert browser.get(f"/invoices/{invoice.number}.pdf").content.startswith(b"%PDF")
    assert term_end(service) > end


def test_D9_on_the_last_day_next_to_the_renewal_and_again_in_the_same_term(
    enter: Enter, service_of: Number, work: Callable[[], None]
) -> None:
    browser, staff, service = enter("silver"), enter("personale"), service_of("silver")
    end = term_end(service)
    to(end - dt.timedelta(days=1))
    silver = renewal_of(service)
    quote = quoted(browser, service, "gold")
    assert browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"}).status_code == 302
    work()
    change = procedures.Change.objects.get()
    assert browser.post(f"/changes/{change.number}/withdraw/").status_code == 302  # one click
    work()
    assert "Withdrawn" in text(browser.get(f"/changes/{change.number}/"))
    again = quoted(browser, service, "gold")  # several times in one term
    assert browser.post(f"/quotes/{again}/order/", {"key": "fedcba9876543210"}).status_code == 302
    work()
    last = procedures.Change.objects.latest("pk")
    paid_by_statement(staff, of_change(last.number), "STM-1")
    assert services.Service.objects.get(number=service).plan == "gold"
    gold = renewal_of(service)
    assert (silver.net_minor, gold.net_minor) == (69_00, 135_00)  # H8
    assert models.Order.objects.get(pk=silver.pk).state == "WITHDRAWN"
    paid_by_statement(staff, gold, "STM-2")
    assert term_end(service) == end.replace(year=end.year + 1)
    documents = models.Invoice.objects.filter(client__services__number=service).order_by("pk")
    assert [each.net_minor for each in documents][-1] == 135_00
