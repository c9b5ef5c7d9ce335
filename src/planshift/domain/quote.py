"""What does this change cost, and may it be made?

One pure function: the same facts, request, policy and day give the same offer, for the preview and for the order.
"""

from planshift.domain import facts as known
from planshift.domain.errors import Refused
from planshift.domain.offer import Allocation, Line, Notice, Offer, Price, Promise, Refusal, Renewal, Stretch
from planshift.domain.periods import Moment
from planshift.domain.policy.document import Policy
from planshift.domain.pricing import figures, offers, untaxed
from planshift.domain.pricing.settle import Settled, priced_on, settle

__all__ = [
    "Allocation",
    "Line",
    "Notice",
    "Offer",
    "Price",
    "Promise",
    "Refusal",
    "Renewal",
    "Stretch",
    "amount",
    "price",
]


def price(*, facts: known.Facts, request: known.Request, policy: Policy, on: Moment | None) -> Offer | Refusal:
    """The offer for `request` on a day or at an instant (None: the facts count the time), or the refusal.

    Amounts are exact until the one rounding that the policy names; lines sum to the totals field by field. A refusal
    carries every reason at once. Clauses H1-H12, D1-D11 as the policy file expresses them.
    """
    try:
        if facts.buyer.treatment != "standard":
            facts = untaxed.facts(facts, on=priced_on(facts, on))
        settled = settle(facts=facts, request=request, policy=policy, on=on)
        if not isinstance(settled, Settled):
            return Refusal(settled)
        return offers.make(settled, facts, on)
    except Refused as refused:
        return Refusal(refused.reasons)


def amount(*, facts: known.Facts, request: known.Request, policy: Policy, on: Moment | None) -> Price | Refusal:
    """The totals of `price` alone, by the same code, without lines, working, notices and renewal: for lists."""
    try:
        if facts.buyer.treatment != "standard":
            facts = untaxed.facts(facts, on=priced_on(facts, on))
        settled = settle(facts=facts, request=request, policy=policy, on=on)
        if not isinstance(settled, Settled):
            return Refusal(settled)
        net, tax, per = figures.totals(settled, facts)
    except Refused as refused:
        return Refusal(refused.reasons)
    return Price(net, tax, net + tax, per, settled.direction, settled.rules.resolved.kind)
