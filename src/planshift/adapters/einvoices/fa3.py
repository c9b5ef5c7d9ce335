"""How does a document become a KSeF invoice, FA(3)? `VAT` for invoices, `KOR` with difference rows for corrections."""

import datetime as dt

import stdnum.pl.nip
from lxml import etree

from planshift.adapters.einvoices import parts
from planshift.adapters.einvoices.parts import Element
from planshift.domain import documents, einvoices
from planshift.domain.errors import Reason, Refused

NAMESPACE = "http://crd.gov.pl/wzor/2025/06/25/13775/"
W = parts.Writer(NAMESPACE)
BY_RATE = {"23": "1", "22": "1", "8": "2", "7": "2", "5": "3", "4": "4", "3": "4"}  # the field P_13_x of a rate
UNTAXED = {
    "zero": ("0 KR", "6_1"),
    "exempt": ("zw", "7"),
    "outside_scope": ("np I", "8"),
    "reverse_charge": ("np II", "9"),
}
ORDER = ("1", "2", "3", "4", "5", "6_1", "7", "8", "9")
PAID_BY = {
    "bank": "Przelew",
    "gateway": "Płatność online",
    "deposit": "Saldo kaucji",
    "account_credit": "Saldo konta",
    "unapplied": "Nadpłata",
}


