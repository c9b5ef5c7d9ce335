"""What do visitors get while the change of names spreads through DNS after a hard change?

`run` says whether the old server passes its visitors on to the new environment.
"""

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "passed_on"


def _passed_on() -> bool:
    return True


def _by_name_only() -> bool:
    return False


RULES = rules(
    Answer(
        name="passed_on",
        run=_passed_on,
        doc="Where the old server can, it passes visitors who still come to it on to the new environment, until it is "
        "switched off.",
        example='"passed_on"',
        clause="H11",
    ),
    Answer(
        name="by_name_only",
        run=_by_name_only,
        doc="Only the names are switched, after the former time to live; whoever still comes to the old address gets "
        "the site as it was, for as long as the old environment is kept.",
        example='"by_name_only"',
        clause="H11",
    ),
)
