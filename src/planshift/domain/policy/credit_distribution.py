"""On which invoices is a credit laid when the time that it is for was billed on several?

`run` gives the part of each billed line. `rooms` say how much each can take, the newest first; the amount is at most
their sum, and the parts sum to it. `unit` is the currency's smallest unit.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "newest_first"


def _newest_first(*, amount: Fraction, rooms: tuple[Fraction, ...], unit: Fraction) -> tuple[Fraction, ...]:
    parts = []
    for room in rooms:
        part = min(amount, room)
        parts.append(part)
        amount -= part
    return tuple(parts)


def _oldest_first(*, amount: Fraction, rooms: tuple[Fraction, ...], unit: Fraction) -> tuple[Fraction, ...]:
    return _newest_first(amount=amount, rooms=rooms[::-1], unit=unit)[::-1]


def _proportional(*, amount: Fraction, rooms: tuple[Fraction, ...], unit: Fraction) -> tuple[Fraction, ...]:
    whole = sum(rooms, Fraction(0))
    if not whole:
        return rooms
    shares = [amount * room / whole for room in rooms]
    parts = [share // unit * unit for share in shares]
    left = amount - sum(parts, Fraction(0))
    for index in sorted(range(len(rooms)), key=lambda index: (parts[index] - shares[index], index)):
        more = min(left, unit, rooms[index] - parts[index])
        parts[index] += more
        left -= more
    return tuple(parts)


RULES = rules(
    Answer(
        name="newest_first",
        run=_newest_first,
        doc="On the newest invoice as far as it goes, then on the one before it.",
        example='"newest_first"',
        clause="D8",
    ),
    Answer(
        name="oldest_first",
        run=_oldest_first,
        doc="On the oldest invoice as far as it goes, then on the one after it.",
        example='"oldest_first"',
    ),
    Answer(
        name="proportional",
        run=_proportional,
        doc="On all of them, in proportion to what can be given back of each.",
        example='"proportional"',
    ),
)
