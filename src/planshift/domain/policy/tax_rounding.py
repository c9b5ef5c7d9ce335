"""Where is the tax rounded?

`run` gives the place and the mode; the tax of the lines always sums to that of the total.
"""

from planshift.domain import money
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "per_rate"


def _per_rate(*, mode: str) -> tuple[str, str]:
    return "per_rate", mode


def _per_line(*, mode: str) -> tuple[str, str]:
    return "per_line", mode


def _credits_on_gross(*, mode: str) -> tuple[str, str]:
    return "credits_on_gross", mode


def _on_gross(*, mode: str) -> tuple[str, str]:
    return "on_gross", mode


_MODE = (Param(name="mode", kind="choice", choices=money.MODES, default="half_up", doc="how the tax is rounded"),)
RULES = rules(
    Answer(
        name="per_rate",
        run=_per_rate,
        doc="Once per tax rate, on the sum of its lines.",
        example='"per_rate"',
        params=_MODE,
    ),
    Answer(
        name="per_line",
        run=_per_line,
        doc="On every line.",
        example='{ answer = "per_line", mode = "down" }',
        params=_MODE,
    ),
    Answer(
        name="on_gross",
        run=_on_gross,
        doc="The gross amount of every line is rounded once from its exact net amount; the net is the rest.",
        example='"on_gross"',
        params=_MODE,
    ),
    Answer(
        name="credits_on_gross",
        run=_credits_on_gross,
        doc="On every charge; of a credit the gross amount is rounded once from its exact net amount.",
        example='"credits_on_gross"',
        params=_MODE,
    ),
)
