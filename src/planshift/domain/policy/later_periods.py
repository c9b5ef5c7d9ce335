"""Are billing periods that are already paid beyond the running term part of the change?

`run` gives how many of them count.
"""

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "changed_too"


def _changed_too(*, periods: int) -> int:
    return periods


def _left_alone(*, periods: int) -> int:
    return 0


RULES = rules(
    Answer(
        name="changed_too",
        run=_changed_too,
        doc="Yes: the running term by its remaining share, and each later one that is paid in full.",
        example='"changed_too"',
    ),
    Answer(name="left_alone", run=_left_alone, doc="No: only the running term is settled.", example='"left_alone"'),
)
