"""Has a series of document numbers a gap? Numbers of a series were given out one by one, so by id they rise by one."""

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field

from planshift.billing import models
from planshift.procedures.reconciling.checks import Difference
from planshift.runtime.models import NumberSeries

CODE, TABLE = "series_gap", "billing_invoice"


@dataclass(slots=True)
class Series:
    """The last number seen of each series: the only thing that is remembered from batch to batch."""

    last: dict[str, tuple[str, int]] = field(default_factory=dict)  # series → seller, number
    patterns: dict[str, re.Pattern[str]] = field(default_factory=dict)

    def differences(self, *, after: int, until: int, seller: str) -> Iterator[Difference]:
        """Of the documents with an id in (after, until]; one statement. Those issued elsewhere are in no series."""
        found = models.Invoice.objects.filter(pk__gt=after, pk__lte=until).exclude(series="")
        if seller:
            found = found.filter(seller__code=seller)
        of_seller = ("seller__code", "seller__invoice_pattern", "seller__correction_pattern")
        rows = found.order_by("pk").values_list("series", "number", "kind", *of_seller)
        for series, number, kind, code, invoices, corrections in rows.iterator():
            _, before = self.last.get(series, (code, 0))
            n = self._n(invoices if kind == "invoice" else corrections, number)
            if n != before + 1:
                yield _difference(code, number, "follows number", before + 1, n)
            self.last[series] = (code, n)

    def ends(self) -> Iterator[Difference]:
        """Series that gave out more numbers than there are documents at their end; one statement."""
        given = dict(NumberSeries.objects.filter(series__in=self.last).values_list("series", "last"))
        for series, (code, n) in sorted(self.last.items()):
            if given.get(series, 0) != n:
                yield _difference(code, series, "last number", given.get(series, 0), n)

    def _n(self, pattern: str, number: str) -> int:
        """The running part of a document number; 0 when it does not look like one of the seller's."""
        if pattern not in self.patterns:
            parts = [
                re.escape(literal) + {None: "", "n": r"(?P<n>\d+)"}.get(name, r"\d+")
                for literal, name, _, _ in string.Formatter().parse(pattern)
            ]
            self.patterns[pattern] = re.compile("".join(parts))
        found = self.patterns[pattern].fullmatch(number)
        return int(found["n"]) if found else 0


def _difference(seller: str, subject: str, figure: str, stored: int, computed: int) -> Difference:
    return Difference(
        check=CODE, seller=seller, subject=subject, figure=figure, currency="", stored=stored, computed=computed
    )
