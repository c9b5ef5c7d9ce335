"""The paper: every figure of the document on it, in its language, the same bytes each time."""

import datetime as dt
import io
import re
from dataclasses import replace

import pypdf
import pytest

from planshift.adapters.documents import typeset
from planshift.adapters.documents.words import WORDS
from planshift.billing import ports
from planshift.domain import documents
from planshift.domain.money import Money
from tests.documents.papers import BUYER, correction, invoice, line

RENDERER = typeset.TypstRenderer()


def text_of(document: documents.Document) -> str:
    """What a reader of the PDF sees, with plain blanks and minus signs, without soft breaks."""
    pages = pypdf.PdfReader(io.BytesIO(RENDERER.pdf(document=document))).pages
    text = "\n".join(page.extract_text() for page in pages)
    return re.sub(r"[ \u00a0\u202f]+", " ", text).replace("\u200b", "").replace("−", "-")


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        (
            "pl",
            # 1234.56 x 23 % = 283.9488 → 283.95; 1518.51
            [
                "Faktura VAT",
                "FV/2026/09/0007",
                "Sprzedawca",
                "Nabywca",
                "1 234,56",
                "283,95",
                "1 518,51 zł",
                "23 %",
                "Zapłacono w całości",
                "Z Salda Kaucji",
                "01.09.2026 do 31.12.2026",
                "Włochy",
                "PL5260250274",
            ],
        ),
        (
            "it",
            [
                "Fattura",
                "Acquirente",
                "1.234,56",
                "283,95",
                "1.518,51 PLN",
                "Dal deposito",
                "1 set 2026 al 31 dic 2026",
                "Pagata interamente",
                "Italia",
            ],
        ),
        (
            "en",
            [
                "Invoice",
                "Buyer",
                "1,234.56",
                "283.95",
                "PLN 1,518.51",
                "From the deposit",
                "1 Sep 2026 to 31 Dec 2026",
                "Paid in full",
                "Italy",
            ],
        ),
    ],
)
def test_an_invoice_in_every_language(language: str, shown: list[str]) -> None:
    text = text_of(invoice(language=language))
    assert [words for words in shown if words not in text] == []
    assert "Zażółć Gęślą Jaźń (demo)" in text
    # paid: nobody is told how to pay, or until when
    assert WORDS[language]["pay"] not in text
    assert WORDS[language]["due_on"] not in text


def test_what_is_still_to_be_paid_and_how() -> None:
    part = documents.Settled(source="bank", amount=Money.of("1000.00", "PLN"), on=dt.date(2026, 9, 2))
    text = text_of(invoice(language="en", settled=(part,)))
    # 1518.51 - 1000.00 = 518.51
    for shown in ("To pay", "PLN 518.51", "By bank transfer", "PL61 1090 1014 0000 0712 1981 2874", "8 Sep 2026"):
        assert shown in text
    assert "RF71O26117K3M9QX2A4" in text


def test_a_pro_forma_says_that_it_is_no_invoice() -> None:
    text = text_of(invoice(kind="proforma", number="O-2611-7K3M9QX2A4", settled=(), language="pl"))
    assert "Faktura pro forma" in text
    assert "Ten dokument nie jest fakturą VAT." in text
    assert "Data sprzedaży" not in text


def test_a_paper_whose_original_is_xml_says_so() -> None:
    assert "Wizualizacja." not in text_of(invoice())
    assert "Wizualizacja. Fakturą jest dokument ustrukturyzowany (XML)." in text_of(invoice(legal_form="xml_pending"))


def test_credits_are_negative_and_rates_are_summed() -> None:
    lines = [line("100.00"), line("-40.00"), line("10.00", percent=8, timed=False)]
    text = text_of(invoice(lines, language="en"))
    # 23 %: 100 - 40 = 60.00 and 13.80; 8 %: 10.00 and 0.80; all: 70.00, 14.60, 84.60
    for shown in ("-40.00", "-9.20", "60.00", "13.80", "73.80", "10.80", "PLN 70.00", "PLN 14.60", "PLN 84.60"):
        assert shown in text


def test_an_untaxed_supply_names_its_reason() -> None:
    untaxed = replace(line("100.00", percent=0), vat_code="reverse_charge")
    text = text_of(invoice([untaxed], language="it"))
    assert "Inversione contabile." in text
    assert "0 %" not in text


def test_the_same_document_gives_the_same_bytes() -> None:
    first = RENDERER.pdf(document=invoice())
    assert typeset.TypstRenderer().pdf(document=invoice()) == first
    assert RENDERER.pdf(document=invoice(number="FV/2026/09/0008")) != first
    assert RENDERER.pdf(document=invoice()) == first


