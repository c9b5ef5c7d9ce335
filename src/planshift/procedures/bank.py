"""How does money from the bank find its order? A statement is read, what matches is paid, staff decide about the rest.

`sellers` are the codes of those that the actor works for; what is another seller's is NotFound.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from planshift.billing import covering, models, opened, statements, unapplied
from planshift.domain.errors import Refused
from planshift.runtime import clock, keys, locks, runs
from planshift.services.queries import NotFound

KIND = "bank_statements"
DONE, FAILED = "done", "failed"
_SETTLED_SECONDS = 3  # a file that changed a moment ago may still be being written
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
log = structlog.get_logger("planshift.bank")


# 1 ── read ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def import_statement(
    *, sellers: tuple[str, ...] | None, file: BinaryIO, name: str, at: datetime, actor: str
) -> statements.Imported:
    """Record what a statement file says; the same file again changes nothing. `sellers` None: of every seller.

    Refused: `statement_unreadable`, `statement_account_unknown`, `statement_account_shared`.
    """
    return statements.read_in(file=file, name=name, sellers=sellers, at=at, actor=actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFile:
    """What became of one file of the watched folder. `problem` is empty when it was imported."""

    name: str
    imported: statements.Imported | None
    problem: str


def import_folder(*, folder: Path, at: datetime, actor: str) -> Iterator[FolderFile]:
    """Import every file of `folder`, of every seller; it goes to `done`, or to `failed` with its reason beside it.

    A crash before a file is moved means that it is imported again, which changes nothing.
    """
    for path in sorted(folder.iterdir()):
        if not _is_ready(path):
            continue
        try:
            with path.open("rb") as file:
                imported = import_statement(sellers=None, file=file, name=path.name, at=at, actor=actor)
        except Refused as refused:
            problem = "; ".join(
                " ".join([reason.code, *(f"{key}={value}" for key, value in reason.facts.items())])
                for reason in refused.reasons
            )
            moved = _move(path, folder / FAILED)
            moved.with_name(f"{moved.name}.reason.txt").write_text(f"{problem}\n", encoding="utf-8")
            log.warning("bank.file_refused", file=path.name, problem=problem)
            yield FolderFile(name=path.name, imported=None, problem=problem)
        else:
            _move(path, folder / DONE)
            log.info("bank.file_imported", file=path.name, new=imported.new, known=imported.known)
            yield FolderFile(name=path.name, imported=imported, problem="")


def _is_ready(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.name.startswith(".") or path.suffix in _UNFINISHED:
        return False
    return clock.system().timestamp() - path.stat().st_mtime >= _SETTLED_SECONDS


def _move(path: Path, to: Path) -> Path:
    """Into the folder; a file of that name there is kept, the new one gets a number."""
    to.mkdir(exist_ok=True)
    target, number = to / path.name, 1
    while target.exists():
        number += 1
        target = to / f"{path.stem}-{number}{path.suffix}"
    return path.rename(target)


@runs.external(lambda task: _watch(task))
def _folder(task: runs.Work, done: None) -> runs.Outcome:
    """Each file is its own transactions: a crash repeats nothing and loses nothing."""
    return runs.Done()


def _watch(task: runs.Work) -> None:
    folder = Path(settings.STATEMENTS_FOLDER)
    if settings.STATEMENTS_FOLDER and folder.is_dir():
        for _ in import_folder(folder=folder, at=task.at, actor=task.actor):
            pass


# 2 ── decided ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def accept(*, sellers: tuple[str, ...], line: str, order: str, key: str, at: datetime, actor: str) -> None:
    """The money of a credit pays this open order or invoice issued elsewhere, as far as it goes; whose it is follows
    from that. Once for every `key`.

    Refused: `line_no_credit`, `order_not_open`, `document_paid`, `payment_of_other_client`, `other_currency`,
    `not_so_much_unapplied`; NotFound.
    """
    row = _line(sellers, line)

    def make() -> str:
        match = models.LineMatch.objects.filter(line=row, kind="payment").select_related("payment").first()
        if match is None or match.payment is None:
            raise Refused("line_no_credit", line=line)
        if models.OpeningBalance.objects.filter(invoice__number=order, seller=row.seller_id).exists():
            _settle(row, match.payment, order, at, actor)
            return order
        if not models.Order.objects.filter(number=order, seller=row.seller_id).exists():
            raise NotFound(order)
        target = covering.lock(numbers=[order])[0]  # before the payment: one order of locks everywhere
        note = f"{line}: {row.party}"[:500]
        if match.payment.client_id is None:
            unapplied.identify(payment=match.payment.number, client=target.client, at=at, actor=actor, note=note)
        unapplied.assign(payment=match.payment.number, order=order, at=at, actor=actor, note=note)
        return order

    _once(line, "accept", order, key, make)


def _settle(row: models.StatementLine, payment: models.Payment, document: str, at: datetime, actor: str) -> None:
    note = f"{row.number}: {row.party}"[:500]
    target = opened.lock(seller=row.seller, numbers=[document])[0]  # before the payment, as everywhere
    if payment.client_id is None:
        client = target.invoice.client
        unapplied.identify(payment=payment.number, client=client, at=at, actor=actor, note=note)
    unapplied.settle(payment=payment.number, document=document, at=at, actor=actor, note=note)


def was_return(*, sellers: tuple[str, ...], line: str, payment: str, key: str, at: datetime, actor: str) -> None:
    """A debit gave back this payment. If the return is not booked yet and all that is unapplied of the payment is this
    amount, it is booked now.

    Refused: `line_no_debit`, `line_explained`, `return_does_not_fit`; NotFound.
    """
    row = _line(sellers, line)

    def make() -> str:
        found = locks.lock(models.Payment.objects.filter(number=payment, seller=row.seller_id))
        if not found:
            raise NotFound(payment)
        fits = found[0].currency == row.currency
        if fits and row.amount_minor not in statements.returns_not_seen(payment=found[0]):
            if found[0].unapplied_minor != row.amount_minor or found[0].client_id is None:
                raise Refused("return_does_not_fit", line=line, payment=payment)
            unapplied.return_money(payment=payment, at=at, actor=actor, note=line)
        elif not fits:
            raise Refused("return_does_not_fit", line=line, payment=payment)
        _explain(row, "return", found[0], "", at, actor)
        return payment

    _once(line, "return", payment, key, make)


def was_other(*, sellers: tuple[str, ...], line: str, note: str, key: str, at: datetime, actor: str) -> None:
    """A debit that is no client's matter, such as a fee of the bank; `note` says what it is.

    Refused: `line_no_debit`, `line_explained`, `note_needed`; NotFound.
    """
    row = _line(sellers, line)
    if not note.strip():
        raise Refused("note_needed", number=line)

    def make() -> str:
        _explain(row, "other", None, note, at, actor)
        return line

    _once(line, "other", "", key, make)


def _line(sellers: tuple[str, ...], number: str) -> models.StatementLine:
    row = models.StatementLine.objects.filter(number=number, seller__code__in=sellers).first()
    if row is None:
        raise NotFound(number)
    return row


def _once(line: str, what: str, target: str, key: str, make: Callable[[], str]) -> None:
    content = keys.fingerprint({"what": what, "target": target})
    keys.once(scope=f"bank/{line}", key=key, fingerprint=content, make=make)


def _explain(
    row: models.StatementLine, kind: str, payment: models.Payment | None, note: str, at: datetime, actor: str
) -> None:
    if row.direction != "debit":
        raise Refused("line_no_debit", line=row.number)
    try:
        with transaction.atomic():
            models.LineMatch.objects.create(
                line=row, kind=kind, payment=payment, note=note[:500], matched_at=at, matched_by=actor
            )
    except IntegrityError as problem:
        raise Refused("line_explained", line=row.number) from problem


def define() -> None:
    """Name the watching of the folder to the runtime, where one is set. Called once, when Django is ready."""
    runs.define(KIND, steps={"folder": _folder}, first="folder")
    if settings.STATEMENTS_FOLDER:
        runs.every(KIND, hours=1, hand="system")
