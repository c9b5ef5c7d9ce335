"""How do many rows get into a table at once? On PostgreSQL as a COPY, elsewhere as Django's INSERTs.

A COPY writes the same rows under the same constraints and triggers in about a quarter of the time: no statement text
grows with their number. It is worth its two statements from a few dozen rows on.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)
Memo = dict[int, str]
Prepare = Callable[[Any, Memo], Any]

WORTH = 40  # rows from which on a COPY is the faster one


def create(rows: Iterable[Row]) -> list[Row]:
    """Write new `rows` of one model in the caller's transaction, as `bulk_create` does; their pks are set."""
    new = list(rows)
    if not new:
        return new
    model = type(new[0])
    if connection.vendor != "postgresql" or len(new) < WORTH:
        return model._default_manager.bulk_create(new)
    _number(model, new)
    table, columns, attributes, prepare = _shape(model)
    memo: Memo = {}
    with _copy(table, columns) as copy:
        for row in new:
            values = [row.__dict__[name] for name in attributes]
            for place, made in prepare:
                values[place] = made(values[place], memo)
            copy.write_row(values)
    for row in new:
        row._state.adding, row._state.db = False, connection.alias
    return new


def insert(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """The same from plain values by attribute name (`order_id`, not `order`), for rows that nobody needs afterwards:
    an object of each would cost more than writing it. What is not named has its default."""
    new = list(rows)
    if connection.vendor != "postgresql" or len(new) < WORTH:
        model._default_manager.bulk_create([model(**row) for row in new])
        return
    table, _, attributes, prepare = _shape(model)
    defaults = _defaults(model)
    places = [place for place, name in enumerate(attributes) if name != model._meta.pk.attname]
    prepared = dict(prepare)
    names = [(attributes[place], prepared.get(place)) for place in places]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(model._meta.local_concrete_fields[place].column)) for place in places)
    memo: Memo = {}
    with _copy(table, columns) as copy:
        for row in new:
            full = {**defaults, **row}
            copy.write_row([full[name] if made is None else made(full[name], memo) for name, made in names])


@contextmanager
def _copy(table: str, columns: str) -> Iterator[Any]:
    """Errors of the driver come out as Django's, as from every other statement."""
    statement = f"COPY {table} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        yield copy


@cache
def _defaults(model: type[models.Model]) -> dict[str, Any]:
    return {each.attname: each.get_default() for each in model._meta.local_concrete_fields}


def _number(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """The rows get their pks from the table's own sequence, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, len(rows)],
        )
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk


@cache
def _shape(model: type[models.Model]) -> tuple[str, str, list[str], list[tuple[int, Prepare]]]:
    """Table, columns and attributes of a model, and what is done to the values of some places before they go out."""
    fields = model._meta.local_concrete_fields
    quote = connection.ops.quote_name
    prepare: list[tuple[int, Prepare]] = [
        (place, _json if isinstance(field, models.JSONField) else _by(field))
        for place, field in enumerate(fields)
        if not isinstance(field, _PLAIN)
    ]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    return quote(model._meta.db_table), columns, [field.attname for field in fields], prepare


# Their Python values are what the driver wants.
_PLAIN = (
    models.ForeignKey, models.IntegerField, models.CharField, models.TextField, models.BooleanField,
    models.DateField, models.DecimalField, models.BinaryField,
)  # fmt: skip


def _json(value: Any, memo: Memo) -> str:
    """Written once where many rows share one object (it lives as long as they do)."""
    key = id(value)
    if key not in memo:
        memo[key] = json.dumps(value)
    return memo[key]


def _by(field: Any) -> Prepare:
    def prepared(value: Any, memo: Memo) -> Any:
        return field.get_db_prep_save(value, connection)

    return prepared