@pytest.mark.parametrize(
    "hostile",
    [
        '#read("/etc/passwd")',
        "$ x $ *bold* _it_ @label <tag> `raw` = head",
        "\\u{41} \\ // /* */",
        '"] #panic("x")',
        "a\u0000b\u202ec",
        "x" * 300,
    ],
)
def test_what_clients_type_is_printed_never_run(hostile: str) -> None:
    document = invoice([line("10.00", text=hostile)], buyer=replace(BUYER, name=hostile), language="en")
    text = "".join(text_of(document).split())
    plain = "".join(hostile.replace("\u0000", "").replace("\u202e", "").split())
    if plain.isascii() and "\\" not in plain:
        assert plain in text
    assert "root:" not in text
    assert "12.30" in text  # 10.00 + 23 %


def test_long_words_do_not_run_over_the_amounts() -> None:
    rows = [row for row in text_of(invoice([line("10.00", text="x" * 300)])).splitlines() if "xxx" in row]
    # 300 letters in rows of the column's width, none of which touches the amount
    assert max(row.count("x") for row in rows) == 48
    assert all(set(row) <= {"x", " ", "1"} for row in rows)


def test_many_lines_go_on_over_pages_with_their_head() -> None:
    pages = pypdf.PdfReader(
        io.BytesIO(RENDERER.pdf(document=invoice([line("1.00", text=f"Line {n}") for n in range(60)], language="en")))
    ).pages
    assert len(pages) == 3
    for number, page in enumerate(pages, start=1):
        assert "Description" in page.extract_text()
        assert f"Page {number} / 3" in page.extract_text()


def test_every_language_has_every_word() -> None:
    for words in WORDS.values():
        assert words.keys() == WORDS["en"].keys()
    assert WORDS.keys() == set(documents.LANGUAGES)


def test_the_installation_prints_with_it() -> None:
    assert isinstance(ports.renderer(), typeset.TypstRenderer)


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        (
            "pl",
            ["Faktura korygująca", "Dotyczy faktury", "Przed korektą", "Po korekcie", "Różnica", "-7,38", "19,68 zł"],
        ),
        ("it", ["Nota di credito", "Rettifica la fattura", "Prima", "Dopo", "Differenza", "-7,38", "19,68 PLN"]),
        ("en", ["Corrective invoice", "Corrects", "Before", "After", "Difference", "-7.38", "PLN 19.68", "Reduced by"]),
    ],
)
def test_a_correction_shows_before_after_and_difference(language: str, shown: list[str]) -> None:
    # 22.00 + 5.06 = 27.06 before, 16.00 + 3.68 = 19.68 after; 6.00 + 1.38 = 7.38; with the fee 12.30 together 19.68
    text = text_of(correction(language=language))
    assert [words for words in [*shown, "FV/2026/09/0007"] if words not in text] == []
    rows = [row for row in text.splitlines() if row.startswith((WORDS[language]["before"], WORDS[language]["after"]))]
    assert [re.findall(r"\d+[.,]\d\d", row) for row in rows] == [
        [each.replace(".", "," if language != "en" else ".") for each in figures]
        for figures in (
            ["22.00", "5.06", "27.06"],
            ["16.00", "3.68", "19.68"],
            ["10.00", "2.30", "12.30"],
            ["0.00", "0.00", "0.00"],
        )
    ]
    assert WORDS[language]["why_decrease"] in text
    assert WORDS[language]["pay"] not in text  # nobody is told to pay a negative amount
    assert WORDS[language]["draft_note"] not in text
    assert WORDS[language]["draft_note"] in text_of(correction(language=language, draft=True))


def test_a_counter_correction_says_that_the_amount_rises() -> None:
    paper = correction(language="it", reason="correction_undone")
    up = replace(paper, lines=tuple(replace(each, amount=-each.amount) for each in paper.lines), total=-paper.total)
    text = text_of(up)
    assert "Nota di debito" in text and "Aumento di" in text and "Riduzione di" not in text


def test_a_seller_may_want_every_word_in_a_second_language() -> None:
    seller = replace(invoice().seller, legal={"second_language": "en"})
    shown = text_of(invoice(language="pl", seller=seller))
    for words in (
        "Faktura VAT / Invoice",
        "Sprzedawca / Seller",
        "Nabywca / Buyer",
        "Zapłacono w całości / Paid in full",
    ):
        assert words in shown.replace("\n", " ")
    assert "Netto / Net" in shown and "VAT / VAT %" not in shown  # what is the same is said once
    assert "Invoice" not in text_of(invoice(language="pl"))


def test_a_paper_of_an_invoice_issued_elsewhere_says_so() -> None:
    shown = text_of(invoice(language="en", imported=True))
    assert "This invoice was issued in another system; this is a copy of its data." in shown
    assert "another system" not in text_of(invoice(language="en"))


def test_a_receipt_says_that_it_is_no_invoice() -> None:
    shown = text_of(invoice(language="it", kind="receipt"))
    assert "Ricevuta di ricarica" in shown and "Non è una fattura" in shown
