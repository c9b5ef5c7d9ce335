"""How does a document become a Peppol BIS 3.0 (EN 16931) invoice in UBL? 380 for what is owed, 381 for a credit."""

from lxml import etree

from planshift.adapters.einvoices import parts
from planshift.adapters.einvoices.parts import Element
from planshift.domain import documents, einvoices
from planshift.domain.errors import Reason, Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed

ROOT = "urn:oasis:names:specification:ubl:schema:xsd:"
A = parts.Writer(f"{ROOT}CommonAggregateComponents-2")
B = parts.Writer(f"{ROOT}CommonBasicComponents-2")
CUSTOMIZATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
CATEGORIES = {"zero": "Z", "exempt": "E", "reverse_charge": "AE", "outside_scope": "O"}
EXEMPTIONS = {  # code (VATEX), text
    "exempt": ("", "Exempt from VAT"),
    "reverse_charge": ("VATEX-EU-AE", "Reverse charge"),
    "outside_scope": ("VATEX-EU-O", "Not subject to VAT"),
}
# Electronic address schemes of VAT numbers (Peppol EAS); other buyers have their mail address.
SCHEMES = {
    "AT": "9914",
    "BE": "9925",
    "BG": "9926",
    "CY": "9928",
    "CZ": "9929",
    "DE": "9930",
    "EE": "9931",
    "ES": "9920",
    "FI": "0213",
    "FR": "9957",
    "GR": "9933",
    "HR": "9934",
    "HU": "9910",
    "IE": "9935",
    "IT": "0211",
    "LT": "9937",
    "LU": "9938",
    "LV": "9939",
    "MT": "9943",
    "NL": "9944",
    "PL": "9945",
    "PT": "9946",
    "RO": "9947",
    "SI": "9949",
    "SK": "9950",
}


