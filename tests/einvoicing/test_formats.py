"""One upgrade and one decrease in each format: valid by the official schemas and rules, exact in every figure, and
refused where anything is wrong that no schema sees."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from planshift.adapters.einvoices import fa3, fatturapa, ubl
from planshift.domain import documents, einvoices
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from tests.einvoicing import papers, validating

WRITERS = {"fa3": fa3.Fa3Writer(), "fatturapa": fatturapa.FatturaPaWriter(), "ubl": ubl.UblWriter()}
SELLERS = {"fa3": papers.POLISH, "fatturapa": papers.ITALIAN, "ubl": papers.POLISH}
Mutate = Callable[[documents.Document], documents.Document]


def upgrade(form: str) -> documents.Document:
    """22.00 and a set-up fee of 10.00 with the tax of the seller's country."""
    return papers.invoice(seller=SELLERS[form])


def decrease(form: str) -> documents.Document:
    """5.50 of it given back: 22.00 x 1/4."""
    return papers.corrected(upgrade(form), "5.50")


def write(form: str, document: documents.Document) -> bytes:
    return WRITERS[form].xml(document=document)


def values(xml: bytes, *names: str) -> list[str]:
    """The texts of all elements of these names, in the order of the file."""
    found = etree.fromstring(xml).iter()
    return [each.text or "" for each in found if isinstance(each.tag, str) and etree.QName(each).localname in names]


def codes(form: str, document: documents.Document) -> list[str]:
    with pytest.raises(Refused) as refused:
        write(form, document)
    return sorted({reason.code for reason in refused.value.reasons})


@pytest.mark.parametrize("form", einvoices.FORMATS)
def test_invoice_and_correction_are_valid(form: str, tmp_path: Path) -> None:
    files = [write(form, upgrade(form)), write(form, decrease(form))]
    assert [validating.faults(each) for each in files] == [[], []]
    assert files == [write(form, upgrade(form)), write(form, decrease(form))]  # the same document, the same bytes
    if form == "ubl":
        paths = [tmp_path / "invoice.xml", tmp_path / "credit.xml"]
        for path, xml in zip(paths, files, strict=True):
            path.write_bytes(xml)
        assert validating.rules_broken(*paths) == []


def test_fa3_has_differences_below_zero() -> None:
    bought, back = write("fa3", upgrade("fa3")), write("fa3", decrease("fa3"))
    # 22.00 + 10.00 = 32.00; 23 % of 32.00 = 7.36; 39.36
    assert values(bought, "RodzajFaktury", "P_13_1", "P_14_1", "P_15") == ["32.00", "7.36", "39.36", "VAT"]
    assert values(bought, "P_11", "P_12") == ["22.00", "23", "10.00", "23"]
    # rate x base after = 23 % of 26.50 = 6.095 → 6.10; 6.10 - 7.36 = -1.26; -5.50 - 1.26 = -6.76
    assert values(back, "P_13_1", "P_14_1", "P_15", "RodzajFaktury", "TypKorekty") == [
        "-5.50",
        "-1.26",
        "-6.76",
        "KOR",
        "2",
    ]
    assert values(back, "P_8B", "P_9A", "P_11", "StanPrzed") == ["1", "-5.50", "-5.50"]
    assert values(back, "NrFaKorygowanej", "DataWystFaKorygowanej", "NrKSeFFaKorygowanej") == [
        "2026-09-01",
        "FV/2026/09/0007",
        papers.KSEF,
    ]
    assert values(back, "P_6_Od", "P_6_Do") == ["2026-12-01", "2026-12-31"]  # the last day, not the day after


