"""How does an offer or a refusal look as JSON? Amounts are decimal strings (docs/schemas/quote.json)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from planshift.domain import money
from planshift.domain.errors import BadMoney, Reason
from planshift.domain.exact import Exact, Fraction
from planshift.domain.money import Money
from planshift.domain.offer import Line, Offer, Refusal
from planshift.domain.tax import Taxed
from planshift.domain.working import Step

FORMAT = 1


def encode(result: Offer | Refusal) -> dict[str, Any]:
    """A plain object of strings, numbers, lists and nulls; a refusal has the same keys with nulls and its reasons."""
    return _refusal(result) if isinstance(result, Refusal) else _offer(result)


def _refusal(refusal: Refusal) -> dict[str, Any]:
    keys = [
        "currency",
        "operation",
        "net",
        "tax",
        "gross",
        "direction",
        "kind",
        "kind_reason",
        "settlement",
        "timing",
        "credit_to",
        "effective",
        "due_later",
        "due_later_at",
        "charge",
        "credit",
        "fees",
        "hourly",
        "months_charged",
        "value_used",
        "extra_time",
        "balance_used",
        "balance_left",
        "next_invoice",
        "next_renewal",
        "term_start",
        "term_end",
        "promise",
    ]
    return {
        "format": FORMAT,
        "offered": False,
        **dict.fromkeys(keys),
        "lines": [],
        "later_lines": [],
        "notices": [],
        "working": [],
        "refusals": [_reason(reason) for reason in refusal.reasons],
    }


def _offer(offer: Offer) -> dict[str, Any]:
    charges = [line for line in offer.lines if line.role in ("charge", "next_period")]
    credits_ = [line for line in offer.lines if line.role == "credit"]
    fees = [line for line in offer.lines if line.role not in ("charge", "credit", "difference", "next_period")]
    renewal = offer.next_renewal
    return {
        "format": FORMAT,
        "offered": True,
        "currency": offer.currency,
        "operation": offer.operation,
        **taxed(offer.total),
        "direction": offer.direction,
        "kind": offer.kind,
        "kind_reason": offer.kind_reason,
        "settlement": offer.settlement,
        "timing": offer.timing,
        "credit_to": offer.credit_to,
        "effective": _moment(offer.effective),
        "lines": [_line(line) for line in offer.lines],
        "charge": _sum(charges, offer.currency),
        "credit": _sum(credits_, offer.currency),
        "fees": _sum(fees, offer.currency),
        "due_later": None if offer.due_later is None else taxed(offer.due_later),
        "due_later_at": offer.later_at or None,
        "later_lines": [_line(line) for line in offer.later_lines],
        "hourly": None if offer.hourly is None else offer.hourly.text,
        "months_charged": None if offer.months_charged is None else number(offer.months_charged),
        "value_used": None if offer.value_used is None else offer.value_used.text,
        "extra_time": None if offer.extra_time is None else str(offer.extra_time),
        "balance_used": offer.balance_used.text,
        "balance_left": offer.balance_left.text,
        "next_invoice": None if offer.next_invoice is None else offer.next_invoice.text,
        "next_renewal": None
        if renewal is None
        else {"on": _moment(renewal.on), "period": str(renewal.length), **taxed(renewal.amount)},
        "term_start": _moment(offer.term_start),
        "term_end": _moment(offer.term_end),
        "promise": {
            "business_days_min": offer.promise.business_days_min,
            "business_days_max": offer.promise.business_days_max,
            "on": _moment(offer.promise.on),
        },
        "notices": [{"code": notice.code, "facts": plain(notice.facts)} for notice in offer.notices],
        "working": [_step(step) for step in offer.working],
        "refusals": [],
    }


def taxed(amount: Taxed) -> dict[str, str]:
    """Net, tax and gross as decimal strings."""
    return {"net": amount.net.text, "tax": amount.tax.text, "gross": amount.gross.text}


def _sum(lines: list[Line], currency: str) -> dict[str, str] | None:
    return taxed(Taxed.total((line.amount for line in lines), currency=currency)) if lines else None


def _line(line: Line) -> dict[str, Any]:
    return {
        "role": line.role,
        "component": line.component,
        "code": line.code,
        "quantity": line.quantity,
        **taxed(line.amount),
        "tax_percent": number(line.tax_rate * 100),
        "start": _moment(line.start),
        "end": _moment(line.end),
        "returns": [{"billed": part.billed_id, "amount": part.amount.text} for part in line.returns],
        "facts": plain(line.facts),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "code": step.code,
        "formula": step.formula,
        "operands": [
            {"code": operand.code, "value": number(operand.value), "unit": operand.unit} for operand in step.operands
        ],
        "unrounded": number(step.unrounded),
        "result": number(step.result),
        "rounding": step.rounding,
        "unit": step.unit,
        "clause": step.clause,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "facts": plain(reason.facts)}


def number(value: Exact) -> str:
    """A plain decimal where one is exact, else a quotient "352/3"."""
    try:
        return money.decimal_text(value, decimals=0)
    except BadMoney:
        return f"{value.numerator}/{value.denominator}"


def _moment(moment: date | None) -> str | None:
    return None if moment is None else moment.isoformat()


def plain(value: object) -> Any:
    """Any fact as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, Fraction):
        return number(value)
    if isinstance(value, Money):
        return value.text
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int) else str(value)
