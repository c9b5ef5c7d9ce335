"""How does a document become a FatturaPA 1.2.3 for the SdI? TD01 invoice, TD04 credit note, TD05 debit note."""

import hashlib

import stdnum.it.codicefiscale
import stdnum.it.iva
from lxml import etree

from planshift.adapters.einvoices import parts
from planshift.adapters.einvoices.parts import Element
from planshift.domain import documents, einvoices
from planshift.domain.errors import Reason, Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed

NAMESPACE = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2"
W = parts.Writer()
NATURE = {  # code, legal basis
    "zero": ("N3.6", "Non imponibile - altre operazioni"),
    "exempt": ("N4", "Operazione esente"),
    "reverse_charge": ("N2.1", "Inversione contabile - art. 7-ter DPR 633/72"),
    "outside_scope": ("N2.1", "Non soggetta ad IVA - art. 7-ter DPR 633/72"),
    "oss": ("N7", "IVA assolta in altro Stato UE - regime OSS"),
}
STAMPED = ("zero", "exempt", "reverse_charge", "outside_scope")
STAMP_ABOVE, STAMP = "77.47", "2.00"  # EUR: the stamp duty on documents without VAT
PAID_BY = {"bank": "MP05", "gateway": "MP08", "deposit": "MP22", "account_credit": "MP22", "unapplied": "MP22"}


class FatturaPaWriter:
    """Writes FPR12. A credit note has positive amounts: its type is its sign."""

    format = "fatturapa"

    def xml(self, *, document: documents.Document) -> bytes:
        """The file for the SdI. Refused with every reason at once."""
        reasons = (*einvoices.wrong(document=document), *_wrong(document))
        if reasons:
            raise Refused.for_reasons(reasons)
        root = etree.Element(f"{{{NAMESPACE}}}FatturaElettronica", {"versione": "FPR12"}, nsmap={"p": NAMESPACE})
        header = W.add(root, "FatturaElettronicaHeader")
        _transmission(header, document)
        _seller(header, document.seller)
        _buyer(header, document.buyer)
        body = W.add(root, "FatturaElettronicaBody")
        _general(W.add(body, "DatiGenerali"), document)
        _lines(W.add(body, "DatiBeniServizi"), document)
        if document.kind == "invoice":
            _payment(body, document)
        return parts.to_bytes(root)


def _wrong(document: documents.Document) -> tuple[Reason, ...]:
    seller, buyer = document.seller, document.buyer
    found = list(
        einvoices.missing(
            document=document,
            given=(
                ("regime", seller.legal.get("regime")),
                ("seller address", seller.street and seller.city),
                ("buyer address", buyer.street and buyer.city),
                ("fiscal_code", buyer.country != "IT" or buyer.is_business or _fiscal_code(buyer)),
            ),
        )
    )
    if seller.country != "IT" or not stdnum.it.iva.is_valid(einvoices.vat_number(seller)[1]):
        found.append(Reason("einvoice_seller_id_wrong", {"name": seller.name, "tax_id": seller.tax_id}))
    code = _fiscal_code(buyer)
    if buyer.country == "IT" and code and not _fiscal_code_good(code):
        found.append(Reason("einvoice_buyer_id_wrong", {"name": buyer.name, "tax_id": code}))
    if len(buyer.legal.get("recipient", "0000000")) != 7:  # six characters: a public body, FPA12, is not written here
        found.append(Reason("einvoice_recipient_unfit", {"name": buyer.name, "recipient": buyer.legal["recipient"]}))
    if document.total.currency != "EUR":
        found.append(
            Reason("einvoice_exchange_rate_missing", {"document": document.number, "currency": document.total.currency})
        )
    return tuple(found)


def _fiscal_code(buyer: documents.Party) -> str:
    given = buyer.legal.get("fiscal_code", "") or ("" if buyer.is_business else buyer.tax_id)
    return given.upper().removeprefix("IT").replace(" ", "")


