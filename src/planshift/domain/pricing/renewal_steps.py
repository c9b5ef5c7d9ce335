"""How is the next renewal found? The price of each component, less the discount that stays, rounded; its tax."""

from planshift.domain import facts as known
from planshift.domain import money
from planshift.domain.catalog import Seller
from planshift.domain.exact import Fraction
from planshift.domain.offer import Renewal
from planshift.domain.pricing import afterwards
from planshift.domain.pricing.afterwards import RenewalBasis
from planshift.domain.pricing.settle import Settled
from planshift.domain.pricing.words import TIMES, Words, number
from planshift.domain.tax import Taxed
from planshift.domain.working import Operand, Step


def of(settled: Settled, *, facts: known.Facts, renews: Renewal, words: Words) -> list[Step]:
    """The steps of the next renewal, whose lines are rounded, and taxed, as those of its invoice."""
    seller, rules = facts.catalog.seller, settled.rules
    basis = afterwards.renewal_basis(settled, facts, renews.on)
    lines = afterwards.renewal_lines(settled, seller, basis)
    place, mode = rules.tax_rounding()
    on_gross = place == "on_gross" and seller.prices == "net"
    listed = [_listed(line, seller) for line in lines]
    steps = _prices(settled, seller, basis, listed, words) if not on_gross else _exact(basis, words, seller.currency)
    bases = basis.exact() if on_gross else listed if place != "per_rate" else [money.sum_of(listed)]
    taxes = [line.tax.amount for line in lines] if len(bases) > 1 or on_gross else [renews.amount.tax.amount]
    for base, tax in zip(bases, taxes, strict=True):
        steps.append(_tax(tax, base, basis.rate, words, seller, mode))
    if on_gross:
        for base, line in zip(bases, lines, strict=True):
            if line.net.amount != base:
                steps.extend(rest(line, base=base, rate=basis.rate, words=words, mode=mode))
        net = " + ".join(words(line.net.amount) for line in lines) or words(Fraction(0))
        amount = renews.amount.net.amount
        clause = rules.clause("renewal")
        steps.append(Step("next_renewal", (), net, amount, amount, unit=seller.currency, clause=clause))
    if seller.prices == "net":
        steps.append(total_of(renews.amount, words=words, code="next_renewal_total"))
    return steps


def _listed(line: Taxed, seller: Seller) -> Fraction:
    return line.net.amount if seller.prices == "net" else line.gross.amount


def _prices(settled: Settled, seller: Seller, basis: RenewalBasis, listed: list[Fraction], words: Words) -> list[Step]:
    """The sum of the prices; each by itself where it is rounded by itself."""
    currency, clause = seller.currency, settled.rules.clause("renewal")
    rounder = settled.rules.rounding_in(currency).lines.of_full_prices
    exact, whole = basis.exact(), money.sum_of(listed)
    grid = f"{rounder.mode} {number(rounder.step)}"
    apart = rounder.place != "net" and len(exact) > 1 and listed != exact
    if not apart:
        formula = _less(" + ".join(_price(each, words) for each in basis.prices) or words(Fraction(0)), basis)
        operands = tuple(Operand(code, price, currency) for code, _, price in basis.prices)
        before = money.sum_of(exact)
        rounding = grid if whole != before else ""
        return [Step("next_renewal", operands, formula, before, whole, rounding, unit=currency, clause=clause)]
    steps = []
    for each, before, after in zip(basis.prices, exact, listed, strict=True):
        operand, formula = Operand(each[0], each[2], currency), _less(_price(each, words), basis)
        rounding = grid if before != after else ""
        steps.append(Step("next_renewal_part", (operand,), formula, before, after, rounding, currency, clause))
    formula = " + ".join(map(words, listed))
    return [*steps, Step("next_renewal", (), formula, whole, whole, unit=currency, clause=clause)]


def _exact(basis: RenewalBasis, words: Words, currency: str) -> list[Step]:
    """The price of each component, not rounded: gross and tax are."""
    return [
        Step("next_renewal_part", (Operand(each[0], each[2], currency),), _less(_price(each, words), basis),
             exact, exact, unit=currency)
        for each, exact in zip(basis.prices, basis.exact(), strict=True)
    ]  # fmt: skip


def _price(each: tuple[str, int, Fraction], words: Words) -> str:
    _, quantity, price = each
    return words(price) if quantity == 1 else f"{quantity}{TIMES}{words(price)}"


def _less(formula: str, basis: RenewalBasis) -> str:
    """A price or a sum of prices, less the discount that stays and the tax that this buyer does not pay."""
    if (basis.less or basis.inside) and " + " in formula:
        formula = f"({formula})"
    if basis.less:
        formula += f"{TIMES}{number(100 - basis.less * 100)} / 100"
    if basis.inside:
        formula += f"{TIMES}100 / {number(100 + basis.inside * 100)}"
    return formula


def _tax(tax: Fraction, base: Fraction, rate: Fraction, words: Words, seller: Seller, mode: str) -> Step:
    """The tax on a net amount, or the tax inside a gross one."""
    net = seller.prices == "net"
    exact = base * rate if net else base * rate / (1 + rate)
    formula = f"{words(base)}{TIMES}{number(rate * 100)} / {100 if net else number(100 + rate * 100)}"
    operands = (Operand("base", base, seller.currency), Operand("rate", rate * 100, "percent"))
    rounding = f"{mode} {_smallest(seller.currency)}" if exact != tax else ""
    return Step("next_renewal_tax", operands, formula, exact, tax, rounding=rounding, unit=seller.currency)


def rest(line: Taxed, *, base: Fraction, rate: Fraction, words: Words, mode: str) -> list[Step]:
    """A gross amount that is rounded once from an exact net one, and the net amount that it leaves."""
    exact, currency, found = base * (1 + rate), line.currency, line.gross.amount
    operands = (Operand("base", base, currency), Operand("rate", rate * 100, "percent"))
    formula = f"{words(base)}{TIMES}{number(100 + rate * 100)} / 100"
    rounding = f"{mode} {_smallest(currency)}" if found != exact else ""
    net, tax = line.net.amount, line.tax.amount
    left = f"{words(found)} {'+' if tax < 0 else '−'} {words(abs(tax))}"
    return [
        Step("gross", operands, formula, exact, found, rounding, currency),
        Step("net", (), left, net, net, unit=currency),
    ]


def total_of(total: Taxed, *, words: Words, code: str) -> Step:
    """Net and tax together."""
    net, tax, currency = total.net.amount, total.tax.amount, total.currency
    formula = f"{words(net)} {'−' if tax < 0 else '+'} {words(abs(tax))}"
    operands = (Operand("net", net, currency), Operand("tax", tax, currency))
    return Step(code, operands, formula, total.gross.amount, total.gross.amount, unit=currency)


def _smallest(currency: str) -> str:
    return number(Fraction(1, 10 ** money.decimals_of(currency=currency)))
