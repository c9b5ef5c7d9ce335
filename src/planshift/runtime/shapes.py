"""A query that is asked all the time: how is it put together only once?

Django writes a query's text anew whenever it is asked; for one that joins half a dozen tables this takes longer than
the database needs to answer. A `Shape` is built like every other query, with `text`, `whole` or `day` in the places of
its values. Its text is kept, and filled in when it is asked:

    _OF_CLIENT = shapes.Shape(lambda: Service.objects.filter(client__number=shapes.text("client")).order_by("pk"))
    rows = _OF_CLIENT.ask(client="C-1001")
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, models, transaction
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
        made = self._made.get(connection.vendor)
        if made is None:
            made = self._made[connection.vendor] = _made(self._build())
        if made.names != given.keys():
            raise TypeError(f"given are {sorted(given)}, not {sorted(made.names)}")
        if made.locks and not connection.in_atomic_block:
            raise transaction.TransactionManagementError("a lock needs a transaction")
        params = [
            each.output_field.get_db_prep_value(given[each.name], connection=connection)
            if type(each) is Given
            else each
            for each in made.params
        ]
        with connection.cursor() as cursor:
            cursor.execute(made.sql, params)
            return made.read(cursor.fetchall())

    def first(self, **given: Any) -> Row | None:
        """Its first row; the query should say that it wants one."""
        return next(iter(self.ask(**given)), None)


def _made(query: "models.QuerySet[Any, Any]") -> _Made:
    compiler = query.query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    return _Made(
        sql=sql,
        params=tuple(params),
        names=frozenset(each.name for each in params if type(each) is Given),
        locks=query.query.select_for_update,
        read=_reader(query, compiler),
    )


def _reader(query: "models.QuerySet[Any, Any]", compiler: Any) -> Callable[[Sequence[Any]], list[Any]]:
    """What makes objects, or values, of the rows of the database, as Django's own iteration does."""
    converters = compiler.get_converters([each[0] for each in compiler.select[: compiler.col_count]])

    def converted(rows: Sequence[Any]) -> Any:
        return compiler.apply_converters(rows, converters) if converters else rows

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
            one = info["model"].from_db(query.db, names, row[start:end])
            for each in joined:
                each.populate(row, one)
            for name, column in annotated:
                setattr(one, name, row[column])
            found.append(one)
        return found

    return objects