class UblWriter:
    """Writes Invoice and CreditNote. A credit note has positive amounts; a price is never negative."""

    format = "ubl"

    def xml(self, *, document: documents.Document) -> bytes:
        """The file for an access point. Refused with every reason at once."""
        lines = len(document.lines)
        reasons = (*einvoices.wrong(document=document, tolerance=max(1, lines // 2)), *_wrong(document))
        if reasons:
            raise Refused.for_reasons(reasons)
        name = "CreditNote" if _credits(document) else "Invoice"
        namespaces = {None: f"{ROOT}{name}-2", "cac": A.namespace, "cbc": B.namespace}
        root = etree.Element(f"{{{namespaces[None]}}}{name}", nsmap=namespaces)
        _head(root, document)
        _party(A.add(root, "AccountingSupplierParty"), document.seller, document)
        _party(A.add(root, "AccountingCustomerParty"), document.buyer, document)
        _payment(root, document)
        _taxes(root, document)
        _totals(root, document)
        for number, line in enumerate(document.lines, start=1):
            _line(root, number, line, document)
        return parts.to_bytes(root)


def _wrong(document: documents.Document) -> tuple[Reason, ...]:
    seller, buyer = document.seller, document.buyer
    codes = {line.vat_code for line in document.lines}
    found = [
        *einvoices.missing(
            document=document,
            given=(
                ("seller electronic address", _endpoint(seller)),
                ("buyer electronic address", _endpoint(buyer)),
                ("reference of the order or the buyer", _reference(document)),
                ("seller tax number", seller.tax_id),
                ("exemption", seller.legal.get("exemption") or "exempt" not in codes),
            ),
        )
    ]
    if "reverse_charge" in codes and not buyer.tax_id:
        found.append(Reason("einvoice_buyer_id_wrong", {"name": buyer.name, "tax_id": "–"}))
    if "outside_scope" in codes and len(codes) > 1:  # BR-O-11: that category stands alone
        found.append(Reason("einvoice_rates_mixed", {"document": document.number}))
    return tuple(found)


def _credits(document: documents.Document) -> bool:
    return document.kind == "correction" and not einvoices.increases(document)


def _signed(of: Taxed, document: documents.Document) -> Taxed:
    return -of if _credits(document) else of


def _reference(document: documents.Document) -> str:
    corrected = document.corrects.number if document.corrects else ""
    return document.buyer.legal.get("reference") or document.order_number or document.payment_reference or corrected


def _endpoint(of: documents.Party) -> tuple[str, str] | None:
    given = of.legal.get("endpoint", "")
    if ":" in given:
        scheme, _, value = given.partition(":")
        return scheme, value
    if of.is_business and of.tax_id and of.country in SCHEMES:
        return SCHEMES[of.country], "".join(einvoices.vat_number(of))
    return ("EM", of.email) if of.email else None


def _head(root: Element, document: documents.Document) -> None:
    credit = _credits(document)
    due_on = document.due_on if not credit and document.due.amount > 0 else None
    note = parts.reason(document, document.language) if document.kind == "correction" else ""
    values: dict[str, object] = {
        "CustomizationID": CUSTOMIZATION,
        "ProfileID": PROFILE,
        "ID": document.number,
        "IssueDate": document.issued_on,
        "DueDate": due_on,
        "CreditNoteTypeCode" if credit else "InvoiceTypeCode": 381 if credit else 380,
        "Note": note,
        "DocumentCurrencyCode": document.total.currency,
        "BuyerReference": _reference(document),
    }
    B.add_all(root, values)
    span = einvoices.period(document)
    if span is not None:
        B.add_all(A.add(root, "InvoicePeriod"), {"StartDate": span[0], "EndDate": span[1]})
    if document.order_number:
        B.add(A.add(root, "OrderReference"), "ID", document.order_number)
    if document.corrects is not None:
        of = A.add(A.add(root, "BillingReference"), "InvoiceDocumentReference")
        B.add_all(of, {"ID": document.corrects.number, "IssueDate": document.corrects.issued_on})


def _party(parent: Element, of: documents.Party, document: documents.Document) -> None:
    """Outside the scope of VAT no VAT number stands anywhere (BR-O-02 to 04): the seller's is then a plain number."""
    outside = any(line.vat_code == "outside_scope" for line in document.lines)
    seller = of is document.seller
    number = "".join(einvoices.vat_number(of)) if of.tax_id else ""
    party = A.add(parent, "Party")
    endpoint = _endpoint(of)
    assert endpoint is not None
    B.add(party, "EndpointID", endpoint[1], schemeID=endpoint[0])
    if outside and seller:
        B.add(A.add(party, "PartyIdentification"), "ID", number)
    address = A.add(party, "PostalAddress")
    B.add_all(address, {"StreetName": of.street, "CityName": of.city, "PostalZone": of.postcode})
    B.add(A.add(address, "Country"), "IdentificationCode", of.country)
    if number and not outside and (seller or (of.is_business and of.country in einvoices.EU)):
        tax = A.add(party, "PartyTaxScheme")
        B.add(tax, "CompanyID", number)
        _vat(tax)
    legal = A.add(party, "PartyLegalEntity")
    B.add_all(legal, {"RegistrationName": of.name, "CompanyID": of.legal.get("register")})
    if of.email:
        B.add(A.add(party, "Contact"), "ElectronicMail", of.email)


def _vat(parent: Element) -> None:
    B.add(A.add(parent, "TaxScheme"), "ID", "VAT")


def _payment(root: Element, document: documents.Document) -> None:
    account = document.bank_account.replace(" ", "")
    owed = not _credits(document) and document.due.amount > 0 and bool(account)
    means = A.add(root, "PaymentMeans")
    B.add(means, "PaymentMeansCode", 30 if owed else 1)
    if owed:
        B.add_all(means, {"PaymentID": document.payment_reference})
        B.add(A.add(means, "PayeeFinancialAccount"), "ID", account)


def _money(parent: Element, name: str, of: Money) -> None:
    B.add(parent, name, parts.amount(of), currencyID=of.currency)


def _taxes(root: Element, document: documents.Document) -> None:
    total = A.add(root, "TaxTotal")
    _money(total, "TaxAmount", _signed(document.total, document).tax)
    for rate in document.rates:
        amount = _signed(rate.amount, document)
        part = A.add(total, "TaxSubtotal")
        _money(part, "TaxableAmount", amount.net)
        _money(part, "TaxAmount", amount.tax)
        category = A.add(part, "TaxCategory")
        _category(category, rate)
        code, text = EXEMPTIONS.get(rate.vat_code, ("", ""))
        text = document.seller.legal.get("exemption", text) if rate.vat_code == "exempt" else text
        B.add_all(category, {"TaxExemptionReasonCode": code, "TaxExemptionReason": text})
        _vat(category)


def _category(parent: Element, of: documents.RateTotal | documents.Line) -> None:
    """The category and its rate; what is outside the scope has none (BR-O-05)."""
    B.add(parent, "ID", CATEGORIES.get(of.vat_code, "S"))
    if of.vat_code != "outside_scope":
        B.add(parent, "Percent", parts.percent(of.vat_percent))


def _totals(root: Element, document: documents.Document) -> None:
    amount = _signed(document.total, document)
    paid = Money.zero(amount.currency) if document.kind == "correction" else document.paid
    totals = A.add(root, "LegalMonetaryTotal")
    _money(totals, "LineExtensionAmount", amount.net)
    _money(totals, "TaxExclusiveAmount", amount.net)
    _money(totals, "TaxInclusiveAmount", amount.gross)
    if paid:
        _money(totals, "PrepaidAmount", paid)
    _money(totals, "PayableAmount", amount.gross - paid)


def _line(root: Element, number: int, line: documents.Line, document: documents.Document) -> None:
    credit = _credits(document)
    quantity, price = einvoices.unit_price(line)
    net = _signed(line.amount, document).net
    if net.amount < 0:  # a price is never negative (BR-27), a quantity may be
        quantity = -quantity
    row = A.add(root, "CreditNoteLine" if credit else "InvoiceLine")
    B.add(row, "ID", number)
    B.add(row, "CreditedQuantity" if credit else "InvoicedQuantity", quantity, unitCode="C62")
    _money(row, "LineExtensionAmount", net)
    if line.start_on and line.end_on:
        span = {"StartDate": line.start_on, "EndDate": einvoices.last_day(line)}
        B.add_all(A.add(row, "InvoicePeriod"), dict(span))
    item = A.add(row, "Item")
    B.add(item, "Name", parts.cut(line.words(document.language), 200))
    category = A.add(item, "ClassifiedTaxCategory")
    _category(category, line)
    _vat(category)
    _money(A.add(row, "Price"), "PriceAmount", price if price.amount >= 0 else -price)
