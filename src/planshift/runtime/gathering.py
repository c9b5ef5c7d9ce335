"""Which rows does nobody read before the commit? Records of what was done: they are written together at the end of a
transaction, with one statement for each table.

They are part of the transaction like every other row: what was gathered in a savepoint that is rolled back is dropped
with it. Whoever reads one of these tables in the middle of a transaction calls `flush` first.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import models, transaction

from planshift.runtime import bulk

Row = Mapping[str, Any]  # values by attribute name


class _Pending:
    """Rows of one table. It stands among the transaction's commit hooks, from which a savepoint that is rolled back
    takes away those that came after it; so does the mark of having been written, which is one of them too."""

    def __init__(self, model: type[models.Model] | None, rows: Iterable[Row]) -> None:
        self.model, self.rows = model, list(rows)
        self.written: _Pending | None = None

    def __call__(self) -> None:
        """Nothing is left to do after the commit."""


class _Here(threading.local):
    depth = 0


_here = _Here()


@contextmanager
def gathered() -> Iterator[None]:
    """Rows given to `later` are written when this block, inside a transaction, ends well; nested, the outermost."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("rows are gathered inside a transaction")
    _here.depth += 1
    try:
        yield
        if _here.depth == 1:
            flush()
    finally:
        _here.depth -= 1
        if not _here.depth:
            for each in _pending():
                each.rows = []


def later(model: type[models.Model], rows: Iterable[Row]) -> None:
    """Write `rows` of `model` at the end of the gathered block; at once where there is none."""
    if _here.depth and (here := transaction.get_connection()).in_atomic_block:
        here.on_commit(_Pending(model, rows))
    else:
        bulk.insert(model, rows)


def flush() -> None:
    """Write now what is gathered so far, in the order in which the tables came up."""
    found: defaultdict[type[models.Model], list[Row]] = defaultdict(list)
    if not (pending := _pending()):
        return
    mark = _Pending(None, ())
    for each in pending:
        assert each.model is not None
        found[each.model] += each.rows
        each.written = mark
    transaction.on_commit(mark)  # gone with its savepoint: what was written there is written again
    for model, rows in found.items():
        bulk.insert(model, rows)


def take(model: type[models.Model], wanted: Callable[[Row], bool]) -> list[Row]:
    """Take gathered rows of `model` out again: they are not written unless the caller does so."""
    taken: list[Row] = []
    for each in _pending():
        if each.model is model:
            taken += [row for row in each.rows if wanted(row)]
            each.rows = [row for row in each.rows if not wanted(row)]
    return taken


def _pending() -> list[_Pending]:
    """Those that hold rows which are not written, or were written in a savepoint that is no more."""
    known = [each[1] for each in transaction.get_connection().run_on_commit if isinstance(each[1], _Pending)]
    marks = {id(each) for each in known if each.model is None}
    return [each for each in known if each.rows and id(each.written) not in marks]
