"""Is there a fee for the change itself?

Several may hold at once. `run` gives the fee, in the seller's prices.
"""

from dataclasses import dataclass

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, Params, rules

QUESTION = __doc__
MANY = True


@dataclass(frozen=True, slots=True)
class Fee:
    """What a fee may depend on."""

    kind: str
    direction: str
    charges: Fraction  # the sum of all charges
    numbers: Params  # what is counted for the service: domains, mailboxes …


def _flat(*, fee: Fee, amount: Fraction) -> Fraction:
    return amount


def _flat_when_down(*, fee: Fee, amount: Fraction) -> Fraction:
    return amount if fee.direction == "down" else Fraction(0)


def _by_number(*, fee: Fee, of: str, steps: tuple[Params, ...]) -> Fraction:
    number: int = fee.numbers.get(of, 0)
    for step in sorted(steps, key=lambda step: int(step["up_to"])):
        if number <= step["up_to"]:
            found: Fraction = step["amount"]
            return found
    last: Fraction = max(steps, key=lambda step: int(step["up_to"]))["amount"] if steps else Fraction(0)
    return last


def _percent(*, fee: Fee, percent: Fraction) -> Fraction:
    return fee.charges * percent


_AMOUNT = Param(name="amount", kind="money", doc="the fee")
RULES = rules(
    Answer(
        name="flat",
        run=_flat,
        doc="A fixed amount for every change.",
        example='[{ answer = "flat", amount = "10.00" }]',
        params=(_AMOUNT,),
    ),
    Answer(
        name="flat_when_down",
        run=_flat_when_down,
        doc="A fixed amount for every change downwards: the price of leaving early or of leaving a promotion.",
        example='[{ answer = "flat_when_down", amount = "25.00" }]',
        params=(_AMOUNT,),
    ),
    Answer(
        name="by_number",
        run=_by_number,
        doc="An amount by the number of what moves along (domains, mailboxes); above the last step, the last.",
        example='[{ answer = "by_number", of = "domains", steps = [{ up_to = 5, amount = "95" }] }]',
        params=(
            Param(name="of", kind="text", doc="what is counted"),
            Param(
                name="steps",
                kind="rows",
                doc="up to which number which fee",
                fields=(Param(name="up_to", kind="integer", maximum=10**6, doc="up to this number"), _AMOUNT),
            ),
        ),
    ),
    Answer(
        name="percent",
        run=_percent,
        doc="A percentage of all that is charged.",
        example='[{ answer = "percent", percent = 5 }]',
        params=(Param(name="percent", kind="percent", maximum=100, doc="the share"),),
    ),
)
