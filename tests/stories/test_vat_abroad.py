"""A client abroad: how the quote is taxed, what stands on the papers, what happens when the VAT changes meanwhile."""

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from planshift.adapters.documents import typeset
from planshift.adapters.vies import recorded
from planshift.billing import buyers, invoices, payments
from planshift.billing import models as billing
from planshift.billing import queries as papers
from planshift.catalog import load
from planshift.catalog import models as catalog
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.procedures import models, ports, vat
from planshift.procedures.queries import tax
from planshift.runtime import audit, clock
from planshift.services import models as services
from tests.stories.conftest import Stage

LABEL = "pasticceria"
GERMAN = {"country": "DE", "city": "Berlin", "postcode": "10115"}


@pytest.fixture(autouse=True)
def _vies() -> None:
    ports.bind_vies(recorded.RecordedVies())


def abroad(stage: Stage, *, tax_id: str = "DE136695976", **changed: object) -> services.Client:
    """The client of the easy example moves to Berlin; the buyer data are confirmed now."""
    client = stage.service(LABEL).client
    last = client.buyer_profiles.order_by("pk").last()
    assert last is not None
    last.pk, last.created_at, last.confirmed_at = None, clock.business(), clock.business()
    for name, value in {**GERMAN, "tax_id": tax_id, "is_business": bool(tax_id), **changed}.items():
        setattr(last, name, value)
    last.save(force_insert=True)
    return client


def check(client: services.Client) -> services.VatCheck:
    return vat.check(client=client.number, at=clock.business(), actor="staff:demo")


def sells_abroad(*, rate: str = "19", vat_rows: str = '{ from = 2013-10-01, rate = "22" }') -> None:
    """A new catalog: VAT of the consumer's country since July, and the seller's own rates."""
    newest = catalog.CatalogRevision.objects.filter(seller__code="demo-host-italia").latest("number")
    lines = [line for line in newest.text.splitlines() if not line.startswith(("oss_", "vat ="))]
    at = lines.index('prices = "net"') + 1
    own = [f"vat = [{vat_rows}]", "oss_from = 2026-07-01", f'oss_rates = {{ DE = [{{ rate = "{rate}" }}] }}']
    load.load_catalog(
        text="\n".join([*lines[:at], *own, *lines[at:]]), name="abroad", at=clock.business(), actor="staff:demo"
    )


def lines_of(number: str) -> list[tuple[str, Fraction, Money]]:
    return [(each.vat_code, each.vat_percent, each.amount.tax) for each in papers.order(number=number).lines]


def test_reverse_charge_from_quote_to_paper(stage: Stage) -> None:
    client = abroad(stage)
    kept = check(client)
    assert (kept.valid, kept.number, kept.name, kept.request_identifier[:4]) == (
        *(True, "DE136695976", "Kunde Demo GmbH", "WAPI"),
    )
    quote = stage.quote(LABEL, "gold")
    # (135.00 - 69.00) x 4 / 12 = 22.00; no VAT
    assert (quote.offer.total.net, quote.offer.total.gross) == (Money.of("22.00", "EUR"), Money.of("22.00", "EUR"))
    assert (quote.offer.treatment, quote.offer.tax_country) == ("reverse_charge", "DE")
    assert kept.request_identifier in quote.offer.tax_proof
    assert "tax_reverse_charge" in [step.code for step in quote.offer.working]
    ordered = stage.order(quote)
    assert lines_of(ordered.order) == [("reverse_charge", Fraction(0), Money.zero("EUR"))]
    stage.pay(ordered.order)
    done = stage.change(ordered.number)
    assert (done.state, done.next_renewal and done.next_renewal.gross) == ("DONE", Money.of("135.00", "EUR"))
    (invoice,) = done.invoices
    paper = invoices.document(seller="demo-host-italia", number=invoice.number)
    assert [line.vat_code for line in paper.lines] == ["reverse_charge"] and paper.total.gross == Money.of(
        "22.00", "EUR"
    )
    # the consultation that the invoice leans on stands on it, in the words of its language
    assert paper.buyer.legal["vies"] == f"{kept.request_identifier} (2026-09-01)"
    said = typeset.content(paper)["notes"]
    assert said == ["Inversione contabile.", f"Numero di consultazione VIES: {kept.request_identifier} (2026-09-01)"]


