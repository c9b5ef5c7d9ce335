"""What is a check, and what is a difference?

A check is one SELECT over the rows of `table` with an id in (`after`, `until`]. Each row it gives is one figure: the
seller's id, what it is about, the figure's name, the currency ("" for a count), the value that is stored, and the value
that the other rows give. Those that agree are left out by the runner.
"""

from dataclasses import dataclass

from planshift.domain.money import Money

RANGE = "id > %(after)s AND id <= %(until)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure that does not agree with the rows that it must follow from. `stored` and `computed` are minor units of
    `currency`, or a count where that is empty."""

    check: str
    seller: str
    subject: str  # number of the order, payment, document …, or code of the account
    figure: str
    currency: str
    stored: int
    computed: int

    @property
    def stored_text(self) -> str:
        """As an amount with its currency, or a count."""
        return self._text(self.stored)

    @property
    def computed_text(self) -> str:
        """As an amount with its currency, or a count."""
        return self._text(self.computed)

    def _text(self, value: int) -> str:
        return f"{Money.from_minor(value, self.currency).text} {self.currency}" if self.currency else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question to the rows of a table, a batch of ids at a time."""

    code: str
    table: str
    sql: str
