"""What follows when a step is over? Rows only: everything here runs in the caller's transaction, with the execution
locked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from planshift.domain import recipes
from planshift.provisioning import facts, handover, models, ports
from planshift.provisioning.answers import Seen
from planshift.runtime import gathering, locks, moves, runs, shapes, writing

# what recording a step changes of an execution beside its state
_MOVING = (
    "step", "step_since", "attempt", "task", "waiting_until", "error", "new", "dns_before", "handed_over_at",
    "point_of_no_return_at", "quarantined_at", "ended_at",
)  # fmt: skip
LOOK = "look"  # the one signal of an execution's run: look at the facts again


def run_key(number: str) -> str:
    """The key of the run that carries an execution out."""
    return f"execution:{number}"


def wake(execution: models.Execution) -> None:
    """Something was decided: its run looks again."""
    runs.signal(key=run_key(execution.number), name=LOOK)


def locked(number: str) -> models.Execution | None:
    """The execution with its environments, locked for the rest of the transaction."""
    return next(iter(locks.lock_shape(_LOCKED, number=number)), None)


def _to_lock() -> "QuerySet[models.Execution]":
    related = models.Execution.objects.select_related("service__client", "present__server", "new__server")
    return locks.for_update(related.filter(number=shapes.text("number")))


_LOCKED = shapes.Shape(_to_lock)


def journal(
    execution: models.Execution,
    event: str,
    *,
    at: datetime,
    actor: str,
    step: str = "",
    seen: Seen | None = None,
    note: str = "",
    told: Mapping[str, Any] | None = None,
) -> None:
    """One line of the journal, about the present step unless `step` is named."""
    here = facts.environment_of(execution, facts.step_of(execution))
    line = {
        "execution_id": execution.pk,
        "step": step or execution.step,
        "event": event,
        "key": seen.key if seen else "",
        "environment_id": (seen.environment if seen and seen.environment else here.pk if here else None),
        "attempt": execution.attempt + 1,
        "started_at": execution.step_since,
        "at": at,
        "actor": actor,
        "note": note,
        "facts": dict(told if told is not None else seen.facts if seen else {}),
    }
    gathering.later(models.ExecutionStep, [line])


def tell(execution: models.Execution, name: str) -> None:
    """Wake the run that ordered this execution; it reads the facts anew."""
    if execution.signal_key:
        runs.signal(key=execution.signal_key, name=name)


def finish_step(
    execution: models.Execution,
    *,
    at: datetime,
    actor: str,
    seen: Seen | None = None,
    event: str = "done",
    note: str = "",
    save: bool = True,
) -> None:
    """The present step is over: journal, effects, point of no return, then on to the next step that applies, or the
    end. Without `save` the caller writes the execution when it has recorded more."""
    step = facts.step_of(execution)
    journal(execution, event, at=at, actor=actor, seen=seen, note=note)
    if event == "done" and seen is not None:
        _effects(execution, step, seen, at, actor)
    if step.does == recipes.VERIFY_GONE and execution.present is not None:
        moves.move(execution.present, "removed", actor=actor, at=at, retired_at=at)
    if step.does == "quarantine":
        execution.quarantined_at = at
        if execution.present is not None:
            moves.move(execution.present, "quarantined", actor=actor, at=at)
    if step.point_of_no_return:
        _pass_point_of_no_return(execution, at, actor)
    following = applies_after(execution, step)
    for passed in facts.recipe_of(execution).between(step, following):
        _stand_at(execution, passed, at)
        missing = next(name for name in passed.only_if if not facts.holds(execution, name))
        journal(execution, "skipped", at=at, actor=actor, told={"not": missing})
    if following is not None:
        _stand_at(execution, following, at)
        if save:
            execution.save()
        return
    execution.ended_at, execution.waiting_until = at, None
    moves.move(execution, "finished", actor=actor, at=at, **{name: getattr(execution, name) for name in _MOVING})
    tell(execution, "executed")


def applies_after(execution: models.Execution, step: recipes.Step) -> recipes.Step | None:
    """The next step after `step` whose conditions are met; None at the end."""
    recipe = facts.recipe_of(execution)
    following = recipe.after(step.name)
    while following is not None and not all(facts.holds(execution, name) for name in following.only_if):
        following = recipe.after(following.name)
    return following


def part_done(execution: models.Execution, *, seen: Seen, at: datetime, actor: str) -> None:
    """One of several removals of a step is over."""
    if seen.environment is None:
        raise ValueError("a part is about an environment")
    environment = models.Environment.objects.select_related("service").get(pk=seen.environment)
    journal(execution, "done", at=at, actor=actor, seen=seen, step=f"{execution.step}:{environment.service.number}")
    moves.move(environment, "removed", actor=actor, at=at, retired_at=at)
    _stand_at(execution, facts.step_of(execution), at)
    execution.save()


def begin_undo(
    execution: models.Execution, *, ends_in: str, error: Mapping[str, Any], at: datetime, actor: str, note: str = ""
) -> None:
    """Take back what was done, newest first. `ends_in` is the event of the end: "gave_up" or "cancelled"."""
    execution.undo_ends_in, execution.error = ends_in, dict(error)
    execution.generation += 1
    execution.attempt, execution.task, execution.waiting_until = 0, "", None
    execution.save()
    moves.move(execution, "undo", actor=actor, at=at, note=note)
    if not facts.step_of(execution).undo:
        undo_next(execution, at=at, actor=actor)


def undo_next(execution: models.Execution, *, at: datetime, actor: str) -> None:
    """On to the nearest earlier step that was done and can be undone; none left: the end."""
    recipe = facts.recipe_of(execution)
    done = set(facts.journal_of(execution).filter(event="done").values_list("step", flat=True))
    step = recipe.undone_before(execution.step)
    while step is not None and step.name not in done:
        step = recipe.undone_before(step.name)
    if step is not None:
        _stand_at(execution, step, at)
        execution.save()
        return
    if execution.new is not None and execution.new.state == "PREPARING":
        moves.move(execution.new, "removed", actor=actor, at=at, retired_at=at)
    execution.ended_at = at
    execution.save()
    moves.move(execution, execution.undo_ends_in, actor=actor, at=at)
    tell(execution, "execution_failed" if execution.undo_ends_in == "gave_up" else "execution_cancelled")


def stick(execution: models.Execution, *, error: Mapping[str, Any], at: datetime, actor: str) -> None:
    """Only a person can decide how this goes on."""
    execution.error, execution.waiting_until = dict(error), at
    execution.save()
    moves.move(execution, "got_stuck", actor=actor, at=at)
    tell(execution, "execution_stuck")


def _stand_at(execution: models.Execution, step: recipes.Step, at: datetime) -> None:
    execution.step, execution.step_since = step.name, at
    execution.attempt, execution.task, execution.waiting_until = 0, "", None
    execution.error = execution.error if execution.undo_ends_in else {}


def _effects(execution: models.Execution, step: recipes.Step, seen: Seen, at: datetime, actor: str) -> None:
    """What our own rows learn from a verified step."""
    here = facts.environment_of(execution, step)
    if seen.usage is not None and here is not None:
        read_now = {"environment_id": here.pk, "used": dict(seen.usage.used), "taken_at": seen.usage.taken_at}
        gathering.later(models.UsageReading, [read_now])
    for server, read in seen.capacities.items():
        models.CapacityReading.objects.create(
            server_id=server, total=dict(read.total), sold=dict(read.sold), taken_at=read.taken_at
        )
    if step.does == recipes.PLACE:
        execution.new = _planned(execution, seen, at)
    elif step.does in ("create", "apply", recipes.READ_BACK) and here is not None and seen.account is not None:
        _as_read(here, facts.target_of(execution).plan, seen.account)
    elif step.does == "set_credentials" and here is not None:
        handover.seal(execution=execution, environment=here, secrets=seen.secrets, at=at)
        execution.handed_over_at = at
        tell(execution, "handed_over")
    elif step.does == "lower_ttl":
        execution.dns_before = dict(seen.facts["dns_before"])


def _as_read(here: models.Environment, plan: str, account: ports.Account) -> None:
    read = {"plan": plan, "limits": dict(account.limits), "address": account.address, "url": account.url}
    if any(getattr(here, name) != value for name, value in read.items()):
        for name, value in read.items():
            setattr(here, name, value)
        writing.change(here, *read)


def _planned(execution: models.Execution, seen: Seen, at: datetime) -> models.Environment:
    """The row of the new environment; its name at the server is fixed before the server is asked to create it."""
    if seen.server is None:
        raise ValueError("placed nowhere")
    server = models.Server.objects.get(pk=seen.server)
    count = models.Environment.objects.filter(service=execution.service).count()
    name = execution.service.number.lower().replace("-", "")
    return models.Environment.objects.create(
        service=execution.service,
        server=server,
        external_id=f"{name}-{count + 1}",
        plan=facts.target_of(execution).plan,
        created_at=at,
    )


def _pass_point_of_no_return(execution: models.Execution, at: datetime, actor: str) -> None:
    """From here on it is finished, never taken back: environments change roles, and the caller changes plan and
    price."""
    execution.point_of_no_return_at = at
    if execution.new is not None:
        if execution.present is not None:
            moves.move(execution.present, "replaced", actor=actor, at=at, replaced_at=at)
        moves.move(execution.new, "came_into_use", actor=actor, at=at, in_use_since=at)
    tell(execution, "point_of_no_return")
