"""How long may the execution take, once it may begin?

Counted in business days of the provider's calendar. `run` gives the least and the most days promised.
"""

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "without_delay"


def _business_days(*, least: int, most: int) -> tuple[int, int]:
    return least, most


def _without_delay() -> tuple[int, int]:
    return 0, 0


RULES = rules(
    Answer(
        name="business_days",
        run=_business_days,
        doc="Execution is completed within the stated business days; work that takes longer is shown to staff.",
        example='{ answer = "business_days", least = 1, most = 5 }',
        clause="H6",
        params=(
            Param(name="least", kind="integer", doc="the fewest business days that are stated", default=1, maximum=250),
            Param(name="most", kind="integer", doc="the business days after which the work is late", maximum=250),
        ),
    ),
    Answer(
        name="without_delay",
        run=_without_delay,
        doc="Execution begins and ends without any waiting time that would have to be promised.",
        example='"without_delay"',
    ),
)
