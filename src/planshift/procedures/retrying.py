"""What do staff do about a paid change that the machines could not carry out? They repair it and have it tried anew."""

from datetime import datetime

from django.db import transaction

from planshift.domain.errors import Refused
from planshift.procedures import held
from planshift.provisioning import executions
from planshift.runtime import moves, runs


def retry(*, number: str, note: str, at: datetime, actor: str) -> None:
    """Staff repaired what stood in the way: the paid change is carried out anew. Refused: `not_awaiting_staff`,
    `note_needed`; NotFound."""
    if not note.strip():
        raise Refused("note_needed", number=number)
    with transaction.atomic():
        change = held.change(number)
        if change.state != "AWAITING_STAFF" or change.undo_at is not None:
            raise Refused("not_awaiting_staff", number=number, state=change.state)
        if change.execution is not None and change.execution.state == "STUCK":
            executions.retry(number=change.execution.number, note=note, at=at, actor=actor)
        else:
            moves.move(change, "retried", actor=actor, at=at, note=note, execution=None)
        runs.signal(key=held.run_key(number), name="retry")
