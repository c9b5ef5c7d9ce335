"""How were the taxes and the total of a decrease found, as its documents have them?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from planshift.domain import correction, money, quote
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.pricing import words
from planshift.domain.working import Operand, Step
from planshift.procedures import placing

_ROUNDED = "half_up 0.01"  # the tax of a correction, as `correction_tax` finds it


def steps(*, billed: quote.Offer, corrections: Sequence[correction.Correction], prices: str) -> tuple[Step, ...]:
    """The working of `billed` with the taxes of its corrective documents and of the invoice of what is charged beside
    them, and with its total. `prices`: net or gross, as the seller's are."""
    taxes = [step for step in billed.working if step.code == "tax" or step.code.startswith("tax_")]
    found: list[Step] = []
    for step in billed.working:
        if step.code == "total":
            found.append(_total(step, billed))
        elif step not in taxes:
            found.append(step)
        elif step == taxes[0]:
            found.extend(_corrected(step, each, prices) for document in corrections for each in document.rates)
            found.extend(_charged(step, billed, prices))
    return tuple(found)


def _corrected(step: Step, of: correction.RateCorrection, prices: str) -> Step:
    """Of one rate of one document: the tax of what is left, less that documented before."""
    base, before, after = (of.after.net if prices == "net" else of.after.gross), of.before.tax, of.after.tax
    found = _tax(step, base, of.vat_percent, prices)
    exact, result = found.unrounded - before.amount, of.difference.tax.amount
    formula, rounding = f"{found.formula} − {_text(before)}", step.rounding or _ROUNDED
    if found.result != after.amount:  # the document's other lines share the rounded tax
        exact, formula = result, f"{_text(after)} − {_text(before)}"
    return replace(found, formula=formula, unrounded=exact, result=result, rounding=rounding if exact != result else "")


def _charged(step: Step, billed: quote.Offer, prices: str) -> Iterator[Step]:
    """Of each rate of what is charged beside the credit."""
    lines = placing.charged(billed)
    for rate in dict.fromkeys(line.tax_rate for line in lines):
        amounts = [line.amount for line in lines if line.tax_rate == rate]
        base = Money.total((each.net if prices == "net" else each.gross for each in amounts), currency=billed.currency)
        found, tax = _tax(step, base, rate * 100, prices), sum((each.tax.amount for each in amounts), Fraction(0))
        if found.result != tax:  # each line's is rounded by itself
            text = " + ".join(_text(each.tax) for each in amounts)
            found = replace(found, formula=text, unrounded=tax, result=tax, rounding="")
        yield found


def _tax(step: Step, base: Money, percent: Fraction, prices: str) -> Step:
    """`step` told of a base: base x rate, or the tax inside a gross one; rounded half up."""
    per = Fraction(100) if prices == "net" else 100 + percent
    exact = base.amount * percent / per
    result = Money(exact, base.currency).rounded().amount
    return replace(
        step,
        operands=(Operand("base", base.amount, base.currency), Operand("rate", percent, "percent")),
        formula=f"{_text(base)} × {words.number(percent)} / {words.number(per)}",
        unrounded=exact,
        result=result,
        rounding=(step.rounding or _ROUNDED) if exact != result else "",
    )


def _total(step: Step, billed: quote.Offer) -> Step:
    net, tax, gross = billed.total.net, billed.total.tax, billed.total.gross
    told = (Operand("net", net.amount, net.currency), Operand("tax", tax.amount, tax.currency))
    sign, size = ("−", -tax) if tax.amount < 0 else ("+", tax)
    formula = f"{_text(net)} {sign} {_text(size)}"
    return replace(step, operands=told, formula=formula, unrounded=gross.amount, result=gross.amount)


def _text(amount: Money) -> str:
    return words.number(amount.amount, decimals=money.decimals_of(currency=amount.currency))