def test_td04_and_credit_note_have_amounts_above_zero() -> None:
    note, credit = write("fatturapa", decrease("fatturapa")), write("ubl", decrease("ubl"))
    # 22 % of 26.50 = 5.83; 22 % of 32.00 = 7.04; 7.04 - 5.83 = 1.21; 5.50 + 1.21 = 6.71
    assert values(note, "TipoDocumento", "ImportoTotaleDocumento", "PrezzoTotale", "ImponibileImporto", "Imposta") == [
        *("TD04", "6.71", "5.50"),
        *("5.50", "1.21"),
    ]
    assert values(note, "IdDocumento") == ["FV/2026/09/0007"]
    assert values(credit, "CreditNoteTypeCode", "TaxAmount", "TaxableAmount", "PayableAmount", "PriceAmount") == [
        *("381", "1.26", "5.50", "1.26", "6.76", "5.50"),
    ]
    named = etree.fromstring(credit).find(".//{*}InvoiceDocumentReference")
    assert named is not None
    assert [each.text for each in named] == ["FV/2026/09/0007", "2026-09-01"]


def test_a_counter_correction_increases() -> None:
    def taken_back(form: str) -> documents.Document:
        of = decrease(form)
        lines = tuple(replace(line, amount=-line.amount) for line in of.lines)
        return replace(of, lines=lines, total=-of.total, reason="correction_undone", number="FK/2026/0002")

    kor, debit, again = (write(form, taken_back(form)) for form in einvoices.FORMATS)
    assert [validating.faults(each) for each in (kor, debit, again)] == [[], [], []]
    assert values(kor, "P_15", "RodzajFaktury") == ["6.76", "KOR"]
    assert values(debit, "TipoDocumento", "ImportoTotaleDocumento") == ["TD05", "6.71"]
    assert values(again, "InvoiceTypeCode", "PayableAmount") == ["380", "6.76"]


CASES = {  # VAT code → percent, buyer, fields of FA(3), Natura, category of EN 16931
    "reverse_charge": (0, "DE", ("np II", "P_13_9"), "N2.1", "AE"),
    "outside_scope": (0, "CH", ("np I", "P_13_8"), "N2.1", "O"),
    "oss": (19, "DE", ("19", "P_13_5"), "N7", "S"),
    "exempt": (0, "PL", ("zw", "P_13_7"), "N4", "E"),
}


@pytest.mark.parametrize("code", CASES)
@pytest.mark.parametrize("form", einvoices.FORMATS)
def test_every_vat_case_is_valid(form: str, code: str, tmp_path: Path) -> None:
    percent, country, (rate, field), nature, category = CASES[code]
    currency = "EUR"
    buyer = papers.BUYERS[country if country != "PL" or form != "fatturapa" else "IT"]
    if code == "oss":
        buyer = replace(buyer, is_business=False, tax_id="")
    seller = replace(SELLERS[form], legal={**SELLERS[form].legal, "exemption": "art. 43 ust. 1"})
    lines = (
        papers.line("100.00", percent=percent, code=code, currency=currency),
        papers.setup(percent=percent, code=code, currency=currency),
    )
    bought = papers.invoice(*lines, seller=seller, buyer=buyer)
    files = [write(form, bought), write(form, papers.corrected(bought, "25.00"))]
    assert [validating.faults(each) for each in files] == [[], []]
    if form == "fa3":
        assert values(files[0], "P_12", "P_12_XII") == [rate, rate]
        assert values(files[0], field) == ["110.00"]
        assert values(files[0], "P_18") == ["1" if code == "reverse_charge" else "2"]
    elif form == "fatturapa":
        assert values(files[0], "Natura") == [nature] * 3
        assert values(files[0], "BolloVirtuale") == ([] if code == "oss" else ["SI"])  # 110.00 is more than 77.47
        assert values(files[1], "BolloVirtuale") == []  # 25.00 is not
    else:
        assert category in values(files[0], "ID")
        paths = [tmp_path / "invoice.xml", tmp_path / "credit.xml"]
        for path, xml in zip(paths, files, strict=True):
            path.write_bytes(xml)
        assert validating.rules_broken(*paths) == []


