"""Are credits rounded in another way than charges?

`run` gives the mode and the grid for credit lines, or None when they are rounded like all others.
"""

from planshift.domain import money
from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "as_charges"


def _as_charges(*, currency_step: Fraction) -> tuple[str, Fraction] | None:
    return None


def _own(
    *, currency_step: Fraction, mode: str, decimals: int | None, unit: Fraction | None
) -> tuple[str, Fraction] | None:
    if unit is not None:
        return mode, money.round_units(unit / currency_step, "up") * currency_step
    return mode, currency_step if decimals is None else Fraction(1, 10**decimals)


RULES = rules(
    Answer(name="as_charges", run=_as_charges, doc="No, like all lines.", example='"as_charges"'),
    Answer(
        name="own",
        run=_own,
        doc="Yes: each credit by a mode and to a grid of its own. “down” gives back less.",
        example='{ answer = "own", mode = "down", unit = 1 }',
        params=(
            Param(name="mode", kind="choice", choices=money.MODES, default="down", doc="how credits are rounded"),
            Param(name="decimals", kind="integer", default=None, maximum=9, doc="decimal places"),
            Param(
                name="unit",
                kind="fraction",
                default=None,
                positive=True,
                grid=True,
                maximum=10**6,
                doc="a multiple of this instead: 1",
            ),
        ),
    ),
)
