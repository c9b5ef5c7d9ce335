"""How do many rows get into a table at once? On PostgreSQL as a COPY, elsewhere as Django's INSERTs.

A COPY writes the same rows under the same constraints and triggers in about a quarter of the time: no statement text
grows with their number. It is worth its two statements from a few dozen rows on. Its text is made column by column,
since most columns of a batch say the same in every row.
"""

import datetime as dt
import json.encoder
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from django.db import connection, models, transaction
from django.db.models.base import ModelState

from planshift.runtime import writing

Row = TypeVar("Row", bound=models.Model)
Texts = Sequence[str]  # of one column, as COPY reads them

WORTH = 40  # rows from which on a COPY is the faster one
_NULL = r"\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_JSON = json.JSONEncoder(ensure_ascii=False)
_MAKE = getattr(json.encoder, "c_make_encoder", None)  # made once: `encode` makes it anew for every value
_PARTS = _MAKE and _MAKE(
    None, _JSON.default, json.encoder.encode_basestring, None, _JSON.key_separator, _JSON.item_separator, False, False,
    True,
)  # fmt: skip


def create(rows: Iterable[Row]) -> list[Row]:
    """Write new `rows` of one model in the caller's transaction, as `bulk_create` does; their pks are set."""
    new = list(rows)
    if not new:
        return new
    model = type(new[0])
    if not _worth_copying(model, len(new)):
        return [writing.add(new[0])] if len(new) == 1 else model._default_manager.bulk_create(new)
    pk = model._meta.pk.attname
    for row, taken in zip(new, _pks(model, len(new)), strict=True):
        row.__dict__[pk] = taken
    values = [row.__dict__ for row in new]
    fields = model._meta.local_concrete_fields
    _copy(model, fields, [list(map(itemgetter(field.attname), values)) for field in fields], len(new))
    alias = connection.alias
    for row in new:
        state = row._state
        state.adding, state.db = False, alias
    return new


