"""How does a run begin, and how is it woken? Both inside the caller's transaction: no commit, no run, no wake-up."""

from collections.abc import Iterable
from typing import Any

from planshift.runtime import bulk, clock, gathering
from planshift.runtime.models import Run, Signal
from planshift.runtime.runs import definitions, outcomes, waking


def start(*, kind: str, key: str, subject: str) -> None:
    """Start a run of `kind` in the caller's transaction; it begins after the commit. The same `key` starts only once.

    `subject` is the number or pk of the row that owns the facts.
    """
    start_many(kind=kind, subjects=[(key, subject)])


def start_new(*, kind: str, key: str, subject: str) -> None:
    """Start a run whose key was never used (IntegrityError for one that was). Where a step of another run starts it,
    the worker that carries that step out goes on with it right after the commit.
    """
    (run,) = _made(kind, [(key, subject, {"not_before": clock.system()})])
    gathering.later(Run, [values(run)])
    waking.tell()


def values(run: Run) -> dict[str, Any]:
    """The columns of a new run by attribute name."""
    return {each.attname: getattr(run, each.attname) for each in Run._meta.concrete_fields if not each.primary_key}


def start_many(*, kind: str, subjects: Iterable[tuple[str, str]]) -> None:
    """Start a run for each (key, subject) in one statement; keys that exist already are left alone."""
    now = clock.system()
    made = _made(kind, [(key, subject, {"not_before": now}) for key, subject in subjects])
    Run.objects.bulk_create(made, ignore_conflicts=True)
    waking.tell()


def start_waiting(*, kind: str, subjects: Iterable[tuple[str, str, outcomes.Wait]]) -> None:
    """Start runs of which it is known that their first step would only wait: (key, subject, wait). The keys are new:
    IntegrityError for one that has a run."""
    bulk.create(
        _made(
            kind,
            [
                (
                    key,
                    subject,
                    {
                        "state": "WAITING",
                        "step": wait.resume,
                        "awaiting": ",".join(wait.names),
                        "due_at": wait.due_at,
                        "owner": wait.owner,
                    },
                )
                for key, subject, wait in subjects
            ],
        )
    )


def _made(kind: str, wanted: list[tuple[str, str, dict[str, Any]]]) -> list[Run]:
    definition, at = definitions.newest(kind), clock.business()
    common = {"kind": kind, "version": definition.version, "step": definition.first, "started_at": at, "since": at}
    return [bulk.new(Run, key=key, subject=subject, **{**common, **own}) for key, subject, own in wanted]


def signal(*, key: str, name: str) -> None:
    """Wake the run `key` if it waits, or comes to wait, for `name`; it takes effect when the caller commits.

    It carries no facts: they are in the owning tables. A doubled signal, or one to a run that is over, does no harm.
    It is a new row, so the sender takes no lock that a step of the run could be waiting for.
    """
    signal_many(keys=[key], name=name)


def signal_many(*, keys: Iterable[str], name: str) -> None:
    """The same for many runs in one statement."""
    gathering.later(Signal, [{"key": key, "name": name} for key in keys])
    waking.tell()
