"""Who did what, when and why? An append-only record that the database itself guards."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from planshift.runtime import clock, gathering
from planshift.runtime.models import AuditEntry

Entry = dict[str, Any]  # the columns of one AuditEntry


def entry(
    *,
    kind: str,
    event: str,
    actor: str,
    at: dt.datetime,
    object_id: int | None = None,
    number: str = "",
    from_state: str = "",
    to_state: str = "",
    note: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Entry:
    """An entry, not yet written. `at` is the business instant; the system instant is read here."""
    if not actor:
        raise ValueError("an audit entry names who acts")
    return {
        "system_at": clock.system(),
        "business_at": at,
        "actor": actor,
        "kind": kind,
        "object_id": object_id,
        "number": number,
        "event": event,
        "from_state": from_state,
        "to_state": to_state,
        "note": note,
        "facts": dict(facts or {}),
    }


def record(**fields: Any) -> None:
    """Write one entry (arguments as in `entry`) in the caller's transaction."""
    write([entry(**fields)])


def write(entries: Iterable[Entry]) -> None:
    """Write entries in the caller's transaction, in as few statements as the database allows."""
    gathering.later(AuditEntry, entries)


def history(*, kind: str, number: str) -> list[AuditEntry]:
    """All entries about one object, oldest first."""
    gathering.flush()
    return list(AuditEntry.objects.filter(kind=kind, number=number).order_by("id"))
