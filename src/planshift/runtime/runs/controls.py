"""What can staff do with a run? Retry, skip or cancel it: each with a reason, recorded in its history and in the
audit.
"""

from typing import Any

from django.db import transaction

from planshift.domain.errors import Refused
from planshift.domain.lifecycles import run as run_lifecycle
from planshift.runtime import audit, clock
from planshift.runtime.models import Run, StepRecord
from planshift.runtime.runs import definitions, waking


def retry(*, key: str, actor: str, note: str) -> None:
    """Try the step again now: of a stuck run, or of one that pauses before a retry. Its failures are counted anew."""
    _act(key, "retried", actor, note, {"state": "READY", "not_before": clock.system(), "attempt": 0, "crashes": 0})


def skip(*, key: str, actor: str, note: str, to: str = "") -> None:
    """Leave the step in which a run is stuck: on to the step `to`, else the one that stands after it; after the last,
    done.

    Whoever skips says that its work is done or not needed. Refused: `run_unknown_step`.
    """
    with transaction.atomic():
        run = _locked(key)
        definition = definitions.find(run.kind, run.version)
        step = to or (definition.following(run.step) if definition else "")
        if to and not (definition and to in definition.steps):
            raise Refused("run_unknown_step", key=key, step=to)
        if step:
            changed = {"state": "READY", "not_before": clock.system(), "step": step}
        else:
            changed = {"state": "DONE", "ended_at": clock.system()}
        changed |= {"entry": run.entry + 1, "attempt": 0, "crashes": 0}
        _act(key, "skipped" if step else "done", actor, note, changed)


def cancel(*, key: str, actor: str, note: str) -> None:
    """End a run that is not over. A step under way is fenced: what it writes does not count.

    The owning row is the caller's business: move it in the same transaction.
    """
    _act(key, "cancelled", actor, note, {"state": "CANCELLED", "not_before": None, "ended_at": clock.system()})


def _act(key: str, event: str, actor: str, note: str, changed: dict[str, Any]) -> None:
    if not note.strip():
        raise Refused("note_needed")
    with transaction.atomic():
        run, now, at = _locked(key), clock.system(), clock.business()
        if not run_lifecycle.LIFECYCLE.allows(run.state, event):
            raise Refused("run_not_possible", key=key, state=run.state, event=event)
        StepRecord.objects.create(
            run=run,
            step=run.step,
            entry=run.entry,
            attempt=run.attempt,
            generation=run.generation,
            outcome="cancelled" if event == "cancelled" else "retried" if event == "retried" else "skipped",
            detail=note,
            who=actor,
            started_at=now,
            ended_at=now,
            business_at=at,
        )
        free = {"claimed_by": None, "due_at": None, "awaiting": "", "owner": "", "reason": "", "woken_by": ""}
        Run.objects.filter(pk=run.pk).update(**free, since=at, generation=run.generation + 1, **changed)
        audit.record(
            kind="runtime.run",
            object_id=run.pk,
            number=key,
            event=event,
            from_state=run.state,
            to_state=changed["state"],
            actor=actor,
            at=at,
            note=note,
        )
        waking.tell()


def _locked(key: str) -> Run:
    run = Run.objects.select_for_update().filter(key=key).first()
    if run is None:
        raise Refused("run_not_found", key=key)
    return run
