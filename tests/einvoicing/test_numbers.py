"""The number of KSeF or the SdI: kept once beside the frozen document, shown wherever the document is named."""

import pytest
from django.db import IntegrityError, transaction
from lxml import etree

from planshift.billing import e_invoice_numbers, invoices, models
from planshift.catalog import models as catalog
from planshift.domain.errors import Refused
from planshift.runtime.models import AuditEntry
from tests.billing.people import AT, polish
from tests.documents.test_papers import text_of
from tests.einvoicing import validating
from tests.einvoicing.test_from_billing import business, decreased, invoiced

pytestmark = pytest.mark.django_db
KSEF = "5260250274-20260901-0100001AF629-AF"


@pytest.fixture
def invoice() -> str:
    seller = polish()
    catalog.Seller.objects.filter(pk=seller.pk).update(legal={"e_invoices": "ksef", "e_invoices_from": "2026-01-01"})
    seller.refresh_from_db()
    return invoiced(business(seller))


def keep(invoice: str, number: str = KSEF) -> None:
    e_invoice_numbers.keep(seller="zagroda", number=invoice, e_invoice_number=number, at=AT, actor="token:x")


def test_it_stands_on_the_paper_and_in_the_correction(invoice: str) -> None:
    row = models.Invoice.objects.select_related("client__seller").get(number=invoice)
    assert row.legal_form == "xml_pending"
    before = text_of(invoices.document(seller="zagroda", number=invoice))
    assert "Wizualizacja" in before and KSEF not in before
    keep(invoice)
    keep(invoice)  # the same again changes nothing
    assert AuditEntry.objects.filter(event="e-invoice number kept").count() == 1
    shown = text_of(invoices.document(seller="zagroda", number=invoice))
    assert "Wizualizacja" in shown and KSEF in shown
    file = invoices.xml(seller="zagroda", number=decreased(row.client, invoice, "5.50"))
    assert validating.faults(file) == []
    assert etree.fromstring(file).findtext(".//{*}NrKSeFFaKorygowanej") == KSEF


def test_it_is_never_changed_and_nothing_else_is_either(invoice: str) -> None:
    keep(invoice)
    with pytest.raises(Refused) as refused:
        keep(invoice, "another")
    assert refused.value.code == "e_invoice_number_differs"
    row = models.Invoice.objects.filter(number=invoice)
    for change in (
        {"e_invoice_number": "another"},
        {"e_invoice_number": ""},
        {"gross_minor": 1},
        {"legal_form": "pdf"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.delete()


@pytest.mark.parametrize("number", ["", " ", "a b", "ł", "x" * 61, "x\n"])
def test_what_is_no_number_is_refused(invoice: str, number: str) -> None:
    with pytest.raises(Refused) as refused:
        keep(invoice, number)
    assert refused.value.code == "e_invoice_number_unfit"


def test_a_document_whose_pdf_is_the_invoice_has_none() -> None:
    number = invoiced(business(polish()))
    with pytest.raises(Refused) as refused:
        keep(number)
    assert refused.value.code == "e_invoice_not_wanted"
    with pytest.raises(Refused):
        keep("nobody/1")
