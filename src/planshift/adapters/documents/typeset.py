"""How does a document become a PDF? Typst sets it; all words and figures are made here. Same document, same bytes."""

import datetime as dt
import json
import threading
from pathlib import Path
from typing import Any

import typst
from babel import Locale

from planshift.adapters.documents import deposit_paper, figures
from planshift.adapters.documents import words as vocabulary
from planshift.domain import deposit_statement, documents

PAPER = Path(__file__).parent / "invoice.typ"
COLOR = "#1e4e8c"


class TypstRenderer:
    """Renders documents with the fonts that typst brings along, so that no machine makes another paper."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compilers: dict[Path, typst.Compiler] = {}

    def pdf(self, *, document: documents.Document) -> bytes:
        """The document as a tagged PDF in its language."""
        return self._document(document, format="pdf")[0]

    def statement(self, *, statement: deposit_statement.Statement) -> bytes:
        """The statement of a deposit as a tagged PDF in its language."""
        return self._statement(statement, format="pdf")[0]

    def statement_pictures(self, *, statement: deposit_statement.Statement, ppi: float = 110) -> list[bytes]:
        """Its pages as PNG, for looking at them."""
        return self._statement(statement, format="png", ppi=ppi)

    def pictures(self, *, document: documents.Document, ppi: float = 110) -> list[bytes]:
        """Its pages as PNG, for looking at them."""
        return self._document(document, format="png", ppi=ppi)

    def _document(self, document: documents.Document, **options: Any) -> list[bytes]:
        # The instant in the file is that of the document, never the clock's.
        stamp = document.issued_at or dt.datetime.combine(document.issued_on, dt.time(), dt.UTC)
        return self._made(PAPER, content(document), stamp, **options)

    def _statement(self, found: deposit_statement.Statement, **options: Any) -> list[bytes]:
        stamp = dt.datetime.combine(found.end_on, dt.time(), dt.UTC)
        return self._made(deposit_paper.PAPER, deposit_paper.content(found, color=COLOR), stamp, **options)

    def _made(self, paper: Path, told: dict[str, Any], stamp: dt.datetime, **options: Any) -> list[bytes]:
        data, at = json.dumps(told), int(stamp.timestamp())
        with self._lock:  # one compiler of each paper keeps its fonts; typst takes some 15 ms
            if paper not in self._compilers:
                self._compilers[paper] = typst.Compiler(str(paper), root=str(paper.parent), ignore_system_fonts=True)
            made = self._compilers[paper].compile(sys_inputs={"data": data}, timestamp=at, **options)
        return [page for page in (made if isinstance(made, list) else [made]) if page is not None]


def content(document: documents.Document) -> dict[str, Any]:
    """Everything that stands on the paper, as text."""
    language = document.language
    words = vocabulary.of(language=language, second=document.seller.legal.get("second_language", ""))
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
            [words["total_net"], figures.money(total.net, language=language)],
            [words["total_tax"], figures.money(total.tax, language=language)],
            [words["total"], figures.money(total.gross, language=language)],
            *(
                [[words["already_paid"], figures.money(document.paid, language=language)]]
                if document.paid and document.due
                else []
            ),
        ],
        "due": _due(document, words),
        "settled": [
            [
                words[part.source],
                figures.date(part.on, language=language),
                figures.money(part.amount, language=language),
            ]
            for part in document.settled
        ],
        "pay": _pay(document, words) if document.due and document.kind != "correction" else [],
        "notes": _notes(document, words),
        "footer": " · ".join(part for part in (document.seller.name, document.seller.tax_id, document.number) if part),
    }


def _title(document: documents.Document) -> str:
    return "correction_up" if document.kind == "correction" and document.total.gross.minor > 0 else document.kind


def _banner(document: documents.Document, words: dict[str, str]) -> str:
    for told, name in (
        (document.draft, "draft_note"),
        (document.kind == "proforma", "proforma_note"),
        (document.kind == "receipt", "receipt_note"),
    ):
        if told:
            return words[name]
    if document.legal_form == "pdf":
        return words["imported_note"] if document.imported else ""
    number = f" {document.e_invoice_number}" if document.e_invoice_number else ""
    return words["visual_copy"] + number


def _due(document: documents.Document, words: dict[str, str]) -> list[str]:
    """The figure that stands out: what is to be paid, was paid, or what a correction changes."""
    gross = document.total.gross
    if document.kind == "correction":
        name, amount = ("increased_by", gross) if gross.minor > 0 else ("reduced_by", -gross)
    else:
        name, amount = ("due", document.due) if document.due else ("paid_in_full", gross)
    return [words[name], figures.money(amount, language=document.language)]


def _notes(document: documents.Document, words: dict[str, str]) -> list[str]:
    found = [f"{words['reason']}: {words['why_' + document.reason]}"] if document.reason else []
    codes = [code for code in (*figures.UNTAXED, "oss") if any(line.vat_code == code for line in document.lines)]
    found += [words[code] for code in codes]
    shown = document.buyer.legal.get("vies", "")
    return [*found, f"{words['vies']} {shown}"] if shown and "reverse_charge" in codes else found


def _party(party: documents.Party, document: documents.Document, words: dict[str, str]) -> dict[str, Any]:
    country = Locale.parse(document.language).territories.get(party.country, party.country)
    address = [part for part in (party.street, f"{party.postcode} {party.city}".strip(), country) if part]
    return {
        "name": figures.soft(party.name),
        "address": [figures.soft(part) for part in address],
        "tax_id": party.tax_id,
        "tax_label": words["tax_id"],
        "lines": [part for part in (party.street, f"{party.postcode} {party.city}".strip(), party.email) if part],
    }


def _dates(document: documents.Document, words: dict[str, str]) -> list[list[str]]:
    language = document.language
    shown = [["issued_on", document.issued_on]]
    if document.kind not in ("proforma", "receipt"):
        shown.append(["sold_on", document.sold_on])
    if document.due and document.due_on is not None:
        shown.append(["due_on", document.due_on])
    rows = [[words[name], figures.date(day, language=language)] for name, day in shown]  # type: ignore[index,arg-type]
    if document.corrects is not None:
        corrected = [document.corrects.number, document.corrects.e_invoice_number]
        rows.append([words["corrects"], "\n".join(part for part in corrected if part)])
        rows.append([words["of_day"], figures.date(document.corrects.issued_on, language=language)])
    if document.order_number and document.order_number != document.number:
        rows.append([words["order"], document.order_number])
    return rows


def _lines(document: documents.Document, words: dict[str, str]) -> list[dict[str, Any]]:
    """The lines; those of a correction with what stood before, what stands after, and the difference."""
    language = document.language
    made: list[dict[str, Any]] = [{**_line(line, language, words), "states": []} for line in document.lines]
    for row, line, before, after in zip(made, document.lines, document.before, document.after, strict=False):
        row["states"] = [
            [
                words[name],
                figures.plain(amount.net, language=language),
                figures.plain(amount.tax, language=language),
                figures.plain(amount.gross, language=language),
            ]
            for name, amount in (("before", before), ("after", after), ("difference", line.amount))
        ]
    return made


def _line(line: documents.Line, language: str, words: dict[str, str]) -> dict[str, str]:
    period = ""
    if line.start_on is not None and line.end_on is not None:
        last = line.end_on - dt.timedelta(days=1)  # stored half-open; people read the last day
        period = (
            f"{figures.date(line.start_on, language=language)} {words['up_to']} {figures.date(last, language=language)}"
        )
    return {
        "text": figures.soft(line.words(language)),
        "period": period,
        "quantity": str(line.quantity),
        "net": figures.plain(line.amount.net, language=language),
        "rate": figures.percent(line.vat_percent, code=line.vat_code, language=language),
        "tax": figures.plain(line.amount.tax, language=language),
        "gross": figures.plain(line.amount.gross, language=language),
    }


def _rate(rate: documents.RateTotal, language: str) -> dict[str, str]:
    return {
        "rate": figures.percent(rate.vat_percent, code=rate.vat_code, language=language),
        "net": figures.plain(rate.amount.net, language=language),
        "tax": figures.plain(rate.amount.tax, language=language),
        "gross": figures.plain(rate.amount.gross, language=language),
    }


def _pay(document: documents.Document, words: dict[str, str]) -> list[list[str]]:
    account = document.bank_account
    grouped = " ".join(account[at : at + 4] for at in range(0, len(account), 4))
    return [
        [words["payee"], document.seller.name],
        [words["account"], grouped],
        [words["reference"], document.payment_reference],
    ]
