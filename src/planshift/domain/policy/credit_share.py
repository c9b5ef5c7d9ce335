"""Which share of the unused value is given back?

`run` gives the share for one component ("plan", or the code of a resource).
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, Params, rules

QUESTION = __doc__
DEFAULT = "all"


def _all(*, component: str, direction: str) -> Fraction:
    return Fraction(1)


def _percent(*, component: str, direction: str, percent: Fraction) -> Fraction:
    return percent


def _percent_when_down(*, component: str, direction: str, percent: Fraction) -> Fraction:
    return percent if direction == "down" else Fraction(1)


def _per_resource(*, component: str, direction: str, percents: tuple[Params, ...], others: Fraction) -> Fraction:
    for row in percents:
        if row["resource"] == component:
            found: Fraction = row["percent"]
            return found
    return others


_PERCENT = (Param(name="percent", kind="percent", maximum=100, doc="the share given back"),)
RULES = rules(
    Answer(name="all", run=_all, doc="All of it.", example='"all"'),
    Answer(
        name="percent",
        run=_percent,
        doc="A fixed percentage of it.",
        example='{ answer = "percent", percent = 10 }',
        params=_PERCENT,
    ),
    Answer(
        name="percent_when_down",
        run=_percent_when_down,
        doc="A percentage of it when the change is downwards, all of it otherwise.",
        example='{ answer = "percent_when_down", percent = 80 }',
        params=_PERCENT,
    ),
    Answer(
        name="per_resource",
        run=_per_resource,
        doc="A percentage per resource, and one for all else.",
        example='{ answer = "per_resource", percents = [{ resource = "ip", percent = 10 }] }',
        params=(
            Param(
                name="percents",
                kind="rows",
                doc="the share per resource",
                fields=(
                    Param(name="resource", kind="text", doc='the code of a resource, or "plan"'),
                    Param(name="percent", kind="percent", maximum=100, doc="the share given back"),
                ),
            ),
            Param(name="others", kind="percent", default=Fraction(1), maximum=100, doc="the share of all else"),
        ),
    ),
)
