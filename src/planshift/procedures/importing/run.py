"""How does a file come in? Read, checked as a whole, then written as a whole, or not at all.

A problem anywhere means that nothing is written and every problem is told. The same file again changes nothing: what
is known by its reference with the same content is left as it is, with another content it is a problem.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType

from django.db import IntegrityError, transaction

from planshift.catalog import models as catalog
from planshift.domain.errors import Refused
from planshift.domain.importing import reading, report
from planshift.domain.importing.entries import Entry
from planshift.domain.importing.report import Problem
from planshift.procedures import access, models
from planshift.procedures.importing import clients, invoices, services
from planshift.procedures.importing.context import Context
from planshift.runtime import audit

KINDS: dict[str, ModuleType] = {"clients": clients, "services": services, "invoices": invoices}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a file. With problems nothing was written; after a dry run neither."""

    kind: str
    dry_run: bool
    new: tuple[tuple[str, str], ...] = ()  # reference, number here (empty after a dry run)
    known: int = 0
    problems: tuple[Problem, ...] = ()
    malformed: bool = False  # it does not fit the format; else the rules say no


def run(
    *,
    seller: str,
    kind: str,
    content: bytes,
    format: reading.Format,
    dry_run: bool,
    at: datetime,
    actor: str,
) -> Report:
    """Import a file of clients, services or invoices of one seller. See the module's docstring for what it promises.

    Refused: `seller_unknown`, `import_kind_unknown`.
    """
    owner = catalog.Seller.objects.filter(code=seller).first()
    if owner is None:
        raise Refused("seller_unknown", seller=seller)
    if kind not in KINDS:
        raise Refused("import_kind_unknown", kind=kind)
    file = reading.read(content=content, kind=kind, format=format)
    for _ in range(2):  # twice: another import of the same things may come between the check and the write
        context = Context.of(seller=owner, kind=kind, entries=file.entries, at=at, actor=actor)
        problems = (*file.problems, *context.contradictions(), *KINDS[kind].wrong(context))
        if problems:
            return Report(kind=kind, dry_run=dry_run, problems=report.in_order(problems), malformed=file.malformed)
        try:
            return _written(context, dry_run)
        except IntegrityError as problem:
            collision = problem
    raise collision


def of_holder(*, holder: access.Holder) -> str:
    """The code of the seller whose token this is. Refused("import_of_seller") for a token of one client."""
    if holder.client:
        raise Refused("import_of_seller")
    return catalog.Seller.objects.values_list("code", flat=True).get(pk=holder.seller)


def _written(context: Context, dry_run: bool) -> Report:
    """A dry run writes all of it, so that the database too is asked, and takes it back."""
    module, fresh = KINDS[context.kind], context.fresh
    numbers = _numbers(module, fresh, dry_run)
    with transaction.atomic():
        if fresh:
            module.write(context, numbers=numbers)
            _remember(context, fresh, numbers)
        transaction.set_rollback(dry_run)
    return Report(
        kind=context.kind,
        dry_run=dry_run,
        new=tuple(
            (context.reference(entry), "" if dry_run else number) for entry, number in zip(fresh, numbers, strict=True)
        ),
        known=len(context.entries) - len(fresh),
    )


def _numbers(module: ModuleType, fresh: Sequence[Entry], dry_run: bool) -> Sequence[str]:
    """Numbers of their own, taken before: accounts are locked after them. A dry run uses none up."""
    if dry_run and module is not invoices:
        return [f"dry-run-{index}" for index in range(len(fresh))]
    with transaction.atomic():
        found: Sequence[str] = module.numbers(fresh)
    return found


def _remember(context: Context, fresh: Sequence[Entry], numbers: Sequence[str]) -> None:
    models.Imported.objects.bulk_create(
        models.Imported(
            seller=context.seller,
            kind=context.kind,
            reference=context.reference(entry),
            number=number,
            digest=context.digest(entry),
            imported_at=context.at,
            imported_by=context.actor,
        )
        for entry, number in zip(fresh, numbers, strict=True)
    )
    told = "\n".join(f"{context.reference(entry)} {context.digest(entry)}" for entry in fresh)
    audit.record(
        kind="import",
        number=context.seller.code,
        event=f"{context.kind} imported",
        actor=context.actor,
        at=context.at,
        facts={"count": len(fresh), "digest": hashlib.sha256(told.encode()).hexdigest()},
    )
