"""What holds for an execution right now: its recipe, which conditions are met, until when it waits, for whom."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db.models import QuerySet

from planshift.domain import recipes
from planshift.provisioning import models, ports
from planshift.runtime import gathering

NOTICE_DEADLINE = timedelta(days=1)  # the removal notice is sent by a procedure within minutes; after a day staff look


def journal_of(execution: models.Execution) -> "QuerySet[models.ExecutionStep]":
    """The lines of its journal, those of the present transaction included."""
    gathering.flush()
    return models.ExecutionStep.objects.filter(execution=execution)


def recipe_of(execution: models.Execution) -> recipes.Recipe:
    """The recipe in the version that the execution started with."""
    return recipes.find(execution.recipe, execution.recipe_version)


def step_of(execution: models.Execution) -> recipes.Step:
    """The step that the execution stands at."""
    recipe = recipe_of(execution)
    return recipe.steps[recipe.place_of(execution.step)]


def target_of(execution: models.Execution) -> recipes.Target:
    """What the service shall have."""
    return recipes.Target.from_json(execution.target)


def parameters_of(execution: models.Execution) -> recipes.Parameters:
    """What policy and order say about this execution."""
    return recipes.Parameters.from_json(execution.parameters)


def server_at(server: models.Server) -> ports.ServerAt:
    """The server as drivers want it."""
    return ports.ServerAt(code=server.code, address=server.address, traits=server.traits)


def ref_of(environment: models.Environment) -> ports.Ref:
    """The environment as drivers want it."""
    return ports.Ref(server_at(environment.server), environment.external_id)


def environment_of(execution: models.Execution, step: recipes.Step) -> models.Environment | None:
    """The environment that a step acts on."""
    return execution.new if step.on == recipes.NEW else execution.present


def holds(execution: models.Execution, condition: str) -> bool:
    """Is a condition of the recipes met? KeyError for a word that is none."""
    return _CONDITIONS[condition](execution)


def satisfied(execution: models.Execution, step: recipes.Step) -> bool:
    """Has the person that this wait is for done what was asked? Never, for a wait that only a date ends."""
    done = _SATISFIED.get(step.name)
    return done is not None and done(execution)


def due_at(execution: models.Execution, step: recipes.Step) -> datetime:
    """The business instant at which this wait is due. ValueError when what it counts from has not happened."""
    due = _DUE[step.until](execution)
    if due is None:
        raise ValueError(f"{execution.number}: {step.name} counts from something that has not happened")
    return due


def hold_until(execution: models.Execution) -> datetime | None:
    """The end of the hold: `hold_days` after the later of hand-over and point of no return (H10); None before that."""
    if execution.handed_over_at is None or execution.point_of_no_return_at is None:
        return None
    start = max(execution.handed_over_at, execution.point_of_no_return_at)
    return start + timedelta(days=parameters_of(execution).hold_days)


def cutover_by(execution: models.Execution) -> datetime | None:
    """When the timer stands in for the client's confirmation; None before the hand-over."""
    return _plus(execution.handed_over_at, parameters_of(execution).cutover_days)


def last_done(execution: models.Execution, *steps: str) -> models.ExecutionStep | None:
    """The newest line of the journal that says that one of these steps is done."""
    return journal_of(execution).filter(step__in=steps, event="done").order_by("id").last()


def passed_on(execution: models.Execution) -> bool:
    """Does the old server pass its visitors on?"""
    return last_done(execution, "proxy") is not None


def mail_may_have_come(execution: models.Execution) -> bool:
    """Can the new environment have taken mail in? A copy in the making takes none; names lead there once they are
    switched, by us or, where they are not ours, by the client as soon as he has the access data."""
    if last_done(execution, "final_copy", "swap_dns") is not None:
        return True
    by_client = parameters_of(execution).content_transfer != "provider" and not _dns_ours(execution)
    return by_client and execution.handed_over_at is not None


def files_may_have_come(execution: models.Execution) -> bool:
    """Can somebody have written in the new environment what is nowhere else? Visitors do once names lead there; the
    client does who has the access data, except where our last copy replaces what he wrote."""
    if mail_may_have_come(execution):
        return True
    return parameters_of(execution).content_transfer != "provider" and execution.handed_over_at is not None


def _plus(start: datetime | None, days: int) -> datetime | None:
    return None if start is None else start + timedelta(days=days)


def _notice_by(execution: models.Execution) -> datetime | None:
    end = hold_until(execution)
    return None if end is None else max(end, execution.step_since) + NOTICE_DEADLINE


def _content_moved(execution: models.Execution) -> bool:
    moved = execution.content_moved_at is not None or execution.cutover_confirmed_at is not None
    return moved or parameters_of(execution).content_transfer != "client"


def _dns_ours(execution: models.Execution) -> bool:
    return bool(execution.new and execution.new.server.dns and parameters_of(execution).domains)


def _passing_on(execution: models.Execution) -> bool:
    """Will the old server pass visitors on? As the policy says and as it could when the time to live was lowered."""
    lowered = last_done(execution, "lower_ttl")
    able = lowered is None or lowered.facts.get("passes_on", True)
    return parameters_of(execution).pass_on and bool(able)


def _old_ttl_over(execution: models.Execution) -> datetime:
    """When nobody has the former time to live in his cache any more."""
    lowered = last_done(execution, "lower_ttl")
    longest = max((int(before["ttl"]) for before in execution.dns_before.values()), default=0)
    since = lowered.at if lowered is not None else execution.step_since
    return since + timedelta(seconds=longest)


_CONDITIONS: Mapping[str, Callable[[models.Execution], bool]] = {
    "backup_wanted": lambda x: parameters_of(x).backup,
    "set_up_work": lambda x: bool(parameters_of(x).set_up_work),
    "provider_transfers": lambda x: parameters_of(x).content_transfer == "provider",
    "client_transfers": lambda x: parameters_of(x).content_transfer == "client",
    "content_moved": _content_moved,
    "dns_ours": _dns_ours,
    "passing_on": _passing_on,
    "names_only": lambda x: not _passing_on(x),
}

_SATISFIED: Mapping[str, Callable[[models.Execution], bool]] = {
    "set_up": lambda x: x.work_reported_at is not None,
    "content": lambda x: x.content_moved_at is not None or x.cutover_confirmed_at is not None,
    "cut_over": lambda x: x.cutover_confirmed_at is not None,
    "notice": lambda x: bool(x.notice_proof),
}

_DUE: Mapping[str, Callable[[models.Execution], datetime | None]] = {
    "set_up_by": lambda x: _plus(x.step_since, parameters_of(x).set_up_days),
    "old_ttl_over": _old_ttl_over,
    "cutover_by": cutover_by,
    "hold_until": hold_until,
    "notice_by": _notice_by,
    "notice_until": lambda x: _plus(x.notice_sent_at, parameters_of(x).notice_days),
    "quarantine_until": lambda x: _plus(x.quarantined_at, parameters_of(x).quarantine_days),
}
