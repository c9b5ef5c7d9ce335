"""An invoice as billing issues it becomes the e-invoice of its seller's country, from the frozen row."""

from pathlib import Path

import pytest
from lxml import etree

from planshift.billing import corrections, invoices, payments, queries
from planshift.catalog import models as catalog
from planshift.domain import correction
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.services import models as services
from tests.billing.people import AT, client, italian, line, order, polish
from tests.einvoicing import papers, validating

pytestmark = pytest.mark.django_db
REGIME = {"regime": "RF01", "rea_office": "MI", "rea_number": "1234567"}


def business(seller: catalog.Seller) -> services.Client:
    """A client that is a business of the seller's country, with what its e-invoices need."""
    who = client(seller)
    buyer = papers.BUYERS[seller.country]
    who.buyer_profiles.update(is_business=True, tax_id=buyer.tax_id, legal=dict(buyer.legal))
    return who


def invoiced(who: services.Client) -> str:
    """The easy example of H7 and a set-up fee, paid and invoiced; the number of the invoice."""
    currency = who.seller.currency
    percent = 22 if currency == "EUR" else 23
    lines = [
        line("22.00", percent=percent, currency=currency),
        line("10.00", percent=percent, currency=currency, kind="setup", component="setup"),
    ]
    placed = order(who, lines)
    payments.record(
        gateway="simulated",
        external_id="T1",
        amount=queries.order(number=placed.number).total.gross,
        reference=placed.number,
        received_at=AT,
        at=AT,
        actor="gateway:simulated",
    )
    made = invoices.issue(order=placed.number, on=AT.date(), at=AT, actor="system:change")
    assert made is not None
    return made.number


def decreased(who: services.Client, invoice: str, amount: str) -> str:
    """5.50 of the first line given back, accepted and issued; the number of the correction."""
    money = Money.of(amount, who.seller.currency)
    (draft,) = corrections.draft(
        seller=who.seller,
        credits=[correction.Credit(document=invoice, position=1, amount=money)],
        reason="decrease",
        cause="CH-2026-000002",
        key="CH-2026-000002",
        at=AT,
        actor="system:change",
    )
    corrections.ask(numbers=[draft.number], at=AT, actor="system:change")
    corrections.accept(numbers=[draft.number], at=AT, actor="client:C-1001")
    (issued,) = corrections.issue(numbers=[draft.number], on=AT.date(), at=AT, actor="system:change")
    assert issued.document is not None
    return issued.document.number


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        # PL: 23 % of 26.50 = 6.10 (6.095); 6.10 - 7.36 = -1.26. IT: 22 % of 26.50 = 5.83; 7.04 - 5.83 = 1.21
        ("PL", {"RodzajFaktury": "KOR", "P_13_1": "-5.50", "P_14_1": "-1.26", "P_15": "-6.76", "TypKorekty": "3"}),
        ("IT", {"TipoDocumento": "TD04", "ImponibileImporto": "5.50", "Imposta": "1.21"}),
        ("DE", {"CreditNoteTypeCode": "381", "TaxableAmount": "5.50", "TaxAmount": "1.21", "PayableAmount": "6.71"}),
    ],
)
def test_correction(country: str, expected: dict[str, str], tmp_path: Path) -> None:
    seller = polish() if country == "PL" else italian(legal=REGIME)
    if country == "DE":
        catalog.Seller.objects.filter(pk=seller.pk).update(country="DE", tax_id="DE136695976")
        seller.refresh_from_db()
    who = business(seller)
    invoice = invoiced(who)
    file = invoices.xml(seller=seller.code, number=decreased(who, invoice, "5.50"))
    root = etree.fromstring(file)
    assert validating.faults(file) == []
    assert {name: root.findtext(f".//{{*}}{name}") for name in expected} == expected
    assert invoice in [each.text for each in root.iter()]
    if country == "DE":
        path = tmp_path / "credit.xml"
        path.write_bytes(file)
        assert validating.rules_broken(path) == []


def test_polish_invoice() -> None:
    who = business(polish())
    file = invoices.xml(seller="zagroda", number=invoiced(who))
    root = etree.fromstring(file)
    assert validating.faults(file) == []
    # 23 % of 32.00 = 7.36
    assert [root.findtext(f".//{{*}}{name}") for name in ("P_2", "P_13_1", "P_14_1", "P_15", "Zaplacono")] == [
        *("FV/2026/09/0001", "32.00", "7.36", "39.36", "1"),
    ]
    assert root.findtext(".//{*}Podmiot2//{*}NIP") == "1111111111"


def test_italian_invoice() -> None:
    who = business(italian(legal=REGIME))
    file = invoices.xml(seller="vicolo", number=invoiced(who))
    root = etree.fromstring(file)
    assert validating.faults(file) == []
    # 22 % of 32.00 = 7.04
    assert [
        root.findtext(f".//{name}") for name in ("Numero", "ImponibileImporto", "Imposta", "CodiceDestinatario")
    ] == [
        *("2026/00001", "32.00", "7.04", "ABC1234"),
    ]
    assert root.findtext(".//ImportoTotaleDocumento") == "39.04"


def test_invoice_of_another_country(tmp_path: Path) -> None:
    seller = italian(legal=REGIME)
    catalog.Seller.objects.filter(pk=seller.pk).update(country="DE", tax_id="DE136695976")
    seller.refresh_from_db()
    who = business(seller)
    file = invoices.xml(seller="vicolo", number=invoiced(who))
    path = tmp_path / "invoice.xml"
    path.write_bytes(file)
    assert etree.QName(etree.fromstring(file)).localname == "Invoice"
    assert validating.faults(file) == validating.rules_broken(path) == []


def test_what_is_missing_is_said() -> None:
    who = business(italian())
    with pytest.raises(Refused) as refused:
        invoices.xml(seller="vicolo", number=invoiced(who))
    assert [(each.code, each.facts["what"]) for each in refused.value.reasons] == [("einvoice_data_missing", "regime")]
