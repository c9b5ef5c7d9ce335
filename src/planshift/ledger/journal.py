"""How is money booked? Only `billing.booking` calls this.

One call books any number of entries in a constant number of statements: accounts, lock, balances, transfers. Stored
balances change in one statement; a balance that would fall below its floor is refused before anything is written.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from planshift.domain import postings
from planshift.domain.errors import Reason, Refused
from planshift.ledger import models
from planshift.runtime import among, bulk, locks, shapes

BATCH = 400  # rows in one statement, where each is a parameter of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One posting to book under a key that is unique for ever: booking the same thing twice is refused."""

    key: str
    posting: postings.Posting
    on: datetime.date
    at: datetime.datetime
    actor: str
    order: str = ""
    payment: str = ""
    document: str = ""
    reverses: str = ""


@dataclass(slots=True)
class Row:
    """An account as it stands in the database. `balance_minor` follows what is booked."""

    pk: int
    code: str
    kind: str
    currency: str
    balance_minor: int | None
    floor_minor: int | None


@dataclass(slots=True)
class Locked:
    """Accounts of one transaction: their rows by code; the stored balances among them are locked."""

    rows: dict[str, Row] = field(default_factory=dict)


def lock_owner(*, owner: str, beside: Iterable[postings.Account] = ()) -> Locked:
    """Lock the stored balances of one owner that are open already, in the order of their ids. Of the accounts `beside`
    those that nobody owns are found in the same statement."""
    codes = [account.code for account in beside if not account.stored]
    if not codes:
        return Locked(_locked([owner]))
    lock = "FOR UPDATE" if connection.features.has_select_for_update else ""
    statement = _HELD.format(columns=", ".join(_NAMES), lock=lock, codes=", ".join(["%s"] * len(codes)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [owner, *codes])
        found = {row[1]: Row(*row) for row in cursor.fetchall()}
    locks.seen(models.Account, [row.pk for row in found.values() if row.balance_minor is not None])
    return Locked(found)


_NAMES = ("id", "code", "kind", "currency", "balance_minor", "floor_minor")
_HELD = """
SELECT * FROM (
  SELECT {columns} FROM ledger_account WHERE owner = %s AND balance_minor IS NOT NULL ORDER BY id {lock}
) own
UNION ALL
SELECT {columns} FROM ledger_account WHERE code IN ({codes}) AND balance_minor IS NULL
"""


def lock(*, accounts: Iterable[postings.Account], held: Locked | None = None) -> Locked:
    """Find or open `accounts` and lock those with a stored balance, in the order of their ids, together with all other
    accounts of their owners: a second booking in the same transaction finds them locked, never in the wrong order.

    Call it before a number is taken from a series: accounts come before series. What is `held` since `lock_owner` is
    not read again.
    """
    wanted = {account.code: account for account in accounts}
    found = dict(held.rows) if held else {}
    found |= _locked({account.owner for account in wanted.values() if account.stored and account.code not in found})
    if rest := [code for code in wanted if code not in found]:
        found |= _rows(models.Account.objects.filter(among.of("code", rest)))
    if missing := [account for code, account in sorted(wanted.items()) if code not in found]:
        found |= _open(missing)
    return Locked(found)


def _open(missing: Sequence[postings.Account]) -> dict[str, Row]:
    """New accounts; of those that another transaction opened in this moment, its rows."""
    new = [_opened(account) for account in missing]
    if len(new) >= bulk.WORTH:
        try:
            with transaction.atomic():
                return {row.code: _row(row) for row in bulk.create(new)}
        except IntegrityError:
            new = [_opened(account) for account in missing]
    models.Account.objects.bulk_create(new, ignore_conflicts=True)
    theirs = _locked({account.owner for account in missing if account.stored})
    return theirs | _rows(models.Account.objects.filter(among.of("code", [a.code for a in missing if not a.stored])))


def _row(row: models.Account) -> Row:
    return Row(row.pk, row.code, row.kind, row.currency, row.balance_minor, row.floor_minor)


def _locked(owners: Collection[str]) -> dict[str, Row]:
    """All accounts of these owners with a stored balance, locked."""
    if not owners:
        return {}
    if len(owners) == 1:
        found = {row[1]: Row(*row) for row in _STORED.ask(owner=next(iter(owners)))}
    else:
        found = _rows(_to_lock(models.Account.objects.filter(among.of("owner", owners))))
    locks.seen(models.Account, [row.pk for row in found.values()])
    return found


def _to_lock(accounts: QuerySet[models.Account]) -> QuerySet[models.Account]:
    return locks.for_update(accounts.filter(balance_minor__isnull=False).order_by("pk"))


def _rows(accounts: QuerySet[models.Account]) -> dict[str, Row]:
    return {row[1]: Row(*row) for row in accounts.values_list(*_NAMES)}


_STORED = shapes.Shape(lambda: _to_lock(models.Account.objects.filter(owner=shapes.text("owner"))).values_list(*_NAMES))


def post_many(*, entries: Sequence[Entry], locked: Locked | None = None) -> None:
    """Book `entries` together, inside the caller's transaction.

    Raises Refused("balance_too_low") with nothing written when a client's account would fall below its floor. Callers
    know under a lock of their own that a thing is not booked yet; the unique key is the last guard (IntegrityError).
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("booking needs a transaction")
    if not entries:
        return
    if locked is None:
        locked = lock(accounts=(a for e in entries for t in e.posting.transfers for a in (t.debit, t.credit)))
    _change_balances(changes=_changes(entries), rows=locked.rows)
    bulk.insert(models.Transfer, (row for entry in entries for row in _transfers(entry, locked.rows)))


def _opened(account: postings.Account) -> models.Account:
    kind = postings.KINDS[account.kind]
    return bulk.new(
        models.Account,
        code=account.code,
        owner=account.owner,
        kind=account.kind,
        currency=account.currency,
        balance_minor=0 if account.stored else None,
        floor_minor=kind.floor,
    )


def _changes(entries: Iterable[Entry]) -> Mapping[str, int]:
    """What each stored balance changes by, on the side on which its kind of account grows."""
    changes: defaultdict[str, int] = defaultdict(int)
    for entry in entries:
        for transfer in entry.posting.transfers:
            minor = transfer.amount.minor
            for account, side in ((transfer.debit, "debit"), (transfer.credit, "credit")):
                if account.stored:
                    grows = postings.KINDS[account.kind].grows_on == side
                    changes[account.code] += minor if grows else -minor
    return {code: change for code, change in changes.items() if change}


def _change_balances(*, changes: Mapping[str, int], rows: Mapping[str, Row]) -> None:
    reasons = []
    for code, change in changes.items():
        row = rows[code]
        assert row.balance_minor is not None
        if row.floor_minor is not None and row.balance_minor + change < row.floor_minor:
            reasons.append(_too_low(row, change))
    if reasons:
        raise Refused.for_reasons(reasons)
    _update(sorted((rows[code].pk, change) for code, change in changes.items()))
    for code, change in changes.items():
        rows[code].balance_minor = (rows[code].balance_minor or 0) + change


_UPDATE = """
UPDATE ledger_account SET balance_minor = balance_minor + change.delta FROM change WHERE ledger_account.id = change.id
"""


def _update(pairs: Sequence[tuple[int, int]]) -> None:
    """Add to the stored balances (id, by how much)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and pairs:
            change = "WITH change(id, delta) AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))"
            cursor.execute(change + _UPDATE, [list(column) for column in zip(*pairs, strict=True)])
            return
        for start in range(0, len(pairs), BATCH):
            part = pairs[start : start + BATCH]
            values = ", ".join(["(CAST(%s AS bigint), CAST(%s AS bigint))"] * len(part))
            cursor.execute(
                f"WITH change(id, delta) AS (VALUES {values}) {_UPDATE}",
                [number for pair in part for number in pair],
            )


def _too_low(row: Row, change: int) -> Reason:
    return Reason(
        "balance_too_low",
        {
            "account": row.code,
            "kind": row.kind,
            "currency": row.currency,
            "available_minor": (row.balance_minor or 0) - (row.floor_minor or 0),
            "wanted_minor": -change,
        },
    )


def _transfers(entry: Entry, rows: Mapping[str, Row]) -> Iterable[dict[str, Any]]:
    for position, transfer in enumerate(entry.posting.transfers, start=1):
        yield {
            "entry": entry.key,
            "position": position,
            "posting": entry.posting.name,
            "debit_id": rows[transfer.debit.code].pk,
            "credit_id": rows[transfer.credit.code].pk,
            "amount_minor": transfer.amount.minor,
            "currency": transfer.amount.currency,
            "booked_on": entry.on,
            "booked_at": entry.at,
            "owner": entry.posting.owner,
            "order_number": entry.order,
            "payment_number": entry.payment,
            "document_number": entry.document,
            "reverses": entry.reverses,
            "actor": entry.actor,
        }
