"""Sample procedures: `chain` of four steps with outside calls, `bill` that waits for three payments, `sleep` for a
date.
"""

import datetime as dt
import os
import signal
import threading

from planshift.runtime import runs
from tests.sample.models import Called, Thing, Written

STEPS = ("allocate", "create", "switch", "finish")
SECONDS = float(os.environ.get("SAMPLE_SECONDS", "0"))
SLOW = os.environ.get("SAMPLE_SLOW", "")  # the step that takes so long; every one where none is named
KILL_AT = os.environ.get("SAMPLE_KILL_AT", "")  # "switch:before", "switch:inside", "switch:after": kill -9 myself there


def die_at(place: str) -> None:
    """Stand in for a power cut at this very place."""
    if place == KILL_AT:
        os.kill(os.getpid(), signal.SIGKILL)


def call(run: runs.Work) -> None:
    """An outside call that leaves a trace and takes a while."""
    die_at(f"{run.step}:before")
    Called.objects.create(key=run.effect_key, pid=os.getpid())
    if SECONDS and SLOW in ("", run.step):
        threading.Event().wait(SECONDS)
    die_at(f"{run.step}:called")


def step(run: runs.Work, value: None) -> runs.Outcome:
    """Write one row, and go on to the next step."""
    Written.objects.create(subject=run.subject, step=run.step, pid=os.getpid())
    die_at(f"{run.step}:inside")
    place = STEPS.index(run.step) + 1
    return runs.Go(STEPS[place]) if place < len(STEPS) else runs.Done()


def bill(run: runs.Work) -> runs.Outcome:
    """Done when 30 are paid; else wait for the next payment."""
    Written.objects.create(subject=run.subject, step=f"look:{run.woken_by}", pid=os.getpid())
    if Thing.objects.get(number=run.subject).amount >= 30:
        return runs.Done()
    return runs.Wait(signal="paid", owner="client", due_at=run.at + dt.timedelta(days=3650), resume="bill")


def sleep(run: runs.Work) -> runs.Outcome:
    """Wait a month."""
    return runs.Wait(due_at=run.at + dt.timedelta(days=30), owner="system", resume="wake")


def wake(run: runs.Work) -> runs.Outcome:
    """The month is over."""
    Written.objects.create(subject=run.subject, step="wake", pid=os.getpid())
    return runs.Done()


def define() -> None:
    """Make the sample procedures known to this process."""
    runs.define("chain", steps={name: runs.Step(step, call) for name in STEPS}, first="allocate")
    runs.define("bill", steps={"bill": bill}, first="bill")
    runs.define("sleep", steps={"sleep": sleep, "wake": wake}, first="sleep")
