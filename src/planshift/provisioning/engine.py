"""How is an execution carried out? One driver verb at a time: `_act` outside any transaction, then `advance` records
what came of it together with the advance of the run. A worker that dies between the two leaves nothing behind:
whoever takes over asks again under the same key, and the driver answers that it is done.
"""

from collections.abc import Sequence
from datetime import timedelta

from planshift.domain import recipes
from planshift.provisioning import answers, calls, facts, models, progress, watching
from planshift.runtime import moves, runs, shapes

KIND = "execution"
LOOK = progress.LOOK
RETRIES = runs.Retries(attempts=8, first=2.0, longest=900.0)
REMINDED_AFTER = timedelta(days=1)  # what waits for a person is looked at again every day
SENDING = ("front_proxy", "swap_dns")  # from here on visitors come to the new environment
TASK_PAUSE, TASK_PAUSE_AT_MOST = 5.0, 300.0  # seconds between two questions about a long task

_OWNERS = {"client": "waits_for_client", "staff": "waits_for_staff", "system": "holds"}
_FINAL = ("DONE", "FAILED", "CANCELLED")


run_key = progress.run_key


# A look and what follows it are put to the server one after the other and recorded together: whoever takes over after a
# crash in between looks again, and asks again under the same key.
TOGETHER = (("check", "apply"), ("apply", recipes.READ_BACK))


_WITH_SERVERS = shapes.Shape(
    lambda: models.Execution.objects.select_related(
        "service__client", "present__server", "present__service", "new__server", "new__service"
    ).filter(number=shapes.text("number"))
)


def _act(work: runs.Work) -> Sequence[answers.Seen]:
    """Outside any transaction: the driver call of the present step, and of those that belong together with it; none
    where nothing is to be called."""
    (execution,) = _WITH_SERVERS.ask(number=work.subject)
    if execution.state not in ("RUNNING", "UNDOING"):
        return ()
    if execution.state == "RUNNING" and facts.step_of(execution).does in (recipes.WAIT, recipes.WORK):
        return ()
    seen = [calls.carry_out(execution, actor=work.actor)]
    while seen[-1].kind == answers.DID and (following := _together(execution)) is not None:
        execution.step, execution.attempt, execution.task = following.name, 0, ""  # as it will stand; not written here
        seen.append(calls.carry_out(execution, actor=work.actor, just_read=seen[-1].account))
    return seen


def _together(execution: models.Execution) -> recipes.Step | None:
    """The next step, where it is put to the server before the present one is recorded."""
    if execution.state != "RUNNING":
        return None
    step = facts.step_of(execution)
    following = progress.applies_after(execution, step)
    return following if following is not None and (step.does, following.does) in TOGETHER else None


@runs.external(_act)
def advance(work: runs.Work, seen: Sequence[answers.Seen]) -> runs.Outcome:
    """Record what came of the calls, and take the execution as many steps on."""
    execution = progress.locked(work.subject)
    if execution is None:
        raise LookupError(f"no execution {work.subject}")
    if execution.state in _FINAL:
        return runs.Done()
    if execution.state == "STUCK":
        return runs.Wait(resume="advance", owner="staff", signal=LOOK, due_at=work.at + REMINDED_AFTER)
    if execution.state not in ("RUNNING", "UNDOING") or (
        execution.state == "RUNNING" and facts.step_of(execution).does in (recipes.WAIT, recipes.WORK)
    ):
        return _wait(execution, work)
    outcome: runs.Outcome = runs.Go("advance")
    for number, each in enumerate(seen):
        current = each.fence == answers.fence_of(execution)
        if number and not (current and each.kind == answers.DID):
            execution.save()  # what went well before it stands
        if not current:
            return outcome  # decided otherwise meanwhile: the answer is about something else
        outcome = _record(execution, each, work, last=each is seen[-1])
    return outcome


def _wait(execution: models.Execution, work: runs.Work) -> runs.Outcome:
    """A wait ends when its person has acted, or on its date if the recipe says so; else staff are told on that date."""
    step = facts.step_of(execution)
    due, event = facts.due_at(execution, step), "done"
    satisfied = facts.satisfied(execution, step)
    by_date = due <= work.at and step.when_due == recipes.GO_ON
    if satisfied or by_date:
        if execution.state != "RUNNING":
            moves.move(execution, "went_on", actor=work.actor, at=work.at)
        if step.name == "content" and not satisfied:
            event = "lapsed"  # nobody said that the content is moved: names stay where they are
        progress.finish_step(execution, at=work.at, actor=work.actor, event=event, note="" if satisfied else "due")
        return _next(execution)
    if execution.state == "RUNNING":
        execution.waiting_until = due
        execution.save(update_fields=["waiting_until"])
        progress.journal(execution, "waits", at=work.at, actor=work.actor, told={"until": due.isoformat()})
        notice = step.name == "notice"
        moves.move(execution, "waits_for_notice" if notice else _OWNERS[step.waits_for], actor=work.actor, at=work.at)
        if notice:
            progress.tell(execution, "removal_notice_due")
    if due > work.at:
        return runs.Wait(resume="advance", owner=step.waits_for, signal=LOOK, due_at=due)
    if not facts.journal_of(execution).filter(step=step.name, event="overdue").exists():
        progress.journal(execution, "overdue", at=work.at, actor=work.actor)
        progress.tell(execution, "execution_overdue")
    return runs.Wait(resume="advance", owner="staff", signal=LOOK, due_at=work.at + REMINDED_AFTER)


