"""May one request raise some resources and lower others?

`run` says whether it may.
"""

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "together"


def _together() -> bool:
    return True


def _apart() -> bool:
    return False


RULES = rules(
    Answer(name="together", run=_together, doc="Yes; they are settled in one sum.", example='"together"'),
    Answer(
        name="apart",
        run=_apart,
        doc="No: what is raised is paid first and what is lowered is accepted first, so they are ordered apart.",
        example='"apart"',
        clause="D5",
    ),
)
