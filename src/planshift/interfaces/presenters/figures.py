"""Which figure of an offer is explained by which steps of its working? Nothing of the working is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from planshift.domain import documents, quote
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.domain.working import Step
from planshift.interfaces.presenters import amounts, lines

TIMINGS = {
    "after_payment": gettext_lazy("after payment"),
    "at_once": gettext_lazy("at once"),
    "after_acceptance": gettext_lazy("after you have accepted the corrective invoice"),
    "at_renewal": gettext_lazy("at the next renewal"),
}


# Steps that find a price or a factor for the line that follows
_OF_PRICES = frozenset(("price_without_tax", "less_discount", "rate", "factor"))


@dataclass(frozen=True, slots=True)
class Figure:
    """One line with its amount (net) and the steps that led to it."""

    title: str
    note: str
    amount: Money
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of an offer in the order in which a bill shows them."""

    lines: tuple[Figure, ...]
    later: tuple[Figure, ...]  # billed later, not today
    net: bool  # worth a line of its own
    tax_title: str
    tax_steps: tuple[Step, ...]
    total_title: str
    total: Money  # never negative: the title says which way it goes
    total_taxed: Taxed
    total_steps: tuple[Step, ...]
    renewal_steps: tuple[Step, ...]
    other_steps: tuple[Step, ...]
    timing: str
    promise: str
    promise_note: str
    term_end: date | None
    back: str = ""  # where a total below zero goes: deposit, refund, nowhere …
    beside: bool = False  # something is charged beside what is given back


def of_offer(offer: quote.Offer, names: Mapping[str, Any]) -> Figures:
    """Every figure of `offer` with its working, worded in the language in force.

    The engine writes its steps in a fixed order: shares of time, one step a line, taxes, total, next renewal.
    """
    steps = list(offer.working)
    shares = _take(steps, "time_share")
    tax, total = _take(steps, "tax"), _take(steps, "total")
    renewal = [step for step in steps if step.code.startswith("next_renewal")]
    steps = [step for step in steps if not step.code.startswith("next_renewal")]
    count = len(offer.lines) + len(offer.later_lines)
    own, other = _by_line(steps, count)
    shown = [_figure(line, names, _steps(line, own, index, shares)) for index, line in enumerate(offer.lines)]
    later = [
        _figure(line, names, _steps(line, own, len(offer.lines) + index, shares))
        for index, line in enumerate(offer.later_lines)
    ]
    credit = offer.total.gross.amount < 0
    return Figures(
        lines=tuple(shown),
        later=tuple(later),
        net=len(offer.lines) > 1,
        tax_title=tax_title(offer.lines),
        tax_steps=tuple(tax),
        total_title=_total_title(offer),
        total=abs(offer.total.gross),
        total_taxed=-offer.total if credit else offer.total,
        total_steps=tuple(total),
        renewal_steps=tuple(renewal),
        other_steps=tuple(other),
        timing=str(TIMINGS.get(offer.timing, offer.timing)),
        promise=promise(offer),
        promise_note=promise_note(offer.promise),
        term_end=day_of(offer.term_end),
        back=offer.credit_to if credit else "",
        beside=credit and any(line.amount.gross.amount > 0 for line in offer.lines),
    )


def _total_title(offer: quote.Offer) -> str:
    if offer.total.gross.amount >= 0:
        return str(_("To pay today"))
    return str(_("Not given back") if offer.credit_to == "nowhere" else _("Back to you"))


def _by_line(steps: list[Step], count: int) -> tuple[list[list[Step]], list[Step]]:
    """The steps of each of so many lines, and the rest: how its prices were found, the line, its part at a tax rate."""
    found: list[list[Step]] = [[]]
    for position, step in enumerate(steps):
        if len(found) > count:
            return found[:count], steps[position:]
        found[-1].append(step)
        followed = steps[position + 1].code == "at_rate" if position + 1 < len(steps) else False
        if step.code == "at_rate" or (step.code not in _OF_PRICES and not followed):
            found.append([])
    return (found[:count], []) if len(found) > count else ([], steps)


def _steps(line: quote.Line, own: list[list[Step]], index: int, shares: list[Step]) -> tuple[Step, ...]:
    """The line's own steps, after the share of time that it was multiplied by."""
    if index >= len(own):
        return ()
    timed = any(operand.code == "remaining" for step in own[index] for operand in step.operands)
    return (*(shares if timed else ()), *own[index])


def of_paper(lines_: tuple[documents.Line, ...]) -> tuple[Figure, ...]:
    """The lines of an order, worded when it was placed."""
    language = (translation.get_language() or "en")[:2]
    return tuple(_of_paper(line, language) for line in lines_)


def _of_paper(line: documents.Line, language: str) -> Figure:
    note = lines.span(line.start_on, line.end_on)
    return Figure(title=line.words(language), note=note, amount=line.amount.net, steps=())


def tax_title(lines_: tuple[quote.Line, ...]) -> str:
    """ "VAT 23%", or "VAT" where the lines have several rates."""
    rates = {line.tax_rate for line in lines_}
    return f"{_('VAT')} {amounts.percent(rates.pop())}" if len(rates) == 1 else _("VAT")


def promise(offer: quote.Offer) -> str:
    """When it is done: a date, a number of business days, or at once; what begins later, as soon as it begins."""
    made = offer.promise
    if made.on is not None:
        return amounts.day(made.on)
    if made.business_days_max:
        return _days(made)
    return _("at once") if offer.timing == "at_once" else _("as soon as it begins")


def promise_note(made: quote.Promise) -> str:
    """The business days that a promised date is made of."""
    return _days(made) if made.on is not None and made.business_days_max else ""


def _days(made: quote.Promise) -> str:
    low, high = made.business_days_min, made.business_days_max
    if low and low != high:
        return _("%(low)s to %(high)s business days") % {"low": low, "high": high}
    return ngettext("%(count)s business day", "%(count)s business days", high) % {"count": high}


def _figure(line: quote.Line, names: Mapping[str, Any], steps: tuple[Step, ...]) -> Figure:
    code = "plan_missing_months" if any(step.code == "plan_missing_months" for step in steps) else line.code
    words = lines.describe(line, names, code=code)
    return Figure(title=words["title"], note=words["note"], amount=line.amount.net, steps=steps)


def _take(left: list[Step], code: str) -> list[Step]:
    """The steps with this code, in their order, removed from `left`."""
    found = [step for step in left if step.code == code]
    left[:] = [step for step in left if step.code != code]
    return found


def day_of(moment: Any) -> date | None:
    """The day of a moment in the zone in force."""
    if isinstance(moment, datetime):
        return timezone.localtime(moment).date()
    return moment if isinstance(moment, date) else None


def kind_note(offer: quote.Offer, names: Mapping[str, Any]) -> str:
    """Why the change is easy or hard: staff's note where they decided it (H3), else the policy's own words; "" when
    the policy gives none."""
    if offer.decided:
        return _("Decided by our staff: %(note)s") % {"note": offer.decided}
    return amounts.words(offer.told or names.get(f"case:{offer.kind_reason}"))
