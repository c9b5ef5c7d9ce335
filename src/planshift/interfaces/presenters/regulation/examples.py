"""What would this change really cost? Worked examples, computed by the pricing engine from the catalog."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from planshift.domain import facts, periods, quote, working
from planshift.domain.catalog import Catalog, Plan, Price
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.periods import Length, Moment, Period
from planshift.domain.policy import document
from planshift.interfaces.presenters.regulation import parts, sentences, writing


@dataclass(frozen=True, slots=True)
class Asked:
    """One example: a service that was bought on the first of January, and what is asked of it."""

    plan: Plan
    length: Length
    price: Price
    term: Period
    at: date
    used: Length
    before: Mapping[str, int]  # additional amounts of resources
    request: facts.Request


def worked(
    *, policy: document.Policy, catalog: Catalog, on: date, speaker: sentences.Speaker
) -> Iterator[parts.Example]:
    """The examples that the policy names, as far as the catalog knows their plans; else one of the catalog's own."""
    rows = [row for row in policy.terms["examples"] if row["from_plan"] in catalog.plans]
    asked = [found for row in rows if (found := _asked(row, catalog, on)) is not None]
    if not asked and (suggested := _suggested(catalog, on)) is not None:
        asked = [suggested]
    for each in asked:
        yield _example(each, policy, catalog, speaker)


def _asked(row: Mapping[str, Any], catalog: Catalog, on: date) -> Asked | None:
    """The example of a row; None where the catalog has no such plan, price or resource."""
    try:
        length, used = Length.parse(row["term"]), Length.parse(row["used"])
        new_length = Length.parse(row["to_term"]) if row["to_term"] else None
    except Refused:
        return None
    plan, target = catalog.plans[row["from_plan"]], row["to_plan"]
    if target and target not in catalog.plans:
        return None
    if row["resource"] and row["resource"] not in plan.resources:
        return None
    if target:
        request: facts.Request = facts.ChangePlan(target, length=new_length)
    elif row["resource"]:
        request = facts.ChangeResources({row["resource"]: row["after"]})
    elif new_length is not None:
        request = facts.ChangePeriod(new_length)
    else:
        return None
    before = {row["resource"]: row["before"]} if row["resource"] and row["before"] else {}
    return _make(catalog, plan, length, used, before, request, on)


