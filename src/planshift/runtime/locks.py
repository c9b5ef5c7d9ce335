"""In which order are rows locked? In one order everywhere, so that two transactions never wait for each other.

client → service → change → order → execution → document → correction → payment → accounts by id → number series of what
is written → those of the work that follows from it, then nothing but the commit.
A signal (runs.signal) takes no lock; a step takes the lock of its own run after all others.
"""

import enum
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import connection, models, transaction

from planshift.runtime import shapes

Row = TypeVar("Row", bound=models.Model)


class Rank(enum.IntEnum):
    """A model's place in the order: its class attribute `lock_rank`."""

    CLIENT = 10
    SERVICE = 20
    CHANGE = 30
    ORDER = 40
    EXECUTION = 50
    DOCUMENT = 55
    CORRECTION = 57
    PAYMENT = 60
    ACCOUNT = 70
    SERIES = 90
    WORK_SERIES = 95


# Called with the model and the pks of every ordered lock; the test suite checks the order here.
observer: Callable[[type, Sequence[int]], None] | None = None


def lock(query: "models.QuerySet[Row]") -> list[Row]:
    """The rows of `query`, locked until the end of the transaction, in pk order. Needs a transaction."""
    rows = list(for_update(query).order_by("pk"))
    seen(query.model, [row.pk for row in rows])
    return rows


def lock_only(query: "models.QuerySet[Row]") -> list[int]:
    """The same without reading the rows: their pks."""
    pks = list(for_update(query).order_by("pk").values_list("pk", flat=True))
    seen(query.model, pks)
    return pks


def lock_shape(shape: "shapes.Shape[Row]", **given: Any) -> list[Row]:
    """The rows of a query that is put together once, and locks them (`for_update`, in pk order)."""
    rows = shape.ask(**given)
    if rows:
        seen(type(rows[0]), [row.pk for row in rows])
    return rows


def ahead(shape: "shapes.Shape[int]", **given: Any) -> bool:
    """Lock rows before what hangs on them is read; are there any? On SQLite nothing is asked: the transaction holds the
    whole file, and the caller sees by itself."""
    return not connection.features.has_select_for_update or bool(shape.ask(**given))


def for_update(query: "models.QuerySet[Row]", *, skip_locked: bool = False) -> "models.QuerySet[Row]":
    """`query` with row locks. SQLite has none and needs none: its IMMEDIATE transaction holds the whole file
    already.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a lock needs a transaction")
    return query.select_for_update(skip_locked=skip_locked, of=("self",))


def seen(model: type, pks: Sequence[int]) -> None:
    """Tell the observer, if there is one, that these rows are locked now."""
    if observer is not None and pks:
        observer(model, pks)
