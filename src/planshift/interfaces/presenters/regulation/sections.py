"""Which sections has a regulation, and what does each say? From "Definitions" to the provider's own additions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from planshift.domain.catalog import Catalog
from planshift.domain.policy import document
from planshift.interfaces.presenters.regulation import examples, parts, sentences, situations, telling, writing

# Where each dimension is told. A test sees that none is forgotten.
TIME = ("time_unit", "partial_unit", "denominator", "change_day", "counted_from", "term_end", "month_end")
PRICES = ("charge_price", "credit_price", "unused_value", "credit_share", "later_periods", "other_period")
FEES: tuple[str, ...] = ("payment_discount",)
REQUEST: tuple[str, ...] = ()
DECREASE: tuple[str, ...] = ()
TOLD = {
    "definitions": ("direction",),
    "request": REQUEST,
    "costs": ("settlement", *TIME, *PRICES, *FEES),
    "payment": ("validity", "collection", "documents"),
    "execution": ("timing", "promise"),
    "decrease": ("acceptance", *DECREASE),
    "renewal": ("renewal",),
    "notices": ("notices",),
    "continuity": ("retention",),
    "metered": ("metering",),
    "deposit": ("deposit",),
}
ALWAYS = frozenset(
    {"direction", "settlement", "time_unit", "denominator", "change_day", "term_end", "charge_price", "collection",
     "timing", "promise", "validity", "renewal", "documents", "retention", "deposit"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that the sections are made from."""

    policy: document.Policy
    catalog: Catalog
    on: date
    speaker: sentences.Speaker
    every: tuple[situations.Situation, ...]

    def among(self, *, kind: str | None = None, operation: str | None = None, direction: str | None = None
              ) -> tuple[situations.Situation, ...]:  # fmt: skip
        """The situations that are not refused, of one kind, operation or direction."""
        return situations.among(self.every, kind=kind, operation=operation, direction=direction)

    def tell(self, section: str, among: Sequence[situations.Situation] | None = None) -> Iterator[parts.Block]:
        """The dimensions of a section."""
        found = self.among() if among is None else among
        return telling.tell(self.speaker, TOLD[section], found, always=ALWAYS)

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
    additional = _additional(told)
    has_plans = bool(told.among(operation="plan"))
    has_resources = bool(additional and told.among(operation="resources"))
    yield told.say("def_term")
    if has_plans:
        yield told.say("def_plan")
    if has_resources:
        yield told.say("def_resources", resources=told.speaker.joined(additional))
    if _several_lengths(told.catalog) and told.among(operation="period"):
        yield told.say("def_period")
    if has_plans and has_resources:
        yield told.say("def_apart")
    yield from told.tell("definitions")


def _additional(told: Told) -> list[str]:
    """The names of the resources that are sold in addition, each once; metered ones are no orders."""
    plans = [plan for plan in told.catalog.plans.values() if not told.catalog.families[plan.family].metered]
    codes = {each.code: told.speaker.words(each.name) for plan in plans for each in plan.resources.values()
             if each.additional}  # fmt: skip
    return [name[:1].lower() + name[1:] if name[1:2].islower() else name for name in codes.values()]


def _several_lengths(catalog: Catalog) -> bool:
    return any(len({price.length for price in plan.prices}) > 1 for plan in catalog.plans.values())


def _request(told: Told) -> Iterator[parts.Block]:
    yield told.say("request_panel")
    yield told.say("request_any_time")
    fixed = [family for family in told.catalog.families.values() if not family.plan_changes and not family.metered]
    if fixed:
        names = [told.speaker.words(family.name) for family in fixed]
        yield told.say("request_no_plan_change", families=told.speaker.joined(names))
    yield from told.tell("request")
    refused = [case for case in told.policy.cases if case.kind == "refused"]
    if refused:
        yield told.say("request_refused", *(telling.case_label(told.speaker, case) for case in refused))


def _kinds(told: Told) -> Iterator[parts.Block]:
    if not told.among(kind="hard"):
        return
    yield told.say("kinds_intro")
    yield told.say("kinds_easy")
    yield told.say("kinds_hard")
    decided = [case for case in told.policy.cases if case.kind in ("easy", "hard")]
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
    if told.ever_notices():
        yield told.say("payment_notices")


def _execution(told: Told) -> Iterator[parts.Block]:
    yield from told.tell("execution")


def _decrease(told: Told) -> Iterator[parts.Block]:
    down = told.among(direction="down")
    if not down:
        yield told.say("decrease_none")
        return
    yield told.say("decrease_intro")
    yield from told.tell("decrease", down)


def _renewal(told: Told) -> Iterator[parts.Block]:
    yield from told.tell("renewal")


def _notices(told: Told) -> Iterator[parts.Block]:
    listed = _listed_notices(told)
    if not listed:
        return
    hard_only = all(name != "decrease_after_acceptance" for name in listed)
    items = tuple(told.speaker.table("notices", name) for name in listed)
    yield told.say("notices_intro" if hard_only else "notices_intro_any", *items)
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
    metered = tuple(each for each in told.among() if each.resolved.one("metering").answer != "none")
    if metered:
        yield from telling.tell(told.speaker, TOLD["metered"], metered, always=TOLD["metered"])


def _deposit(told: Told) -> Iterator[parts.Block]:
    if told.ever("deposit", "refundable"):
        yield from told.tell("deposit")


_BUILDERS: tuple[tuple[str, Callable[[Told], Iterator[parts.Block]]], ...] = (
    ("definitions", _definitions),
    ("request", _request),
    ("kinds", _kinds),
    ("costs", _costs),
    ("payment", _payment),
    ("execution", _execution),
    ("decrease", _decrease),
    ("renewal", _renewal),
    ("notices", _notices),
    ("continuity", _continuity),
    ("metered", _metered),
    ("deposit", _deposit),
)
ZERO = Fraction(0)
