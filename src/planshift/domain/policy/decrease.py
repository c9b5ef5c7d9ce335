"""What happens when the client wants less?

`run` gives the course that a change downwards takes.
"""

from dataclasses import dataclass

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "not_offered"


@dataclass(frozen=True, slots=True)
class Course:
    """`settled`: money moves by the settlement; else none does, at once, at renewal or in a fresh term."""

    offered: bool = True
    settled: bool = False
    at_renewal: bool = False
    fresh_term: bool = False
    old_price_stays: bool = False


LATER = Course(at_renewal=True)
_REFUSED, _FREE = Course(offered=False), Course()
_SETTLED, _OLD_PRICE, _FRESH = Course(settled=True), Course(old_price_stays=True), Course(fresh_term=True)


def _not_offered() -> Course:
    return _REFUSED


def _free_of_charge() -> Course:
    return _FREE


def _at_renewal() -> Course:
    return LATER


def _settled() -> Course:
    return _SETTLED


def _new_limits_old_price() -> Course:
    return _OLD_PRICE


def _fresh_term() -> Course:
    return _FRESH


RULES = rules(
    Answer(name="not_offered", run=_not_offered, doc="It is not offered.", example='"not_offered"', clause="H12"),
    Answer(
        name="without_refund",
        run=_free_of_charge,
        doc="At once, at no charge (a set-up fee aside); nothing is given back.",
        example='"without_refund"',
        clause="H12",
    ),
    Answer(
        name="at_renewal",
        run=_at_renewal,
        doc="At the end of the running term; until then everything stays as it is.",
        example='"at_renewal"',
    ),
    Answer(
        name="settled",
        run=_settled,
        doc="It is settled like any change, and what the client gets back goes where “credit_to” says.",
        example='"settled"',
        clause="D5",
    ),
    Answer(
        name="new_limits_old_price",
        run=_new_limits_old_price,
        doc="The new limits hold at once, the old price stays until the end of the term.",
        example='"new_limits_old_price"',
    ),
    Answer(
        name="fresh_term",
        run=_fresh_term,
        doc="A fresh term of the lower plan begins at once, without payment or refund.",
        example='"fresh_term"',
    ),
)
