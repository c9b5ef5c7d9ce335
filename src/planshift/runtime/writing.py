"""How is one row written without putting the statement together anew?

Django makes the text of every INSERT and UPDATE again, and asks each field for the form of each value. Here the text is
kept for every model and choice of columns, and a value that is plain already goes to the database as it is.
Constraints, triggers and errors are those of every other statement.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, TypeVar

from django.db import connection, models, transaction

Row = TypeVar("Row", bound=models.Model)
Form = Callable[[Any], Any]

_WHOLE = (models.IntegerField, models.AutoField, models.ForeignKey)  # those of other sizes are kinds of IntegerField
_WORDS = (models.CharField, models.TextField)


def forms(model: type[models.Model]) -> Mapping[str, Form]:
    """What makes of a value of each column what the database takes, by attribute name."""
    return _forms(model, connection.vendor)


def add(row: Row) -> Row:
    """Write one new row, as `row.save(force_insert=True)` does; its pk is set."""
    model, own, here = type(row), row.__dict__, transaction.get_connection()
    statement, columns = _insertion(model, here.vendor)
    with here.cursor() as cursor:
        cursor.execute(statement, [form(own[name]) for name, form in columns])
        own[model._meta.pk.attname] = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, here.alias
    return row


def update(model: type[models.Model], where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """As `model.objects.filter(**where).update(**values)`, by names of columns (values: rows of foreign keys too); how
    many rows there were. A value may be another column (`F`)."""
    named, here = tuple(values.items()), transaction.get_connection()
    others = tuple((name, str(vars(value)["name"])) for name, value in named if type(value) is models.F)
    absent = tuple(name for name, value in where.items() if value is None)
    statement, of_values, of_where = _change(model, here.vendor, tuple(values), others, tuple(where), absent)
    given = [
        form(_plain(value)) for form, (_, value) in zip(of_values, named, strict=True) if type(value) is not models.F
    ]
    given += [form(value) for form, value in zip(of_where, where.values(), strict=True) if value is not None]
    with here.cursor() as cursor:
        cursor.execute(statement, given)
        return int(cursor.rowcount)


def change(row: models.Model, *names: str) -> None:
    """Write these fields of a row, as `row.save(update_fields=names)` does. DoesNotExist where it is gone."""
    if update(type(row), {"pk": row.pk}, {name: getattr(row, name) for name in names}) != 1:
        raise type(row).DoesNotExist(f"{type(row).__name__} {row.pk} is gone")  # type: ignore[attr-defined]


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


@cache
def _forms(model: type[models.Model], vendor: str) -> Mapping[str, Form]:
    return {field.attname: _form(field, vendor) for field in model._meta.local_concrete_fields}


def _form(field: "models.Field[Any, Any]", vendor: str) -> Form:
    """What is of the type that the database takes anyway is not looked at; all else goes Django's way."""
    plain: tuple[type, ...] = (type(None),) if isinstance(field, models.DateField) else ()
    if isinstance(field, _WHOLE):
        plain = (int, type(None))
    elif isinstance(field, _WORDS):
        plain = (str, type(None))
    elif isinstance(field, models.BooleanField):
        plain = (bool, type(None))

    def form(value: Any) -> Any:
        return value if type(value) in plain else field.get_db_prep_save(value, connection=connection)

    def instant(value: Any) -> Any:
        if type(value) is not dt.datetime or value.tzinfo is None:
            return form(value)
        return _as_text(value) if vendor == "sqlite" else value

    def day(value: Any) -> Any:
        if type(value) is not dt.date:
            return form(value)
        return str(value) if vendor == "sqlite" else value

    def tree(value: Any) -> Any:
        return json.dumps(value) if type(value) in (dict, list) else form(value)

    if isinstance(field, models.JSONField) and vendor == "sqlite" and field.encoder is None:
        return tree
    if isinstance(field, models.DateTimeField):
        return instant
    return day if isinstance(field, models.DateField) else form


@lru_cache(maxsize=256)
def _as_text(instant: dt.datetime) -> str:
    """One moment is written in many columns."""
    return str(connection.ops.adapt_datetimefield_value(instant))


@cache
def _insertion(model: type[models.Model], vendor: str) -> tuple[str, Sequence[tuple[str, Form]]]:
    quote, forms_of = connection.ops.quote_name, _forms(model, vendor)
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    names = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    statement = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING {key}"  # noqa: S608 - names of our tables
    return statement, [(field.attname, forms_of[field.attname]) for field in fields]


@cache
def _change(
    model: type[models.Model],
    vendor: str,
    values: tuple[str, ...],
    others: tuple[tuple[str, str], ...],
    where: tuple[str, ...],
    absent: tuple[str, ...],
) -> tuple[str, Sequence[Form], Sequence[Form]]:
    quote, forms_of, from_other = connection.ops.quote_name, _forms(model, vendor), dict(others)

    def field_of(name: str) -> Any:
        return model._meta.pk if name == "pk" else model._meta.get_field(name)

    def column(name: str) -> str:
        return quote(str(field_of(name).column))

    def set_to(name: str) -> str:
        return f"{column(name)} = {column(from_other[name]) if name in from_other else '%s'}"

    sets = ", ".join(map(set_to, values))
    wanted = " AND ".join(f"{column(name)} IS NULL" if name in absent else f"{column(name)} = %s" for name in where)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE {wanted}"  # noqa: S608 - names of our tables
    return (
        statement,
        [forms_of[field_of(name).attname] for name in values],
        [forms_of[field_of(name).attname] for name in where],
    )