def _suggested(catalog: Catalog, on: date) -> Asked | None:
    """From the cheapest to the next plan of the first family that has two, after about a third of the term."""
    for family in catalog.families:
        plans = [plan for plan in catalog.plans.values() if plan.family == family and plan.offered and plan.prices]
        plans.sort(key=lambda plan: plan.prices[0].amount)
        if len(plans) > 1:
            length = plans[0].prices[0].length
            months = length.count if length.unit == "month" else 0
            used = Length(max(months // 3, 1)) if months > 1 else Length(10, "day")
            request = facts.ChangePlan(plans[1].code)
            return _make(catalog, plans[0], length, used, {}, request, on)
    return None


def _make(
    catalog: Catalog,
    plan: Plan,
    length: Length,
    used: Length,
    before: Mapping[str, int],
    request: facts.Request,
    on: date,
) -> Asked | None:
    zone = catalog.seller.zone
    start = date(on.year, 1, 1)
    price = plan.price(length, start)
    if price is None:
        return None
    term = Period(start, periods.add(start, length, zone))
    at = periods.day_of(periods.add(start, used, zone), zone)
    return Asked(plan, length, price, term, at, used, before, request) if at in term else None


def _facts(asked: Asked, catalog: Catalog) -> facts.Facts:
    """The service as it stands: bought at the list price, paid in full."""
    seller, zero = catalog.seller, Money.zero(catalog.seller.currency)
    rate = seller.tax_rate(periods.day_of(asked.term.start, seller.zone))
    paid = {facts.PLAN: (asked.price.amount, 1)}
    for code, amount in asked.before.items():
        price = next((each for each in asked.plan.resources[code].prices if each.length == asked.length), None)
        paid[facts.resource_component(code)] = (price.amount * amount if price else Fraction(0), amount)
    billed = tuple(
        facts.BilledLine(
            id=component,
            component=component,
            amount=Money.of(amount, seller.currency),
            paid=Money.of(amount, seller.currency),
            credited=zero,
            tax_rate=rate,
            period=asked.term,
            quantity=quantity,
        )
        for component, (amount, quantity) in paid.items()
    )
    service = facts.Service(plan=asked.plan.code, length=asked.length, term=asked.term, resources=asked.before)
    return facts.Facts(catalog=catalog, service=service, billed=billed)


def offer(asked: Asked, policy: document.Policy, catalog: Catalog) -> quote.Offer | quote.Refusal:
    """What the engine answers, as for a real service."""
    return quote.price(facts=_facts(asked, catalog), request=asked.request, policy=policy, on=asked.at)


def _example(asked: Asked, policy: document.Policy, catalog: Catalog, speaker: sentences.Speaker) -> parts.Example:
    words = _Words(asked, catalog, speaker)
    found = offer(asked, policy, catalog)
    if isinstance(found, quote.Refusal):
        return parts.Example(words.title(), words.given(), (), speaker.phrase("example_not_possible"))
    kind = speaker.table("labels", "kind", found.kind)
    reason = speaker.words(found.told)
    told = speaker.phrase("example_kind", kind=kind, reason=reason) if reason else kind
    return parts.Example(
        title=words.title(),
        given=(*words.given(), told),
        working=tuple(words.step(step) for step in found.working if not step.code.startswith("next_renewal")),
        result=words.result(found),
        operation=found.operation,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """The parts of one example in words."""

    asked: Asked
    catalog: Catalog
    speaker: sentences.Speaker

    def title(self) -> str:
        request, say = self.asked.request, self.speaker.phrase
        if isinstance(request, facts.ChangePlan):
            return say(
                "example_title", old=self.speaker.name(self.asked.plan.code), new=self.speaker.name(request.target)
            )
        if isinstance(request, facts.ChangeResources):
            ((code, after),) = request.amounts.items()
            return say(
                "example_title_resources",
                resource=self.speaker.words(self.asked.plan.resources[code].name),
                plan=self.speaker.name(self.asked.plan.code),
                before=self.asked.before.get(code, 0),
                after=after,
            )
        return say(
            "example_title_period",
            plan=self.speaker.name(self.asked.plan.code),
            before=self._length(self.asked.length),
            after=self._length(request.length),
        )

    def given(self) -> tuple[str, ...]:
        asked, say = self.asked, self.speaker.phrase
        lines = [
            say(
                "example_old",
                old=self.speaker.name(asked.plan.code),
                price=self._money(asked.price.amount),
                length=self._length(asked.length),
                start=self._day(asked.term.start),
                end=self._day(asked.term.end),
            )
        ]
        if isinstance(asked.request, facts.ChangePlan):
            length = asked.request.length or asked.length
            price = self.catalog.plans[asked.request.target].price(length, asked.at)
            if price is not None:
                name = self.speaker.name(asked.request.target)
                lines.append(say("example_new", new=name, price=self._money(price.amount), length=self._length(length)))
        if isinstance(asked.request, facts.ChangeResources):
            for code in asked.request.amounts:
                resource = asked.plan.resources[code]
                price = next((each for each in resource.prices if each.length == asked.length), None)
                if price is not None:
                    name = self.speaker.words(resource.name)
                    money, length_ = self._money(price.amount), self._length(asked.length)
                    lines.append(say("example_resource", resource=name, price=money, length=length_))
        lines.append(say("example_change", day=self._day(asked.at), used=self._length(asked.used)))
        return tuple(lines)

    def step(self, step: working.Step) -> tuple[str, str]:
        """What a step finds, and its calculation with the result."""
        label = self.speaker.table("steps", step.code) or step.code.replace("_", " ").capitalize()
        result = self._result(step)
        formula = self._localized(step.formula)
        if step.code == "time_share":
            return label, formula
        if not formula or re.fullmatch(r"[\d.,−-]+", formula):
            return label, result
        return label, f"{formula} {'≈' if step.result != step.unrounded else '='} {result}"

    def result(self, found: quote.Offer) -> str:
        say, net, gross = self.speaker.phrase, found.total.net.amount, found.total.gross.amount
        if net > 0:
            text = say("example_pay", net=self._money(net), gross=self._money(gross))
        elif net < 0:
            text = say("example_back", net=self._money(-net), gross=self._money(-gross))
        else:
            text = say("example_nothing")
        renewal = found.next_renewal
        if renewal is not None and renewal.on is not None:
            price = self._money(renewal.amount.net.amount)
            text += " " + say("example_renewal", day=self._day(renewal.on), price=price)
        return text

    def _result(self, step: working.Step) -> str:
        if step.unit == self.catalog.seller.currency:
            return self._money(step.result)
        if step.unit in ("month", "day") and step.result.denominator == 1:
            return self._length(Length(int(step.result), step.unit)) if step.result else "0"
        return self._bare(step.result)

    def _bare(self, value: Fraction) -> str:
        return writing.number(value, self.speaker.language)

    def _localized(self, formula: str) -> str:
        """The engine's calculation with the numbers of the language."""
        return re.sub(r"\d+\.\d+", lambda match: self._decimal(match[0]), formula)

    def _decimal(self, text: str) -> str:
        return text.replace(".", ",") if self.speaker.language != "en" else text

    def _money(self, value: Fraction) -> str:
        return writing.money(value, self.catalog.seller.currency, self.speaker.language)

    def _length(self, length: Length) -> str:
        return writing.length(str(length), self.speaker.language)

    def _day(self, moment: Moment) -> str:
        return writing.day(periods.day_of(moment, self.catalog.seller.zone), self.speaker.language)
