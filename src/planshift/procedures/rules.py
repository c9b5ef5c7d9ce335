"""What does the policy say here? Answers outside the price: who pays how, how long things hold and are kept."""

from datetime import date, datetime, time, timedelta
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from planshift.billing import buyers
from planshift.catalog import models as catalog
from planshift.domain import calendar, money, periods, quote, renewing
from planshift.domain.exact import Fraction
from planshift.domain.policy import document, month_end, renewal, rounding, tax_rounding, validity


def carried_out(module: ModuleType, *, policy: document.Policy, family: str, **facts: Any) -> Any:
    """What the policy's answer to the dimension `module` gives for a family; cases on pairs play no part."""
    chosen = policy.answers_before_cases(family)[module.__name__.rpartition(".")[2]][0]
    return module.RULES[chosen.answer].run(**facts, **chosen.params)


def day(*, seller: catalog.Seller, at: datetime) -> date:
    """The date of an instant in the seller's zone."""
    return at.astimezone(ZoneInfo(seller.time_zone)).date()


def day_of(moment: periods.Moment, *, seller: catalog.Seller) -> date:
    """The date of a moment in the seller's zone."""
    return day(seller=seller, at=moment) if isinstance(moment, datetime) else moment


def start_of(on: date, *, seller: catalog.Seller) -> datetime:
    """Midnight at the start of a day, in the seller's zone."""
    return datetime.combine(on, time(), tzinfo=ZoneInfo(seller.time_zone))


def buyer(*, policy: document.Policy, family: str) -> str:
    """Whose data stand on the order of a renewal: `buyers.AS_BEFORE` or `buyers.CURRENT` (D6)."""
    found: str = carried_out(renewal, policy=policy, family=family, previous=buyers.AS_BEFORE, present=buyers.CURRENT)
    return found


def quote_end(
    *, policy: document.Policy, family: str, seller: catalog.Seller, at: datetime, term_ends_on: date | None = None
) -> datetime:
    """The instant at which a quote made at `at` expires: the end of its last day, at most that of the term."""
    last, _ = carried_out(validity, policy=policy, family=family, on=day(seller=seller, at=at))
    return _within(last + timedelta(days=1), term_ends_on, seller=seller, at=at)


def order_end(
    *, policy: document.Policy, family: str, seller: catalog.Seller, at: datetime, term_ends_on: date | None = None
) -> datetime:
    """The instant at which an unpaid order placed at `at` expires: the end of its last day, at most that of the term
    for which it is priced (D9)."""
    _, last = carried_out(validity, policy=policy, family=family, on=day(seller=seller, at=at))
    return _within(last + timedelta(days=1), term_ends_on, seller=seller, at=at)


def _within(end_on: date, term_ends_on: date | None, *, seller: catalog.Seller, at: datetime) -> datetime:
    """Midnight before `end_on`, or before the end of a term that still runs."""
    if term_ends_on is not None and term_ends_on > day(seller=seller, at=at):
        end_on = min(end_on, term_ends_on)
    return start_of(end_on, seller=seller)


def payout_days(*, policy: document.Policy) -> int:
    """Within how many days a payout of the deposit is sent (D11)."""
    (chosen,) = policy.base["deposit"]
    return int(chosen.params.get("payout_days", 0))


def promised(*, seller: catalog.Seller, offered: quote.Offer, on: date) -> date:
    """The day by which a change paid on `on` is done: the most business days of its promise (H6)."""
    return calendar.add_business_days(on, offered.promise.business_days_max, country=seller.country)


def after_promise(*, seller: catalog.Seller, promised_on: date | None, at: datetime) -> datetime:
    """When to look again at work that is promised: the end of the promised day, later once more every day."""
    end = start_of((promised_on or day(seller=seller, at=at)) + timedelta(days=1), seller=seller)
    return end if end > at else at + timedelta(days=1)


def renewal_rounding(*, policy: document.Policy, family: str, currency: str) -> renewing.Rounding:
    """How the amounts of a renewal are rounded: as those of a quote."""
    step = Fraction(1, 10 ** money.decimals_of(currency=currency))
    place, mode = carried_out(tax_rounding, policy=policy, family=family)
    lines = carried_out(rounding, policy=policy, family=family, currency_step=step)
    return renewing.Rounding(lines=lines, tax_place=place, tax_mode=mode)


def next_end(
    *, policy: document.Policy, family: str, terms: tuple[renewing.Stretch, ...], start_on: date, months: int
) -> date:
    """The end of a term of `months` from `start_on` on, after these terms: month ends as the policy says."""

    def ends(*, start: date, months: int, anchor: int) -> date:
        found: date = carried_out(month_end, policy=policy, family=family, start=start, months=months, anchor=anchor)
        return found

    last = terms[-1].end_on
    day = renewing.anchor(terms=terms, month_end=ends) if start_on == last else start_on.day
    return ends(start=start_on, months=months, anchor=day)
