"""How are amounts, numbers, lengths, dates and lists written in a language? For pages made without a request."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel import dates, lists, numbers

from planshift.domain.exact import Fraction

LOCALES = {"en": "en_GB", "pl": "pl_PL", "it": "it_IT"}
NOBREAK = "\u00a0"
MINUS = "\u2212"

_UNITS = {
    "en": {"month": "month|months", "day": "day|days", "hour": "hour|hours", "minute": "minute|minutes",
           "second": "second|seconds", "year": "year|years"},
    "pl": {"month": "miesiąc|miesiące|miesięcy", "day": "dzień|dni|dni", "hour": "godzina|godziny|godzin",
           "minute": "minuta|minuty|minut", "second": "sekunda|sekundy|sekund", "year": "rok|lata|lat"},
    "it": {"month": "mese|mesi", "day": "giorno|giorni", "hour": "ora|ore", "minute": "minuto|minuti",
           "second": "secondo|secondi", "year": "anno|anni"},
}  # fmt: skip


def money(value: Fraction, currency: str, language: str) -> str:
    """An exact amount: "€22.00", "22,00 zł". One that its currency cannot hold keeps all its places."""
    written = numbers.format_currency(
        abs(_decimal(value)), currency, locale=LOCALES[language], decimal_quantization=_holds(value, currency)
    )
    spaced = re.sub(r"^([A-Z]{3})(?=\d)", r"\1 ", written)  # PLN 49.00, not PLN49.00
    return ((MINUS if value < 0 else "") + spaced).replace(" ", NOBREAK)


def _holds(value: Fraction, currency: str) -> bool:
    places: int = numbers.get_currency_precision(currency)
    return (value * Fraction(10) ** places).denominator == 1


def number(value: Fraction | int, language: str) -> str:
    """A number: "1,000", "2.5"; one without a short exact decimal as a quotient: "1/12"."""
    exact = Fraction(value)
    if (exact * 10**6).denominator != 1:
        return f"{exact.numerator}/{exact.denominator}"
    written = numbers.format_decimal(_decimal(exact), locale=LOCALES[language], decimal_quantization=False)
    return written.replace("-", MINUS).replace(" ", NOBREAK)


def percent(share: Fraction, language: str) -> str:
    """Fraction(1, 50) is "2%"."""
    return f"{number(share * 100, language)}%"


def day(value: date, language: str) -> str:
    """ "1 January 2027"."""
    written = dates.format_date(value, "d MMMM y", locale=LOCALES[language])
    if language == "it" and value.day == 1:
        written = "1º" + written[1:]
    return written.replace(" ", NOBREAK)


def length(text: str, language: str) -> str:
    """A normal length ("12 months", "30 days") in words; whole years as years: "1 year"."""
    count, _, unit = text.partition(" ")
    amount, unit = int(count), unit.removesuffix("s")
    if unit == "month" and amount % 12 == 0:
        amount, unit = amount // 12, "year"
    return counted(amount, _UNITS[language].get(unit, unit), language)


def units(amount: int, unit: str, language: str) -> str:
    """So many units of time ("month", "day", …): "1 day", "5 dni". Raises KeyError for another unit."""
    return counted(amount, _UNITS[language][unit], language)


def counted(amount: int, forms: str, language: str) -> str:
    """A count with its noun: counted(2, "dzień|dni|dni", "pl") is "2 dni". One form alone is used for all counts."""
    every = forms.split("|")
    return f"{number(amount, language)}{NOBREAK}{every[min(_form(amount, language), len(every) - 1)]}"


def _form(amount: int, language: str) -> int:
    if language != "pl":
        return 0 if amount == 1 else 1
    if amount == 1:
        return 0
    return 1 if amount % 10 in (2, 3, 4) and amount % 100 not in (12, 13, 14) else 2


def joined(items: Sequence[str], language: str, style: str = "standard") -> str:
    """ "a, b and c"; style "or": "a, b or c"."""
    if style == "or":
        return lists.format_list(list(items), style="or", locale=LOCALES[language])
    return lists.format_list(list(items), style="standard", locale=LOCALES[language])


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number inside a template: `{days}` writes 14, `{days:day|days}` writes "14 days"."""

    amount: int
    language: str

    def __format__(self, forms: str) -> str:
        return counted(self.amount, forms, self.language) if forms else number(self.amount, self.language)
