"""How is one step carried out? Its writes and the advance of the run commit together, or not at all."""

import dataclasses
import datetime as dt
import traceback
from typing import Any, cast

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from planshift.domain import errors
from planshift.runtime import clock, gathering, writing
from planshift.runtime.models import Run, Signal, StepRecord
from planshift.runtime.runs import definitions, handing, hooks, outcomes

log = structlog.get_logger("planshift.runs")
UNKNOWN_DEFINITION = definitions.Retries(attempts=60, first=5.0, longest=120.0)
ERROR_LENGTH = 4000


class Fenced(Exception):
    """Another claim of the run is newer than ours: nothing that we did in this step counts."""


def carry_out(work: definitions.Work, *, who: str, hand: handing.Hand | None = None) -> definitions.Work | None:
    """Run the step that `work` stands before, and those that follow it in the same transaction. Returns the work of the
    next step when the run goes on at once, else None; `hand` takes along a run that the step started or woke.

    Failures of the step are recorded here; only failures of the database itself get out.
    """
    definition, started = definitions.find(work.kind, work.version), clock.system()
    step = definition.steps.get(work.step) if definition else None
    if definition is None or step is None:
        what = f"this program does not know the step: {work.kind} version {work.version}, {work.step}"
        _fail(work, definition, errors.Transient(what), UNKNOWN_DEFINITION, who=who, started=started)
        return None
    try:
        arguments = (step.external(work),) if step.external else ()
        try:
            return _transaction(work, definition, arguments, who=who, started=started, hand=hand, together=True)
        except _Later as problem:
            log.info("run.apart", key=work.key, step=work.step, problem=repr(problem.__cause__))
        return _transaction(work, definition, arguments, who=who, started=started, hand=hand, together=False)
    except Fenced:
        log.warning("run.fenced", key=work.key, step=work.step, generation=work.generation)
    except (OperationalError, InterfaceError) as problem:
        if not _usable():
            raise
        _fail(work, definition, errors.Transient(f"database: {problem}"), step.retries, who=who, started=started)
    except Exception as problem:  # noqa: BLE001 - the loop must live: whatever a step raises becomes its record
        _fail(work, definition, problem, step.retries, who=who, started=started)
    return None


class _Later(Exception):
    """A step that follows in the same transaction failed: nothing is written yet, the first one is carried out by
    itself."""


def _transaction(
    work: definitions.Work,
    definition: definitions.Definition,
    arguments: tuple[Any, ...],
    *,
    who: str,
    started: dt.datetime,
    hand: handing.Hand | None,
    together: bool,
) -> definitions.Work | None:
    """One step, or with `together` as many as say so, in one transaction with the advance of the run."""
    try:
        with transaction.atomic(durable=True), gathering.gathered():
            outcome = definition.steps[work.step].body(work, *arguments)
            try:
                while together and isinstance(outcome, outcomes.Go) and outcome.together:
                    following = _following(work, definition, outcome)
                    if definition.steps[following.step].external:
                        break
                    handing.forget_own(work.key)
                    _record(work, "went", following.step, who=who, started=started)
                    work, started = following, clock.system()
                    outcome = definition.steps[work.step].body(work)
                return _advance(work, definition, outcome, who=who, started=started, hand=hand)
            except Exception as problem:
                if not work.follows or isinstance(problem, Fenced | OperationalError | InterfaceError):
                    raise
                raise _Later from problem
    except BaseException:  # at the commit too: what was not written is not taken along
        if hand:
            hand.works.clear()
        raise


def _advance(
    work: definitions.Work,
    definition: definitions.Definition,
    outcome: outcomes.Outcome,
    *,
    who: str,
    started: dt.datetime,
    hand: handing.Hand | None,
) -> definitions.Work | None:
    changed: dict[str, Any] = {"entry": work.entry + 1, "attempt": 0, "crashes": 0}
    free: dict[str, Any] = {"claimed_by": None, "since": work.at, "woken_by": ""}
    following = None
    match outcome:
        case outcomes.Go(step=name):
            following = dataclasses.replace(_following(work, definition, outcome), follows=False, carried=None)
            changed |= {"step": name, "woken_by": ""}
            recorded, detail = "went", name
        case outcomes.Done():
            changed |= free | {"state": "DONE", "ended_at": clock.system(), "owner": ""}
            recorded, detail = "done", ""
        case outcomes.Wait():
            _known(definition, outcome.resume)
            changed |= free | {"step": outcome.resume, **_waiting(work, outcome)}
            recorded, detail = "waits", f"{outcome.owner}: {', '.join(outcome.names) or outcome.due_at}"
        case outcomes.Retry(after_seconds=seconds):
            changed = free | {"state": "READY", "not_before": clock.system() + dt.timedelta(seconds=seconds)}
            recorded, detail = "again", ""
        case outcomes.Stuck(reason=reason):
            changed = free | {"state": "STUCK", "owner": "staff", "reason": reason}
            recorded, detail = "stuck", reason
            if definition.stuck:
                definition.stuck(work, reason)
        case _:
            raise TypeError(f"step {work.step} of {work.kind} returned {outcome!r}, not an outcome")
    _record(work, recorded, detail, who=who, started=started)
    if isinstance(outcome, outcomes.Go | outcomes.Done):
        handing.forget_own(work.key)
    woken = []
    if hand and following is None:
        hand.take_started()
        woken = gathering.take(Signal, lambda row: row["key"] != work.key)
    gathering.flush()
    if not (changed.get("state") == "WAITING" and _asleep(work, changed)):
        if changed.get("state") == "WAITING":
            changed |= _sleep(work, cast(outcomes.Wait, outcome))
        _write(work, changed)
    if hand and woken:
        hand.take_woken(woken)
    return following


