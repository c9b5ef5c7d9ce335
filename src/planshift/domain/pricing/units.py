"""Which of the units that are given up does each billed line pay for?

Units lie in a pile: a raise puts new ones on top, the newest are given up first. A line that raised (`on_top_of`) pays
for the units that it put there; any other pays for all that were held when it was billed: a term, a renewal, another
price. So the lines of the same units add up, and units that are gone are not counted again.

A line below 0 is returned by nobody: the part of it that units took with them lowered what came back on other lines.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from planshift.domain.exact import Fraction
from planshift.domain.facts import BilledLine

_NONE = Fraction(0)


class Taken(NamedTuple):
    """A line with the share of it that pays for the units given up."""

    line: BilledLine
    of_billed: Fraction  # of all units that it billed
    of_left: Fraction  # of those that are still held: 0 where all of them are gone


def given_up(lines: Sequence[BilledLine], *, held: int, wanted: int) -> Iterator[Taken]:
    """Of `lines` (newest first) those that pay for the newest `wanted` of `held` units, and of units that are gone.

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
        if end <= start:
            yield Taken(line, _NONE, _NONE)
        elif end > max(start, lowest):
            taken = end - max(start, lowest)
            of_billed = Fraction(taken, line.quantity)
            yield Taken(line, of_billed, of_billed if end - start == line.quantity else Fraction(taken, end - start))


def of_below(taken: Taken, *, worth: Fraction, kept: Fraction) -> Fraction:
    """The share of a line below 0, of `worth` in all now, that the units given up bear.

    Of those still held; less what units that are gone bore already: they left as much of their own lines (`kept`).
    """
    if not worth:
        return taken.of_left
    bore = min(taken.of_left - taken.of_billed, max(kept, _NONE) * taken.of_left / -worth)
    return taken.of_left - bore
