"""Where does the money for an order come from?

`run` says whether the order is paid from the deposit by itself and, where it is not, every reason why.
Amounts are gross, in one currency.
"""

from dataclasses import dataclass

from planshift.domain.money import Money
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "by_payment"
BEFORE_CASES = True  # an order, of a renewal too, is paid by the rules of the service, whatever the change was


@dataclass(frozen=True, slots=True)
class Collection:
    """How an order is collected: from the deposit by itself, or by a payment that it waits for, and why."""

    from_deposit: bool
    waits_because: tuple[str, ...] = ()  # codes: by_payment_only, auto_renewal_off, deposit_too_small


def _by_payment(*, auto_renewal: bool, deposit: Money, due: Money) -> Collection:
    return Collection(False, ("by_payment_only",))


def _from_deposit(*, auto_renewal: bool, deposit: Money, due: Money) -> Collection:
    short = ("deposit_too_small",) if deposit < due else ()
    return Collection(not short, short)


def _from_deposit_with_auto_renewal(*, auto_renewal: bool, deposit: Money, due: Money) -> Collection:
    off = () if auto_renewal else ("auto_renewal_off",)
    short = ("deposit_too_small",) if deposit < due else ()
    return Collection(not (off or short), off + short)


RULES = rules(
    Answer(
        name="by_payment",
        run=_by_payment,
        doc="Every order waits for a payment by the client.",
        example='"by_payment"',
    ),
    Answer(
        name="from_deposit",
        run=_from_deposit,
        doc="An order is paid from the deposit by itself whenever the deposit is enough; else it waits for a payment.",
        example='"from_deposit"',
    ),
    Answer(
        name="from_deposit_with_auto_renewal",
        run=_from_deposit_with_auto_renewal,
        doc="An order is paid from the deposit by itself when automatic renewal is on and the deposit is enough; "
        "where one of the two is missing, the order waits for a payment and says why.",
        example='"from_deposit_with_auto_renewal"',
        clause="D4",
    ),
)
