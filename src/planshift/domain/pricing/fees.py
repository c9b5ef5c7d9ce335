"""Which fees come on top, and what of earlier ones is given back?"""

from datetime import date
from itertools import chain

from planshift.domain import facts as known
from planshift.domain import money
from planshift.domain.exact import Fraction
from planshift.domain.policy import vocabulary
from planshift.domain.policy.change_fee import Fee
from planshift.domain.policy.given import Raw
from planshift.domain.pricing import gates
from planshift.domain.pricing.compiled import Rules
from planshift.domain.pricing.items import Change
from planshift.domain.pricing.measure import Clock
from planshift.domain.pricing.prepared import Prepared

_NONE = Fraction(0)


def of(prepared: Prepared, facts: known.Facts, *, clock: Clock, lines: list[Raw], on: date) -> list[Raw]:
    """Set-up (H5), change fees, penalty, and the credit of an old set-up fee, each a line of its own."""
    change, direction, rules = prepared.change, prepared.direction, prepared.rules
    found = [] if prepared.setup and _waived(rules, facts, clock) else list(prepared.setup)
    if not rules.may_cost_more:
        return found
    without = 1 + facts.catalog.seller.tax_left_out  # the policy speaks of prices as they are listed
    if rules.fees and not _waived(rules, facts, clock):
        charged = money.sum_of([line.exact for line in lines if line.exact.numerator > 0])
        fee = Fee(rules.resolved.kind, direction, charged * without, vocabulary.Params(facts.service.numbers))
        for run, answer in zip(rules.fees, rules.resolved.several("change_fee"), strict=True):
            amount: Fraction = run(fee=fee) / without
            if amount:
                percent = answer.params.get("percent")
                found.append(Raw("fee", known.FEE, amount, "fee", detail=(charged, percent) if percent else ()))
    saved = _saved(change, on) if facts.service.promotional else []
    benefit = money.sum_of([(regular - price) * quantity for regular, price, quantity in saved])
    penalty: Fraction = rules.promotion_penalty(promotional=facts.service.promotional, benefit=benefit * without)
    if penalty:
        detail = tuple(chain.from_iterable(saved)) if rules.answer("promotion_penalty") == "benefit" else ()
        found.append(Raw("penalty", known.FEE, penalty / without, "penalty", detail=detail))
    if facts.billed is not None and change.operation == "plan":
        paid = money.sum_of([line.creditable.amount for line in facts.billed if line.component == known.SETUP])
        length = change.old_length
        share = clock.remaining(length).cycles / clock.whole_cycles(length) if paid else _NONE
        share = min(share, Fraction(1))
        back: Fraction = rules.old_setup(paid=paid, remaining_share=share)
        if back:
            by_time = (share,) if back != paid else ()
            found.append(Raw("setup_credit", known.SETUP, -back, "setup_credit", detail=(paid, *by_time)))
    return found


def _waived(rules: Rules, facts: known.Facts, clock: Clock) -> bool:
    if rules.answer("fee_waiver") == "never":
        return False
    waived: bool = rules.fee_waiver(
        announced=facts.service.announced_on, on=clock.on, first_days=gates.first_days(facts, clock)
    )
    return waived


def _saved(change: Change, on: date) -> list[tuple[Fraction, Fraction, Fraction]]:
    """Where the promotion saves something in one billing period: regular price, promotional price, how many."""
    prices = ((item.old_price(change.old_length, on), item.old_quantity) for item in change.items)
    return [
        (price.regular, price.amount, Fraction(quantity))
        for price, quantity in prices
        if price is not None and quantity and price.regular > price.amount
    ]
