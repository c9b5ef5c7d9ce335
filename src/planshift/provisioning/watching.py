"""Does the new environment still serve, after visitors were sent there? Looked at until the old one is switched off.

Three looks in a row at which visitors get nothing while the old server is there: before the point of no return
everything is taken back by itself, and the old environment serves again; after it a person decides. A new environment
that merely answers otherwise than the old one is the client's affair.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from planshift.provisioning import facts, models, progress, visits
from planshift.runtime import runs

KIND = "watch"
PATIENCE = 3  # looks in a row
CLOSE, OFTEN, LATER = timedelta(seconds=4), timedelta(seconds=15), timedelta(minutes=5)
FRESH = timedelta(minutes=15)  # after visitors were sent there
SENT = ("proxy", "swap_dns")


@dataclass(frozen=True, slots=True)
class Looked:
    """What visitors got: by name, at the new environment and at the old server."""

    new: dict[str, int]
    old: dict[str, int]
    generation: int

    @property
    def fails(self) -> bool:
        """Is it the new environment that fails? Where the old server is silent too, it may be us who see nothing."""
        dead = bool(self.new) and not any(visits.serves(status) for status in self.new.values())
        return dead and (not self.old or any(self.old.values()))


def begin(execution: models.Execution) -> None:
    """From now on; again is the same watch."""
    runs.start(kind=KIND, key=f"{KIND}:{execution.number}:{execution.generation}", subject=execution.number)


def _look(work: runs.Work) -> Looked | None:
    execution = (
        models.Execution.objects.select_related("new__server", "present__server").filter(number=work.subject).first()
    )
    if execution is None or not _watched(execution):
        return None
    new = visits.statuses(execution, execution.new)
    old = {} if any(map(visits.serves, new.values())) else visits.statuses(execution, execution.present)
    return Looked(new, old, execution.generation)


@runs.external(_look)
def _judge(work: runs.Work, looked: Looked | None) -> runs.Outcome:
    execution = progress.locked(work.subject)
    if execution is None or looked is None or not looked.new or not _watched(execution):
        return runs.Done()
    if execution.generation != looked.generation:
        return _again(work, CLOSE)  # decided meanwhile: what was seen is looked at anew
    failing = _failing(execution)
    if not looked.fails:
        if failing:
            progress.journal(execution, "serves_again", at=work.at, actor=work.actor)
        return _again(work, LATER if _since(execution, work) > FRESH else OFTEN)
    told: dict[str, object] = {"statuses": looked.new, "old": looked.old}
    if failing < PATIENCE:
        progress.journal(execution, "not_serving", at=work.at, actor=work.actor, told=told)
    if failing + 1 == PATIENCE:
        _act(execution, work, told)
    return _again(work, CLOSE if failing < PATIENCE else LATER)


def _act(execution: models.Execution, work: runs.Work, told: Mapping[str, object]) -> None:
    error = {"what": "not_serving", "step": execution.step, **told}
    if execution.point_of_no_return_at is None and execution.lifecycle.allows(execution.state, "undo"):
        progress.journal(execution, "taken_back", at=work.at, actor=work.actor, note="not_serving")
        progress.begin_undo(execution, ends_in="gave_up", error=error, at=work.at, actor=work.actor)
        progress.wake(execution)
    elif execution.lifecycle.allows(execution.state, "got_stuck"):
        progress.stick(execution, error=error, at=work.at, actor=work.actor)
        progress.wake(execution)


def _failing(execution: models.Execution) -> int:
    """How many looks in a row have failed."""
    count = 0
    events = facts.journal_of(execution).filter(event__in=("not_serving", "serves_again")).order_by("-id")
    for event in events.values_list("event", flat=True)[:PATIENCE]:
        if event != "not_serving":
            break
        count += 1
    return count


def _watched(execution: models.Execution) -> bool:
    recipe = facts.recipe_of(execution)
    over = execution.state in ("DONE", "FAILED", "CANCELLED", "UNDOING")
    return not over and recipe.place_of(execution.step) < recipe.place_of("quarantine")


def _since(execution: models.Execution, work: runs.Work) -> timedelta:
    sent = facts.last_done(execution, *SENT)
    return work.at - sent.at if sent is not None else timedelta()


def _again(work: runs.Work, pause: timedelta) -> runs.Outcome:
    return runs.Wait(resume="look", owner="system", due_at=work.at + pause)


def define() -> None:
    """Name the run kind. Called when Django is ready."""
    runs.define(KIND, steps={"look": _judge}, first="look")
