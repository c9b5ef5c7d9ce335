"""How does the service stand after the change? Its term, next renewal, promised date, notices, account credit."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from planshift.domain import calendar, periods, renewing
from planshift.domain import facts as known
from planshift.domain.catalog import Contract, Seller
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.offer import Notice, Promise, Renewal
from planshift.domain.periods import Length, Moment
from planshift.domain.policy.given import Raw
from planshift.domain.pricing import items
from planshift.domain.pricing.settle import Settled
from planshift.domain.tax import Taxed

_NONE = Fraction(0)
_NO_FACTS: Mapping[str, object] = MappingProxyType({})


def term(settled: Settled, facts: known.Facts) -> tuple[Moment | None, Moment | None]:
    """Start and end of the term after the change; None where the facts give no dates."""
    present, at, zone = facts.service.term, settled.clock.at, settled.clock.zone
    outcome, length = settled.outcome, settled.change.new_length
    extra = outcome.more.length if outcome.more is not None else None
    if outcome.term == "restarts" and at is not None:
        end = _later(settled, at, length, zone)
        return at, periods.add(end, extra, zone) if extra else end
    if outcome.term == "moves" and at is not None:
        start = present.start if present is not None else at
        return start, periods.add(at, extra, zone) if extra else at
    if present is None:
        return None, None
    end = present.end
    if settled.deal.aligned is not None:
        end = settled.deal.aligned[0]
    if settled.missing_months is not None and settled.change.new_length.unit == "month":
        whole = settled.missing_months.numerator // settled.missing_months.denominator
        whole += facts.service.prepaid_periods * facts.service.length.count
        end = _later(settled, end, Length(whole), zone) if whole > 0 else end
    if settled.next_period:
        end = _later(settled, end, length, zone)
    return present.start, end


def paid_until(settled: Settled, facts: known.Facts) -> Moment | None:
    """The end of what is paid before the change, later periods that are paid ahead included."""
    present, ahead = facts.service.term, facts.service.prepaid_periods
    if present is None or not ahead:
        return None if present is None else present.end
    return later_end(settled, ahead)


def later_end(settled: Settled, count: int) -> Moment:
    """The end of the last of `count` billing periods of the present length that follow the term."""
    service = settled.clock.service
    assert service.term is not None
    length = Length(service.length.count * count, service.length.unit)
    return _later(settled, service.term.end, length, settled.clock.zone)


def _later(settled: Settled, start: Moment, length: Length, zone: ZoneInfo) -> Moment:
    """The end of a billing period that begins at `start`, month ends as the policy says."""
    if length.unit != "month" or isinstance(start, datetime):
        return periods.add(start, length, zone)
    present = settled.clock.service.term
    anchor = settled.clock.service.bill_day
    if not anchor and present is not None and settled.clock.at != start:
        anchor = periods.day_of(present.start, zone).day
        anchor = anchor if anchor > 28 and start == periods.add_months(start, 0, anchor=anchor) else 0
    found: Moment = settled.rules.month_end(start=start, months=length.count, anchor=anchor)
    return found


def renewal(settled: Settled, facts: known.Facts, end: Moment | None) -> Renewal | None:
    """The next renewal at the full price of what the client then has (H8); a metered service has none."""
    change, seller = settled.change, facts.catalog.seller
    if settled.settlement == "metered":
        return None
    day = None if end is None else periods.day_of(end, settled.clock.zone)
    priced = renewal_lines(settled, seller, renewal_basis(settled, facts, day))
    taxed = Taxed.total(priced, currency=seller.currency)
    return Renewal(day, taxed, change.new_length)


def renewal_lines(settled: Settled, seller: Seller, basis: "RenewalBasis") -> tuple[Taxed, ...]:
    """The lines of the renewal as its invoice will have them."""
    place, mode = settled.rules.tax_rounding()
    lines = settled.rules.rounding_in(seller.currency).lines
    return renewing.amounts(
        exact=basis.exact(),
        rate=basis.rate,
        prices=seller.prices,
        currency=seller.currency,
        rounding=renewing.Rounding(lines=lines, tax_place=place, tax_mode=mode),
    )


class RenewalBasis(NamedTuple):
    """What a renewal is the sum of: the regular price of each component, the discount that stays, the tax."""

    prices: tuple[tuple[str, int, Fraction], ...]  # code, quantity, the price of one
    less: Fraction  # the share that a discount takes off
    inside: Fraction  # the tax rate inside the prices that this buyer does not pay
    rate: Fraction  # the buyer's tax rate

    def exact(self) -> list[Fraction]:
        """What each component costs, in the seller's prices."""
        whole = [price if quantity == 1 else price * quantity for _, quantity, price in self.prices]
        if not self.less and not self.inside:
            return whole
        factor = (1 - self.less) / (1 + self.inside)
        return [price * factor for price in whole]


