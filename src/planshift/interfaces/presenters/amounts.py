"""How are money, numbers, dates and times written in the reader's language?"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel import dates, numbers
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from planshift.domain.exact import Fraction

_LOCALES = {"en": "en_GB", "pl": "pl_PL", "it": "it_IT"}
NOBREAK = "\u00a0"
_MINUS = "\u2212"


def locale() -> str:
    """Babel's name of the language in force; British English where it is none of ours."""
    return _LOCALES.get((translation.get_language() or "en")[:2], "en_GB")


def words(text: Mapping[str, str] | str | None) -> str:
    """A text of the catalog in the language in force, else in English, else in whichever there is."""
    if not text:
        return ""
    if isinstance(text, str):
        return text
    language = (translation.get_language() or "en")[:2]
    return text.get(language) or text.get("en") or next(iter(text.values()))


def money(amount: Any) -> str:
    """ "€22.00", "22,00 zł"; a negative amount with a true minus sign. `amount` is a domain Money or None (a dash)."""
    if amount is None:
        return "–"
    return _money(amount.amount, amount.currency)


def _money(value: Fraction, currency: str) -> str:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    written = numbers.format_currency(abs(exact), currency, locale=locale())
    return _spaced(_MINUS + written if value < 0 else written)


def _spaced(written: str) -> str:
    """No line break inside an amount, and a gap between a currency's letters and the figure ("PLN 40.00")."""
    return re.sub(r"(?<=[A-Z]{3})(?=[0-9])", NOBREAK, written).replace(" ", NOBREAK)


def signed(amount: Any) -> str:
    """As `money`, with a plus before a positive amount: for movements."""
    return "–" if amount is None else ("+" if amount.amount > 0 else "") + money(amount)


def number(value: Any) -> str:
    """A count or quantity: "1,000", "2.5". A fraction without an exact short decimal stays a fraction."""
    if isinstance(value, Fraction):
        if value.denominator == 1:
            value = value.numerator
        elif (value * 10**6).denominator == 1:
            value = Decimal(value.numerator) / Decimal(value.denominator)
        else:
            whole, rest = divmod(value, 1)
            return f"{whole} + {rest.numerator}/{rest.denominator}" if whole else str(rest)
    return numbers.format_decimal(value, locale=locale()).replace("-", _MINUS).replace(" ", NOBREAK)


def quantity(value: Any, unit: Any = "") -> str:
    """A number with its unit: "4 GB"."""
    name = words(unit)
    return f"{number(value)}{NOBREAK}{name}" if name else number(value)


def percent(rate: Fraction) -> str:
    """Fraction(23, 100) is "23%" in English, "23%" in Polish and Italian."""
    exact = Decimal(rate.numerator) / Decimal(rate.denominator)
    return numbers.format_percent(exact, format="#,##0.##%", locale=locale())


def day(value: date | datetime | None) -> str:
    """ "1 January 2027". An instant is shown as its day in the zone in force."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return dates.format_date(value, "d MMMM y", locale=locale()).replace(" ", NOBREAK)


def short_day(value: date | datetime | None) -> str:
    """ "1 Jan 2027"."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return dates.format_date(value, "d MMM y", locale=locale()).replace(" ", NOBREAK)


def moment(value: datetime | None) -> str:
    """ "1 Jan 2027, 14:05" in the seller's zone (which the door has activated)."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    return f"{short_day(local.date())}, {local:%H:%M}"


def until(value: datetime | None) -> str:
    """A deadline: as a moment, but the midnight that ends a day is 24:00 of that day, as people count their days."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    if (local.hour, local.minute, local.second) != (0, 0, 0):
        return moment(value)
    return f"{short_day(local.date() - timedelta(days=1))}, 24:00"


def iso(value: date | datetime | None) -> str:
    """For <time datetime="…">."""
    return "" if value is None else value.isoformat()


def time_tag(value: date | datetime | None) -> SafeString:
    """A <time> element with the words a person reads and the ISO form that a machine does."""
    if value is None:
        return mark_safe("–")
    text = moment(value) if isinstance(value, datetime) else day(value)
    return format_html('<time datetime="{}">{}</time>', iso(value), text)


def figure(value: Fraction, currency: str) -> str:
    """An exact amount that may have more places than the currency (5.5, 22.0645…): never rounded in silence."""
    if (value * 10**6).denominator != 1:
        return f"{value.numerator}/{value.denominator}{NOBREAK}{currency}"
    places = numbers.get_currency_precision(currency)
    while (value * 10**places).denominator != 1:
        places += 1
    written = numbers.format_currency(
        Decimal(abs(value).numerator) / Decimal(abs(value).denominator),
        currency,
        locale=locale(),
        currency_digits=False,
        decimal_quantization=False,
        format=None,
    )
    return _spaced(_MINUS + written if value < 0 else written)


def exactly(amount: Any) -> str:
    """A Money with all its places, of an hour's price: "€0.0008"."""
    return "–" if amount is None else figure(amount.amount, amount.currency)


def clock_time(value: datetime | None) -> str:
    """ "14:05" in the seller's zone."""
    return "–" if value is None else f"{timezone.localtime(value):%H:%M}"


def plain(value: Fraction | Decimal) -> str:
    """An exact number with all its decimals, in the reader's notation."""
    exact = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value
    return numbers.format_decimal(exact, locale=locale(), decimal_quantization=False).replace("-", _MINUS)
