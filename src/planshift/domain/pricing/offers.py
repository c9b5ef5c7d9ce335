"""How does a settled change become the offer that a client sees?"""

from types import MappingProxyType

from planshift.domain import facts as known
from planshift.domain.money import Money
from planshift.domain.offer import Allocation, Line, Offer
from planshift.domain.periods import Moment
from planshift.domain.pricing import afterwards, ahead, figures
from planshift.domain.pricing.figures import Figure
from planshift.domain.pricing.settle import Settled
from planshift.domain.pricing.sketch import OfferSketch
from planshift.domain.tax import Taxed


def make(settled: Settled, facts: known.Facts, on: Moment | None) -> Offer:
    """The offer with everything that follows from its lines."""
    now, later = figures.of(settled, facts)
    currency = facts.catalog.seller.currency
    start, end = afterwards.term(settled, facts)
    missing_from = afterwards.paid_until(settled, facts) if settled.missing_months is not None else None
    lines = tuple(_line(settled, figure, currency, end, missing_from) for figure in now)
    later_lines = tuple(_line(settled, figure, currency, end, None) for figure in later)
    total = Taxed.total((line.amount for line in lines), currency=currency)
    due_later = Taxed.total((line.amount for line in later_lines), currency=currency) if later else None
    negative = total.gross.amount.numerator < 0
    credit_to = settled.rules.credit_to() if negative else "nowhere"
    timing = settled.rules.timing(due=total.gross.amount, metered=settled.prepared.metered)
    kept = facts.service.term is not None and end == facts.service.term.end
    renews = afterwards.renewal(settled, facts, afterwards.paid_until(settled, facts) if kept else end)
    used, left = afterwards.balance(settled, facts, total=total, credit_to=credit_to)
    resolved, outcome = settled.rules.resolved, settled.outcome
    return Offer(
        currency=currency,
        operation=settled.change.operation,
        lines=lines,
        total=total,
        direction=settled.direction,
        kind=resolved.kind,
        kind_reason=resolved.case,
        settlement=settled.settlement,
        timing="at_renewal" if settled.at_renewal else timing,
        credit_to=credit_to,
        effective=settled.clock.at,
        term_start=start,
        term_end=end,
        extra_time=outcome.more.length if outcome.more is not None else None,
        value_used=afterwards.value_used(settled, facts),
        due_later=due_later,
        later_at=outcome.later_at if later else "",
        hourly=afterwards.hourly(settled, facts),
        months_charged=outcome.months_charged,
        balance_used=used,
        balance_left=left,
        next_renewal=renews,
        next_invoice=afterwards.next_invoice(renews, due_later, left),
        promise=afterwards.promise(settled, facts, on),
        notices=afterwards.notices(settled, facts),
        told=dict(resolved.reason) if resolved.reason is not None else None,
        later_lines=later_lines,
        treatment=facts.buyer.treatment,
        tax_country=facts.buyer.country,
        tax_proof=facts.buyer.proof,
        decided=facts.decided.note if facts.decided is not None else "",
        sketch=OfferSketch(settled, facts, tuple(now), tuple(later), total, renews),
    )


def _line(settled: Settled, figure: Figure, currency: str, end: Moment | None, missing_from: Moment | None) -> Line:
    raw, change = figure.raw, settled.change
    credit = figure.rounded.numerator < 0
    timed = raw.component not in (known.SETUP, known.FEE)
    start, end = _time(settled, figure, end, missing_from) if timed else (None, None)
    told = {
        "plan": change.new_plan.code if not credit or raw.role == "difference" else change.old_plan.code,
        "from_plan": change.old_plan.code,
        "to_plan": change.new_plan.code,
        "resource": raw.component.partition(":")[2],
        "quantity": raw.quantity,
        "old_quantity": raw.old_quantity,
    }
    return Line(
        role=raw.role,
        component=raw.component,
        code=afterwards.line_code(raw),
        facts=MappingProxyType(told),
        amount=figure.taxed,
        tax_rate=figure.rate,
        quantity=raw.quantity,
        start=start,
        end=end,
        returns=tuple(Allocation(line.id, Money(part, currency)) for line, part in figure.returns),
        stretches=ahead.stretches(settled, raw=raw, amount=Money(figure.rounded, currency), start=start, end=end)
        if timed
        else (),
    )


def _time(
    settled: Settled, figure: Figure, end: Moment | None, missing_from: Moment | None
) -> tuple[Moment | None, Moment | None]:
    """The time that a line pays for, or gives back."""
    term, at = settled.clock.service.term, settled.clock.at
    if figure.raw.how == "missing_months" and missing_from:
        return missing_from, end
    if figure.raw.role == "next_period" and term is not None:
        return term.end, end
    if (paid := ahead.paid_until(settled)) is not None:
        return at, paid
    return at, term.end if figure.rounded.numerator < 0 and term is not None else end
