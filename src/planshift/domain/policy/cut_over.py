"""From when on does the new environment of a hard change count as in use?

The client may say so earlier. `run` gives the day on which it does without a word from the client.
"""

from datetime import date, timedelta

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "confirmed_or_after"


def _confirmed_or_after(*, handed_over_on: date, days: int) -> date:
    return handed_over_on + timedelta(days=days)


RULES = rules(
    Answer(
        name="confirmed_or_after",
        run=_confirmed_or_after,
        doc="The client says that the content is moved and the new environment is in use; without a word it counts as "
        "in use after the stated days from the hand-over of the new credentials.",
        example='{ answer = "confirmed_or_after", days = 14 }',
        clause="H10",
        params=(Param(name="days", kind="integer", doc="days from the hand-over", default=14, minimum=1, maximum=365),),
    ),
)