def _following(work: definitions.Work, definition: definitions.Definition, outcome: outcomes.Go) -> definitions.Work:
    _known(definition, outcome.step)
    return dataclasses.replace(
        work,
        step=outcome.step,
        entry=work.entry + 1,
        attempt=0,
        crashes=0,
        woken_by="",
        at=clock.business(),
        carried=outcome.carrying,
        follows=True,
    )


def _asleep(work: definitions.Work, changed: dict[str, Any]) -> bool:
    """Go to sleep in one statement, where no signal came since the claim."""
    ours = {"pk": work.id, "generation": work.generation, "signals": dict(work.signals)}
    return writing.update(Run, ours, changed) == 1


def _sleep(work: definitions.Work, wait: outcomes.Wait) -> dict[str, Any]:
    """Lock the run (last lock of the transaction) and see whether a signal came while the step was running."""
    ours = Run.objects.select_for_update().filter(pk=work.id, generation=work.generation)
    now = ours.values_list("signals", flat=True).first()
    if now is None:
        raise Fenced
    if sum(now.get(name, 0) for name in wait.names) > sum(work.signals.get(name, 0) for name in wait.names):
        return {"state": "READY", "not_before": clock.system(), "due_at": None, "woken_by": wait.names[0]}
    return {}


def _waiting(work: definitions.Work, wait: outcomes.Wait) -> dict[str, Any]:
    seen = sum(work.signals.get(name, 0) for name in wait.names)
    return {
        "state": "WAITING",
        "awaiting": ",".join(wait.names),
        "seen": seen,
        "owner": wait.owner,
        "due_at": wait.due_at,
    }


def _fail(
    work: definitions.Work,
    definition: definitions.Definition | None,
    problem: Exception,
    retries: definitions.Retries,
    *,
    who: str,
    started: dt.datetime,
) -> None:
    failures = work.attempt + 1
    expected = isinstance(problem, errors.Transient | errors.Unknown)
    hopeless = isinstance(problem, errors.Permanent | errors.Refused)
    stuck = hopeless or failures >= (retries.attempts if expected else retries.surprises)
    reason = str(problem) if expected or hopeless else "".join(traceback.format_exception(problem))[-ERROR_LENGTH:]
    changed: dict[str, Any] = {"claimed_by": None, "attempt": failures, "since": work.at, "reason": reason}
    if stuck:
        changed |= {"state": "STUCK", "owner": "staff"}
    else:
        hint = problem.after_seconds if isinstance(problem, errors.Transient) else None
        pause = retries.pause(failures) if hint is None else hint
        changed |= {"state": "READY", "not_before": clock.system() + dt.timedelta(seconds=pause)}
    log.warning(
        "run.stuck" if stuck else "run.retry", key=work.key, step=work.step, failures=failures, problem=repr(problem)
    )
    try:
        with transaction.atomic(durable=True):
            if stuck and definition and definition.stuck:
                hooks.tell(definition.stuck, work, str(problem) or type(problem).__name__)
            _record(work, "stuck" if stuck else "failed", reason, who=who, started=started)
            _write(work, changed)
    except Fenced:
        log.warning("run.fenced", key=work.key, step=work.step, generation=work.generation)


def _record(work: definitions.Work, outcome: str, detail: str, *, who: str, started: dt.datetime) -> None:
    row = {
        "run_id": work.id,
        "step": work.step,
        "entry": work.entry,
        "attempt": work.attempt + 1,
        "generation": work.generation,
        "outcome": outcome,
        "detail": detail,
        "who": who,
        "started_at": started,
        "ended_at": clock.system(),
        "business_at": work.at,
    }
    gathering.later(StepRecord, [row])


def _write(work: definitions.Work, changed: dict[str, Any]) -> None:
    """The fence: only the claim that `work` came from may write. The row lock of the run is the transaction's last."""
    if writing.update(Run, {"pk": work.id, "generation": work.generation}, changed) != 1:
        raise Fenced


def _known(definition: definitions.Definition, name: str) -> None:
    if name not in definition.steps:
        raise LookupError(f"{definition.kind} has no step {name!r}")


def _usable() -> bool:
    """Does the connection still answer (a deadlock, a busy file), or is it gone?"""
    try:
        return bool(connection.is_usable()) if connection.connection is not None else False
    except Exception:  # noqa: BLE001 - any failure here means no
        return False
