"""How was each figure found? Words an offer's computation as steps, when they are asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

from planshift.domain import facts as known
from planshift.domain import money
from planshift.domain.exact import Fraction
from planshift.domain.offer import Renewal
from planshift.domain.policy.given import Part, Raw, Share
from planshift.domain.pricing import figures, renewal_steps
from planshift.domain.pricing.figures import Figure
from planshift.domain.pricing.settle import Settled
from planshift.domain.pricing.words import MINUS, TIMES, Words, divisor, number, units_of
from planshift.domain.tax import Taxed
from planshift.domain.working import Operand, Step

_NONE = Fraction(0)
_MIRRORED = {"floor": "ceiling", "ceiling": "floor"}
_OF = {  # what the details of a line without a price are
    "fee": ("charges", "percent_of_charges"),
    "penalty": ("regular_price", "price"),
    "setup_credit": ("setup_paid", "remaining_share"),
    "minimum": ("sum_of_lines",),
    "rounding": ("sum_of_lines",),
}


@dataclass(frozen=True, slots=True)
class OfferSketch:
    """Everything that an offer was computed from. Implements `offer.Sketch`."""

    settled: Settled
    facts: known.Facts
    now: tuple[Figure, ...]
    later: tuple[Figure, ...]
    total: Taxed
    renews: Renewal | None

    def steps(self) -> tuple[Step, ...]:
        """The remaining time, each line, taxes, the total, the next renewal."""
        seller, every = self.facts.catalog.seller, (*self.now, *self.later)
        currency = seller.currency
        words = Words(self.settled.rules.rounding_in(currency).lines, currency, seller.tax_left_out)
        steps: list[Step] = []
        if seller.tax_left_out:
            steps.extend(words.without_tax(price) for price in _listed(every))
        steps.extend(_discounts(self, every, words))
        shares = dict.fromkeys(figure.raw.share for figure in every if figure.raw.share is not None)
        steps.extend(_share(share, self.settled.rules.clause("time_unit")) for share in shares)
        for index, figure in enumerate(every):
            if figure.whole is None or not index or every[index - 1].raw is not figure.raw:
                line = _line(self, figure, words, currency)
                steps.extend((*words.rounded_first(), line))
            if figure.whole is not None:
                steps.append(_at_rate(figure, words, currency))
        steps.extend(_taxes(self, words))
        steps.append(renewal_steps.total_of(self.total, words=words, code="total"))
        steps.extend(_extra(self.settled, words, currency))
        if self.renews is not None:
            steps.extend(renewal_steps.of(self.settled, facts=self.facts, renews=self.renews, words=words))
        return tuple(steps)


def _share(share: Share, clause: str) -> Step:
    operands = (Operand("remaining", share.remaining, share.unit), Operand("per_period", share.per, share.unit))
    if share.parts:
        formula = " + ".join(f"{units_of(part)} / {divisor(whole)}" for part, whole in share.parts)
    else:
        formula = f"{units_of(share.remaining)} / {divisor(share.per)}"
    return Step("time_share", operands, formula, share.cycles, share.cycles, clause=clause)  # a share has no unit


def _line(sketch: OfferSketch, figure: Figure, words: Words, currency: str) -> Step:
    settled, raw, rules = sketch.settled, figure.raw, sketch.settled.rules
    rounder, own, _, _ = rules.rounding_in(currency)
    operands, formula = _formula(raw, rules.answer("credit_price"), words)
    if raw.limit is not None:
        operands = (*operands, Operand("limit", -raw.exact, currency))
        formula += f" → {words(raw.exact)}"
    mode, step = own if own is not None and raw.exact.numerator < 0 else (rounder.mode, rounder.of_lines)
    if figure.rounded < 0 and (step > rounder.fine):
        grid, can = money.round_to(raw.exact, step, mode), figures.creditable(settled, sketch.facts, raw)
        if can is not None and -grid > can:
            operands = (*operands, Operand("limit", -grid, currency))
            formula += f" → {words(figure.rounded)}"
    if rounder.place == "net" and (own is None or raw.exact.numerator > 0) and len(sketch.now) > 1:
        mode = "shared"  # so that the lines sum to the rounded sum
    result = figure.rounded if figure.whole is None else figure.whole
    if figure.whole is None:  # exact where the gross amount is rounded once
        result = _taxed_base(figure, rules.tax_place, sketch.facts.catalog.seller.prices)
    if own is not None and raw.exact.numerator < 0:  # credits are rounded as amounts above 0
        mode = _MIRRORED.get(mode, mode)
    rounding = f"{mode} {number(step)}" if result != raw.exact else ""
    decided = "period_change" if settled.change.operation == "period" else "settlement"
    clause = rules.clause("setup_fee" if raw.role == "setup" else decided)
    return Step(
        code=f"{raw.component.partition(':')[0]}_{raw.how}" if raw.component != raw.how else raw.how,
        operands=operands,
        formula=formula,
        unrounded=raw.exact,
        result=result,
        rounding=rounding,
        unit=currency,
        clause=clause,
    )


def _listed(figures_: tuple[Figure, ...]) -> dict[Fraction, None]:
    """The prices of the list among the operands, each once."""
    found: dict[Fraction, None] = {}
    for raw in dict.fromkeys(figure.raw for figure in figures_):
        found.update(dict.fromkeys(part.price for part in raw.values if not part.billed))
        found.update(dict.fromkeys(price for price in (raw.old_price, raw.price) if price is not None))
    return found


def _discounts(sketch: OfferSketch, figures_: tuple[Figure, ...], words: Words) -> Iterator[Step]:
    """How each price that a discount lowers comes from the price of the list."""
    service, settled = sketch.facts.service, sketch.settled
    deal, change, rules = settled.deal, settled.change, settled.rules
    of_policy = rules.answer("charge_price") in ("less_percent", "ladder")
    if service.discount is None and not of_policy and not rules.payment_discount(method=service.payment_method):
        return
    items, told = {item.component: item for item in change.items}, set()
    for raw in dict.fromkeys(figure.raw for figure in figures_):
        item = items.get(raw.component)
        if item is None:
            continue
        new = item.new_price(raw.length or change.new_length, deal.priced_on)
        old = item.old_price(change.old_length, deal.bought_on)
        credited = [raw.old_price, *(part.price for part in raw.values if not part.billed)]
        asked = [(new, raw.price, "charge_price"), *((old, price, "credit_price") for price in credited)]
        for listed, price, dimension in asked:
            if listed is None or price is None or not 0 < price < listed.amount or (listed.amount, price) in told:
                continue
            if price != listed.regular and "/" not in number(price / listed.amount * 100):
                told.add((listed.amount, price))
                yield words.less_discount(listed.amount, price, rules.clause(dimension))


def _at_rate(figure: Figure, words: Words, currency: str) -> Step:
    """What of a credit was billed at one tax rate, by the lines that it returns."""
    amounts = [-part for _, part in figure.returns]
    if rest := figure.rounded - money.sum_of(amounts):
        amounts.append(rest)
    formula = " + ".join(map(words, amounts)).replace("+ −", "− ")
    operands = (Operand("rate", figure.rate * 100, "percent"),)
    return Step("at_rate", operands, formula, figure.rounded, figure.rounded, unit=currency)


def _formula(raw: Raw, basis: str, words: Words) -> tuple[tuple[Operand, ...], str]:
    operands = []
    if raw.price is not None:
        operands.append(Operand("price" if raw.how == "missing_months" else "new_price", raw.price))
    if raw.old_price is not None:
        operands.append(Operand("paid_price" if basis == "paid" else "old_price", raw.old_price))
    operands.extend(Operand("paid_price", price) for price in dict.fromkeys(part.price for part in raw.values))
    if raw.how == "missing_months":
        operands.append(Operand("missing_months", raw.detail[0], "months"))
    if raw.how in _OF:
        operands.extend(Operand(*each) for each in zip(_OF[raw.how], raw.detail, strict=False))
    if raw.quantity != 1 or raw.old_quantity not in (0, 1):
        operands.append(Operand("quantity", Fraction(raw.quantity)))
        operands.append(Operand("old_quantity", Fraction(raw.old_quantity)))
    share = raw.share or next((part.share for part in raw.values if part.share is not None), None)
    if share is not None:
        operands.append(Operand("remaining", share.remaining, share.unit))
        operands.append(Operand("per_period", share.per, share.unit))
    return tuple(operands), _written(raw, words)


def _written(raw: Raw, words: Words) -> str:
    """The calculation in numbers."""
    share = raw.share
    times = f"{TIMES}{raw.quantity}" if raw.quantity != 1 else ""
    price = words(raw.price) if raw.price is not None else ""
    if raw.how == "difference" and raw.price is not None:
        return _difference(raw, raw.price, words)
    if raw.how == "full_difference":
        return f"{price or words(Fraction(0))}{times}{MINUS}{words(raw.detail[0])}"
    if raw.how == "value_difference":
        new = words.by_time(price, raw.price, share) if raw.price is not None else words(Fraction(0))
        return f"{new}{times}{MINUS}{_values(raw, words)}"
    if raw.how == "missing_months" and raw.length is not None:
        monthly = "" if raw.length.months == 1 else f" / {divisor(raw.length.months)}"
        return f"{price}{times}{monthly}{TIMES}{number(raw.detail[0])}"
    if raw.how in ("unused", "given_up"):
        return f"−{_values(raw, words)}"
    if raw.how in ("share", "used", "full") and raw.price is not None:
        if raw.role == "difference":  # more units of the same: only those that are added are charged
            times = f"{TIMES}({raw.quantity}{MINUS}{raw.old_quantity})" if raw.old_quantity else times
        if words.rounds_first:
            return f"{words.by_time(price, raw.price, share)}{times}"
        return words.by_time(f"{price}{times}", raw.price, share)
    if raw.how in ("minimum", "rounding"):
        before = words(raw.detail[0])
        return f"{words(raw.detail[0] + raw.exact)}{MINUS}{f'({before})' if raw.detail[0] < 0 else before}"
    if raw.how == "fee" and raw.detail:
        return f"{words(raw.detail[0])}{TIMES}{number(raw.detail[1] * 100)} / 100"
    if raw.how == "penalty" and raw.detail:
        return _saved(raw.detail, words)
    if raw.how == "setup_credit" and len(raw.detail) > 1:
        return f"−{words(raw.detail[0])}{TIMES}{divisor(raw.detail[1])}"
    return words(-raw.limit if raw.limit is not None else raw.exact)


def _saved(detail: tuple[Fraction, ...], words: Words) -> str:
    """What a promotion saved: the regular prices less the promotional ones."""
    several, parts = len(detail) > 3, []
    for regular, price, quantity in zip(detail[::3], detail[1::3], detail[2::3], strict=True):
        text = f"{words(regular)}{MINUS}{words(price)}"
        text = f"({text})" if several or quantity != 1 else text
        parts.append(text if quantity == 1 else f"{text}{TIMES}{number(quantity)}")
    return " + ".join(parts)


def _difference(raw: Raw, price: Fraction, words: Words) -> str:
    """(new − old) by the share of time; of one price, by how many units more or fewer."""
    if price == raw.old_price and raw.quantity != raw.old_quantity:
        return f"{words.by_time(words(price), price, raw.share)}{TIMES}({raw.quantity}{MINUS}{raw.old_quantity})"
    new = words(price) if raw.quantity == 1 else f"{raw.quantity}{TIMES}{words(price)}"
    old = _old(raw, words)
    total = price * raw.quantity - (raw.old_price or Fraction(0)) * raw.old_quantity
    return words.by_time(f"({new}{MINUS}{old})" if old else new, total, raw.share)


def _values(raw: Raw, words: Words) -> str:
    """The unused value: each price or billed amount by its remaining share, and the share given back."""
    text = " + ".join(_part(part, words) for part in raw.values).replace(" + −", MINUS) or "0"
    back = raw.detail[0] if raw.detail else Fraction(1)
    if len(raw.values) > 1 or raw.how != "value_difference" or any(part.less for part in raw.values):
        text = f"({text})"
    return text if back == 1 else f"{text}{TIMES}{number(back * 100)} / 100"


def _part(part: Part, words: Words) -> str:
    if part.whole is None:
        return words.by_time(words(part.price), part.price, part.share)
    if not part.less:
        return words(part.whole)
    text = f"{words(part.whole)}{MINUS}{TIMES.join(number(each) for each in part.less)}"
    return f"{text} → {words(part.worth)}" if part.worth == 0 else text


def _old(raw: Raw, words: Words) -> str:
    if raw.old_price is None or not raw.old_quantity:
        return ""
    return words(raw.old_price) if raw.old_quantity == 1 else f"{raw.old_quantity}{TIMES}{words(raw.old_price)}"


def _taxes(sketch: OfferSketch, words: Words) -> list[Step]:
    """One step per rate, or per line where the tax of each line is rounded by itself."""
    rules, treatment = sketch.settled.rules, sketch.facts.buyer.treatment
    seller = sketch.facts.catalog.seller
    place, mode = rules.tax_place, rules.tax_mode
    grid = f"{mode} {number(Fraction(1, 10 ** money.decimals_of(currency=seller.currency)))}"
    groups: dict[object, list[Figure]] = {}
    for index, figure in enumerate(sketch.now):
        groups.setdefault((figure.rate, index if place != "per_rate" else None), []).append(figure)
    steps = []
    for members in groups.values():
        rate = members[0].rate
        base = money.sum_of([_taxed_base(figure, place, seller.prices) for figure in members])
        tax = money.sum_of([figure.taxed.tax.amount for figure in members])
        exact = base * rate if seller.prices == "net" else base * rate / (1 + rate)
        percent = number(rate * 100)
        formula = f"{words(base)}{TIMES}{percent} / " + ("100" if seller.prices == "net" else number(100 + rate * 100))
        operands = (Operand("base", base, seller.currency), Operand("rate", rate * 100, "percent"))
        code = "tax" if treatment == "standard" or (rate and treatment != "oss") else f"tax_{treatment}"
        rounding = grid if exact != tax else ""
        steps.append(Step(code, operands, formula, exact, tax, rounding=rounding, unit=seller.currency))
        net = money.sum_of([figure.taxed.net.amount for figure in members])
        if seller.prices == "net" and net != base:
            steps.extend(renewal_steps.rest(members[0].taxed, base=base, rate=rate, words=words, mode=mode))
    return steps


def _taxed_base(figure: Figure, place: str, prices: str) -> Fraction:
    """Of what the tax is taken: the rounded line, or its exact amount where the gross amount is rounded once."""
    on_gross = place == "on_gross" or (place == "credits_on_gross" and figure.rounded < 0)
    return figures.exact_of(figure, figure.rounded) if on_gross and prices == "net" else figure.rounded


def _extra(settled: Settled, words: Words, currency: str) -> list[Step]:
    """The unused value, and the time that it buys; or the unused time itself."""
    more = settled.outcome.more
    if more is None:
        return []
    steps: list[Step] = []
    clause = settled.rules.clause("settlement")
    for raw in more.spent:
        operands, _ = _formula(raw, "", words)
        formula = _values(raw, words) if raw.limit is None and raw.values else words(-raw.exact)
        exact = money.sum_of([part.worth for part in raw.values]) * (raw.detail[0] if raw.detail else 1)
        exact = exact if raw.values and raw.limit is None else -raw.exact
        rounding = "half_up" if exact != -raw.exact else ""
        step = Step("unused_value", operands, formula, exact, -raw.exact, rounding, unit=currency, clause=clause)
        steps.extend((*words.rounded_first(), step))
    found, exact = more.length, more.exact
    unit = found.unit if found is not None else "day"
    result = exact if found is None else Fraction(found.count)
    value = more.value
    if more.unused is not None:
        operands, formula = (Operand("unused_time", exact, unit),), number(exact)
    else:
        per, price = more.per(), more.price
        operands = (
            Operand("value", value, currency),
            Operand("units_per_period", per, unit),
            Operand("new_price", price, currency),
        )
        formula = f"{words(value)}{TIMES}{number(per)} / {words(price)}"
    rounding = str(settled.rules.chosen["settlement"].params.get("rounding", "down")) if result != exact else ""
    steps.append(Step("extra_time", operands, formula, exact, result, rounding=rounding, unit=unit, clause=clause))
    return steps
