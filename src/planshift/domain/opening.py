"""What is known of an invoice issued elsewhere? Number, parties, lines and payments: never computed anew."""

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from planshift.domain import documents
from planshift.domain.money import Money
from planshift.domain.tax import Taxed


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line and how much of its gross amount was paid."""

    line: documents.Line
    paid: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice as another system issued it."""

    number: str
    client: str  # number
    issued_on: date
    sold_on: date
    paid_on: date
    language: str
    currency: str
    buyer: documents.Party
    lines: tuple[Line, ...]
    e_invoice_number: str = ""

    @property
    def total(self) -> Taxed:
        """The sum of the lines."""
        return Taxed.total((each.line.amount for each in self.lines), currency=self.currency)

    @property
    def paid(self) -> Money:
        """What was paid of it, gross."""
        return Money.total((each.paid for each in self.lines), currency=self.currency)


def taken_by_series(*, number: str, patterns: Iterable[str]) -> bool:
    """Whether a number looks like one that the seller's own series will give out one day."""
    for pattern in patterns:
        parts = [
            re.escape(literal) + ("" if name is None else r"[0-9]+")
            for literal, name, _, _ in string.Formatter().parse(pattern)
        ]
        if re.fullmatch("".join(parts), number):
            return True
    return False
