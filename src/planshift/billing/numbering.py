"""Which number does the next document get? Each seller has a pattern of its own, and no series has a gap."""

import datetime as dt
from collections.abc import Sequence
from typing import Literal

from planshift.catalog import models as catalog
from planshift.domain import document_numbers
from planshift.runtime import numbers

Kind = Literal["invoice", "correction"]


def documents(*, seller: catalog.Seller, on: dt.date, count: int, kind: Kind = "invoice") -> tuple[str, Sequence[str]]:
    """The next `count` numbers of the seller's invoices or corrections for a date, and the name of their series.

    The series' row stays locked until the caller's transaction ends: a rollback leaves no gap. Take it last.
    """
    pattern = seller.invoice_pattern if kind == "invoice" else seller.correction_pattern
    series = series_of(seller=seller.code, pattern=pattern, on=on, kind=kind)
    taken = numbers.take(series=series, count=count)
    return series, [document_numbers.number(pattern=pattern, on=on, n=n) for n in taken]


def series_of(*, seller: str, pattern: str, on: dt.date, kind: Kind = "invoice") -> str:
    """The series counts anew whenever a part of the pattern other than n changes."""
    names = document_numbers.fields_of(pattern)
    period = "".join((f"/{on.year}" if "year" in names else "", f"/{on.month:02}" if "month" in names else ""))
    folder = "document" if kind == "invoice" else kind
    return f"{folder}/{seller}/{document_numbers.prefix_of(pattern)}{period}"