def test_a_line_below_zero_in_an_invoice(tmp_path: Path) -> None:
    """A credit for the old plan beside the price of the new one: quantities below zero, never prices (BR-27)."""
    lines = (
        papers.line("45.00", percent=23, currency="PLN"),
        papers.line("-23.00", percent=23, currency="PLN", kind="credit"),
    )
    bought = papers.invoice(*lines)
    file = write("ubl", bought)
    path = tmp_path / "invoice.xml"
    path.write_bytes(file)
    assert values(file, "InvoicedQuantity", "PriceAmount") == ["1", "45.00", "-1", "23.00"]
    assert validating.faults(file) == validating.faults(write("fa3", bought)) == validating.rules_broken(path) == []


def test_several_pieces_have_a_price_of_whole_cents() -> None:
    three = papers.line("10.00", percent=23, currency="PLN", quantity=3)  # 3.333…: told as one of 10.00
    four = papers.line("10.00", percent=23, currency="PLN", quantity=4)
    assert values(write("fa3", papers.invoice(three, four)), "P_8B", "P_9A") == ["1", "10.00", "4", "2.50"]


def test_letters_that_the_sdi_refuses_are_plain() -> None:
    buyer = replace(papers.BUYERS["IT"], name="Żółć\u202e & Łódź\x07 S.p.A. €")
    file = write("fatturapa", papers.invoice(seller=papers.ITALIAN, buyer=buyer))
    assert validating.faults(file) == []
    assert values(file, "Denominazione") == ["Vicolo Demo S.r.l.", "Zólc & Lódz S.p.A. EUR"]


def _total(of: documents.Document) -> documents.Document:
    cent = Taxed(
        Money.of("0.01", of.total.currency), Money.zero(of.total.currency), Money.of("0.01", of.total.currency)
    )
    return replace(of, total=of.total + cent)


def _tax(of: documents.Document) -> documents.Document:
    first = of.lines[0].amount
    more = Money.of("0.03", first.currency)
    line = replace(of.lines[0], amount=Taxed(first.net, first.tax + more, first.gross + more))
    lines = (line, *of.lines[1:])
    return replace(of, lines=lines, total=documents.total_of(lines, currency=first.currency))


def _fine(of: documents.Document) -> documents.Document:
    first = of.lines[0].amount
    grain = Money(Fraction(1, 1000), first.currency)
    line = replace(of.lines[0], amount=Taxed(first.net + grain, first.tax, first.gross + grain))
    lines = (line, *of.lines[1:])
    return replace(of, lines=lines, total=documents.total_of(lines, currency=first.currency))


MUTANTS: list[tuple[str, Mutate, str]] = [
    ("total a cent off", _total, "einvoice_sum_differs"),
    ("tax three cents off", _tax, "einvoice_tax_differs"),
    ("three decimals", _fine, "einvoice_amount_too_fine"),
    ("no lines", lambda of: replace(of, lines=(), total=Taxed.zero("PLN")), "einvoice_without_lines"),
    ("number too long", lambda of: replace(of, number="FV/2026/09/0000000007"), "einvoice_number_unfit"),
    ("number without a digit", lambda of: replace(of, number="FV/X"), "einvoice_number_unfit"),
    ("seller's number", lambda of: replace(of, seller=_renumbered(of.seller)), "einvoice_seller_id_wrong"),
    ("buyer's number", lambda of: replace(of, buyer=_renumbered(of.buyer)), "einvoice_buyer_id_wrong"),
    ("pro forma", lambda of: replace(of, kind="proforma"), "einvoice_kind_unfit"),
    ("untaxed with tax", lambda of: _coded(of, "reverse_charge"), "einvoice_tax_where_none"),
]
OF_CORRECTIONS: list[tuple[str, Mutate, str]] = [
    ("no reference", lambda of: replace(of, corrects=None), "einvoice_reference_missing"),
    ("no reason", lambda of: replace(of, reason=""), "einvoice_data_missing"),
    ("before the original", lambda of: replace(of, issued_on=dt.date(2026, 8, 31)), "einvoice_reference_unfit"),
    ("nothing changes", lambda of: _emptied(of), "einvoice_sign_wrong"),
]


def _renumbered(of: documents.Party) -> documents.Party:
    return replace(of, tax_id=of.tax_id[:-1] + str((int(of.tax_id[-1]) + 1) % 10))


