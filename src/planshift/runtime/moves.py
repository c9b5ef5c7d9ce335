"""How does a thing change its state? Only here: lock, ask the lifecycle table, write, audit."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import models, transaction

from planshift.domain.errors import Reason, Refused
from planshift.domain.lifecycles import machine
from planshift.runtime import audit, locks, writing

Row = TypeVar("Row", bound=models.Model)


def move(
    row: Row,
    event: str,
    *,
    actor: str,
    at: dt.datetime,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Row:
    """Let `event` happen to `row`: its state and the named `fields` are written and audited in the caller's
    transaction.

    The state is read again under the row lock, so a stale `row` does no harm. `row` is updated in place and returned.
    Refused("move_not_allowed") when the table has no such move; then nothing is written.
    """
    return move_many([row], event, actor=actor, at=at, note=note, facts=facts, **fields)[0]


def move_many(
    rows: Iterable[Row],
    event: str,
    *,
    actor: str,
    at: dt.datetime,
    note: str = "",
    facts: Mapping[str, Any] | None = None,
    each: Mapping[int, Mapping[str, Any]] | None = None,
    **fields: Any,
) -> list[Row]:
    """Let `event` happen to all `rows` of one model, or to none. A constant number of statements, however many rows.

    Locks in pk order. `fields` are written to every row, `each` (pk → fields) to single ones. All refusals at once.
    """
    batch = sorted(rows, key=lambda row: row.pk)
    if not batch:
        return []
    if "state" in fields or any("state" in own for own in (each or {}).values()):
        raise ValueError("the table gives the state, not the caller")
    if not actor:
        raise ValueError("a move names who acts")
    with transaction.atomic(savepoint=False):
        before, after, reasons = _as_it_was(batch, event, fields, each) or _locked(batch, event, fields, each or {})
        if not reasons:
            audit.write(
                _entry(row, event, before[row.pk], after[row.pk], actor=actor, at=at, note=note, facts=facts)
                for row in batch
            )
    if reasons:  # raised out here: nothing is written yet, and a caller that goes on finds its transaction sound
        raise Refused.for_reasons(reasons)
    for row in batch:
        for name, value in {**fields, **(each or {}).get(row.pk, {}), "state": after[row.pk]}.items():
            setattr(row, name, value)
    return batch


def ahead(
    rows: Sequence[models.Model], event: str, *, actor: str, at: dt.datetime, **fields: Any
) -> Callable[[], list[audit.Entry]]:
    """Let `event` happen to new rows of one model before they are written: what is placed and paid in one moment needs
    no second write. Call what it gives when they are written, for the audit entries that belong to it.

    Refused("move_not_allowed") as `move`; then no row is changed.
    """
    if not actor:
        raise ValueError("a move names who acts")
    if any(row.pk is not None for row in rows):
        raise ValueError("a row that is written is moved by `move`")
    before = [vars(row)["state"] for row in rows]
    after = [lifecycle_of(type(row)).after(state, event) for row, state in zip(rows, before, strict=True)]
    for row, state in zip(rows, after, strict=True):
        for name, value in {**fields, "state": state}.items():
            setattr(row, name, value)

    def audited() -> list[audit.Entry]:
        return [
            _entry(row, event, left, reached, actor=actor, at=at)
            for row, left, reached in zip(rows, before, after, strict=True)
        ]

    return audited


def _entry(row: models.Model, event: str, left: str, reached: str, **given: Any) -> audit.Entry:
    return audit.entry(
        kind=row._meta.label_lower,
        object_id=row.pk,
        number=str(getattr(row, "number", row.pk)),
        event=event,
        from_state=left,
        to_state=reached,
        **given,
    )


def lifecycle_of(model: type[models.Model]) -> machine.Lifecycle:
    """The table of a model: its class attribute `lifecycle`."""
    lifecycle = getattr(model, "lifecycle", None)
    if not isinstance(lifecycle, machine.Lifecycle):
        raise TypeError(f"{model.__name__} has no lifecycle")
    return lifecycle


Asked = tuple[Mapping[int, str], Mapping[int, str], list[Reason]]  # states before and after, and why not


def _as_it_was(
    batch: Sequence[models.Model],
    event: str,
    fields: Mapping[str, Any],
    each: Mapping[int, Mapping[str, Any]] | None,
) -> Asked | None:
    """One row whose state is still what its reader saw is locked, asked and written in one statement. None, with
    nothing written, where that is not so."""
    (row, *others) = batch
    lifecycle, state = lifecycle_of(type(row)), vars(row).get("state")
    if others or each or state is None or not lifecycle.allows(state, event):
        return None
    after = lifecycle.after(state, event)
    if writing.update(type(row), {"pk": row.pk, "state": state}, {"state": after, **fields}) != 1:
        return None
    locks.seen(type(row), [row.pk])
    return {row.pk: state}, {row.pk: after}, []


def _locked(
    batch: Sequence[models.Model], event: str, fields: Mapping[str, Any], each: Mapping[int, Mapping[str, Any]]
) -> Asked:
    model = type(batch[0])
    before = _locked_states(model, [row.pk for row in batch])
    after, reasons = _ask(lifecycle_of(model), batch, before, event)
    if not reasons:
        _write(model, batch, after, fields, each)
    return before, after, reasons


def _locked_states(model: type[models.Model], pks: Sequence[int]) -> dict[int, str]:
    query = locks.for_update(model._default_manager.filter(pk__in=pks))
    found = dict(query.order_by("pk").values_list("pk", "state"))
    locks.seen(model, list(found))
    return found


def _ask(
    lifecycle: machine.Lifecycle, batch: Sequence[models.Model], before: Mapping[int, str], event: str
) -> tuple[dict[int, str], list[Reason]]:
    after: dict[int, str] = {}
    reasons: list[Reason] = []
    for row in batch:
        number = str(getattr(row, "number", row.pk))
        if row.pk not in before:
            reasons.append(Reason("gone", {"kind": row._meta.label_lower, "number": number}))
            continue
        try:
            after[row.pk] = lifecycle.after(before[row.pk], event)
        except Refused as refused:
            reasons += [Reason(each.code, {**each.facts, "number": number}) for each in refused.reasons]
    return after, reasons


def _write(
    model: type[models.Model],
    batch: Sequence[models.Model],
    after: Mapping[int, str],
    fields: Mapping[str, Any],
    each: Mapping[int, Mapping[str, Any]],
) -> None:
    targets: dict[str, list[int]] = defaultdict(list)
    for pk, state in after.items():
        targets[state].append(pk)
    for state, pks in targets.items():
        model._default_manager.filter(pk__in=pks).update(state=state, **fields)
    if each:
        own = [row for row in batch if row.pk in each]
        for row in own:
            for name, value in each[row.pk].items():
                setattr(row, name, value)
        model._default_manager.bulk_update(own, sorted({name for row in own for name in each[row.pk]}))
