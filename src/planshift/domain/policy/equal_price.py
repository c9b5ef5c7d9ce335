"""May the client change to something of the same price?

`run` says whether it is offered, and whether the settlement is carried out.
"""

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "settled"


def _not_offered() -> tuple[bool, bool]:
    return False, False


def _without_charge() -> tuple[bool, bool]:
    return True, False


def _settled() -> tuple[bool, bool]:
    return True, True


RULES = rules(
    Answer(name="not_offered", run=_not_offered, doc="No.", example='"not_offered"', clause="H12"),
    Answer(
        name="without_charge",
        run=_without_charge,
        doc="Yes, at no charge (a set-up fee aside).",
        example='"without_charge"',
        clause="H12",
    ),
    Answer(name="settled", run=_settled, doc="Yes, settled like any change.", example='"settled"'),
)
