"""Do other rules hold shortly before the renewal?

`run` gives what holds instead: "" (nothing), "renewal_only" or "next_period_too".
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "as_usual"


def _as_usual(*, days: Fraction | None, months: Fraction | None) -> str:
    return ""


def _under(
    found: str, days: Fraction | None, months: Fraction | None, under_days: int | None, under_months: int | None
) -> str:
    short = under_days is not None and days is not None and days < under_days
    short = short or (under_months is not None and months is not None and months < under_months)
    return found if short else ""


def _renewal_only(
    *, days: Fraction | None, months: Fraction | None, under_days: int | None, under_months: int | None
) -> str:
    return _under("renewal_only", days, months, under_days, under_months)


def _next_period_too(
    *, days: Fraction | None, months: Fraction | None, under_days: int | None, under_months: int | None
) -> str:
    return _under("next_period_too", days, months, under_days, under_months)


_UNDER = (
    Param(name="under_days", kind="integer", default=None, minimum=1, maximum=3660, doc="when fewer days remain"),
    Param(name="under_months", kind="integer", default=None, minimum=1, maximum=120, doc="when fewer months remain"),
)
RULES = rules(
    Answer(name="as_usual", run=_as_usual, doc="No.", example='"as_usual"', clause="D9"),
    Answer(
        name="renewal_only",
        run=_renewal_only,
        doc="Nothing is paid for the rest of the term; the renewal costs the new price.",
        example='{ answer = "renewal_only", under_days = 30 }',
        params=_UNDER,
    ),
    Answer(
        name="next_period_too",
        run=_next_period_too,
        doc="The next billing period at the new price must be bought together with the change.",
        example='{ answer = "next_period_too", under_months = 3 }',
        params=_UNDER,
    ),
)
