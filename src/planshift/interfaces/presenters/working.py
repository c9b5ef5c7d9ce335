"""How was it calculated? Each step of a working in words: formula, operands, unrounded value, rounding, clause."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from planshift.interfaces.presenters import amounts

STEPS = {
    "time_share": _("Share of the term that is left"),
    "plan_difference": _("Price difference for the time that is left"),
    "plan_full_difference": _("Full price difference"),
    "plan_value_difference": _("New price less the value of the old one"),
    "plan_share": _("Price for the time that is left"),
    "plan_full": _("Full price"),
    "plan_used": _("Price of the time used"),
    "plan_unused": _("Unused time of the old plan"),
    "plan_paid": _("Unused part of what was paid"),
    "plan_missing_months": _("Missing months"),
    "resource_difference": _("Difference for the time that is left"),
    "resource_full_difference": _("Full price difference"),
    "resource_share": _("Price for the time that is left"),
    "resource_full": _("Full price"),
    "resource_unused": _("Unused time"),
    "resource_paid": _("Unused part of what was paid"),
    "resource_missing_months": _("Missing months"),
    "setup": _("One-time set-up"),
    "fee": _("Fee"),
    "minimum": _("Up to the smallest charge"),
    "tax": _("VAT"),
    "total": _("Total"),
    "extra_time": _("Time added"),
    "next_renewal": _("Next renewal: the full price"),
}
OPERANDS = {
    "new_price": _("new price"),
    "old_price": _("old price"),
    "quantity": _("amount"),
    "old_quantity": _("amount until now"),
    "remaining": _("time left"),
    "per_period": _("whole term"),
    "limit": _("before the limit to what was paid"),
    "base": _("net amount"),
    "net": _("net amount"),
    "tax": _("VAT"),
    "rate": _("VAT rate"),
}
UNITS = {
    "months": _("months"),
    "days": _("days"),
    "hours": _("hours"),
    "minutes": _("minutes"),
    "seconds": _("seconds"),
    "terms": _("terms"),
}
ROUNDINGS = {
    "half_up": _("half up"),
    "half_even": _("half to even"),
    "half_down": _("half down"),
    "down": _("down"),
    "up": _("up"),
    "floor": _("towards minus infinity"),
    "ceiling": _("towards plus infinity"),
}


class Operand(NamedTuple):
    """One number of a formula: its name and its value with the unit."""

    name: str
    value: str


class Shown(NamedTuple):
    """One step as the page shows it."""

    code: str
    title: str
    formula: str
    result: str
    operands: list[Operand]
    unrounded: str
    rounding: str
    clause: str


def show(step: Any, names: Mapping[str, Any]) -> Shown:
    """A step of domain.working in words. The figures of the formula stay as the engine wrote them."""
    return Shown(
        code=step.code,
        title=str(STEPS.get(step.code, step.code.replace("_", " ").capitalize())),
        formula=_formula(step),
        result=_value(step.result, step.unit),
        operands=[
            Operand(
                str(OPERANDS.get(each.code) or amounts.words(names.get(each.code)) or each.code.replace("_", " ")),
                _value(each.value, each.unit or (step.unit if each.code.endswith("_price") else "")),
            )
            for each in step.operands
        ],
        unrounded=exact(step.unrounded),
        rounding=_rounding(step.rounding),
        clause=step.clause,
    )


def _formula(step: Any) -> str:
    """The engine's formula; the total is shown as what the lines above it add up to."""
    if step.code == "total" and [each.code for each in step.operands] == ["net", "tax"]:
        net, tax = (amounts.plain(each.value) for each in step.operands)
        return f"{net} + {tax}"
    return str(step.formula)


def exact(value: Fraction) -> str:
    """The unrounded value: a decimal when one is exact, else twelve digits, an ellipsis and the fraction itself."""
    if (value * 10**12).denominator == 1:
        return amounts.plain(value)
    digits = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{amounts.plain(digits.quantize(Decimal('1e-10')))}… = {value.numerator}/{value.denominator}"


def _value(value: Fraction, unit: str) -> str:
    if len(unit) == 3 and unit.isupper():
        return amounts.figure(value, unit)
    if unit == "percent":
        return amounts.percent(value / 100)
    word = UNITS.get(unit)
    return f"{amounts.number(value)}{amounts.NOBREAK}{word}" if word else amounts.number(value)


def _rounding(rule: str) -> str:
    mode, _space, unit = rule.partition(" ")
    word = ROUNDINGS.get(mode)
    return _("%(mode)s to %(unit)s") % {"mode": word, "unit": unit} if word and unit else str(word or rule)
