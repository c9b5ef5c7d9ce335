"""Which number comes next? Series without gaps: the row stays locked until the caller commits, so take it last."""

from django.db import connection, transaction

from planshift.runtime import locks
from planshift.runtime.models import NumberSeries

_TAKE = """
INSERT INTO runtime_numberseries (series, last) VALUES (%s, %s)
ON CONFLICT (series) DO UPDATE SET last = runtime_numberseries.last + %s
RETURNING id, last
"""


class OfWork:
    """Stands for a series of work that begins: it is taken after the numbers of documents."""

    lock_rank = locks.Rank.WORK_SERIES


def take(*, series: str, count: int = 1, first: int = 1, of_work: bool = False) -> range:
    """The next `count` numbers of `series`, in one statement; a new series begins at `first`.

    Needs the caller's transaction: if that is rolled back the numbers are given out again, so committed rows have no
    gap. `of_work`: the series comes after those of documents in the order of locks.
    """
    if count < 1:
        raise ValueError("at least one number")
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("numbers are taken in the transaction that uses them")
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [series, first + count - 1, count])
        pk, last = cursor.fetchone()
    locks.seen(OfWork if of_work else NumberSeries, [pk])
    return range(last - count + 1, last + 1)


def take_one(*, series: str, first: int = 1) -> int:
    """The next number of `series`."""
    return take(series=series, count=1, first=first)[0]
