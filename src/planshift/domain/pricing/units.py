"""Which of the units that are given up does each billed line pay for?

Units lie in a pile: a raise puts new ones on top, the newest are given up first. A line that raised (`on_top_of`) pays
for the units that it put there; any other pays for all that were held when it was billed: a term, a renewal, another
price. So the lines of the same units add up, and units that are gone are not counted again.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from planshift.domain.exact import Fraction
from planshift.domain.facts import BilledLine


class Taken(NamedTuple):
    """A line with the share of it that pays for the units given up."""

    line: BilledLine
    of_billed: Fraction  # of all units that it billed
    of_left: Fraction  # of those that are still held


def given_up(lines: Sequence[BilledLine], *, held: int, wanted: int) -> Iterator[Taken]:
    """Of `lines` (newest first) those that pay for the newest `wanted` of `held` units.

    A line that does not say what it was put on top of, of fewer units than were held, has raised by these.
    """
    lowest, top = held - wanted, held  # the units above `lowest` are wanted, those above `top` are accounted for
    first, document = held, ""
    for line in lines:
        if not line.document or line.document != document:  # lines of one document are about the same units
            top = min(top, first)
        if top <= lowest:
            return
        document, below = line.document, line.on_top_of
        raised = below is not None or line.quantity < top
        start = below if below is not None else max(top - line.quantity, 0)
        end = min(start + line.quantity, top)
        first = start if raised else held
        if end > max(start, lowest):
            taken = end - max(start, lowest)
            of_billed = Fraction(taken, line.quantity)
            yield Taken(line, of_billed, of_billed if end - start == line.quantity else Fraction(taken, end - start))
