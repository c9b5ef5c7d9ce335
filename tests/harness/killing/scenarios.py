"""What is lived through while processes die: the demo, and acts of people who try again when they heard nothing."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from planshift.procedures import sweep
from planshift.procedures.demo import load
from planshift.runtime import clock, runs
from planshift.runtime.models import Worker
from planshift.runtime.runs import claiming, schedules
from tests.house_rules import source

START = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody does (None: only time passes), `after` the start; the workers then do all that is due.

    Whoever was cut off does it again, so an act carries its key, and finds by itself what acts before it made.
    """

    after: dt.timedelta = dt.timedelta(0)
    do: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`bind` readies a process for it (ports that need a folder); `prepare` makes what stands before its first act."""

    acts: Sequence[Act]
    prepare: Callable[[], object] = lambda: None
    bind: Callable[[Path], object] = lambda folder: None
    sweeps: bool = False  # is the daily sweep planted?


def stage() -> None:
    """The demo, loaded at START: for all scenarios."""
    _plan(Scenario(acts=[]))
    with clock.stopped(at=START):
        load.load(folder=source.ROOT, at=START)
        work()


def prepare(scenario: Scenario) -> None:
    """What the scenario needs besides."""
    _plan(scenario)
    with clock.stopped(at=START):
        scenario.prepare()
        work()


def live(scenario: Scenario, *, folder: Path) -> None:
    """Act by act; `folder` remembers, as people do, which they have come through."""
    _plan(scenario)
    diary = folder / "acts"
    done = int(diary.read_text(encoding="ascii")) if diary.exists() else 0
    for number, act in enumerate(scenario.acts[done:], start=done + 1):
        with clock.stopped(at=START + act.after):
            if act.do is not None:
                act.do()
            work()
        diary.write_text(str(number), encoding="ascii")


def take_over() -> None:
    """The leases of the dead run out, and another worker takes their runs."""
    now = clock.system()
    Worker.objects.filter(stopped_at=None).update(lease_until=now - dt.timedelta(seconds=1))
    claiming.take_over()


def work() -> None:
    """All that is due, with the workers' own code."""
    while runs.drain(skip_backoff=True):
        pass


def _plan(scenario: Scenario) -> None:
    schedules._schedules.clear()
    schedules.forget()
    if scenario.sweeps:
        sweep.define()
