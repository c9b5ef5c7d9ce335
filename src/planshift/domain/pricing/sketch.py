"""How was each figure found? Words an offer's computation as steps, when they are asked for."""

from dataclasses import dataclass, replace

from planshift.domain import facts as known
from planshift.domain import money
from planshift.domain.catalog import Seller
from planshift.domain.errors import BadMoney
from planshift.domain.exact import Exact, Fraction
from planshift.domain.offer import Renewal
from planshift.domain.policy.given import Part, Raw, Share
from planshift.domain.policy.rounding import Rounder
from planshift.domain.pricing import afterwards, figures
from planshift.domain.pricing.figures import Figure
from planshift.domain.pricing.settle import Settled
from planshift.domain.tax import Taxed
from planshift.domain.working import Operand, Step

_TIMES, _MINUS = " × ", " − "
_NONE = Fraction(0)
_OF = {  # what the details of a line without a price are
    "fee": ("charges", "percent_of_charges"),
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
        currency = self.facts.catalog.seller.currency
        words = Words(self.settled.rules.rounding_in(currency).lines, currency)
        steps: list[Step] = []
        shares = dict.fromkeys(figure.raw.share for figure in (*self.now, *self.later) if figure.raw.share is not None)
        steps.extend(_share(share, self.settled.rules.clause("time_unit")) for share in shares)
        for figure in (*self.now, *self.later):
            line = _line(self, figure, words, currency)
            steps.extend((*words.rounded_first(), line))
        steps.extend(_taxes(self, words))
        steps.append(_total(self.total, words, currency))
        steps.extend(_extra(self.settled, words, currency))
        if self.renews is not None:
            steps.extend(_renewal(self.settled, self.facts, self.renews, words))
        return tuple(steps)


class Words:
    """Numbers as a person writes them: two decimals at least for money, quotients where no decimal is exact."""

    def __init__(self, rounder: Rounder, currency: str) -> None:
        self._rounder, self._currency = rounder, currency
        self._first: list[Step] = []

    def __call__(self, amount: Fraction) -> str:
        """An amount of money."""
        return number(amount, decimals=2 if self._rounder.fine < 1 else 0)

    @property
    def rounds_first(self) -> bool:
        """Whether a rate or a factor is rounded before anything else."""
        return bool(self._rounder.first)

    def by_time(self, text: str, price: Fraction, share: Share | None) -> str:
        """A price by a share of time. A rate or a factor that is rounded first becomes a step of its own."""
        if share is None:
            return text
        rounder, remaining, per = self._rounder, _units(share.remaining), _divisor(share.per)
        if not rounder.first:
            return f"{text}{_TIMES}{remaining} / {per}"
        rate = rounder.first == "rate"
        exact = Fraction(price if rate else share.remaining, share.per)
        found = money.round_units(exact / rounder.first_step, rounder.first_mode) * rounder.first_step
        formula = f"{text if rate else remaining} / {per}"
        rounding = f"{rounder.first_mode} {number(rounder.first_step)}" if found != exact else ""
        step = Step(rounder.first, (), formula, exact, found, rounding, unit=self._currency if rate else "")
        if step not in self._first:
            self._first.append(step)
        return f"{number(found)}{_TIMES}{remaining}" if rate else f"{text}{_TIMES}{number(found)}"

    def rounded_first(self) -> tuple[Step, ...]:
        """The steps of the rates and factors written since the last call."""
        steps, self._first = tuple(self._first), []
        return steps


def _divisor(value: Exact) -> str:
    text = number(value)
    return f"({text})" if "/" in text else text


def _units(value: Exact) -> str:
    """Units of time: whole ones and the share of a begun one stay apart, as they are counted: "(3 + 18/31)"."""
    text = number(value)
    whole, rest = divmod(value, 1)
    return f"({whole} + {rest.numerator}/{rest.denominator})" if "/" in text and whole > 0 else text


def number(value: Exact, *, decimals: int = 0) -> str:
    """A plain decimal, or a quotient "352/3" where no short decimal is exact; with a true minus."""
    sign, size = ("−", -value) if value.numerator < 0 else ("", value)
    try:
        return sign + money.decimal_text(size, decimals=decimals)
    except BadMoney:
        return f"{sign}{size.numerator}/{size.denominator}"


def _share(share: Share, clause: str) -> Step:
    operands = (Operand("remaining", share.remaining, share.unit), Operand("per_period", share.per, share.unit))
    if share.parts:
        formula = " + ".join(f"{_units(part)} / {_divisor(whole)}" for part, whole in share.parts)
    else:
        formula = f"{_units(share.remaining)} / {_divisor(share.per)}"
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
    rounding = f"{mode} {number(step)}" if figure.rounded != raw.exact else ""
    decided = "period_change" if settled.change.operation == "period" else "settlement"
    clause = rules.clause("setup_fee" if raw.role == "setup" else decided)
    return Step(
        code=f"{raw.component.partition(':')[0]}_{raw.how}" if raw.component != raw.how else raw.how,
        operands=operands,
        formula=formula,
        unrounded=raw.exact,
        result=figure.rounded,
        rounding=rounding,
        unit=currency,
        clause=clause,
    )


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
    times = f"{_TIMES}{raw.quantity}" if raw.quantity != 1 else ""
    price = words(raw.price) if raw.price is not None else ""
    if raw.how == "difference" and raw.price is not None:
        return _difference(raw, raw.price, words)
    if raw.how == "full_difference":
        return f"{price or words(Fraction(0))}{times}{_MINUS}{words(raw.detail[0])}"
    if raw.how == "value_difference":
        new = words.by_time(price, raw.price, share) if raw.price is not None else words(Fraction(0))
        return f"{new}{times}{_MINUS}{_values(raw, words)}"
    if raw.how == "missing_months" and raw.length is not None:
        monthly = "" if raw.length.months == 1 else f" / {_divisor(raw.length.months)}"
        return f"{price}{times}{monthly}{_TIMES}{number(raw.detail[0])}"
    if raw.how in ("unused", "given_up"):
        return f"−{_values(raw, words)}"
    if raw.how in ("share", "used", "full") and raw.price is not None:
        if raw.role == "difference":  # more units of the same: only those that are added are charged
            times = f"{_TIMES}({raw.quantity}{_MINUS}{raw.old_quantity})" if raw.old_quantity else times
        if words.rounds_first:
            return f"{words.by_time(price, raw.price, share)}{times}"
        return words.by_time(f"{price}{times}", raw.price, share)
    if raw.how in ("minimum", "rounding"):
        before = words(raw.detail[0])
        return f"{words(raw.detail[0] + raw.exact)}{_MINUS}{f'({before})' if raw.detail[0] < 0 else before}"
    if raw.how == "fee" and raw.detail:
        return f"{words(raw.detail[0])}{_TIMES}{number(raw.detail[1] * 100)} / 100"
    if raw.how == "setup_credit" and len(raw.detail) > 1:
        return f"−{words(raw.detail[0])}{_TIMES}{_divisor(raw.detail[1])}"
    return words(-raw.limit if raw.limit is not None else raw.exact)


def _difference(raw: Raw, price: Fraction, words: Words) -> str:
    """(new − old) by the share of time; of one price, by how many units more or fewer."""
    if price == raw.old_price and raw.quantity != raw.old_quantity:
        return f"{words.by_time(words(price), price, raw.share)}{_TIMES}({raw.quantity}{_MINUS}{raw.old_quantity})"
    new = words(price) if raw.quantity == 1 else f"{raw.quantity}{_TIMES}{words(price)}"
    old = _old(raw, words)
    total = price * raw.quantity - (raw.old_price or Fraction(0)) * raw.old_quantity
    return words.by_time(f"({new}{_MINUS}{old})" if old else new, total, raw.share)


def _values(raw: Raw, words: Words) -> str:
    """The unused value: each price or billed amount by its remaining share, and the share given back."""
    text = " + ".join(_part(part, words) for part in raw.values).replace(" + −", _MINUS) or "0"
    back = raw.detail[0] if raw.detail else Fraction(1)
    if len(raw.values) > 1 or raw.how != "value_difference" or any(part.less for part in raw.values):
        text = f"({text})"
    return text if back == 1 else f"{text}{_TIMES}{number(back * 100)} / 100"


def _part(part: Part, words: Words) -> str:
    if part.whole is None:
        return words.by_time(words(part.price), part.price, part.share)
    if not part.less:
        return words(part.whole)
    text = f"{words(part.whole)}{_MINUS}{_TIMES.join(number(each) for each in part.less)}"
    return f"{text} → {words(part.worth)}" if part.worth == 0 else text


def _old(raw: Raw, words: Words) -> str:
    if raw.old_price is None or not raw.old_quantity:
        return ""
    return words(raw.old_price) if raw.old_quantity == 1 else f"{raw.old_quantity}{_TIMES}{words(raw.old_price)}"


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
        formula = f"{words(base)}{_TIMES}{percent} / " + ("100" if seller.prices == "net" else number(100 + rate * 100))
        operands = (Operand("base", base, seller.currency), Operand("rate", rate * 100, "percent"))
        code = "tax" if treatment == "standard" or (rate and treatment != "oss") else f"tax_{treatment}"
        rounding = grid if exact != tax else ""
        steps.append(Step(code, operands, formula, exact, tax, rounding=rounding, unit=seller.currency))
    return steps


def _taxed_base(figure: Figure, place: str, prices: str) -> Fraction:
    """Of what the tax is taken: the rounded line, or its exact amount where the gross amount is rounded once."""
    on_gross = place == "on_gross" or (place == "credits_on_gross" and figure.rounded < 0)
    return figure.raw.exact if on_gross and prices == "net" and figure.raw.limit is None else figure.rounded


def _renewal_tax(tax: Fraction, base: Fraction, rate: Fraction, words: Words, seller: Seller, mode: str) -> Step:
    """The tax on a net amount, or the tax inside a gross one."""
    net = seller.prices == "net"
    exact = base * rate if net else base * rate / (1 + rate)
    formula = f"{words(base)}{_TIMES}{number(rate * 100)} / {100 if net else number(100 + rate * 100)}"
    operands = (Operand("base", base, seller.currency), Operand("rate", rate * 100, "percent"))
    grid = number(Fraction(1, 10 ** money.decimals_of(currency=seller.currency)))
    rounding = f"{mode} {grid}" if exact != tax else ""
    return Step("next_renewal_tax", operands, formula, exact, tax, rounding=rounding, unit=seller.currency)


def _total(total: Taxed, words: Words, currency: str) -> Step:
    net, tax = total.net.amount, total.tax.amount
    formula = f"{words(net)} {'−' if tax < 0 else '+'} {words(abs(tax))}"
    operands = (Operand("net", net, currency), Operand("tax", tax, currency))
    gross = total.gross.amount
    return Step("total", operands, formula, gross, gross, unit=currency)


def _renewal(settled: Settled, facts: known.Facts, renews: Renewal, words: Words) -> list[Step]:
    """What the next renewal is the sum of: the price of each component, less the discount that stays; its tax."""
    basis, seller, taxed = afterwards.renewal_basis(settled, facts, renews.on), facts.catalog.seller, renews.amount
    currency, clause = seller.currency, settled.rules.clause("renewal")
    formula = " + ".join(
        words(price) if quantity == 1 else f"{quantity}{_TIMES}{words(price)}" for _, quantity, price in basis.prices
    )
    formula = f"({formula})" if len(basis.prices) > 1 and (basis.less or basis.inside) else formula or words(_NONE)
    if basis.less:
        formula += f"{_TIMES}{number(100 - basis.less * 100)} / 100"
    if basis.inside:
        formula += f"{_TIMES}100 / {number(100 + basis.inside * 100)}"
    each = basis.exact()
    exact = money.sum_of(each)
    listed = taxed.net.amount if seller.prices == "net" else taxed.gross.amount
    rounder = settled.rules.rounding_in(currency).lines
    rounding = f"{rounder.mode} {number(rounder.step)}" if listed != exact else ""
    operands = tuple(Operand(code, price, currency) for code, _, price in basis.prices)
    steps = [
        Step("next_renewal", operands, formula, exact, listed, rounding, unit=currency, clause=clause),
        _renewal_tax(taxed.tax.amount, listed, basis.rate, words, seller, settled.rules.tax_mode),
    ]
    if seller.prices == "net":
        steps.append(replace(_total(taxed, words, currency), code="next_renewal_total"))
    return steps


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
        formula = f"{words(value)}{_TIMES}{number(per)} / {words(price)}"
    rounding = str(settled.rules.chosen["settlement"].params.get("rounding", "down")) if result != exact else ""
    steps.append(Step("extra_time", operands, formula, exact, result, rounding=rounding, unit=unit, clause=clause))
    return steps
