"""What becomes of a unit of time that has only partly passed?

`run` gives the used units that count, of the exactly used ones and the whole term's; the rest remains.
"""

from collections.abc import Callable

from planshift.domain import money
from planshift.domain.exact import Exact
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "exact"


def _exact(*, used: Exact, total: Exact) -> Exact:
    return used


def _remaining(mode: str) -> Callable[..., Exact]:
    def counted(*, used: Exact, total: Exact) -> Exact:
        return total - money.round_units(total - used, mode)

    return counted


def _used(mode: str) -> Callable[..., Exact]:
    def counted(*, used: Exact, total: Exact) -> Exact:
        return money.round_units(used, mode)

    return counted


RULES = rules(
    Answer(name="exact", run=_exact, doc="It counts by its exact share.", example='"exact"'),
    Answer(
        name="remaining_up",
        run=_remaining("up"),
        doc="Remaining units are rounded up: 8.5 → 9.",
        example='"remaining_up"',
    ),
    Answer(
        name="remaining_down",
        run=_remaining("down"),
        doc="Remaining units are rounded down: 8.5 → 8.",
        example='"remaining_down"',
    ),
    Answer(
        name="remaining_nearest",
        run=_remaining("half_up"),
        doc="Remaining units are rounded to the nearest whole one, a half up: with days, noon decides.",
        example='"remaining_nearest"',
    ),
    Answer(
        name="used_up", run=_used("up"), doc="Used units are rounded up: 9.5 used days count 10.", example='"used_up"'
    ),
    Answer(name="used_down", run=_used("down"), doc="Used units are rounded down.", example='"used_down"'),
    Answer(
        name="used_nearest",
        run=_used("half_up"),
        doc="Used units are rounded to the nearest whole one, a half up.",
        example='"used_nearest"',
    ),
)
