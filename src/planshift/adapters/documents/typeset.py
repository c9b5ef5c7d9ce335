"""How does a document become a PDF? Typst sets it; all words and figures are made here. Same document, same bytes."""

import datetime as dt
import json
import re
import threading
import unicodedata
from pathlib import Path
from typing import Any

import typst
from babel import Locale, dates, numbers

from planshift.adapters.documents import words as vocabulary
from planshift.domain import documents, money
from planshift.domain.exact import Fraction
from planshift.domain.money import Money

PAPER = Path(__file__).parent / "invoice.typ"
COLOR = "#1e4e8c"
UNTAXED = ("reverse_charge", "outside_scope", "exempt")


class TypstRenderer:
    """Renders documents with the fonts that typst brings along, so that no machine makes another paper."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compiler: typst.Compiler | None = None

    def pdf(self, *, document: documents.Document) -> bytes:
        """The document as a tagged PDF in its language."""
        return self._made(document, format="pdf")[0]

    def pictures(self, *, document: documents.Document, ppi: float = 110) -> list[bytes]:
        """Its pages as PNG, for looking at them."""
        return self._made(document, format="png", ppi=ppi)

    def _made(self, document: documents.Document, **options: Any) -> list[bytes]:
        # The instant in the file is that of the document, never the clock's.
        stamp = document.issued_at or dt.datetime.combine(document.issued_on, dt.time(), dt.UTC)
        with self._lock:  # one compiler keeps its fonts; typst takes some 15 ms
            if self._compiler is None:
                self._compiler = typst.Compiler(str(PAPER), root=str(PAPER.parent), ignore_system_fonts=True)
            made = self._compiler.compile(
                sys_inputs={"data": json.dumps(content(document))}, timestamp=int(stamp.timestamp()), **options
            )
        return [page for page in (made if isinstance(made, list) else [made]) if page is not None]


def content(document: documents.Document) -> dict[str, Any]:
    """Everything that stands on the paper, as text."""
    words, language = vocabulary.WORDS.get(document.language, vocabulary.WORDS["en"]), document.language
    total = document.total
    return {
        "language": language if language in vocabulary.WORDS else "en",
        "color": COLOR,
        "title": words[_title(document)],
        "number": document.number,
        "date": {"year": document.issued_on.year, "month": document.issued_on.month, "day": document.issued_on.day},
        "words": words,
        "seller": _party(document.seller, document, words),
        "buyer": _party(document.buyer, document, words),
        "banner": _banner(document, words),
        "dates": _dates(document, words),
        "lines": _lines(document, words),
        "rates": [_rate(rate, language) for rate in document.rates],
        "totals": [
            [words["total_net"], _money(total.net, language)],
            [words["total_tax"], _money(total.tax, language)],
            [words["total"], _money(total.gross, language)],
            *([[words["already_paid"], _money(document.paid, language)]] if document.paid and document.due else []),
        ],
        "due": _due(document, words),
        "settled": [
            [words[part.source], _date(part.on, language), _money(part.amount, language)] for part in document.settled
        ],
        "pay": _pay(document, words) if document.due and document.kind != "correction" else [],
        "notes": _notes(document, words),
        "footer": " · ".join(part for part in (document.seller.name, document.seller.tax_id, document.number) if part),
    }


def _title(document: documents.Document) -> str:
    return "correction_up" if document.kind == "correction" and document.total.gross.minor > 0 else document.kind


def _banner(document: documents.Document, words: dict[str, str]) -> str:
    if document.draft or document.kind == "proforma":
        return words["draft_note" if document.draft else "proforma_note"]
    if document.legal_form == "pdf":
        return ""
    number = f" {document.e_invoice_number}" if document.e_invoice_number else ""
    return words["visual_copy"] + number


def _due(document: documents.Document, words: dict[str, str]) -> list[str]:
    """The figure that stands out: what is to be paid, was paid, or what a correction changes."""
    gross = document.total.gross
    if document.kind == "correction":
        name, amount = ("increased_by", gross) if gross.minor > 0 else ("reduced_by", -gross)
    else:
        name, amount = ("due", document.due) if document.due else ("paid_in_full", gross)
    return [words[name], _money(amount, document.language)]


def _notes(document: documents.Document, words: dict[str, str]) -> list[str]:
    found = [f"{words['reason']}: {words['why_' + document.reason]}"] if document.reason else []
    return found + [words[code] for code in (*UNTAXED, "oss") if any(line.vat_code == code for line in document.lines)]


def _party(party: documents.Party, document: documents.Document, words: dict[str, str]) -> dict[str, Any]:
    country = Locale.parse(document.language).territories.get(party.country, party.country)
    address = [part for part in (party.street, f"{party.postcode} {party.city}".strip(), country) if part]
    return {
        "name": _soft(party.name),
        "address": [_soft(part) for part in address],
        "tax_id": party.tax_id,
        "tax_label": words["tax_id"],
        "lines": [part for part in (party.street, f"{party.postcode} {party.city}".strip(), party.email) if part],
    }


def _dates(document: documents.Document, words: dict[str, str]) -> list[list[str]]:
    language = document.language
    shown = [["issued_on", document.issued_on]]
    if document.kind != "proforma":
        shown.append(["sold_on", document.sold_on])
    if document.due and document.due_on is not None:
        shown.append(["due_on", document.due_on])
    rows = [[words[name], _date(day, language)] for name, day in shown]  # type: ignore[index,arg-type]
    if document.corrects is not None:
        corrected = [document.corrects.number, document.corrects.e_invoice_number]
        rows.append([words["corrects"], "\n".join(part for part in corrected if part)])
        rows.append([words["of_day"], _date(document.corrects.issued_on, language)])
    if document.order_number and document.order_number != document.number:
        rows.append([words["order"], document.order_number])
    return rows


def _lines(document: documents.Document, words: dict[str, str]) -> list[dict[str, Any]]:
    """The lines; those of a correction with what stood before, what stands after, and the difference."""
    language = document.language
    made: list[dict[str, Any]] = [{**_line(line, language, words), "states": []} for line in document.lines]
    for row, line, before, after in zip(made, document.lines, document.before, document.after, strict=False):
        row["states"] = [
            [words[name], _plain(amount.net, language), _plain(amount.tax, language), _plain(amount.gross, language)]
            for name, amount in (("before", before), ("after", after), ("difference", line.amount))
        ]
    return made


def _line(line: documents.Line, language: str, words: dict[str, str]) -> dict[str, str]:
    period = ""
    if line.start_on is not None and line.end_on is not None:
        last = line.end_on - dt.timedelta(days=1)  # stored half-open; people read the last day
        period = f"{_date(line.start_on, language)} {words['up_to']} {_date(last, language)}"
    return {
        "text": _soft(line.words(language)),
        "period": period,
        "quantity": str(line.quantity),
        "net": _plain(line.amount.net, language),
        "rate": _percent(line.vat_percent, line.vat_code, language),
        "tax": _plain(line.amount.tax, language),
        "gross": _plain(line.amount.gross, language),
    }


def _rate(rate: documents.RateTotal, language: str) -> dict[str, str]:
    return {
        "rate": _percent(rate.vat_percent, rate.vat_code, language),
        "net": _plain(rate.amount.net, language),
        "tax": _plain(rate.amount.tax, language),
        "gross": _plain(rate.amount.gross, language),
    }


def _pay(document: documents.Document, words: dict[str, str]) -> list[list[str]]:
    account = document.bank_account
    grouped = " ".join(account[at : at + 4] for at in range(0, len(account), 4))
    return [
        [words["payee"], document.seller.name],
        [words["account"], grouped],
        [words["reference"], document.payment_reference],
    ]


def _soft(text: str) -> str:
    """As it can be printed: without control and direction characters; words too long for a column may break."""
    text = "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cf", "Co"))
    return re.sub(r"\S{24}(?=\S)", lambda long: long[0] + "\u200b", text)


def _percent(percent: Fraction, code: str, language: str) -> str:
    if code in UNTAXED:
        return "–"
    return f"{numbers.format_decimal(money.decimal_text(percent, decimals=0), locale=language)} %"


def _money(amount: Money, language: str) -> str:
    text = numbers.format_currency(amount.text, amount.currency, locale=language).replace("-", "−")
    return re.sub(r"(?<=[A-Z]{3})(?=\d)", "\u00a0", text)  # PLN 12.30, not PLN12.30


def _plain(amount: Money, language: str) -> str:
    places = len(amount.text.partition(".")[2])
    return numbers.format_decimal(amount.text, format=f"#,##0.{'0' * places}", locale=language).replace("-", "−")


def _date(day: dt.date, language: str) -> str:
    return dates.format_date(day, format="d MMM yyyy" if language != "pl" else "dd.MM.yyyy", locale=language)
