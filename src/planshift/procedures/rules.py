"""What does the policy say here? Answers outside the price: who pays how, how long things hold and are kept."""

from datetime import date, datetime, time, timedelta
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from planshift.catalog import models as catalog
from planshift.domain import calendar, periods, quote
from planshift.domain.policy import document, validity


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


def quote_end(*, policy: document.Policy, family: str, seller: catalog.Seller, at: datetime) -> datetime:
    """The instant at which a quote made at `at` expires: the end of its last day."""
    last, _ = carried_out(validity, policy=policy, family=family, on=day(seller=seller, at=at))
    return start_of(last + timedelta(days=1), seller=seller)


def order_end(*, policy: document.Policy, family: str, seller: catalog.Seller, at: datetime) -> datetime:
    """The instant at which an unpaid order placed at `at` expires: the end of its last day."""
    _, last = carried_out(validity, policy=policy, family=family, on=day(seller=seller, at=at))
    return start_of(last + timedelta(days=1), seller=seller)


def promised(*, seller: catalog.Seller, offered: quote.Offer, on: date) -> date:
    """The day by which a change paid on `on` is done: the most business days of its promise (H6)."""
    return calendar.add_business_days(on, offered.promise.business_days_max, country=seller.country)


def after_promise(*, seller: catalog.Seller, promised_on: date | None, at: datetime) -> datetime:
    """When to look again at work that is promised: the end of the promised day, later once more every day."""
    end = start_of((promised_on or day(seller=seller, at=at)) + timedelta(days=1), seller=seller)
    return end if end > at else at + timedelta(days=1)
