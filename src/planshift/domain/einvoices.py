"""May this document become an e-invoice? What no schema checks: sums, tax, numbers, references, signs."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

import stdnum.eu.vat

from planshift.domain import documents
from planshift.domain.errors import Reason
from planshift.domain.exact import Fraction
from planshift.domain.money import Money

FORMATS = ("fa3", "fatturapa", "ubl")
UNTAXED = ("zero", "exempt", "reverse_charge", "outside_scope")
EU = frozenset(  # where VIES knows the numbers
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
_NUMBER = re.compile(r"(?=.*[0-9])[ -~]{1,20}")  # FatturaPA's limits, kept for all


def format_of(document: documents.Document) -> str:
    """The format that the seller's country takes: KSeF FA(3), FatturaPA, else EN 16931 as UBL."""
    return {"PL": "fa3", "IT": "fatturapa"}.get(document.seller.country, "ubl")


def legal_form(
    *, seller: documents.Party, buyer: documents.Party, vat_codes: Iterable[str], on: date
) -> Literal["pdf", "xml_pending"]:
    """Whether the invoice itself is the structured document, from the day on that the seller's legal data names. To
    KSeF and Peppol go invoices to businesses, to the SdI those to consumers too; what is settled through OSS goes to
    none of them."""
    channel, since = seller.legal.get("e_invoices", ""), seller.legal.get("e_invoices_from", "")
    if not channel or since > on.isoformat() or "oss" in vat_codes:
        return "pdf"
    return "xml_pending" if buyer.is_business or channel == "sdi" else "pdf"


def wrong(*, document: documents.Document, tolerance: int = 1) -> tuple[Reason, ...]:
    """Everything that keeps a document from being written in any format. `tolerance` is how many smallest units the tax
    of a rate may be away from rate x net (rounding of gross prices and of chains of corrections)."""
    return (
        *_sums(document),
        *_taxes(document, tolerance),
        *_reference(document),
        *_signs(document),
        *([] if _NUMBER.fullmatch(document.number) else [Reason("einvoice_number_unfit", _of(document))]),
        *([] if vat_number_good(document.seller) else [_tax_id("einvoice_seller_id_wrong", document.seller)]),
        *([] if vat_number_good(document.buyer) else [_tax_id("einvoice_buyer_id_wrong", document.buyer)]),
    )


def missing(*, document: documents.Document, given: Iterable[tuple[str, object]]) -> tuple[Reason, ...]:
    """One reason for every (name, value) that has no value."""
    return tuple(Reason("einvoice_data_missing", {**_of(document), "what": name}) for name, value in given if not value)


def vat_number(party: documents.Party) -> tuple[str, str]:
    """Prefix and number of a party's tax number: ("PL", "5260250274"). The prefix of Greece is EL, as in VIES; a party
    outside the EU has its country's code and the whole number."""
    written = re.sub(r"[^0-9A-Z+*]", "", party.tax_id.upper())
    prefix = "EL" if party.country == "GR" else party.country
    if party.country not in EU:
        return prefix, written
    return prefix, written[2:] if written[:2] in (prefix, party.country) else written


def vat_number_good(party: documents.Party) -> bool:
    """Whether the tax number of a party in the EU has a good checksum. No number is good where none is needed: a
    consumer has none, and only the EU's numbers are known here."""
    if not party.tax_id:
        return not party.is_business or party.country not in EU
    if party.country not in EU or not party.is_business:
        return True
    return bool(stdnum.eu.vat.is_valid("".join(vat_number(party))))


def period(document: documents.Document) -> tuple[date, date] | None:
    """First and last day of all lines together; None where no line is about a time."""
    spans = [(line.start_on, line.end_on) for line in document.lines if line.start_on and line.end_on]
    if not spans:
        return None
    return min(start for start, _ in spans), max(end for _, end in spans) - timedelta(days=1)


def last_day(line: documents.Line) -> date | None:
    """The last day that a line is about: periods are stored half-open, people and papers read the last day."""
    return line.end_on - timedelta(days=1) if line.start_on and line.end_on else None


def increases(document: documents.Document) -> bool:
    """Whether a correction makes the client owe more (a counter-correction)."""
    return document.total.gross.amount > 0


def unit_price(line: documents.Line) -> tuple[int, Money]:
    """Quantity and net price of one: of whole smallest units, or all of it as one."""
    if line.quantity > 1 and line.amount.net.minor % line.quantity == 0:
        return line.quantity, Money.from_minor(line.amount.net.minor // line.quantity, line.amount.currency)
    return 1, line.amount.net


def _of(document: documents.Document) -> dict[str, object]:
    return {"document": document.number}


def _tax_id(code: str, party: documents.Party) -> Reason:
    return Reason(code, {"name": party.name, "tax_id": party.tax_id or "–"})


def _sums(document: documents.Document) -> list[Reason]:
    of, total = _of(document), document.total
    if not document.lines:
        return [Reason("einvoice_without_lines", of)]
    every = [amount for line in document.lines for amount in (line.amount.net, line.amount.tax)]
    if any((amount.amount * 100).denominator != 1 for amount in every):
        return [Reason("einvoice_amount_too_fine", of)]
    summed = documents.total_of(document.lines, currency=total.currency)
    if summed != total:
        return [Reason("einvoice_sum_differs", {**of, "sum": summed.gross, "total": total.gross})]
    return []


def _taxes(document: documents.Document, tolerance: int) -> list[Reason]:
    found = []
    for rate in document.rates:
        due = (rate.amount.net * (rate.vat_percent / 100)).rounded()
        if rate.vat_code in UNTAXED and (rate.vat_percent or rate.amount.tax):
            found.append(Reason("einvoice_tax_where_none", {**_of(document), "tax": rate.amount.tax}))
        elif abs((rate.amount.tax - due).amount) > Fraction(tolerance, 100):
            facts = {"percent": str(rate.vat_percent), "tax": rate.amount.tax, "due": due}
            found.append(Reason("einvoice_tax_differs", {**_of(document), **facts}))
    return found


def _reference(document: documents.Document) -> list[Reason]:
    of, corrects = _of(document), document.corrects
    if document.kind != "correction":
        return [Reason("einvoice_reference_unfit", of)] if corrects is not None else []
    if corrects is None or not corrects.number:
        return [Reason("einvoice_reference_missing", of)]
    found = [] if document.reason else [Reason("einvoice_data_missing", {**of, "what": "reason"})]
    if corrects.issued_on > document.issued_on or corrects.number == document.number:
        found.append(Reason("einvoice_reference_unfit", of))
    return found


def _signs(document: documents.Document) -> list[Reason]:
    gross = document.total.gross
    if document.kind not in ("invoice", "correction"):
        return [Reason("einvoice_kind_unfit", _of(document))]
    wrong_way = gross.amount < 0 if document.kind == "invoice" else not any_difference(document)
    if wrong_way:
        return [Reason("einvoice_sign_wrong", {**_of(document), "total": gross})]
    return []


def any_difference(document: documents.Document) -> bool:
    """Whether any line of a correction changes an amount."""
    return any(line.amount.net or line.amount.tax for line in document.lines)
