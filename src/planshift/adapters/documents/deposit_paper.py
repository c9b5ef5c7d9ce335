"""What stands on the paper of a statement of a deposit or of account credit, as text? Set by typst in statement.typ."""

import datetime as dt
from pathlib import Path
from typing import Any

from planshift.adapters.documents import figures
from planshift.adapters.documents.statement_words import WORDS, of_kind
from planshift.domain import deposit_statement

PAPER = Path(__file__).parent / "statement.typ"


def content(found: deposit_statement.Statement, *, color: str) -> dict[str, Any]:
    """Words and figures in the client's language."""
    language = found.language if found.language in WORDS else "en"
    words, last = of_kind(found.kind, language=language), found.end_on - dt.timedelta(days=1)
    seller = found.seller
    place = f"{seller.postcode} {seller.city}".strip()
    return {
        "language": language,
        "color": color,
        "title": words["title"],
        "words": words,
        "date": {"year": last.year, "month": last.month, "day": last.day},
        "period": f"{figures.date(found.start_on, language=language)} – {figures.date(last, language=language)}",
        "seller": {"name": seller.name, "lines": [each for each in (seller.street, place, seller.email) if each]},
        "client": {"name": figures.soft(found.client_name), "number": found.client},
        "opening": figures.money(found.opening, language=language),
        "closing": figures.money(found.closing, language=language),
        "rows": [
            [
                figures.date(row.on, language=language),
                words.get(row.code, row.code.replace("_", " ")),
                row.reference,
                figures.plain(row.amount, language=language),
                figures.plain(row.balance, language=language),
            ]
            for row in found.rows
        ],
        "footer": " · ".join(each for each in (seller.name, seller.tax_id, found.client) if each),
    }
