"""How was it calculated? Each step of a working in words: formula, operands, unrounded value, rounding, clause."""

import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from planshift.domain.exact import Fraction
from planshift.interfaces.presenters import amounts
from planshift.interfaces.presenters.regulation import sentences, writing

OPERANDS = {
    "price": _("price"),
    "regular_price": _("regular price"),
    "new_price": _("new price"),
    "old_price": _("old price"),
    "paid_price": _("price paid"),
    "quantity": _("additional amount"),
    "old_quantity": _("additional amount until now"),
    "missing_months": _("months missing"),
    "remaining": _("time left"),
    "per_period": _("whole term"),
    "charges": _("all that is charged"),
    "percent_of_charges": _("percentage of it"),
    "percent_of_price": _("percentage of it"),
    "setup_paid": _("set-up fee paid"),
    "remaining_share": _("share of the term left"),
    "sum_of_lines": _("sum of the lines"),
    "limit": _("before the limit to what was paid"),
    "base": _("net amount"),
    "net": _("net amount"),
    "tax": _("VAT"),
    "tax_reverse_charge": _("VAT: reverse charge, you account for it yourself"),
    "tax_outside_scope": _("VAT: none, outside its scope"),
    "tax_exempt": _("VAT: exempt"),
    "tax_oss": _("VAT of your country"),
    "rate": _("VAT rate"),
}
UNITS = {
    "months": _("months"),
    "days": _("days"),
    "hours": _("hours"),
    "minutes": _("minutes"),
    "seconds": _("seconds"),
    "terms": _("terms"),
}  # of a number that is not whole; whole ones are counted
ROUNDINGS = {
    "half_up": _("half up"),
    "half_even": _("half to even"),
    "half_down": _("half down"),
    "down": _("down"),
    "up": _("up"),
    "floor": _("towards minus infinity"),
    "ceiling": _("towards plus infinity"),
    "shared": _("so that the lines sum to the rounded total"),
}


class Operand(NamedTuple):
    """One number of a formula: its name and its value with the unit."""

    name: str
    value: str


class Shown(NamedTuple):
    """One step as the page shows it."""

    code: str
    title: str
    formula: str  # "" where it would only repeat the result
    sign: str  # "=", or "≈" before a rounded result
    result: str
    operands: list[Operand]
    unrounded: str
    rounding: str
    clause: str


def show(step: Any, names: Mapping[str, Any]) -> Shown:
    """A step of domain.working in words, with the numbers in the reader's notation."""
    return Shown(
        code=step.code,
        title=_title(step.code),
        formula=_formula(step),
        sign="=" if step.result == step.unrounded else "≈",
        result=_value(step.result, step.unit) if step.unit else exact(step.result),
        operands=[
            Operand(
                str(OPERANDS.get(each.code) or amounts.words(names.get(each.code)) or each.code.replace("_", " ")),
                _value(each.value, each.unit or (step.unit if each.code.endswith("price") else "")),
            )
            for each in step.operands
        ],
        unrounded=exact(step.unrounded),
        rounding=_rounding(step.rounding),
        clause=step.clause,
    )


def _title(code: str) -> str:
    """What a step finds, in the words of the regulation's examples."""
    steps = [sentences.texts(language).get("steps", {}) for language in (_language(), "en")]
    return str(next((each[code] for each in steps if code in each), code.replace("_", " ").capitalize()))


def _language() -> str:
    language = (translation.get_language() or "en")[:2]
    return language if language in sentences.LANGUAGES else "en"


def _formula(step: Any) -> str:
    """The engine's formula in the reader's notation; "" where it is the result itself."""
    formula = str(step.formula)
    if not re.search(r"[^0-9.,−]", formula):
        return ""
    comma = amounts.plain(Decimal("0.1")).strip("01")
    return re.sub(r"(?<=\d)\.(?=\d)", comma, formula)


def exact(value: Fraction) -> str:
    """The unrounded value: a decimal when one is exact, else ten digits and an ellipsis."""
    if (value * 10**12).denominator == 1:
        return amounts.plain(value)
    digits = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{amounts.plain(digits.quantize(Decimal('1e-10'), ROUND_DOWN))}…"


def _value(value: Fraction, unit: str) -> str:
    if len(unit) == 3 and unit.isupper():
        return amounts.figure(value, unit)
    if unit == "percent":
        return amounts.percent(value / 100)
    word = UNITS.get(unit)
    if word and unit != "terms" and value.denominator == 1:
        return writing.units(value.numerator, unit.removesuffix("s"), _language())
    return f"{amounts.number(value)}{amounts.NOBREAK}{word}" if word else amounts.number(value)


def _rounding(rule: str) -> str:
    mode, _space, unit = rule.partition(" ")
    word = ROUNDINGS.get(mode)
    if not (word and unit):
        return str(word or rule)
    return _("to %(unit)s, %(mode)s") % {"mode": word, "unit": amounts.plain(Decimal(unit))}
