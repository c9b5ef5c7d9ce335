"""Who carries runs on? A worker: claim, carry out, sleep; with a lease on its own row, renewed by a heartbeat."""

import datetime as dt
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection
from django.db.models import F

from planshift.runtime import clock
from planshift.runtime.models import Worker
from planshift.runtime.runs import claiming, definitions, handing, schedules, stepping, waking

log = structlog.get_logger("planshift.worker")
BATCH_LIMIT = 20
BATCH_SECONDS = 0.1  # a worker holds no more runs than it gets through in about this time
STEPS_IN_A_ROW = 50
IDLE_SECONDS = 0.25  # between polls; where the database can tell, a worker wakes before


@dataclass
class Life:
    """One life of a worker: after trouble with the database it begins a new one and lets the old lease run out."""

    id: int
    name: str
    seconds: float
    started: float
    ended: threading.Event


def register(*, lease_seconds: float) -> Life:
    """Sign in with a lease of `lease_seconds` (system time)."""
    now, host = clock.system(), socket.gethostname()[:80]
    name = f"{host}:{os.getpid()}:{secrets.token_hex(3)}"
    row = Worker.objects.create(
        name=name,
        host=host,
        pid=os.getpid(),
        started_at=now,
        seen_at=now,
        lease_until=now + dt.timedelta(seconds=lease_seconds),
    )
    return Life(row.pk, name, lease_seconds, clock.monotonic(), threading.Event())


def renew(life: Life) -> bool:
    """Push the lease ahead; False when it has been taken away: others carry on with our runs."""
    now = clock.system()
    until = now + dt.timedelta(seconds=life.seconds)
    return bool(Worker.objects.filter(pk=life.id, stopped_at=None).update(seen_at=now, lease_until=until))


def sign_off(life: Life) -> None:
    """Give back what is not begun, and say that this worker has stopped."""
    life.ended.set()
    claiming.release(worker=life.id)
    Worker.objects.filter(pk=life.id).update(stopped_at=clock.system())


def let_go() -> None:
    """Close this process's connections and their pool, as before a fork."""
    connection.close()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()


@contextmanager
def heartbeat(life: Life) -> Iterator[None]:
    """Renew the lease from a thread of its own, so that a slow step does not lose it."""
    thread = threading.Thread(target=_beat, args=(life,), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        life.ended.set()
        thread.join(timeout=5)


def _beat(life: Life) -> None:
    while not life.ended.wait(life.seconds / 3):
        try:
            if not renew(life):
                life.ended.set()
        except DatabaseError as problem:
            log.warning("worker.heartbeat_failed", problem=str(problem))
        finally:
            connection.close()
    connection.close()


def work_off(
    life: Life,
    *,
    limit: int,
    stop: Callable[[], bool] = lambda: False,
    skip_backoff: bool = False,
) -> int:
    """Carry out everything that can go on now, at most `limit` steps. Returns how many steps were carried out."""
    with waking.at_work():
        return _work_off(life, limit, stop, skip_backoff)


def _work_off(life: Life, limit: int, stop: Callable[[], bool], skip_backoff: bool) -> int:
    steps, batch = 0, 1
    while steps < limit and not stop():
        at = clock.business()
        found = claiming.look(at=at, skip_backoff=skip_backoff)
        if found.signals:
            claiming.deliver()
        elif not found.runs:
            break
        begun = clock.monotonic()
        claimed = claiming.claim(worker=life.id, at=at, limit=min(batch, limit), skip_backoff=skip_backoff)
        if not claimed and not found.signals:
            break  # others were faster
        for work in _suspects_alone(claimed):
            if stop() or steps >= limit:
                claiming.give_back(work)
                continue
            steps += _carry_on(work, life, min(STEPS_IN_A_ROW, limit - steps), stop)
        batch = min(BATCH_LIMIT, batch * 2) if clock.monotonic() - begun < BATCH_SECONDS else max(1, batch // 2)
    return steps


def _suspects_alone(claimed: list[definitions.Work]) -> list[definitions.Work]:
    """A run in whose step a worker died is carried on by itself: if it kills again, no other run is blamed."""
    if len(claimed) < 2 or not any(work.crashes for work in claimed):
        return claimed
    first, *others = sorted(claimed, key=lambda work: -work.crashes)
    for work in others:
        claiming.give_back(work)
    return [first]


def _carry_on(work: definitions.Work, life: Life, limit: int, stop: Callable[[], bool]) -> int:
    """A run as far as it goes at once, and then the runs that it started or woke; those first that came last."""
    waiting, steps = [work], 0
    while waiting:
        if steps and (steps >= limit or stop()):
            claiming.give_back(waiting.pop())
            continue
        hand = handing.Hand(life.id)
        following = stepping.carry_out(waiting.pop(), who=life.name, hand=hand)
        steps += 1
        waiting += hand.works
        waiting += [following] if following is not None else []
    return steps


def drain(*, limit: int = 10_000, skip_backoff: bool = False) -> int:
    """Carry out in this process all that is due, with the workers' own code; for tests and commands. Returns the steps.

    `skip_backoff` also takes runs that pause before a retry.
    """
    life = register(lease_seconds=60)
    try:
        with_heartbeat = not connection.in_atomic_block
        schedules.plant()
        if not with_heartbeat:  # inside a test's transaction nobody else could see the lease
            return work_off(life, limit=limit, skip_backoff=skip_backoff)
        with heartbeat(life):
            return work_off(life, limit=limit, skip_backoff=skip_backoff, stop=life.ended.is_set)
    finally:
        sign_off(life)


def serve(*, stop: threading.Event, lease_seconds: float, until_idle: bool = False) -> None:
    """Work until `stop` is set (or, with `until_idle`, until nothing is left). Lives through a restart of the
    database.
    """
    pause = 0.5
    while not stop.is_set():
        try:
            close_old_connections()
            life = register(lease_seconds=lease_seconds)
            log.info("worker.up", worker=life.name)
            with heartbeat(life):
                idle = _live(life, stop, until_idle)
            sign_off(life)
            log.info("worker.down", worker=life.name)
            if idle and until_idle:
                return
            pause = 0.5
        except (OperationalError, InterfaceError) as problem:
            log.warning("worker.database_away", problem=str(problem), pause=pause)
            connection.close()
            stop.wait(pause)
            pause = min(15.0, pause * 2)


def _live(life: Life, stop: threading.Event, until_idle: bool) -> bool:
    """One life: True when it ended because nothing is left to do."""
    looked, ear = -life.seconds, waking.Ear()

    def over() -> bool:
        return stop.is_set() or life.ended.is_set()

    try:
        while not over():
            if clock.monotonic() - looked > life.seconds / 3:
                claiming.take_over()
                looked = clock.monotonic()
            schedules.plant()
            steps = work_off(life, limit=1000, stop=over)
            if steps:
                Worker.objects.filter(pk=life.id).update(steps=F("steps") + steps)
            elif until_idle:
                return True
            else:
                ear.wait(stop=stop, seconds=IDLE_SECONDS)
        return False
    finally:
        ear.close()
