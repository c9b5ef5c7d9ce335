"""What does a corrective document say? Before, after and difference of each issued line that it corrects.

A document and its corrections are one chain: what stood after one correction stands before the next. The values here
are frozen; `correcting` makes them, `Issued.with_correction` is the chain one longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from planshift.domain import correction_tax, documents
from planshift.domain.correction_tax import Method
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed

# Less is wanted (D5, D8), a paid change was undone, staff lowered the price (H3), an earlier correction is taken back,
# a renewal was paid at the price of a change that was undone.
Why = Literal["decrease", "change_undone", "price_lowered", "correction_undone", "renewal_as_before"]
Direction = Literal["reduce", "increase"]
Prices = Literal["net", "gross"]
Span = tuple[date, date]  # [from, until)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedLine:
    """A line of a document as it was issued, and how much of its gross amount was paid."""

    position: int
    line: documents.Line
    paid: Money  # gross

    @property
    def span(self) -> Span | None:
        """The time that the line is about, None where it is about none."""
        start, end = self.line.start_on, self.line.end_on
        return (start, end) if start is not None and end is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A correction issued before: by position the difference of each line (negative where it was reduced)."""

    number: str
    differences: Mapping[int, Taxed]
    spans: Mapping[int, Span | None] = field(default_factory=dict)  # the time that each difference is about
    undoes: str = ""  # number of the correction that it takes back


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An issued document with all its corrections so far, in the order in which they were issued."""

    number: str
    issued_on: date
    currency: str
    lines: tuple[IssuedLine, ...]
    method: Method = correction_tax.PER_RATE_FROM_NET
    corrections: tuple[Earlier, ...] = ()

    def states(self) -> tuple[Mapping[int, Taxed], ...]:
        """The amounts of all lines by position: as issued, then after each correction."""
        found = [{each.position: each.line.amount for each in self.lines}]
        for correction in self.corrections:
            latest = dict(found[-1])
            for position, difference in correction.differences.items():
                latest[position] = latest[position] + difference
            found.append(latest)
        return tuple(found)

    def line(self, position: int) -> IssuedLine | None:
        """The line at a position, None where there is none."""
        return next((each for each in self.lines if each.position == position), None)

    @property
    def now(self) -> Mapping[int, Taxed]:
        """The amounts of all lines by position, after all corrections."""
        return self.states()[-1]

    def with_correction(self, correction: "Correction", *, number: str) -> "Issued":
        """The same document once `correction` was issued under `number`."""
        differences = {each.position: each.difference for each in correction.lines}
        spans = {each.position: each.span for each in correction.lines}
        return self.with_earlier(Earlier(number=number, differences=differences, spans=spans, undoes=correction.undoes))

    def with_earlier(self, earlier: Earlier) -> "Issued":
        """The same document with one more correction behind it."""
        return replace(self, corrections=(*self.corrections, earlier))


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What is to be given back of one issued line: an amount > 0, for a part of the line's time (None: all of it).

    An amount in other prices than the document's is converted by the line's own proportion of net to gross, so that the
    line's whole gross is its whole net.
    """

    document: str
    position: int
    amount: Money
    prices: Prices = "net"
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedLine:
    """One original line as corrected. `span` is the time that the difference is about."""

    position: int  # of the original line
    line: documents.Line  # as issued: its text, its period, its rate
    before: Taxed
    after: Taxed
    span: Span | None = None

    @property
    def difference(self) -> Taxed:
        """after - before; negative where the line was reduced."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCorrection:
    """The corrected lines of one VAT rate together."""

    vat_code: str
    vat_percent: Fraction
    before: Taxed
    after: Taxed

    @property
    def difference(self) -> Taxed:
        """after - before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A corrective document of one issued document. Its totals are the sums of its lines, column by column."""

    corrects: str  # number of the corrected document
    corrects_issued_on: date
    currency: str
    reason: Why
    lines: tuple[CorrectedLine, ...]  # those that change, in the order of the document
    undoes: str = ""  # number of the correction that it takes back

    @property
    def before(self) -> Taxed:
        """The corrected lines before, in sum."""
        return Taxed.total((line.before for line in self.lines), currency=self.currency)

    @property
    def after(self) -> Taxed:
        """The corrected lines after, in sum."""
        return Taxed.total((line.after for line in self.lines), currency=self.currency)

    @property
    def difference(self) -> Taxed:
        """after - before, in sum."""
        return Taxed.total((line.difference for line in self.lines), currency=self.currency)

    @property
    def given_back(self) -> Money:
        """The gross amount that the client gets back (negative: that the client owes again)."""
        return -self.difference.gross

    @property
    def direction(self) -> Direction:
        """Whether the document reduces what was owed or increases it again."""
        return "increase" if self.difference.gross.amount > 0 else "reduce"

    @property
    def rates(self) -> tuple[RateCorrection, ...]:
        """The lines summed per VAT rate, highest rate first."""
        sums: dict[tuple[str, Fraction], tuple[Taxed, Taxed]] = {}
        nothing = Taxed.zero(self.currency)
        for each in self.lines:
            key = (each.line.vat_code, each.line.vat_percent)
            before, after = sums.get(key, (nothing, nothing))
            sums[key] = (before + each.before, after + each.after)
        ordered = sorted(sums.items(), key=lambda item: (-item[0][1], item[0][0]))
        return tuple(
            RateCorrection(vat_code=code, vat_percent=percent, before=before, after=after)
            for (code, percent), (before, after) in ordered
        )
