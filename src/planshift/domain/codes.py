"""Which currencies and countries are there? By their ISO codes, as the CLDR lists them."""

import difflib
from collections.abc import Mapping

from babel.core import get_global

NO_CURRENCY = "XXX"  # ISO 4217's own code for amounts of no currency
_NO_COUNTRY = ("EU", "ZZ")


def is_currency(code: str) -> bool:
    """Whether this is the code of a currency, of today or of old."""
    return code == NO_CURRENCY or code in _currencies()


def is_country(code: str) -> bool:
    """Whether this is the code of a country or territory."""
    return code in _countries()


def nearest_currency(code: str) -> str | None:
    """The currency's code that is most like this one."""
    return _nearest(code, _currencies())


def nearest_country(code: str) -> str | None:
    """The country's code that is most like this one."""
    return _nearest(code, _countries())


def _currencies() -> Mapping[str, object]:
    return get_global("all_currencies")


def _countries() -> Mapping[str, object]:
    found: Mapping[str, object] = get_global("territory_currencies")
    return {code: found[code] for code in found if code not in _NO_COUNTRY}


def _nearest(code: str, known: Mapping[str, object]) -> str | None:
    near = difflib.get_close_matches(code, sorted(known), 1)
    return near[0] if near else None