def test_an_invoice_with_vat_and_the_data_for_the_next_one_name_no_consultation(stage: Stage) -> None:
    client = abroad(stage)
    check(client)
    stage.pay(stage.order(stage.quote(LABEL, "gold")).order)
    first = billing.Invoice.objects.filter(client=client, kind="invoice").latest("pk")
    assert "vies" in first.buyer_party["legal"]
    (next_one,) = buyers.for_orders(wanted=[buyers.Wanted(client, (stage.service(LABEL).number,))])
    assert next_one.tax_id == "DE136695976" and "vies" not in next_one.legal
    home = stage.service("ristorante")
    stage.pay(stage.order(stage.quote("ristorante", "gold")).order)
    other = billing.Invoice.objects.filter(client=home.client, kind="invoice").latest("pk")
    assert "vies" not in other.buyer_party.get("legal", {})


def test_an_invoice_names_no_consultation_of_another_number_of_the_client(stage: Stage) -> None:
    client = abroad(stage)
    kept = check(client)
    order = stage.order(stage.quote(LABEL, "gold")).order
    other = check(client)  # newer, and about the number that the client had before
    other.pk, other.number, other.request_identifier = None, "DE111111125", "WAPIOTHER"
    other.save(force_insert=True)
    stage.pay(order)
    invoice = billing.Invoice.objects.filter(client=client, kind="invoice").latest("pk")
    assert invoice.buyer_party["legal"]["vies"].startswith(f"{kept.request_identifier} ")


def test_without_an_answer_of_vies_the_seller_s_vat_is_due(stage: Stage) -> None:
    client = abroad(stage, tax_id="DE111111125")
    assert check(client).valid is False
    assert stage.quote(LABEL, "gold").offer.total.gross == Money.of("26.84", "EUR")  # 22 % of 22.00 = 4.84


def test_a_consumer_abroad_pays_the_vat_of_their_country(stage: Stage) -> None:
    client = abroad(stage, tax_id="")
    sells_abroad()
    with pytest.raises(Refused) as refused:
        stage.quote(LABEL, "gold")
    assert refused.value.code == "vat_evidence_missing"
    assert not models.Quote.objects.filter(client=client).exists()
    vat.note_evidence(client=client.number, kind="ip", country="DE", at=clock.business(), actor="staff:demo")
    quote = stage.quote(LABEL, "gold")
    assert quote.offer.total.gross == Money.of("26.18", "EUR")  # 19 % of 22.00 = 4.18
    ordered = stage.order(quote)
    assert lines_of(ordered.order) == [("oss", Fraction(19), Money.of("4.18", "EUR"))]


def test_a_quote_is_stale_once_the_buyer_is_taxed_otherwise(stage: Stage) -> None:
    quote = stage.quote(LABEL, "gold")
    check(abroad(stage))
    with pytest.raises(Refused) as refused:
        stage.order(quote)
    assert refused.value.code == "quote_stale"


def test_an_unpaid_order_is_void_when_the_rate_changes_and_is_quoted_anew(stage: Stage) -> None:
    sells_abroad(vat_rows='{ from = 2013-10-01, rate = "22" }, { from = 2026-09-03, rate = "25" }')
    ordered = stage.order(stage.quote(LABEL, "gold"))
    assert ordered.state == "AWAITING_PAYMENT"
    stage.days(2)
    assert stage.change(ordered.number).state == "LAPSED"
    assert billing.Order.objects.get(number=ordered.order).state == "WITHDRAWN"
    newest = models.Quote.objects.latest("pk")
    # two days later: 66.00 x 3 28/30 / 12 = 21.63; 25 % of that is 5.41; 27.04
    assert (newest.state, newest.gross_minor) == ("OPEN", 2704)
    assert newest.created_at.date() == dt.date(2026, 9, 3)


def test_a_paid_order_keeps_its_gross_and_staff_are_told(stage: Stage) -> None:
    ordered = stage.order(stage.quote(LABEL, "gold"))
    sells_abroad(vat_rows='{ from = 2013-10-01, rate = "22" }, { from = 2026-09-01, rate = "25" }')
    stage.pay(ordered.order)
    done = stage.change(ordered.number)
    assert (done.state, done.invoices[0].total.gross) == ("DONE", Money.of("26.84", "EUR"))
    assert [each.event for each in audit.history(kind="procedures.change", number=ordered.number)].count(
        "tax differs"
    ) == 1
    (found,) = tax.differences(sellers=("demo-host-italia",))
    assert (found.what, found.about, found.decided) == ("invoice", ordered.number, "kept")
    assert found.was == ({"treatment": "standard", "rate": "22"},)
    assert found.now == {"treatment": "standard", "rate": "25", "country": "IT"}
    assert tax.differences(sellers=("demo-chmura-polska",)) == ()


