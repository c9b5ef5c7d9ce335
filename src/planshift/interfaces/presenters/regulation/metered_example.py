"""What do two days of a metered service cost? A worked example, counted and priced by the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from planshift.domain import metering, money, renewing
from planshift.domain.catalog import Catalog, Plan
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.policy import dimensions, document
from planshift.domain.policy.metering import Terms
from planshift.interfaces.presenters.regulation import parts, sentences, situations, writing

CHANGED_AFTER = timedelta(hours=10, minutes=20)
_SHOWN = 2  # resources in the example


@dataclass(frozen=True, slots=True)
class _Day:
    """The month after a day: its lines, and what was drawn for the day."""

    lines: tuple[metering.Line, ...]
    drawn: Money
    draw: Money


def worked(
    among: Sequence[situations.Situation], catalog: Catalog, on: date, speaker: sentences.Speaker
) -> parts.Example | None:
    """The example of the first metered plan with hourly prices; None where the catalog has none, or nothing is
    metered."""
    found = _plan(catalog)
    terms = _terms(among[0].resolved)
    if found is None or terms is None:
        return None
    first = date(on.year, 1, 1)
    before = {code: max(found.resources[code].step, 1) for code in _resources(found, first)}
    after = {code: 2 * amount for code, amount in before.items()}
    tax = metering.Tax(rate=catalog.seller.tax_rate(first))
    days = _days(found, before, after, first, tax, catalog, among[0].resolved, terms)
    hourly = metering.per_hour(after, plan=found, day=first, tax=tax, prices=catalog.seller.prices)
    return _told(found, before, after, first, days, Money(hourly, catalog.seller.currency), speaker)


def _plan(catalog: Catalog) -> Plan | None:
    plans = [plan for plan in catalog.plans.values() if catalog.families[plan.family].metered]
    return next((plan for plan in plans if any(each.hourly for each in plan.resources.values())), None)


def _resources(plan: Plan, day: date) -> list[str]:
    return [code for code, each in plan.resources.items() if each.hourly_on(day) is not None][:_SHOWN]


def _terms(resolved: document.Resolved) -> Terms | None:
    chosen = resolved.one("metering")
    found: Terms | None = dimensions.every()["metering"].answers[chosen.answer].run(**chosen.params)
    return found


def _rounding(resolved: document.Resolved, currency: str) -> renewing.Rounding:
    lines, tax = resolved.one("rounding"), resolved.one("tax_rounding")
    step = Fraction(1, 10 ** money.decimals_of(currency=currency))
    known = dimensions.every()
    place, mode = known["tax_rounding"].answers[tax.answer].run(**tax.params)
    rounder = known["rounding"].answers[lines.answer].run(currency_step=step, **lines.params)
    return renewing.Rounding(lines=rounder, tax_place=place, tax_mode=mode)


def _days(
    plan: Plan,
    before: Mapping[str, int],
    after: Mapping[str, int],
    first: date,
    tax: metering.Tax,
    catalog: Catalog,
    resolved: document.Resolved,
    terms: Terms,
) -> tuple[_Day, _Day]:
    seller = catalog.seller
    begins = metering.day_begins(first, zone=seller.zone)
    history = (metering.Held(begins, before), metering.Held(begins + CHANGED_AFTER, after))
    made: list[_Day] = []
    used: tuple[metering.Used, ...] = ()
    for day in (first, first + timedelta(days=1)):
        found = metering.counted(history=history, day=day, zone=seller.zone, hours=terms.hours)
        used = metering.added(used, metering.priced(found, plan=plan, day=day, tax=tax))
        lines = metering.lines(
            used, prices=seller.prices, currency=seller.currency, rounding=_rounding(resolved, seller.currency)
        )
        drawn = Money.total((each.draw for each in made), currency=seller.currency)
        so_far = metering.total(lines, currency=seller.currency)
        made.append(_Day(lines, drawn, metering.to_draw(so_far=so_far, drawn=drawn)))
    return made[0], made[1]


def _told(
    plan: Plan,
    before: Mapping[str, int],
    after: Mapping[str, int],
    first: date,
    days: tuple[_Day, _Day],
    hourly: Money,
    speaker: sentences.Speaker,
) -> parts.Example:
    def named(code: str) -> str:
        return speaker.words(plan.resources[code].name)

    def held(amounts: Mapping[str, int]) -> str:
        return speaker.joined([f"{named(code)} {amount}" for code, amount in amounts.items()])

    prices = {code: plan.resources[code].hourly_on(first) or Fraction(0) for code in before}
    day = writing.day(first, speaker.language)
    given = [
        speaker.phrase("metered_held", day=day, amounts=held(before)),
        speaker.phrase("metered_more", amounts=held(after)),
        *(speaker.phrase("metered_price", resource=named(c), price=speaker.money(p)) for c, p in prices.items()),
    ]
    (one, two), working = days, []
    codes = iter([line.used.resource for line in two.lines])
    for step in metering.explained(two.lines, drawn=two.drawn, draw=two.draw):
        label = speaker.table("steps", step.code)
        label = f"{named(next(codes))}: {label[:1].lower()}{label[1:]}" if step.code == "metered_line" else label
        sign = "=" if step.result == step.unrounded else "≈"
        formula = step.formula if speaker.language == "en" else step.formula.replace(".", ",")
        working.append((label, f"{formula} {sign} {speaker.money(step.result)}"))
    return parts.Example(
        title=speaker.phrase("metered_title", plan=speaker.words(plan.name)),
        given=tuple(given),
        working=tuple(working),
        result=speaker.phrase(
            "metered_result",
            first=speaker.money(one.draw.amount),
            second=speaker.money(two.draw.amount),
            hourly=speaker.money(hourly.amount),
        ),
    )
