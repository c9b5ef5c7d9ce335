"""In which order are the checks run? By table, in batches of ids: memory stays flat, and so does the number of
statements of a batch."""

from collections.abc import Iterator
from itertools import groupby

from django.db import connection

from planshift.catalog import models as catalog
from planshift.procedures.reconciling import accounts, documents, holdings, metering, opened, payments, quotes, series
from planshift.procedures.reconciling.checks import Check, Difference
from planshift.runtime import database

BATCH = 1000
CHECKS = tuple(
    sorted(
        (*accounts.CHECKS, *payments.CHECKS, *documents.CHECKS, *opened.CHECKS, *holdings.CHECKS, *metering.CHECKS),
        key=lambda check: check.table,
    )
)
CODES = (*(check.code for check in CHECKS), quotes.CODE, metering.CODE, series.CODE)


def differences(*, seller: str = "", batch: int = BATCH) -> Iterator[Difference]:
    """Every figure that does not follow from the rows, of one moment; of one seller (code) where it is named.

    Nothing is written and nobody is kept waiting, but for PostgreSQL's clean-up of old row versions.
    """
    with database.snapshot():
        for table, checks in groupby(CHECKS, key=lambda check: check.table):
            asked = tuple(checks)
            for after, until in _batches(table, batch):
                for check in asked:
                    yield from _asked(check, after, until, seller)
        for after, until in _batches(quotes.TABLE, batch // 10 or 1):  # a kept offer is some ten kilobytes
            yield from quotes.differences(after=after, until=until, seller=seller)
        for after, until in _batches(metering.TABLE, batch):
            yield from metering.differences(after=after, until=until, seller=seller)
        found = series.Series()
        for after, until in _batches(series.TABLE, batch):
            yield from found.differences(after=after, until=until, seller=seller)
        yield from found.ends()


def is_seller(*, code: str) -> bool:
    """Whether there is a seller with this code."""
    return catalog.Seller.objects.filter(code=code).exists()


def _batches(table: str, size: int) -> Iterator[tuple[int, int]]:
    """Stretches (after, until] of ids with at most `size` rows each."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT MAX(id) FROM (SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT %s) x",
                [after, size],
            )
            until = cursor.fetchone()[0]
        if until is None:
            return
        yield after, until
        after = until


def _asked(check: Check, after: int, until: int, seller: str) -> list[Difference]:
    one_seller = "AND s.code = %(seller)s" if seller else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.code, x.subject, x.figure, x.currency, x.stored, x.computed "
            f"FROM ({check.sql}) x JOIN catalog_seller s ON s.id = x.seller_id "
            f"WHERE x.stored <> x.computed {one_seller} ORDER BY 1, 2, 3",
            {"after": after, "until": until, **({"seller": seller} if seller else {})},
        )
        return [
            Difference(
                check=check.code,
                seller=code,
                subject=subject,
                figure=figure,
                currency=currency,
                stored=int(stored),
                computed=int(computed),
            )
            for code, subject, figure, currency, stored, computed in cursor.fetchall()
        ]
