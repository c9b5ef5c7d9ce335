"""A query that is asked all the time: how is it put together only once?

Django writes a query's text anew whenever it is asked; for one that joins half a dozen tables this takes longer than
the database needs to answer. A `Shape` is built like every other query, with `text`, `whole` or `day` in the places of
its values. Its text is kept, and filled in when it is asked:

    _OF_CLIENT = shapes.Shape(lambda: Service.objects.filter(client__number=shapes.text("client")).order_by("pk"))
    rows = _OF_CLIENT.ask(client="C-1001")
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.db import connection, models, transaction
from django.db.models.base import ModelState
from django.db.models.expressions import Expression
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable, get_related_populators

Row = TypeVar("Row", covariant=True)


class Given(Expression):
    """A value of its field's type that is known when the query is asked."""

    def __init__(self, name: str, field: "models.Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """A place for the value, and this in its place."""
        return "%s", [self]


def text(name: str) -> Given:
    """A text that is given as `name`."""
    return Given(name, models.CharField())


def whole(name: str) -> Given:
    """A whole number, such as a pk."""
    return Given(name, models.BigIntegerField())


def day(name: str) -> Given:
    """A day."""
    return Given(name, models.DateField())


@dataclass(frozen=True, slots=True)
class _Made:
    """What is known of a query once its text is written."""

    sql: str
    params: Sequence[Any]
    names: frozenset[str]
    locks: bool
    read: Callable[[Sequence[Any]], list[Any]]


class Shape(Generic[Row]):
    """A query of one table, with what is joined and annotated; or plain values of it (`values_list`)."""

    def __init__(self, build: Callable[[], "models.QuerySet[Any, Row]"]) -> None:
        self._build, self._made = build, dict[str, _Made]()

    def ask(self, **given: Any) -> list[Row]:
        """All its rows. A query that locks needs a transaction."""
        here = transaction.get_connection()
        made = self._made.get(here.vendor)
        if made is None:
            made = self._made[here.vendor] = _made(self._build())
        if made.names != given.keys():
            raise TypeError(f"given are {sorted(given)}, not {sorted(made.names)}")
        if made.locks and not here.in_atomic_block:
            raise transaction.TransactionManagementError("a lock needs a transaction")
        params = [
            each.output_field.get_db_prep_value(given[each.name], connection=here) if type(each) is Given else each
            for each in made.params
        ]
        with here.cursor() as cursor:
            cursor.execute(made.sql, params)
            return made.read(cursor.fetchall())

    def first(self, **given: Any) -> Row | None:
        """Its first row; the query should say that it wants one."""
        return next(iter(self.ask(**given)), None)


def _made(query: "models.QuerySet[Any, Any]") -> _Made:
    compiler = query.query.get_compiler(connection=connection)
    sql, params = _spelled_out(*compiler.as_sql())
    return _Made(
        sql=sql,
        params=tuple(params),
        names=frozenset(each.name for each in params if type(each) is Given),
        locks=query.query.select_for_update,
        read=_reader(query, compiler),
    )


def _spelled_out(sql: str, params: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Words that are always the same (states) stand in the text itself. SQLite plans a query anew for every value that
    it compares with the condition of an index, which takes longer than the query."""
    parts = sql.split("%s")
    if "%%" in sql or len(parts) != len(params) + 1:
        return sql, params
    asked, text = [], parts[0]
    for value, part in zip(params, parts[1:], strict=True):
        if type(value) is str and _WORD.fullmatch(value):
            text += f"'{value}'{part}"
        elif type(value) is int:
            text += f"{value}{part}"
        else:
            asked.append(value)
            text += f"%s{part}"
    return text, asked


_WORD = re.compile(r"[A-Za-z_]+")


def _reader(query: "models.QuerySet[Any, Any]", compiler: Any) -> Callable[[Sequence[Any]], list[Any]]:
    """What makes objects, or values, of the rows of the database, as Django's own iteration does."""
    found = compiler.get_converters([each[0] for each in compiler.select[: compiler.col_count]])
    converters = [
        (place, _converter(one, expression)) for place, (all_of, expression) in found.items() for one in all_of
    ]

    def converted(rows: Sequence[Any]) -> Sequence[Any]:
        if not converters:
            return rows
        changed = list(map(list, rows))
        for row in changed:
            for place, convert in converters:
                if row[place] is not None:  # nothing stays nothing
                    row[place] = convert(row[place])
        return changed

    match query._iterable_class:
        case x if x is FlatValuesListIterable:
            return lambda rows: [row[0] for row in converted(rows)]
        case x if x is ValuesListIterable:
            return lambda rows: [tuple(row) for row in converted(rows)]
        case x if x is not ModelIterable:
            raise TypeError("a shape gives objects or lists of values")
    info = compiler.klass_info
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [each[0].target.attname for each in compiler.select[start:end]]
    joined = get_related_populators(info, compiler.select, query.db)  # type: ignore[call-arg]  # stubs are of 6.0
    annotated = list((compiler.annotation_col_map or {}).items())

    def objects(rows: Sequence[Any]) -> list[Any]:
        found = []
        for row in converted(rows):
            one = _object(info["model"], names, row[start:end], query.db)
            for each in joined:
                _populate(each, row, one)
            for name, column in annotated:
                setattr(one, name, row[column])
            found.append(one)
        return found

    return objects


def _converter(convert: Callable[[Any, Any, Any], Any], expression: Any) -> Callable[[Any], Any]:
    """A day or an instant that many rows have is made once: it cannot change."""

    def one(value: Any) -> Any:
        return convert(value, expression, connection)

    return lru_cache(maxsize=256)(one) if isinstance(expression.output_field, models.DateField) else one


def _object(model: type[models.Model], names: Sequence[str], values: Sequence[Any], alias: str) -> models.Model:
    """A row of a table, as `model.from_db` makes it without asking every field; our models add nothing to that."""
    one = model.__new__(model)
    state = ModelState()
    state.adding, state.db = False, alias
    own = one.__dict__
    own["_state"] = state
    own.update(zip(names, values, strict=True))
    return one


def _populate(joined: Any, row: Sequence[Any], one: models.Model) -> None:
    """Put what is joined in its place, as Django's own populator does."""
    values = (
        row[joined.cols_start : joined.cols_end] if joined.reorder_for_init is None else joined.reorder_for_init(row)
    )
    beside = None if values[joined.pk_idx] is None else _object(joined.model_cls, joined.init_list, values, joined.db)
    if beside is not None:
        for each in joined.related_populators:
            _populate(each, row, beside)
    joined.local_setter(one, beside)
    if beside is not None:
        joined.remote_setter(beside, one)
