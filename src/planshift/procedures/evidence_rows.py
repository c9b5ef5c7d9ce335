"""How does a row stand in an evidence pack? Columns by name, amounts as decimal strings, instants in UTC."""

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

from django.db.models import BinaryField, Model

from planshift.domain.exact import Fraction
from planshift.domain.money import Money

_SECRET = frozenset({"signal_key", "sealed", "token", "password", "secret", "secrets"})


def of_rows(rows: Iterable[Model], *, currency: str = "") -> list[dict[str, Any]]:
    """Each row as `row_of`; `currency` of rows that do not name their own."""
    return [row_of(row, currency=currency) for row in rows]


def row_of(row: Model, *, currency: str = "") -> dict[str, Any]:
    """The columns of a row. Bytes are left out (they have files of their own), and what could open a door."""
    currency = str(getattr(row, "currency", "") or currency)
    found: dict[str, Any] = {}
    for column in row._meta.concrete_fields:
        if isinstance(column, BinaryField) or column.name in _SECRET:
            continue
        value = getattr(row, column.attname)
        if currency and column.name.endswith("_minor"):
            found[column.name.removesuffix("_minor")] = (
                None if value is None else Money.from_minor(value, currency).text
            )
        else:
            found[column.attname] = plain(value)
    return found


def plain(value: Any) -> Any:
    """As JSON can hold it. TypeError for what has no plain form: nothing slips in as its repr."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Money):
        return {"amount": value.text, "currency": value.currency}
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        made = [plain(each) for each in value]
        return sorted(made) if isinstance(value, set | frozenset) else made
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    raise TypeError(f"{type(value).__name__} has no plain form")
