"""Which sections has a regulation, and what does each say? From "Definitions" to the provider's own additions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from planshift.domain.catalog import Catalog
from planshift.domain.policy import document
from planshift.interfaces.presenters.regulation import (
    examples,
    metered_example,
    parts,
    sentences,
    situations,
    telling,
    writing,
)

# What stands in the way of "at any time" (D9) unless it is answered as usual.
ANY_TIME = ("cut_off", "minimum_remaining", "hold_after_change", "renewal_issued", "notice_period")
# Where each dimension is told. A test sees that none is forgotten.
TOLD: dict[str, tuple[telling.Group, ...]] = {
    "definitions": (("direction",),),
    "request": (
        ("who_may_ask",), ("other_family", "equal_price"), ANY_TIME, ("unpaid_documents", "usage_fit", "capacity"),
    ),
    "costs": (
        ("settlement",),
        ("time_unit", "partial_unit", "denominator", "counted_from", "time_zone", "change_day"),
        ("term_end", "month_end", "later_periods"),
        ("charge_price", "other_period", "credit_price", "unused_value", "credit_share"),
        ("early_window", "near_renewal"),
        ("setup_fee", "change_fee", "fee_waiver", "old_setup", "promotion_penalty", "minimum_charge"),
        ("rounding", "credit_rounding", "total_rounding", "tax_rounding"),
    ),
    "period": (("period_change",),),
    "payment": (("validity",), ("collection", "account_credit", "payment_discount"), ("documents",)),
    "execution": (("timing",), ("promise",), ("failure",)),
    "decrease": (
        ("decrease", "negative_result"), ("resource_decrease", "mixed_resources"), ("acceptance",),
        ("credit_to", "credit_distribution"),
    ),
    "renewal": (("renewal",), ("renewal_dates",)),
    "notices": (("notices",),),
    "continuity": (("content_transfer", "interruption"), ("cut_over",), ("retention",)),
    "metered": (("timing",), ("metering",)),
    "deposit": (("deposit",),),
}  # fmt: skip
# Told even where the answer is the usual one; the others only where a policy departs from it.
ALWAYS = frozenset(
    {"direction", "who_may_ask", "settlement", "time_unit", "denominator", "change_day", "counted_from", "term_end",
     "charge_price", "credit_price", "credit_to", "credit_distribution", "account_credit", "setup_fee", "rounding",
     "tax_rounding", "period_change", "validity", "collection", "documents", "timing", "promise", "decrease",
     "renewal", "renewal_dates", "failure", "cut_over", "retention", "deposit", "metering", "unpaid_documents",
     "usage_fit"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that the sections are made from."""

    policy: document.Policy
    catalog: Catalog
    on: date
    speaker: sentences.Speaker
    every: tuple[situations.Situation, ...]
    operations: frozenset[str]  # that the catalog allows at all

    def among(
        self, *, kind: str | None = None, operation: str | None = None, direction: str | None = None
    ) -> tuple[situations.Situation, ...]:
        """The situations in which something is ordered and offered, of one kind, operation or direction."""
        offered = situations.offered(self.every, operations=self.operations)
        return situations.among(offered, kind=kind, operation=operation, direction=direction)

    @property
    def metered(self) -> tuple[situations.Situation, ...]:
        """The situations of services that are metered and changed without an order."""
        return tuple(each for each in self.every if situations.metered(each))

    def tell(self, section: str, among: Sequence[situations.Situation] | None = None) -> Iterator[parts.Block]:
        """The dimensions of a section."""
        found = self.among() if among is None else among
        return telling.tell(self.speaker, TOLD[section], found, ALWAYS)

    def say(self, phrase: str, *items: str, **facts: object) -> parts.Paragraph:
        """A fixed sentence as a paragraph."""
        return parts.Paragraph(self.speaker.phrase(phrase, **facts), items)

    def ever(self, dimension: str, *answers: str) -> bool:
        """True when some situation has one of these answers."""
        return any(each.answer in answers for one in self.among() for each in one.resolved.several(dimension))


def every(told: Told) -> tuple[parts.Section, ...]:
    """All sections that have something to say, numbered."""
    found = [(code, tuple(build(told))) for code, build in _BUILDERS]
    kept = [(code, told.speaker.table("headings", code), blocks) for code, blocks in found if blocks]
    for row in told.policy.terms["additional"]:
        text = told.speaker.words(row["text"])
        blocks = tuple(parts.Paragraph(" ".join(each.split())) for each in text.split("\n\n"))
        kept.append(("", told.speaker.words(row["heading"]), blocks))
    return tuple(
        parts.Section(code=code or f"additional-{number}", heading=heading, blocks=blocks, number=number)
        for number, (code, heading, blocks) in enumerate(kept, start=1)
    )


def _definitions(told: Told) -> Iterator[parts.Block]:
    additional = additional_resources(told.catalog, told.speaker)
    has_plans = bool(told.among(operation="plan"))
    has_resources = bool(told.among(operation="resources"))
    yield told.say("def_term")
    if has_plans:
        yield told.say("def_plan")
    if has_resources:
        yield told.say("def_resources", resources=told.speaker.joined(additional))
    if told.among(operation="period"):
        yield told.say("def_period")
    if has_plans and has_resources:
        yield told.say("def_apart")
    yield from told.tell("definitions")


def additional_resources(catalog: Catalog, speaker: sentences.Speaker) -> list[str]:
    """The names of the resources that are sold in addition, each once; metered ones are no orders."""
    plans = [plan for plan in catalog.plans.values() if not catalog.families[plan.family].metered]
    names = [speaker.words(each.name) for plan in plans for each in plan.resources.values() if each.additional]
    return list(dict.fromkeys(name[:1].lower() + name[1:] if name[1:2].islower() else name for name in names))


