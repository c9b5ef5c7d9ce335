"""Is there a one-time set-up fee?

`run` gives the fee for a change of this kind, in the seller's prices.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _none(*, kind: str, plan_setup: Fraction) -> Fraction:
    return Fraction(0)


def _hard_only(*, kind: str, plan_setup: Fraction, amount: Fraction) -> Fraction:
    return amount if kind == "hard" else Fraction(0)


def _always(*, kind: str, plan_setup: Fraction, amount: Fraction) -> Fraction:
    return amount


def _of_new_plan(*, kind: str, plan_setup: Fraction) -> Fraction:
    return plan_setup


def _of_new_plan_when_hard(*, kind: str, plan_setup: Fraction) -> Fraction:
    return plan_setup if kind == "hard" else Fraction(0)


_AMOUNT = (Param(name="amount", kind="money", doc="the fee"),)
RULES = rules(
    Answer(name="none", run=_none, doc="No.", example='"none"', clause="H4"),
    Answer(
        name="hard_only",
        run=_hard_only,
        doc="For hard changes only: a fixed amount.",
        example='{ answer = "hard_only", amount = "10.00" }',
        clause="H5",
        params=_AMOUNT,
    ),
    Answer(
        name="always",
        run=_always,
        doc="For every change: a fixed amount.",
        example='{ answer = "always", amount = "5.00" }',
        params=_AMOUNT,
    ),
    Answer(name="of_new_plan", run=_of_new_plan, doc="The set-up price of the new plan.", example='"of_new_plan"'),
    Answer(
        name="of_new_plan_when_hard",
        run=_of_new_plan_when_hard,
        doc="The set-up price of the new plan, for hard changes only.",
        example='"of_new_plan_when_hard"',
    ),
)
