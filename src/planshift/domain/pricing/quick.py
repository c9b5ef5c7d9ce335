"""What does the plainest kind of change cost, in whole numbers only?

The price alone of an upwards change of a plan with one price on each side, shared by months or days: what lists of
what-ifs ask for most. It says nothing that `settle` would not say (a test compares them); whatever is not plain, it
leaves to `settle` by answering None.
"""

from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple

from planshift.domain import facts as known
from planshift.domain import money, periods
from planshift.domain.periods import Length, Moment
from planshift.domain.pricing.compiled import Rules
from planshift.domain.pricing.items import Change

_PLAIN = {
    "term_end": ("kept",),
    "partial_unit": ("exact",),
    "change_day": ("on_new",),
    "counted_from": ("request",),
    "charge_price": ("list",),
    "credit_price": ("list", "paid"),
    "unused_value": ("by_time",),
    "credit_share": ("all",),
    "rounding": ("each_line",),
    "credit_rounding": ("as_charges",),
    "tax_rounding": ("per_rate",),
    "fee_waiver": ("never",),
    "renewal_issued": ("ignored", "blocks", "blocks_until_paid"),
    "cut_off": ("none",),
    "minimum_remaining": ("none",),
    "hold_after_change": ("none",),
    "notice_period": ("none",),
    "who_may_ask": ("client",),
    "settlement": ("difference", "credit_and_charge"),
}


class Quick(NamedTuple):
    """Both prices over one denominator, the set-up fee in smallest units, how time and amounts are counted."""

    new: int
    old: int
    over: int
    setup: int
    per: int  # smallest units in one unit of the currency
    by_months: bool
    length: Length
    months: int
    two_lines: bool
    from_paid: bool
    mode: str
    tax_mode: str
    direction: str
    kind: str


class Price(NamedTuple):
    """Only the price of an offer, in smallest units: `per` of them make one unit of the currency."""

    net_units: int
    tax_units: int
    gross_units: int
    per: int
    direction: str
    kind: str

    @property
    def net(self) -> Fraction:
        """The net total."""
        return Fraction(self.net_units, self.per)

    @property
    def tax(self) -> Fraction:
        """The tax."""
        return Fraction(self.tax_units, self.per)

    @property
    def gross(self) -> Fraction:
        """The gross total."""
        return Fraction(self.gross_units, self.per)


def of(change: Change, rules: Rules, *, facts: known.Facts, direction: str) -> Quick | None:
    """The short way for a pair, None where it has none."""
    seller, resolved = facts.catalog.seller, rules.resolved
    answers = all(rules.answer(name) in allowed for name, allowed in _PLAIN.items())
    unit, divisor = rules.answer("time_unit"), rules.answer("denominator")
    by_months = unit == "months" and divisor in ("months_of_term", "own_period")
    by_days = unit == "days" and divisor == "own_period"
    old = change.old_plan.price(change.old_length, date.max)
    new = change.new_plan.price(change.new_length, date.max)
    fit = rules.answer("other_family") == "allowed" or change.old_plan.family == change.new_plan.family
    if not (answers and rules.plain and (by_months or by_days) and direction == "up" and fit):
        return None
    if change.operation != "plan" or len(change.items) != 1 or change.old_length != change.new_length:
        return None
    if facts.catalog.dated or seller.prices != "net" or resolved.kind == "refused" or old is None or new is None:
        return None
    if change.old_length.unit != "month" or new.amount < old.amount:
        return None
    if any(facts.catalog.families[plan.family].metered for plan in (change.old_plan, change.new_plan)):
        return None
    per = 10 ** money.decimals_of(currency=seller.currency)
    rounder, _ = rules.rounding_in(seller.currency)
    setup: Fraction = rules.setup_fee(kind=resolved.kind, plan_setup=change.new_plan.setup) * per
    if rounder.step * per != 1 or setup.denominator != 1:
        return None
    over = new.amount.denominator * old.amount.denominator
    return Quick(
        new=int(new.amount * over),
        old=int(old.amount * over),
        over=over,
        setup=setup.numerator,
        per=per,
        by_months=by_months,
        length=change.old_length,
        months=change.old_length.count,
        two_lines=rules.answer("settlement") == "credit_and_charge",
        from_paid=rules.answer("credit_price") == "paid" or rules.answer("settlement") == "credit_and_charge",
        mode=rounder.mode,
        tax_mode=rules.tax_rounding()[1],
        direction=direction,
        kind=resolved.kind,
    )


def price(pair: Quick, facts: known.Facts, on: Moment) -> Price | None:
    """The price, None where these facts are not plain."""
    service, standing = facts.service, facts.standing
    term = service.term
    if (
        term is None
        or isinstance(on, datetime)
        or isinstance(term.start, datetime)
        or not term.start <= on < term.end
        or service.discount is not None
        or service.prepaid_periods
        or service.unused_value is not None
        or facts.usage is not None
        or facts.capacity is not None
        or standing.unpaid_documents
        or standing.open_change
        or standing.renewal_issued
        or facts.buyer.treatment != "standard"
    ):
        return None
    above, below = _share(pair, term.start, term.end, on)
    if not below:
        return None
    if pair.from_paid and facts.billed is not None:
        paid = _paid_once(facts.billed, term)
        if paid is None or paid * pair.over > pair.new or above > below:
            return None
        pair = pair._replace(
            new=pair.new * paid.denominator, old=paid.numerator * pair.over, over=pair.over * paid.denominator
        )
    above, below = above * pair.per, below * pair.over
    if pair.two_lines:
        net = _rounded(pair.new * above, below, pair.mode) - _rounded(pair.old * above, below, pair.mode)
    else:
        net = _rounded((pair.new - pair.old) * above, below, pair.mode)
    net += pair.setup
    rate = facts.catalog.seller.tax_rate(on)
    tax = _rounded(net * rate.numerator, rate.denominator, pair.tax_mode)
    return Price(net, tax, net + tax, pair.per, pair.direction, pair.kind)


def _paid_once(billed: tuple[known.BilledLine, ...], term: periods.Period) -> Fraction | None:
    """What was billed for the plan, where that is one line for the whole term, paid and never credited."""
    lines = [line for line in billed if line.component == known.PLAN]
    if len(lines) != 1:
        return None
    line = lines[0]
    whole = line.period is None or line.period == term
    return line.amount.amount if whole and line.paid == line.amount and not line.credited else None


def _share(pair: Quick, start: date, end: date, on: date) -> tuple[int, int]:
    """The remaining share of the billing period as a quotient; (0, 0) where the term is not one billing period."""
    if pair.by_months:
        whole, rest, size = periods.month_parts(start, end)
        used, begun, month = periods.month_parts(start, on)
        return (whole * size + rest) * month - (used * month + begun) * size, size * month * pair.months
    if periods.add_months(start, pair.months) != end:
        return 0, 0
    return (end - on).days, (end - start).days


def _rounded(above: int, below: int, mode: str) -> int:
    if mode == "half_up" and above >= 0:
        return (2 * above + below) // (2 * below)
    return money.round_units(Fraction(above, below), mode)