def operations_of(catalog: Catalog) -> frozenset[str]:
    """The operations for which the catalog has something to change."""
    plans = [plan for plan in catalog.plans.values() if not catalog.families[plan.family].metered]
    found = {"plan"} if len([plan for plan in plans if plan.offered]) > 1 else set()
    if any(each.additional for plan in plans for each in plan.resources.values()):
        found.add("resources")
    if any(len({price.length for price in plan.prices}) > 1 for plan in plans):
        found.add("period")
    return frozenset(found)


def _request(told: Told) -> Iterator[parts.Block]:
    yield told.say("request_panel")
    usual = all(telling.usual(name, each.resolved.several(name)) for each in told.among() for name in ANY_TIME)
    if usual:
        paid = all(each.resolved.one("unpaid_documents").answer == "ignored" for each in told.among())
        yield told.say("request_any_time" if paid else "request_any_time_when_paid")
    else:
        yield told.say("request_often")
    refused = [case for case in told.policy.cases if case.kind == "refused"]
    said = {code for case in refused for code in case.when.from_family}
    fixed = [
        family
        for family in told.catalog.families.values()
        if not family.plan_changes and not family.metered and family.code not in said
    ]
    if fixed:
        names = [told.speaker.words(family.name) for family in fixed]
        yield told.say("request_no_plan_change", families=told.speaker.joined(names))
    yield from told.tell("request")
    if refused:
        yield told.say("request_refused", *(telling.case_label(told.speaker, case) for case in refused))


def _kinds(told: Told) -> Iterator[parts.Block]:
    if not told.among(kind="hard"):
        return
    yield told.say("kinds_intro")
    yield told.say("kinds_easy")
    yield told.say("kinds_hard")
    ordered = {each.case.name for each in told.among() if each.case is not None}
    decided = [case for case in told.policy.cases if case.kind in ("easy", "hard") and case.name in ordered]
    if decided:
        items = [
            f"{told.speaker.table('labels', 'kind', str(case.kind))}: {told.speaker.words(case.reason)}"
            for case in decided
        ]
        yield told.say("kinds_rules", *items)


def _costs(told: Told) -> Iterator[parts.Block]:
    yield from told.tell("costs")
    seller = told.catalog.seller
    rate = seller.tax_rate(told.on)
    name = f"costs_{seller.prices}" + ("" if rate else "_untaxed")
    yield told.say(name, rate=writing.percent(rate, told.speaker.language))
    yield told.say("costs_shown")
    yield from examples.worked(policy=told.policy, catalog=told.catalog, on=told.on, speaker=told.speaker)


def _payment(told: Told) -> Iterator[parts.Block]:
    yield from told.tell("payment")
    if _listed_notices(told):
        yield told.say("payment_notices")


def _execution(told: Told) -> Iterator[parts.Block]:
    yield from told.tell("execution")
    if told.ever("promise", "business_days"):
        yield told.say("execution_calendar")


def _period(told: Told) -> Iterator[parts.Block]:
    if "period" in told.operations:
        among = told.among(operation="period") or _unoffered(told)
        yield from told.tell("period", among)


def _decrease(told: Told) -> Iterator[parts.Block]:
    down = told.among(direction="down")
    if down:
        yield told.say("decrease_intro")
        yield from told.tell("decrease", down)
    else:
        yield from telling.tell(told.speaker, (("decrease",),), _unoffered(told), ALWAYS)


def _unoffered(told: Told) -> tuple[situations.Situation, ...]:
    """All situations of ordered services, also those in which nothing is offered: to say so."""
    return situations.among(tuple(each for each in told.every if not situations.metered(each)))


def _renewal(told: Told) -> Iterator[parts.Block]:
    yield from told.tell("renewal")


def _notices(told: Told) -> Iterator[parts.Block]:
    listed = _listed_notices(told)
    if not listed:
        return
    general = [name for name in listed if name == "decrease_after_acceptance"]
    hard = [name for name in listed if name not in general] if told.among(kind="hard") else []
    for phrase, names in (("notices_intro", hard), ("notices_intro_down", general)):
        if names:
            yield told.say(phrase, *(told.speaker.notice(name) for name in names))
    yield told.say("notices_shown")


def _listed_notices(told: Told) -> list[str]:
    found = [each.answer for one in told.among() for each in one.resolved.several("notices")]
    return list(dict.fromkeys(found))


def _continuity(told: Told) -> Iterator[parts.Block]:
    hard = told.among(kind="hard")
    if not hard:
        yield told.say("continuity_easy")
        return
    yield told.say("continuity_mail")
    yield told.say("continuity_site")
    yield from told.tell("continuity", hard)


def _metered(told: Told) -> Iterator[parts.Block]:
    metered = told.metered
    if metered:
        families = [family for family in told.catalog.families.values() if family.metered]
        if families:
            names = [told.speaker.words(family.name) for family in families]
            yield told.say("metered_families", families=told.speaker.joined(names))
        yield from told.tell("metered", metered)
        if (example := metered_example.worked(metered, told.catalog, told.on, told.speaker)) is not None:
            yield example


def _deposit(told: Told) -> Iterator[parts.Block]:
    if told.ever("deposit", "refundable"):
        yield from told.tell("deposit")


_BUILDERS: tuple[tuple[str, Callable[[Told], Iterator[parts.Block]]], ...] = (
    ("definitions", _definitions),
    ("request", _request),
    ("kinds", _kinds),
    ("costs", _costs),
    ("period", _period),
    ("payment", _payment),
    ("execution", _execution),
    ("decrease", _decrease),
    ("renewal", _renewal),
    ("notices", _notices),
    ("continuity", _continuity),
    ("metered", _metered),
    ("deposit", _deposit),
)
