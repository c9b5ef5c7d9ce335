"""What may be asked of an execution? Start it, report what a person did, decide when it is stuck.

Every writer locks the execution, records a fact, and wakes its run; the run does the rest. Doors check who may do what.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, QuerySet

from planshift.domain import recipes
from planshift.domain.errors import Refused
from planshift.provisioning import engine, facts, handover, models, progress
from planshift.runtime import bulk, moves, numbers, runs, shapes, writing
from planshift.services import models as services

NEEDS_PRESENT = ("EASY", "RESOURCES", "HARD", "SUSPEND", "UNSUSPEND")

# What the caller's run may be told under its `signal_key`; it reads the facts with `queries.execution`.
SIGNALS = (
    "handed_over",
    "point_of_no_return",
    "removal_notice_due",
    "executed",
    "execution_failed",
    "execution_cancelled",
    "execution_stuck",
    "execution_overdue",
)


def _under_way(service: int | shapes.Given) -> "QuerySet[models.Execution]":
    return models.Execution.objects.filter(
        service_id=service, state__in=models.Execution.lifecycle.open, point_of_no_return_at__isnull=True
    )


_PRESENT = shapes.Shape(
    lambda: (
        models.Environment.objects.filter(service_id=shapes.whole("service"), state="ACTIVE")
        .annotate(under_way=Exists(_under_way(shapes.whole("service"))))
        .order_by("pk")[:1]
    )
)


def start(
    *,
    service: services.Service,
    recipe: str,
    target: recipes.Target,
    cause: str,
    signal_key: str,
    parameters: recipes.Parameters,
    at: datetime,
    actor: str,
) -> models.Execution:
    """Begin to carry out `recipe` (EASY, RESOURCES, HARD, ACTIVATE, SUSPEND, UNSUSPEND) in the caller's transaction,
    which has locked the service. `cause` is the number of the change; the run `signal_key` is told what happens
    (SIGNALS). No machine is touched before the commit (D2, H5).

    Refused: `no_environment` where there is nothing to change, `has_environment` where one is active already,
    `execution_open` while another one is under way.
    """
    made = recipes.NEWEST[recipe]
    present = _PRESENT.first(service=service.pk)
    if vars(present)["under_way"] if present is not None else _under_way(service.pk).exists():
        raise Refused("execution_open", service=service.number)
    if recipe in NEEDS_PRESENT and present is None:
        raise Refused("no_environment", service=service.number)
    if recipe == "ACTIVATE" and present is not None:
        raise Refused("has_environment", service=service.number)
    year = at.year
    execution = bulk.new(
        models.Execution,
        number=f"X-{year}-{numbers.take(series=f'execution:{year}', of_work=True)[0]:06}",
        service=service,
        recipe=made.code,
        recipe_version=made.version,
        cause=cause,
        signal_key=signal_key,
        target=target.as_json(),
        parameters=parameters.as_json(),
        present=present,
        former_limits=dict(present.limits) if present else {},
        step=made.steps[0].name,
        started_at=at,
        step_since=at,
    )
    writing.add(execution)
    progress.journal(execution, "ordered", at=at, actor=actor, told={"recipe": made.code, "cause": cause})
    runs.start_new(kind=engine.KIND, key=engine.run_key(execution.number), subject=execution.number)
    return execution


def confirm_content(*, number: str, at: datetime, actor: str) -> None:
    """The client says that the content is moved (H9); names may be switched to the new environment.

    Refused: `nothing_to_confirm` before the hand-over or after the point of no return. Twice is harmless.
    """
    _client_said(number, "content_moved_at", "content_confirmed", at, actor)


def confirm_cutover(*, number: str, at: datetime, actor: str) -> None:
    """The client uses the new environment from now on: the point of no return follows, and the hold begins (H10).

    May be said while the content is still waited for: it then stands for both. Refused: `nothing_to_confirm` before
    the hand-over or after the point of no return. Twice is harmless.
    """
    _client_said(number, "cutover_confirmed_at", "cutover_confirmed", at, actor)


def report_work(*, number: str, note: str, at: datetime, actor: str) -> None:
    """Staff report the set-up work as done, saying what was done. Refused: `nothing_to_report`, `note_needed`."""

    def decide(execution: models.Execution) -> None:
        if execution.state != "AWAITING_STAFF":
            raise Refused("nothing_to_report", number=number)
        execution.work_reported_at = at
        execution.save(update_fields=["work_reported_at"])
        progress.journal(execution, "reported", at=at, actor=actor, note=note)

    _decide(number, decide, note=note)


def notice_sent(*, number: str, proof: str, at: datetime, actor: str) -> None:
    """The client was told that the old environment ends; `proof` is the number of that notice. Without it nothing is
    removed (H10). Refused: `no_notice_due`, `proof_needed`. The same proof twice is harmless."""
    if not proof.strip():
        raise Refused("proof_needed", number=number)

    def decide(execution: models.Execution) -> None:
        if execution.notice_proof == proof:
            return
        if execution.state != "AWAITING_NOTICE" or execution.notice_proof:
            raise Refused("no_notice_due", number=number)
        execution.notice_proof, execution.notice_sent_at = proof, at
        execution.save(update_fields=["notice_proof", "notice_sent_at"])
        progress.journal(execution, "noticed", at=at, actor=actor, told={"proof": proof})

    _decide(number, decide)


def retry(*, number: str, note: str, at: datetime, actor: str) -> None:
    """Staff repaired what was stuck: the step is tried again under a new key. Refused: `not_stuck`, `note_needed`."""

    def decide(execution: models.Execution) -> None:
        _must_be_stuck(execution)
        _go_on(execution, "retried", at, actor, note)

    _decide(number, decide, note=note, actor=actor)


def skip(*, number: str, note: str, at: datetime, actor: str) -> None:
    """Staff did the stuck step by hand, or it is not needed: it counts as over.

    Refused: `not_stuck`, `note_needed`, `step_needed` for a step that nothing can stand in for.
    """

    def decide(execution: models.Execution) -> None:
        _must_be_stuck(execution)
        step = facts.step_of(execution)
        if not execution.undo_ends_in and not step.skippable:
            raise Refused("step_needed", number=number, step=step.name)
        undoing = bool(execution.undo_ends_in)
        _go_on(execution, "skipped", at, actor, note)
        if undoing:
            progress.undo_next(execution, at=at, actor=actor)
        else:
            progress.finish_step(execution, at=at, actor=actor, event="skipped", note=note)

    _decide(number, decide, note=note, actor=actor)


def cancel(*, number: str, note: str, at: datetime, actor: str) -> None:
    """A person gives the execution up before the point of no return: what was done is taken back, then CANCELLED.

    Refused: `point_of_no_return_passed`, `execution_over`, `note_needed`.
    """
    _take_back(number, "cancelled", at, actor, note)


def roll_back(*, number: str, note: str, at: datetime, actor: str) -> None:
    """Staff have a stuck execution taken back before the point of no return, then FAILED. Refused as `cancel`."""
    _take_back(number, "gave_up", at, actor, note)


def reveal_credentials(*, number: str, at: datetime, actor: str) -> dict[str, str]:
    """The access data of the new environment, shown this one time; the caller has checked that `actor` may see them.

    Refused: `credentials_none`, `credentials_shown`, `credentials_expired`.
    """
    execution = models.Execution.objects.filter(number=number).first()
    if execution is None:
        raise Refused("execution_unknown", number=number)
    if execution.new_id is None:
        raise Refused("credentials_none")
    return handover.reveal(environment_id=execution.new_id, actor=actor, at=at)


def renew_credentials(*, number: str, at: datetime, actor: str) -> str:
    """New access data for the new environment; the former ones stop working. Returns the key of the run that makes
    them; when it is done they can be revealed once more. Refused: `credentials_none` before the hand-over."""
    execution = models.Execution.objects.filter(number=number).first()
    if execution is None:
        raise Refused("execution_unknown", number=number)
    if execution.new_id is None or execution.handed_over_at is None:
        raise Refused("credentials_none")
    with transaction.atomic():
        return handover.renew(environment_id=execution.new_id, at=at, actor=actor)


def _client_said(number: str, field: str, event: str, at: datetime, actor: str) -> None:
    def decide(execution: models.Execution) -> None:
        if getattr(execution, field) is not None:
            return
        possible = execution.state in ("RUNNING", "AWAITING_CLIENT") and execution.handed_over_at is not None
        if not possible or execution.point_of_no_return_at is not None:
            raise Refused("nothing_to_confirm", number=number)
        setattr(execution, field, at)
        execution.save(update_fields=[field])
        progress.journal(execution, event, at=at, actor=actor)

    _decide(number, decide)


def _take_back(number: str, ends_in: str, at: datetime, actor: str, note: str) -> None:
    def decide(execution: models.Execution) -> None:
        if execution.point_of_no_return_at is not None and not execution.undo_ends_in:
            raise Refused("point_of_no_return_passed", number=number)
        if not execution.lifecycle.allows(execution.state, "undo"):
            raise Refused("execution_over", number=number, state=execution.state)
        progress.journal(execution, "taken_back", at=at, actor=actor, note=note)
        error = execution.error or {"what": "taken_back", "step": execution.step}
        progress.begin_undo(execution, ends_in=ends_in, error=error, at=at, actor=actor, note=note)

    _decide(number, decide, note=note, actor=actor)


def _go_on(execution: models.Execution, event: str, at: datetime, actor: str, note: str) -> None:
    """Leave STUCK: a fresh generation, no failed attempts."""
    progress.journal(execution, event, at=at, actor=actor, note=note)
    execution.generation += 1
    execution.attempt, execution.task, execution.waiting_until, execution.step_since = 0, "", None, at
    execution.save()
    moves.move(execution, "undo" if execution.undo_ends_in else "tried_again", actor=actor, at=at, note=note)


def _must_be_stuck(execution: models.Execution) -> None:
    if execution.state != "STUCK":
        raise Refused("not_stuck", number=execution.number, state=execution.state)


def _decide(
    number: str, decide: Callable[[models.Execution], None], *, note: str | None = None, actor: str = ""
) -> None:
    """Lock, decide, wake the run (also one that is itself stuck)."""
    if note is not None and not note.strip():
        raise Refused("note_needed")
    with transaction.atomic():
        execution = progress.locked(number)
        if execution is None:
            raise Refused("execution_unknown", number=number)
        decide(execution)
        key = engine.run_key(number)
        run = runs.queries.find(key=key)
        if run is not None and run.state == "STUCK":
            runs.retry(key=key, actor=actor, note=note or "decided")
        else:
            runs.signal(key=key, name=engine.LOOK)