def _fiscal_code_good(code: str) -> bool:
    return bool(stdnum.it.codicefiscale.is_valid(code) or stdnum.it.iva.is_valid(code))


def _transmission(header: Element, document: documents.Document) -> None:
    made = W.add(header, "DatiTrasmissione")
    _number(W.add(made, "IdTrasmittente"), "IT", einvoices.vat_number(document.seller)[1])
    buyer = document.buyer
    domestic = buyer.legal.get("recipient", "0000000") if buyer.country == "IT" else "XXXXXXX"
    W.add_all(
        made,
        {
            "ProgressivoInvio": hashlib.sha256(document.number.encode()).hexdigest()[:10].upper(),
            "FormatoTrasmissione": "FPR12",
            "CodiceDestinatario": domestic.upper(),
            "PECDestinatario": buyer.legal.get("pec") if domestic == "0000000" else "",
        },
    )


def _number(parent: Element, country: str, code: str) -> None:
    W.add_all(parent, {"IdPaese": country, "IdCodice": code[:28]})


def _seller(header: Element, seller: documents.Party) -> None:
    party = W.add(header, "CedentePrestatore")
    data = W.add(party, "DatiAnagrafici")
    _number(W.add(data, "IdFiscaleIVA"), "IT", einvoices.vat_number(seller)[1])
    W.add_all(data, {"CodiceFiscale": seller.legal.get("fiscal_code")})
    W.add(W.add(data, "Anagrafica"), "Denominazione", parts.latin(seller.name, 80))
    W.add(data, "RegimeFiscale", seller.legal["regime"])
    _address(party, seller)
    if seller.legal.get("rea_office") and seller.legal.get("rea_number"):
        W.add_all(
            W.add(party, "IscrizioneREA"),
            {
                "Ufficio": seller.legal["rea_office"],
                "NumeroREA": seller.legal["rea_number"],
                "CapitaleSociale": seller.legal.get("share_capital"),
                "StatoLiquidazione": seller.legal.get("liquidation", "LN"),
            },
        )


def _buyer(header: Element, buyer: documents.Party) -> None:
    party = W.add(header, "CessionarioCommittente")
    data = W.add(party, "DatiAnagrafici")
    prefix, number = einvoices.vat_number(buyer)
    if buyer.country == "IT":
        if buyer.is_business:
            _number(W.add(data, "IdFiscaleIVA"), "IT", number)
        W.add_all(data, {"CodiceFiscale": _fiscal_code(buyer)})
    elif buyer.country in einvoices.EU:
        country = "GR" if prefix == "EL" and not number else prefix
        _number(W.add(data, "IdFiscaleIVA"), country, number if buyer.is_business else "0000000")
    else:
        _number(W.add(data, "IdFiscaleIVA"), buyer.country, "OO99999999999" if buyer.is_business else "0000000")
    W.add(W.add(data, "Anagrafica"), "Denominazione", parts.latin(buyer.name, 80))
    _address(party, buyer)


def _address(party: Element, of: documents.Party) -> None:
    code = "".join(one for one in of.postcode if one.isdigit())
    W.add_all(
        W.add(party, "Sede"),
        {
            "Indirizzo": parts.latin(of.street, 60),
            "CAP": code if of.country == "IT" and len(code) == 5 else "00000",
            "Comune": parts.latin(of.city, 60),
            "Provincia": of.legal.get("province") if of.country == "IT" else "",
            "Nazione": of.country,
        },
    )


def _type(document: documents.Document) -> str:
    if document.kind == "invoice":
        return "TD01"
    return "TD05" if einvoices.increases(document) else "TD04"


def _signed(of: Taxed, document: documents.Document) -> Taxed:
    """The amount as its document writes it: a credit note says with its type that it reduces."""
    return -of if _type(document) == "TD04" else of


