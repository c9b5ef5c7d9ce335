"""Which number does the next document get? Each seller has a pattern of its own, and no series has a gap."""

import datetime as dt
import re
import string
from collections.abc import Sequence

from planshift.catalog import models as catalog
from planshift.domain.errors import Refused
from planshift.runtime import numbers

_FIELD = re.compile(r"[0-9]{0,3}d?")
NUMBER_LENGTH = 20  # FatturaPA takes at most 20 characters, one of them a digit


def documents(*, seller: catalog.Seller, on: dt.date, count: int) -> tuple[str, Sequence[str]]:
    """The next `count` invoice numbers of the seller for a date, and the name of their series.

    The series' row stays locked until the caller's transaction ends: a rollback leaves no gap. Take it last.
    """
    pattern = seller.invoice_pattern
    series = series_of(seller=seller.code, pattern=pattern, on=on)
    taken = numbers.take(series=series, count=count)
    return series, [document_number(pattern=pattern, on=on, n=n) for n in taken]


def series_of(*, seller: str, pattern: str, on: dt.date) -> str:
    """The series counts anew whenever a part of the pattern other than n changes."""
    names = fields_of(pattern)
    period = "".join((f"/{on.year}" if "year" in names else "", f"/{on.month:02}" if "month" in names else ""))
    return f"document/{seller}/{prefix_of(pattern)}{period}"


def document_number(*, pattern: str, on: dt.date, n: int) -> str:
    """`FV/{year}/{month:02}/{n:04}` for November 2026 and n = 7 is FV/2026/11/0007."""
    check_pattern(pattern)
    number = pattern.format(year=on.year, month=on.month, n=n)
    if len(number) > NUMBER_LENGTH:
        raise Refused("document_number_too_long", number=number, most=NUMBER_LENGTH)
    return number


def prefix_of(pattern: str) -> str:
    """What stands before the first field."""
    return next(iter(string.Formatter().parse(pattern)))[0].rstrip("/-")


def fields_of(pattern: str) -> tuple[str, ...]:
    """The names of the fields in a pattern."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None)


def check_pattern(pattern: str) -> None:
    """Raises Refused("bad_document_pattern") unless it has n, only year, month and n, and month only beside year."""
    try:
        parts = [part for part in string.Formatter().parse(pattern) if part[1] is not None]
    except ValueError:
        raise Refused("bad_document_pattern", pattern=pattern) from None
    names = [part[1] for part in parts]
    plain = all(part[3] is None and _FIELD.fullmatch(part[2] or "") for part in parts)
    if (
        not plain
        or names.count("n") != 1
        or set(names) - {"year", "month", "n"}
        or ("month" in names and "year" not in names)
    ):
        raise Refused("bad_document_pattern", pattern=pattern)