def renewal_basis(settled: Settled, facts: known.Facts, day: date | None) -> RenewalBasis:
    """Of the renewal on a day (None: the facts give no dates). Refused: `no_renewal_price`, as the renewal would be."""
    change, seller = settled.change, facts.catalog.seller
    listed = day or settled.priced_on
    discount = facts.service.discount
    less = discount.share if discount is not None and discount.perpetual else _NONE
    if discount is not None and discount.new_share is not None and change.operation == "plan":
        less = discount.new_share if discount.perpetual else _NONE
    treatment = facts.buyer.treatment
    rate = seller.tax_rate(listed) if treatment == "standard" else _NONE
    rate = facts.buyer.tax_rate or _NONE if treatment == "oss" else rate
    inside = seller.tax_rate(listed) if seller.prices == "gross" and treatment not in ("standard", "oss") else _NONE
    prices = []
    contract = _contract(settled, facts)
    for item in sorted(change.items, key=lambda each: (each.component != known.PLAN, each.code)):
        price = item.new_price(change.new_length, listed, contract)
        if not item.new_quantity or not item.new_prices:  # what has no price of its own costs nothing
            continue
        if price is None:
            what = "plan" if item.component == known.PLAN else "resource"
            raise Refused("no_renewal_price", **{what: item.code}, length=str(change.new_length))
        prices.append((item.code, item.new_quantity, price.regular * (1 + seller.tax_left_out)))
    return RenewalBasis(tuple(prices), less, inside, rate)


def _contract(settled: Settled, facts: known.Facts) -> Contract | None:
    """The contract that is renewed: another plan makes a new one on the day of the change."""
    kept = settled.rules.chosen["renewal"].params.get("prices") == "as_agreed"
    if settled.change.operation == "plan":
        return Contract(settled.priced_on, kept)
    since = facts.service.agreed_on
    if since is None:
        return None
    contract = Contract(since, kept, facts.service.held)
    return contract.without_cheaper(lambda as_if, day: _regular(settled, as_if, day)) if contract.held else contract


def _regular(settled: Settled, contract: Contract, day: date) -> Fraction | None:
    """The sum of the regular prices of a term that would begin on a day; None where something has none."""
    total = _NONE
    for item in settled.change.items:
        if item.new_quantity and item.new_prices:
            price = item.new_price(settled.change.new_length, day, contract)
            if price is None:
                return None
            total += price.regular * item.new_quantity
    return total


def hourly(settled: Settled, facts: known.Facts) -> Money | None:
    """What a metered service costs per hour afterwards, in the seller's prices; None for any other."""
    if settled.settlement != "metered":
        return None
    total = items.hourly_price(settled.change.new_plan, settled.change.amounts, settled.priced_on)
    return Money(total, facts.catalog.seller.currency)


def value_used(settled: Settled, facts: known.Facts) -> Money | None:
    """The unused value that became time; None where no settlement made time of it."""
    more = settled.outcome.more
    if more is None or more.unused is not None:
        return None
    return Money(more.value, facts.catalog.seller.currency).rounded()


def promise(settled: Settled, facts: known.Facts, on: Moment | None) -> Promise:
    """The business days within which it is done, and the last of them if it may begin today (H6)."""
    least, most = settled.rules.promise()
    if settled.at_renewal or not most or on is None:
        return Promise(least, most, None)
    seller = facts.catalog.seller
    today = periods.day_of(on, seller.zone)
    if not seller.country:
        return Promise(least, most, None)
    return Promise(least, most, calendar.add_business_days(today, most, country=seller.country, closed=seller.closed))


def notices(settled: Settled, facts: known.Facts) -> tuple[Notice, ...]:
    """What the client must acknowledge: exactly what applies to this change (H9, H10)."""
    attached = facts.service.attached
    kind = settled.rules.resolved.kind
    # Nothing is given back by another billing period or at the renewal: there is no corrective invoice to tell of
    direction = "sideways" if settled.at_renewal or settled.change.operation == "period" else settled.direction
    found = []
    for name, applies in settled.rules.notices:
        if applies(kind=kind, direction=direction, attached=bool(attached)):
            told = MappingProxyType(_attached(settled, attached)) if name.startswith("attached") else _NO_FACTS
            found.append(Notice(name, told))
    return tuple(found)


def _attached(settled: Settled, attached: tuple[known.Attached, ...]) -> Mapping[str, object]:
    """Which attached services end, which of them can be attached to the new plan again, and whose data are lost."""
    target = settled.change.new_plan
    again = tuple(each.number or each.name for each in attached if {target.code, target.family} & set(each.again_on))
    return {
        "ends": tuple({"number": each.number, "name": each.name} for each in attached),
        "again": again,
        "lost": tuple(each.number or each.name for each in attached if each.data_lost),
    }


def balance(settled: Settled, facts: known.Facts, *, total: Taxed, credit_to: str) -> tuple[Money, Money]:
    """Account credit that is used now, and what is left of it afterwards (gross)."""
    currency = total.currency
    before = facts.standing.account_credit or Money.zero(currency)
    due = total.gross
    used = Money.zero(currency)
    if due.amount.numerator > 0 and before.amount.numerator > 0:
        used = Money(settled.rules.account_credit(due=due.amount, balance=before.amount, renewal=False), currency)
    left = before - used
    if due.amount.numerator < 0 and credit_to == "account_credit":
        left = left - due
    return used, left


def next_invoice(renews: Renewal | None, later: Taxed | None, left: Money) -> Money | None:
    """The renewal with what is billed later added, less the account credit (gross, never below 0)."""
    if renews is None:
        return None
    amount = renews.amount.gross + (later.gross if later is not None else Money.zero(left.currency)) - left
    return amount if amount.amount > 0 else Money.zero(left.currency)


def line_code(raw: Raw) -> str:
    """The wording key of a line: "plan_charge", "resource_credit", "setup" …"""
    if raw.component.startswith("resource:"):
        return f"resource_{raw.role}"
    return f"plan_{raw.role}" if raw.component == known.PLAN else raw.role