def _record(execution: models.Execution, seen: answers.Seen, work: runs.Work, *, last: bool) -> runs.Outcome:
    at, actor = work.at, work.actor
    if seen.kind == answers.RUNS:
        return _runs_on(execution, seen, work)
    if seen.kind == answers.AGAIN:
        return _again(execution, seen, work)
    if seen.kind == answers.NEVER:
        progress.journal(execution, "failed", at=at, actor=actor, seen=seen, note=seen.what)
        return _never(execution, seen, work)
    if seen.kind == answers.PART:
        progress.part_done(execution, seen=seen, at=at, actor=actor)
    elif execution.state == "UNDOING":
        progress.journal(execution, "undone", at=at, actor=actor, seen=seen)
        progress.undo_next(execution, at=at, actor=actor)
    else:
        event = "skipped" if seen.kind == answers.ABSENT else "done"
        note = "the server cannot do it" if seen.kind == answers.ABSENT else ""
        done = facts.step_of(execution)
        progress.finish_step(execution, at=at, actor=actor, seen=seen, event=event, note=note, save=last)
        if done.does in SENDING and event == "done":
            watching.begin(execution)
    return _next(execution)


def _runs_on(execution: models.Execution, seen: answers.Seen, work: runs.Work) -> runs.Outcome:
    """A long task goes on: asked again after a pause that grows with its age. After a day staff are told, once."""
    execution.task = seen.task
    execution.save()
    age = work.at - execution.step_since
    known = facts.journal_of(execution).filter(step=execution.step, event="overdue", at__gte=execution.step_since)
    if age >= REMINDED_AFTER and not known.exists():
        progress.journal(execution, "overdue", at=work.at, actor=work.actor)
        progress.tell(execution, "execution_overdue")
    return runs.Retry(after_seconds=min(TASK_PAUSE_AT_MOST, max(TASK_PAUSE, age.total_seconds() / 50)))


def _again(execution: models.Execution, seen: answers.Seen, work: runs.Work) -> runs.Outcome:
    """It may work later: the same key after a pause, until the attempts are used up."""
    progress.journal(execution, "failed_attempt", at=work.at, actor=work.actor, seen=seen, note=seen.what)
    execution.attempt += 1
    if execution.attempt >= RETRIES.attempts:
        return _never(execution, seen, work)
    if seen.facts.get("new_key"):
        execution.generation += 1
    execution.save()
    pause = RETRIES.pause(execution.attempt) if seen.after_seconds is None else seen.after_seconds
    return runs.Retry(after_seconds=pause)


def _never(execution: models.Execution, seen: answers.Seen, work: runs.Work) -> runs.Outcome:
    """Before the point of no return it is taken back; after it, and when taking back fails, a person decides."""
    error = {"what": seen.what, "step": execution.step, **seen.facts}
    if execution.state == "UNDOING" or execution.point_of_no_return_at is not None:
        progress.stick(execution, error=error, at=work.at, actor=work.actor)
        return runs.Wait(resume="advance", owner="staff", signal=LOOK, due_at=work.at + REMINDED_AFTER)
    progress.begin_undo(execution, ends_in="gave_up", error=error, at=work.at, actor=work.actor)
    return _next(execution)


def _next(execution: models.Execution) -> runs.Outcome:
    return runs.Done() if execution.state in _FINAL else runs.Go("advance")


def _stuck(work: runs.Work, reason: str) -> None:
    """The run itself is stuck (a fault of ours, or workers that died): the execution says so, and staff find it."""
    execution = progress.locked(work.subject)
    if execution is not None and execution.lifecycle.allows(execution.state, "got_stuck"):
        error = {"what": "fault", "step": execution.step, "reason": reason[:500]}
        progress.journal(execution, "failed", at=work.at, actor=work.actor, note="fault", told={"reason": reason[:500]})
        progress.stick(execution, error=error, at=work.at, actor=work.actor)


def define() -> None:
    """Name the run kind. Called when Django is ready."""
    runs.define(KIND, steps={"advance": runs.Step(advance, _act)}, first="advance", stuck=_stuck)