def _coded(of: documents.Document, code: str) -> documents.Document:
    return replace(of, lines=tuple(replace(line, vat_code=code) for line in of.lines))


def _emptied(of: documents.Document) -> documents.Document:
    nothing = Taxed.zero(of.total.currency)
    return replace(of, lines=tuple(replace(line, amount=nothing) for line in of.lines), total=nothing)


@pytest.mark.parametrize(("what", "mutate", "code"), MUTANTS, ids=[each[0] for each in MUTANTS])
@pytest.mark.parametrize("form", einvoices.FORMATS)
def test_broken_invoices_are_refused(form: str, what: str, mutate: Mutate, code: str) -> None:
    assert code in codes(form, mutate(upgrade(form)))


@pytest.mark.parametrize(("what", "mutate", "code"), OF_CORRECTIONS, ids=[each[0] for each in OF_CORRECTIONS])
@pytest.mark.parametrize("form", einvoices.FORMATS)
def test_broken_corrections_are_refused(form: str, what: str, mutate: Mutate, code: str) -> None:
    assert code in codes(form, mutate(decrease(form)))


def test_what_one_format_needs() -> None:
    below = upgrade("fa3")
    negative = replace(
        below, lines=tuple(replace(line, amount=-line.amount) for line in below.lines), total=-below.total
    )
    assert codes("fa3", negative) == ["einvoice_sign_wrong"]
    of = decrease("fa3")
    assert of.corrects is not None
    waiting = replace(of, corrects=replace(of.corrects, e_invoice_number=""))
    assert codes("fa3", waiting) == [
        "einvoice_reference_not_cleared"
    ]  # art. 106j: only after the original has its number
    on_paper = replace(of, corrects=replace(of.corrects, e_invoice_number="", legal_form="pdf"), legal_form="pdf")
    assert values(write("fa3", on_paper), "TypKorekty", "NrKSeFN") == ["3", "1"]
    euros = papers.invoice(papers.line("22.00", percent=23, currency="EUR"))
    assert codes("fa3", euros) == ["einvoice_exchange_rate_missing"]
    odd = papers.invoice(papers.line("22.00", percent=21, currency="PLN"))
    assert codes("fa3", odd) == ["einvoice_rate_unknown"]
    assert codes("fatturapa", papers.invoice(seller=replace(papers.ITALIAN, legal={}))) == ["einvoice_data_missing"]
    public = replace(papers.BUYERS["IT"], legal={"recipient": "ABC123"})
    assert codes("fatturapa", papers.invoice(seller=papers.ITALIAN, buyer=public)) == ["einvoice_recipient_unfit"]
    person = replace(papers.BUYERS["IT"], is_business=False, tax_id="", legal={})
    assert codes("fatturapa", papers.invoice(seller=papers.ITALIAN, buyer=person)) == ["einvoice_data_missing"]
    nobody = replace(papers.BUYERS["CH"], email="")
    assert codes("ubl", papers.invoice(buyer=nobody)) == ["einvoice_data_missing"]


def test_the_validators_see_broken_files(tmp_path: Path) -> None:
    """A validator that finds nothing in these would find nothing anywhere."""
    kor, note, credit = (write(form, decrease(form)) for form in einvoices.FORMATS)
    assert validating.faults(kor.replace(b"<P_15>-6.76", b"<P_15>-6.761"))
    assert validating.faults(re.sub(rb"<DaneFaKorygowanej>.*</DaneFaKorygowanej>", b"", kor, flags=re.S))
    assert validating.faults(note.replace(b"TD04", b"TD99"))
    assert validating.faults(note.replace(b"<Imposta>1.21", b"<Imposta>1.211"))
    assert validating.faults(re.sub(rb"<cbc:ID>FV/2026/09/0007</cbc:ID>", b"", credit))
    path = tmp_path / "broken.xml"
    path.write_bytes(
        credit.replace(b'TaxInclusiveAmount currencyID="PLN">6.76', b'TaxInclusiveAmount currencyID="PLN">6.77')
    )
    assert any("BR-CO-15" in each for each in validating.rules_broken(path))
