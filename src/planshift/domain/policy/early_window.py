"""Do other rules hold in the first days after the sign-up?

`run` gives what holds instead: "" (nothing), "whole_price" (the old is credited in full) or "full_difference".
"""

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _none(*, first_days: int | None) -> str:
    return ""


def _full_credit(*, first_days: int | None, days: int) -> str:
    return "whole_price" if first_days is not None and first_days < days else ""


def _plain_difference(*, first_days: int | None, days: int) -> str:
    return "full_difference" if first_days is not None and first_days < days else ""


_DAYS = (Param(name="days", kind="integer", minimum=1, maximum=366, doc="for so many days"),)
RULES = rules(
    Answer(name="none", run=_none, doc="No.", example='"none"'),
    Answer(
        name="full_credit",
        run=_full_credit,
        doc="What was paid for the old is credited in full, whatever was used.",
        example='{ answer = "full_credit", days = 30 }',
        params=_DAYS,
    ),
    Answer(
        name="plain_difference",
        run=_plain_difference,
        doc="The plain difference of the prices is paid, whatever was used.",
        example='{ answer = "plain_difference", days = 3 }',
        params=_DAYS,
    ),
)
