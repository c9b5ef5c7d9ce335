"""Which order does a payment mean? Numbers of orders and payments, and what the title of a transfer says about them.

These numbers come from no series: they need no lock, so orders do not wait for each other, and nobody can guess them.
Only documents are numbered without gaps (`numbering`).
"""

import datetime as dt
import re
from collections.abc import Iterable

from planshift.runtime import references

_AS_DIGITS = str.maketrans({chr(ord("A") + n): str(10 + n) for n in range(26)})
_LENGTH = 9  # random characters; one more checks them
_ORDER = re.compile(rf"(?=[O0]([0-9]{{4}})([0-9A-Z]{{{_LENGTH + 1}}}))")
_PAYMENT = re.compile(rf"(?=P([0-9]{{4}})([0-9A-Z]{{{_LENGTH + 1}}}))")
_CLIENT = re.compile(r"(?<![0-9A-Z])C[\s-]?([0-9]{4,12})(?![0-9A-Z])")


def order_number(*, on: dt.date) -> str:
    """A new order number: O-2611-7K3M9QX2A4 in November 2026; the last character checks the nine before it."""
    return _number("O", on)


def payment_number(*, on: dt.date) -> str:
    """A new payment number, P-2611-…"""
    return _number("P", on)


def attempt_number(*, on: dt.date) -> str:
    """The number of a new attempt to pay at a gateway, A-2611-…"""
    return _number("A", on)


def statement_number(*, on: dt.date) -> str:
    """The number of a bank statement that was read, B-2611-…"""
    return _number("B", on)


def line_number(*, on: dt.date) -> str:
    """The number of one line of a bank statement, L-2611-…"""
    return _number("L", on)


def correction_number(*, on: dt.date) -> str:
    """The number of a new draft of a corrective document, K-2611-…"""
    return _number("K", on)


def payout_number(*, on: dt.date) -> str:
    """The number of a payout of a deposit, W-2611-…"""
    return _number("W", on)


def creditor_reference(*, order: str) -> str:
    """The order's number as structured creditor reference (ISO 11649): two more check digits, and banks know the
    form."""
    body = order.replace("-", "")
    rest = int(f"{body}RF00".translate(_AS_DIGITS)) % 97
    return f"RF{98 - rest:02}{body}"  # ISO 7064, mod 97-10


def orders_in(title: str) -> tuple[str, ...]:
    """Order numbers that a transfer's title names, with or without RF, blanks and hyphens; mistyped ones are not
    found."""
    text = re.sub(r"[^0-9A-Z]", "", title.upper())
    return _once(
        f"O-{found[1]}-{references.normal(found[2])}" for found in _ORDER.finditer(text) if references.valid(found[2])
    )


def clients_in(title: str) -> tuple[str, ...]:
    """Client numbers that a transfer's title may name."""
    return _once(f"C-{found[1]}" for found in _CLIENT.finditer(title.upper()))


def payments_in(title: str) -> tuple[str, ...]:
    """Payment numbers that a title names: what we write when we return a payment."""
    text = re.sub(r"[^0-9A-Z]", "", title.upper())
    return _once(
        f"P-{found[1]}-{references.normal(found[2])}" for found in _PAYMENT.finditer(text) if references.valid(found[2])
    )


def _number(letter: str, on: dt.date) -> str:
    return f"{letter}-{on:%y%m}-{references.make(length=_LENGTH)}"


def _once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