class Fa3Writer:
    """Writes FA(3), schema of 2025-06-25. Amounts of a correction are differences, negative where it reduces."""

    format = "fa3"

    def xml(self, *, document: documents.Document) -> bytes:
        """The file for KSeF. Refused with every reason at once."""
        lines = len(document.lines)
        reasons = (*einvoices.wrong(document=document, tolerance=max(1, lines // 2)), *_wrong(document))
        if reasons:
            raise Refused.for_reasons(reasons)
        root = etree.Element(f"{{{NAMESPACE}}}Faktura", nsmap={None: NAMESPACE})
        _header(root, document)
        _seller(root, document.seller)
        _buyer(root, document.buyer)
        _invoice(W.add(root, "Fa"), document)
        return parts.to_bytes(root)


def _wrong(document: documents.Document) -> tuple[Reason, ...]:
    of = {"document": document.number}
    found = list(einvoices.missing(document=document, given=(("seller", document.seller.name),)))
    if document.seller.country != "PL" or not stdnum.pl.nip.is_valid(einvoices.vat_number(document.seller)[1]):
        found.append(
            Reason("einvoice_seller_id_wrong", {"name": document.seller.name, "tax_id": document.seller.tax_id})
        )
    for rate in document.rates:
        known = rate.vat_code in (*UNTAXED, "oss") or parts.percent(rate.vat_percent) in BY_RATE
        if not known:
            found.append(Reason("einvoice_rate_unknown", {**of, "percent": str(rate.vat_percent)}))
        if rate.vat_code not in (*UNTAXED, "oss") and document.total.currency != "PLN":
            found.append(Reason("einvoice_exchange_rate_missing", {**of, "currency": document.total.currency}))
    exempt = any(line.vat_code == "exempt" for line in document.lines)
    found += einvoices.missing(
        document=document, given=(("exemption", document.seller.legal.get("exemption") or not exempt),)
    )
    corrects = document.corrects
    if corrects and corrects.legal_form != "pdf" and not corrects.e_invoice_number:
        found.append(Reason("einvoice_reference_not_cleared", {**of, "corrects": corrects.number}))
    return tuple(found)


def _header(root: Element, document: documents.Document) -> None:
    made = document.issued_at or dt.datetime.combine(document.issued_on, dt.time(), dt.UTC)
    header = W.add(root, "Naglowek")
    W.add(header, "KodFormularza", "FA", kodSystemowy="FA (3)", wersjaSchemy="1-0E")
    W.add(header, "WariantFormularza", 3)
    W.add(header, "DataWytworzeniaFa", made.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    W.add(header, "SystemInfo", "Planshift")


def _seller(root: Element, seller: documents.Party) -> None:
    party = W.add(root, "Podmiot1")
    identity = W.add(party, "DaneIdentyfikacyjne")
    W.add(identity, "NIP", einvoices.vat_number(seller)[1])
    W.add(identity, "Nazwa", parts.cut(seller.name, 512))
    _address(party, seller)


def _buyer(root: Element, buyer: documents.Party) -> None:
    party = W.add(root, "Podmiot2")
    identity = W.add(party, "DaneIdentyfikacyjne")
    prefix, number = einvoices.vat_number(buyer)
    if not buyer.is_business or not number:
        W.add(identity, "BrakID", 1)
    elif buyer.country == "PL":
        W.add(identity, "NIP", number)
    elif buyer.country in einvoices.EU:
        W.add_all(identity, {"KodUE": prefix, "NrVatUE": number})
    else:
        W.add_all(identity, {"KodKraju": buyer.country, "NrID": number})
    W.add(identity, "Nazwa", parts.cut(buyer.name, 512))
    _address(party, buyer)
    W.add_all(party, {"JST": 2, "GV": 2})


def _address(party: Element, of: documents.Party) -> None:
    place = f"{of.postcode} {of.city}".strip()
    address = W.add(party, "Adres")
    W.add_all(address, {"KodKraju": of.country, "AdresL1": parts.cut(of.street or place, 512)})
    if of.street and place:
        W.add(address, "AdresL2", parts.cut(place, 512))


def _invoice(body: Element, document: documents.Document) -> None:
    W.add_all(body, {"KodWaluty": document.total.currency, "P_1": document.issued_on, "P_2": document.number})
    span = einvoices.period(document)
    if span is not None:
        W.add_all(W.add(body, "OkresFa"), {"P_6_Od": span[0], "P_6_Do": span[1]})
    elif document.sold_on != document.issued_on:
        W.add(body, "P_6", document.sold_on)
    _totals(body, document)
    _notes(body, document)
    W.add(body, "RodzajFaktury", "KOR" if document.kind == "correction" else "VAT")
    if document.corrects is not None:
        _corrected(body, document, document.corrects)
    for number, line in enumerate(document.lines, start=1):
        _line(body, number, line)
    if document.kind == "invoice":
        _payment(body, document)
    if document.order_number:
        W.add(W.add(W.add(body, "WarunkiTransakcji"), "Zamowienia"), "NrZamowienia", document.order_number)


def _field(line: documents.Line | documents.RateTotal) -> str:
    if line.vat_code == "oss":
        return "5"
    return UNTAXED[line.vat_code][1] if line.vat_code in UNTAXED else BY_RATE[parts.percent(line.vat_percent)]


def _totals(body: Element, document: documents.Document) -> None:
    """Net and tax per field of the form: one field may hold two rates (23 % and, of old, 22 %)."""
    for name in ORDER:
        together = [rate.amount for rate in document.rates if _field(rate) == name]
        if together:
            total = together[0]
            for more in together[1:]:
                total = total + more
            W.add(body, f"P_13_{name}", parts.amount(total.net))
            if name in ("1", "2", "3", "4", "5"):
                W.add(body, f"P_14_{name}", parts.amount(total.tax))
    W.add(body, "P_15", parts.amount(document.total.gross))


def _notes(body: Element, document: documents.Document) -> None:
    codes = {line.vat_code for line in document.lines}
    notes = W.add(body, "Adnotacje")
    W.add_all(notes, {"P_16": 2, "P_17": 2, "P_18": 1 if "reverse_charge" in codes else 2, "P_18A": 2})
    exempt = W.add(notes, "Zwolnienie")
    if "exempt" in codes:
        W.add_all(exempt, {"P_19": 1, "P_19A": parts.cut(document.seller.legal["exemption"], 256)})
    else:
        W.add(exempt, "P_19N", 1)
    W.add(W.add(notes, "NoweSrodkiTransportu"), "P_22N", 1)
    W.add(notes, "P_23", 2)
    W.add(W.add(notes, "PMarzy"), "P_PMarzyN", 1)


def _corrected(body: Element, document: documents.Document, corrects: documents.Corrected) -> None:
    """Effect at the correction's own date (2) where it goes to KSeF, at another, the day of the buyer's confirmation,
    where it does not (3)."""
    W.add(body, "PrzyczynaKorekty", parts.cut(parts.reason(document, "pl"), 256))
    W.add(body, "TypKorekty", 3 if document.legal_form == "pdf" else 2)
    of = W.add(body, "DaneFaKorygowanej")
    W.add_all(of, {"DataWystFaKorygowanej": corrects.issued_on, "NrFaKorygowanej": corrects.number})
    if corrects.e_invoice_number:
        W.add_all(of, {"NrKSeF": 1, "NrKSeFFaKorygowanej": corrects.e_invoice_number})
    else:
        W.add(of, "NrKSeFN", 1)


def _line(body: Element, number: int, line: documents.Line) -> None:
    quantity, price = einvoices.unit_price(line)
    row = W.add(body, "FaWiersz")
    W.add_all(
        row,
        {
            "NrWierszaFa": number,
            "P_7": parts.cut(line.words("pl"), 512),
            "P_8A": "szt.",
            "P_8B": quantity,
            "P_9A": parts.amount(price),
            "P_11": parts.amount(line.amount.net),
        },
    )
    if line.vat_code == "oss":
        W.add(row, "P_12_XII", parts.percent(line.vat_percent))
    else:
        W.add(row, "P_12", UNTAXED.get(line.vat_code, (parts.percent(line.vat_percent),))[0])


def _payment(body: Element, document: documents.Document) -> None:
    payment = W.add(body, "Platnosc")
    if document.settled and not document.due:
        W.add_all(payment, {"Zaplacono": 1, "DataZaplaty": parts.paid_on(document)})
    elif document.settled:
        W.add(payment, "ZnacznikZaplatyCzesciowej", 1)
        for part in document.settled:
            W.add_all(
                W.add(payment, "ZaplataCzesciowa"),
                {"KwotaZaplatyCzesciowej": parts.amount(part.amount), "DataZaplatyCzesciowej": part.on},
            )
    if document.due and document.due_on is not None:
        W.add(W.add(payment, "TerminPlatnosci"), "Termin", document.due_on)
    sources = list(dict.fromkeys(PAID_BY.get(part.source, part.source) for part in document.settled))
    if sources in ([], ["Przelew"]):
        W.add(payment, "FormaPlatnosci", 6)
    else:
        W.add_all(payment, {"PlatnoscInna": 1, "OpisPlatnosci": ", ".join(sources)})
    account = document.bank_account.replace(" ", "")
    if document.due and account:
        W.add(W.add(payment, "RachunekBankowy"), "NrRB", account)