def insert(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """The same from plain values by attribute name (`order_id`, not `order`), for rows that nobody needs afterwards:
    an object of each would cost more than writing it. What is not named has its default."""
    new = list(rows)
    if not new:
        return
    fields, names, own = (shape := _shape(model)).written, shape.names, shape.defaults
    if not _worth_copying(model, len(new)):
        _insert(model, fields, [[row[name] if name in row else own[name] for name in names] for row in new])
        return
    named = new[0].keys()
    if any(row.keys() != named for row in new):
        new = [{**own, **row} for row in new]
        named = own.keys()
    columns = [list(map(itemgetter(name), new)) if name in named else [own[name]] * len(new) for name in names]
    _copy(model, fields, columns, len(new))


def new(model: type[Row], /, **values: Any) -> Row:
    """A new row, not yet written, as `model(**values)` makes it, in a fifth of the time: for rows that are made by the
    thousand. Takes values by name of the field, rows that foreign keys name among them; nothing is checked."""
    shape = _shape(model)
    row = model.__new__(model)
    own, state = row.__dict__, ModelState()
    own["_state"] = state
    own.update(shape.defaults)
    for name, make in shape.made:
        own[name] = make()
    for name, value in values.items():
        foreign = shape.foreign.get(name)
        if foreign is None:
            own[name] = value
        else:
            attribute, there = foreign
            own[attribute] = None if value is None else value.__dict__[there]
            state.fields_cache[name] = value
    return row


class _Shape(NamedTuple):
    """What is known of a model."""

    written: Sequence["models.Field[Any, Any]"]  # all but the pk
    names: Sequence[str]  # their attributes
    defaults: Mapping[str, Any]  # by attribute
    made: Sequence[tuple[str, Callable[[], Any]]]  # of those, the ones that are new for every row
    foreign: Mapping[str, tuple[str, str]]  # name of a foreign key → its attribute, and whose value it has
    copied: bool  # the text of all its columns is known


@cache
def _shape(model: type[models.Model]) -> _Shape:
    fields = model._meta.local_concrete_fields
    written = [field for field in fields if not field.primary_key]
    return _Shape(
        written,
        [field.attname for field in written],
        {field.attname: field.get_default() for field in fields},
        [(field.attname, field.default) for field in fields if field.has_default() and callable(field.default)],
        {
            field.name: (field.attname, field.target_field.attname)
            for field in fields
            if isinstance(field, models.ForeignKey)
        },
        all(isinstance(field, (*_NUMBERS, *_WORDS, *_OTHERS, models.JSONField)) for field in fields),
    )


def _worth_copying(model: type[models.Model], count: int) -> bool:
    return count >= WORTH and connection.vendor == "postgresql" and _shape(model).copied


def _pks(model: type[models.Model], count: int) -> list[int]:
    """The next pks of the table's own sequence."""
    with connection.cursor() as cursor:
        cursor.execute(
            # the name of the sequence in a query of its own: else it is looked up for every pk
            "SELECT nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _insert(
    model: type[models.Model], fields: Sequence["models.Field[Any, Any]"], rows: Sequence[Sequence[Any]]
) -> None:
    """As `bulk_create` does without asking for the new pks, in as many statements as the database needs for them."""
    here = transaction.get_connection()
    head, place, forms = _insertion(model, here.vendor)
    most = here.ops.bulk_batch_size(fields, rows) if len(rows) > 1 else 1
    with here.cursor() as cursor:
        for first in range(0, len(rows), most):
            some = rows[first : first + most]
            values = [form(value) for row in some for form, value in zip(forms, row, strict=True)]
            cursor.execute(head + ", ".join([place] * len(some)), values)


@cache
def _insertion(model: type[models.Model], vendor: str) -> tuple[str, str, Sequence[writing.Form]]:
    """How such a statement begins, the place of one row, and the forms of its values."""
    quote, of = connection.ops.quote_name, writing.forms(model)
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    names = ", ".join(quote(str(field.column)) for field in fields)
    head = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 - names of our own tables
    return head, f"({', '.join(['%s'] * len(fields))})", [of[field.attname] for field in fields]


def _copy(
    model: type[models.Model], fields: Sequence["models.Field[Any, Any]"], columns: Sequence[list[Any]], count: int
) -> None:
    """Errors of the driver come out as Django's, as from every other statement."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    texts = [_texts(field, column) for field, column in zip(fields, columns, strict=True)]
    lines = "\n".join(map("\t".join, zip(*texts, strict=True))) + "\n"
    statement = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.write(lines)


_NUMBERS = (models.ForeignKey, models.IntegerField)
_WORDS = (models.CharField, models.TextField)
_OTHERS = (models.BooleanField, models.DateField, models.DecimalField, models.BinaryField)  # dates: instants too


def _texts(field: "models.Field[Any, Any]", column: list[Any]) -> Texts:
    first = column[0]
    if column.count(first) == len(column) if type(first) in _PLAIN else all(value is first for value in column):
        return [_text(field, first)] * len(column)
    of = set(map(type, column))
    if of == {int} and isinstance(field, _NUMBERS):
        return list(map(str, column))
    if of == {str} and isinstance(field, _WORDS):
        whole = "".join(column)
        return column if whole.isprintable() and "\\" not in whole else [text.translate(_ESCAPES) for text in column]
    if isinstance(field, models.JSONField):  # written once where many rows have the same
        texts = {key: _json(value) for key, value in {id(one): one for one in column}.items()}
        return [texts[key] for key in map(id, column)]
    known = {value: _text(field, value) for value in set(column)}
    return [known[value] for value in column]


_PLAIN = (str, int, type(None), dt.date, dt.datetime)  # equal is the same


def _text(field: "models.Field[Any, Any]", value: Any) -> str:
    if value is None:
        return _NULL
    if isinstance(field, models.JSONField):
        return _json(value)
    if isinstance(field, models.DateTimeField) and value.tzinfo is None:
        raise ValueError(f"{field.name}: an instant without a time zone")
    if isinstance(field, models.BinaryField):
        return rf"\\x{bytes(value).hex()}"
    return str(value).translate(_ESCAPES)


def _json(value: Any) -> str:
    if value is None:
        return _NULL
    text = "".join(_PARTS(value, 0)) if _PARTS else _JSON.encode(value)
    return text.replace("\\", "\\\\")  # of what has a meaning for COPY, JSON leaves only this one