def test_staff_see_what_differs_and_say_what_they_did(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    sells_abroad(vat_rows='{ from = 2013-10-01, rate = "22" }, { from = 2026-09-03, rate = "25" }')
    ordered = stage.order(stage.quote(LABEL, "gold"))
    stage.days(2)  # void, and quoted anew
    browser = Client()
    browser.force_login(get_user_model().objects.get(email="personale@demo.example"))
    browser.cookies["django_language"] = "en"
    page = browser.get("/staff/orders/").content.decode()
    told = ("VAT that is another one by now", ordered.number, "Not paid: taken back and priced anew")
    for words in (*told, "VAT of the seller, 22 %", "VAT of the seller, 25 %"):
        assert words in page, words
    (found,) = tax.differences(sellers=("demo-host-italia",))
    another = models.TaxDifference.objects.get()
    another.pk, another.about = None, "CH-9"
    another.save()
    monkeypatch.setattr(tax, "LIMIT", 1)
    assert "The first 1 of 2 are shown; the others follow." in browser.get("/staff/orders/").content.decode()
    another.delete()
    assert browser.post(f"/staff/tax/{found.pk}/seen/", {"note": " "}).status_code == 409
    assert browser.post(f"/staff/tax/{found.pk}/seen/", {"note": "the client was told"}).status_code == 302
    assert tax.differences(sellers=("demo-host-italia",)) == ()
    row = models.TaxDifference.objects.get()
    assert row.note == "the client was told" and row.seen_by.startswith("user:")
    other = Client()
    other.force_login(get_user_model().objects.get(email="obsluga@demo.example"))
    assert other.post(f"/staff/tax/{found.pk}/seen/", {"note": "x"}).status_code == 404


def renewal(stage: Stage) -> models.Renewal:
    return models.Renewal.objects.filter(service=stage.service(LABEL)).select_related("order").latest("pk")


def before_the_end(stage: Stage, days: int) -> None:
    """The renewal is announced 28 days before the end of the term."""
    end = stage.page(LABEL).card.term_end_on
    assert end is not None
    clock.move_to(at=clock.business() + (end - dt.timedelta(days=days) - clock.business().date()), actor="test")
    stage.work()


def test_a_renewal_that_is_unpaid_when_vies_no_longer_confirms_is_announced_anew_with_todays_vat(stage: Stage) -> None:
    client = abroad(stage)
    before_the_end(stage, 40)
    check(client)
    before_the_end(stage, 20)
    first = renewal(stage)
    assert first.order is not None and lines_of(first.order.number)[0][0] == "reverse_charge"
    ports.bind_vies(recorded.RecordedVies(answers={}))
    assert check(client).valid is False
    stage.work()
    first.refresh_from_db()
    second = renewal(stage)
    assert (first.state, second.state) == ("REPLACED", "AWAITING_PAYMENT") and second.order is not None
    assert lines_of(second.order.number)[0][:2] == ("standard", Fraction(22))
    (found,) = tax.differences(sellers=("demo-host-italia",))
    assert (found.what, found.about, found.decided) == ("renewal", first.order.number, "priced_anew")


def test_a_renewal_that_is_paid_already_keeps_its_gross_and_staff_see_it(stage: Stage) -> None:
    before_the_end(stage, 20)
    before = renewal(stage)
    assert before.order is not None
    at = clock.business()
    due = papers.order(number=before.order.number).missing
    payments.mark_transfer_received(
        order=before.order.number, amount=due, received_at=at, key="bank", at=at, actor="staff:1"
    )
    sells_abroad(vat_rows='{ from = 2013-10-01, rate = "22" }, { from = 2026-12-01, rate = "25" }')
    stage.work()
    before.refresh_from_db()
    (invoice,) = billing.Invoice.objects.filter(order=before.order)
    assert (before.state, invoice.gross_minor) == ("RENEWED", due.minor)
    (found,) = tax.differences(sellers=("demo-host-italia",))
    assert (found.what, found.decided, found.document) == ("renewal", "kept", invoice.number)
    assert (found.was[0]["rate"], found.now["rate"]) == ("22", "25")


def test_an_unanswered_number_stays_unproved(stage: Stage) -> None:
    client = abroad(stage)
    ports.bind_vies(recorded.RecordedVies(silent=frozenset({"DE"})))
    with pytest.raises(Exception, match="vies_state_silent"):
        check(client)
    assert not services.VatCheck.objects.exists()
