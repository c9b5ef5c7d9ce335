"""What does this change cost, and may it be made?

One pure function: the same facts, request, policy and day give the same offer, for the preview and for the order.
"""

import math
from fractions import Fraction

from planshift.domain import facts as known
from planshift.domain import periods
from planshift.domain.errors import Refused
from planshift.domain.offer import Allocation, Line, Notice, Offer, Promise, Refusal, Renewal
from planshift.domain.periods import Moment
from planshift.domain.policy.document import Policy
from planshift.domain.pricing import figures, offers, prepared, quick
from planshift.domain.pricing.quick import Price
from planshift.domain.pricing.settle import Settled, settle

__all__ = [
    "Allocation",
    "Line",
    "Notice",
    "Offer",
    "Price",
    "Promise",
    "Refusal",
    "Renewal",
    "amount",
    "price",
]


def price(*, facts: known.Facts, request: known.Request, policy: Policy, on: Moment | None) -> Offer | Refusal:
    """The offer for `request` on a day or at an instant (None: the facts count the time), or the refusal.

    Amounts are exact until the one rounding that the policy names; lines sum to the totals field by field. A refusal
    carries every reason at once. Clauses H1-H12, D1-D11 as the policy file expresses them.
    """
    try:
        settled = settle(facts=facts, request=request, policy=policy, on=on)
        if not isinstance(settled, Settled):
            return Refusal(settled)
        return offers.make(settled, facts, on)
    except Refused as refused:
        return Refusal(refused.reasons)


def amount(*, facts: known.Facts, request: known.Request, policy: Policy, on: Moment | None) -> Price | Refusal:
    """The totals of `price` alone, by the same code, without working, notices and renewal.

    For lists of what-ifs: the plainest changes take a short way in whole numbers (`pricing.quick`).
    """
    try:
        if on is not None:
            day = periods.day_of(on, facts.catalog.seller.zone)
            found = prepared.of(facts, request, policy=policy, priced_on=day)
            if isinstance(found, prepared.Prepared) and found.quick is not None:
                only = quick.price(found.quick, facts, on)
                if only is not None:
                    return only
        settled = settle(facts=facts, request=request, policy=policy, on=on)
        if not isinstance(settled, Settled):
            return Refusal(settled)
        return _units(*figures.totals(settled, facts), settled)
    except Refused as refused:
        return Refusal(refused.reasons)


def _units(net: Fraction, tax: Fraction, gross: Fraction, settled: Settled) -> Price:
    per = math.lcm(net.denominator, tax.denominator, gross.denominator)
    units = (int(net * per), int(tax * per), int(gross * per))
    return Price(*units, per, settled.direction, settled.rules.resolved.kind)
