"""How do amounts, days and names look on paper? In the language of the paper, fit to print."""

import datetime as dt
import re
import unicodedata

from babel import dates, numbers

from planshift.domain import money as exact
from planshift.domain.exact import Fraction
from planshift.domain.money import Money

UNTAXED = ("reverse_charge", "outside_scope", "exempt")


def soft(text: str) -> str:
    """As it can be printed: without control and direction characters; words too long for a column may break."""
    text = "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cf", "Co"))
    return re.sub(r"\S{24}(?=\S)", lambda long: long[0] + "\u200b", text)


def percent(of: Fraction, *, code: str, language: str) -> str:
    """A VAT rate; a dash where there is no VAT."""
    if code in UNTAXED:
        return "–"
    return f"{numbers.format_decimal(exact.decimal_text(of, decimals=0), locale=language)} %"


def money(amount: Money, *, language: str) -> str:
    """With its currency."""
    text = numbers.format_currency(amount.text, amount.currency, locale=language).replace("-", "−")
    return re.sub(r"(?<=[A-Z]{3})(?=\d)", "\u00a0", text)  # PLN 12.30, not PLN12.30


def plain(amount: Money, *, language: str) -> str:
    """Without it."""
    places = len(amount.text.partition(".")[2])
    return numbers.format_decimal(amount.text, format=f"#,##0.{'0' * places}", locale=language).replace("-", "−")


def date(day: dt.date, *, language: str) -> str:
    """A day."""
    return dates.format_date(day, format="d MMM yyyy" if language != "pl" else "dd.MM.yyyy", locale=language)