def _general(parent: Element, document: documents.Document) -> None:
    general = W.add(parent, "DatiGeneraliDocumento")
    W.add_all(
        general,
        {
            "TipoDocumento": _type(document),
            "Divisa": document.total.currency,
            "Data": document.issued_on,
            "Numero": document.number,
        },
    )
    untaxed = Taxed.total(
        (line.amount for line in document.lines if line.vat_code in STAMPED), currency=document.total.currency
    )
    if abs(untaxed.net.amount) > Money.of(STAMP_ABOVE, "EUR").amount:
        W.add_all(W.add(general, "DatiBollo"), {"BolloVirtuale": "SI", "ImportoBollo": STAMP})
    W.add(general, "ImportoTotaleDocumento", parts.amount(_signed(document.total, document).gross))
    if document.kind == "correction":
        W.add(general, "Causale", parts.latin(parts.reason(document, "it"), 200))
    if document.order_number:
        W.add(W.add(parent, "DatiOrdineAcquisto"), "IdDocumento", document.order_number[:20])
    if document.corrects is not None:
        W.add_all(
            W.add(parent, "DatiFattureCollegate"),
            {"IdDocumento": document.corrects.number[:20], "Data": document.corrects.issued_on},
        )


def _lines(parent: Element, document: documents.Document) -> None:
    for number, line in enumerate(document.lines, start=1):
        _line(W.add(parent, "DettaglioLinee"), number, line, document)
    for rate in document.rates:
        total, nature = _signed(rate.amount, document), NATURE.get(rate.vat_code)
        abroad = rate.vat_code == "oss"  # that tax is no Italian tax: it is part of what is due, not of the summary
        W.add_all(
            W.add(parent, "DatiRiepilogo"),
            {
                "AliquotaIVA": "0.00" if nature else parts.percent(rate.vat_percent, decimals=2),
                "Natura": nature[0] if nature else "",
                "ImponibileImporto": parts.amount(total.gross if abroad else total.net),
                "Imposta": "0.00" if abroad else parts.amount(total.tax),
                "EsigibilitaIVA": "" if nature else "I",
                "RiferimentoNormativo": nature[1] if nature else "",
            },
        )


def _line(row: Element, number: int, line: documents.Line, document: documents.Document) -> None:
    quantity, price = einvoices.unit_price(line)
    amount, nature = _signed(line.amount, document), NATURE.get(line.vat_code)
    if line.vat_code == "oss":
        quantity, price, net = 1, amount.gross, amount.gross
    else:
        price, net = (-price if _type(document) == "TD04" else price), amount.net
    W.add_all(
        row,
        {
            "NumeroLinea": number,
            "Descrizione": parts.latin(line.words("it"), 1000),
            "Quantita": f"{quantity}.00",
            "DataInizioPeriodo": line.start_on if line.end_on else "",
            "DataFinePeriodo": einvoices.last_day(line),
            "PrezzoUnitario": parts.amount(price),
            "PrezzoTotale": parts.amount(net),
            "AliquotaIVA": "0.00" if nature else parts.percent(line.vat_percent, decimals=2),
            "Natura": nature[0] if nature else "",
        },
    )


def _payment(body: Element, document: documents.Document) -> None:
    payment = W.add(body, "DatiPagamento")
    W.add(payment, "CondizioniPagamento", "TP02")
    for part in document.settled:
        W.add_all(
            W.add(payment, "DettaglioPagamento"),
            {
                "ModalitaPagamento": PAID_BY.get(part.source, "MP05"),
                "DataScadenzaPagamento": part.on,
                "ImportoPagamento": parts.amount(part.amount),
            },
        )
    if document.due or not document.settled:
        account = document.bank_account.replace(" ", "")
        W.add_all(
            W.add(payment, "DettaglioPagamento"),
            {
                "ModalitaPagamento": "MP05",
                "DataScadenzaPagamento": document.due_on,
                "ImportoPagamento": parts.amount(document.due),
                "IBAN": account,
                "CodicePagamento": document.payment_reference,
            },
        )
