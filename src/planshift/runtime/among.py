"""Which rows are among these? One parameter however many there are, where the database has arrays.

A list of a thousand in a statement (`pk__in`) is a thousand parameters: writing, splitting and planning that costs more
than reading the rows.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, Value


class _Any(Func):
    """`column = ANY(array)`."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("


def of(name: str, values: Iterable[Any]) -> Any:
    """The condition for `filter` that the column `name` (`pk`, `service_id`, `number`) has one of `values`, which are
    as the database has them: numbers and texts, no objects."""
    wanted = list(values)
    if connection.vendor != "postgresql":
        return Q(**{f"{name}__in": wanted})
    plain = all(type(value) is int for value in wanted)  # then its text is made here; the driver takes its time
    array = "{" + ",".join(map(str, wanted)) + "}" if plain else wanted
    return _Any(F(name), Value(array), output_field=BooleanField())
