"""Two connections at the same moment: wake-ups, claims, doors and steps that want the same rows."""

import datetime as dt
import threading
from collections import Counter

import pytest
from django.db import transaction

from planshift.runtime import clock, locks, moves, numbers, runs
from planshift.runtime.models import Run, StepRecord
from planshift.runtime.runs import claiming, working
from tests.machines.test_once import in_threads
from tests.sample.models import Account, Thing, Written

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 10.0


def paid_so_far() -> int:
    return Thing.objects.get(number="T-1").amount


def pay(amount: int) -> None:
    """A door: the fact and the signal in one transaction."""
    with transaction.atomic():
        [thing] = locks.lock(Thing.objects.filter(number="T-1"))
        Thing.objects.filter(pk=thing.pk).update(amount=thing.amount + amount)
        runs.signal(key="bill", name="paid")


def define_bill(between: threading.Barrier | None = None, after: threading.Barrier | None = None) -> None:
    """A run that reads what is paid, lets the other connection act, and then goes to sleep on what it read."""

    def bill(run: runs.Work) -> runs.Outcome:
        paid = paid_so_far()
        Written.objects.create(subject="T-1", step=f"{run.woken_by}:{paid}", pid=0)
        if between and after and paid == 0:
            between.wait(SECONDS)
            after.wait(SECONDS)
        return runs.Done() if paid >= 30 else runs.Wait(signal="paid", owner="client", resume="bill")

    runs.define("racing_bill", steps={"bill": bill}, first="bill")
    Thing.objects.create(number="T-1")
    runs.start(kind="racing_bill", key="bill", subject="T-1")


def looks() -> list[str]:
    return list(Written.objects.order_by("id").values_list("step", flat=True))


@pytest.mark.postgres
@pytest.mark.parametrize("delivered", [True, False], ids=["delivered", "under way"])
def test_a_payment_committed_between_a_steps_look_and_its_sleep_wakes_it(delivered: bool) -> None:
    between, after = threading.Barrier(2), threading.Barrier(2)
    define_bill(between, after)

    def door() -> None:
        between.wait(SECONDS)
        pay(30)
        if delivered:
            claiming.deliver()
        after.wait(SECONDS)

    assert in_threads(runs.drain, door) == []
    runs.drain()
    assert looks() == [":0", "paid:30"]
    assert Run.objects.get().state == "DONE"


@pytest.mark.postgres
def test_a_payment_that_commits_after_the_step_went_to_sleep_wakes_it() -> None:
    between, after = threading.Barrier(2), threading.Barrier(2)
    define_bill(between, after)
    asleep = threading.Event()

    def worker() -> None:
        runs.drain()
        asleep.set()

    def door() -> None:
        between.wait(SECONDS)
        with transaction.atomic():
            Thing.objects.filter(number="T-1").update(amount=30)
            runs.signal(key="bill", name="paid")
            after.wait(SECONDS)
            assert asleep.wait(SECONDS)  # the step has committed its wait, our transaction is still open

    assert in_threads(worker, door) == []
    assert Run.objects.get().state == "WAITING"
    runs.drain()
    assert looks() == [":0", "paid:30"]


def test_many_payments_beside_two_workers_end_in_done_without_spinning() -> None:
    define_bill()
    stop = threading.Event()

    def worker() -> None:
        while not stop.is_set():
            runs.drain()
            stop.wait(0.01)

    def door() -> None:
        for _ in range(10):
            pay(1)
            threading.Event().wait(0.01)

    def doors() -> None:
        problems = in_threads(door, door, door)
        begun = clock.monotonic()
        while Run.objects.get().ended_at is None and clock.monotonic() - begun < SECONDS:
            threading.Event().wait(0.02)
        stop.set()
        assert problems == []

    assert in_threads(worker, worker, doors) == []
    assert Run.objects.get().state == "DONE"
    assert looks()[-1] == "paid:30"
    assert len(looks()) <= 1 + 30  # at most one look for each payment


def test_rivals_never_claim_the_same_run() -> None:
    runs.define("rival", steps={"one": lambda run: runs.Done()}, first="one")
    runs.start_many(kind="rival", subjects=[(f"r:{number}", "1") for number in range(200)])
    claimed: list[int] = []
    gate = threading.Barrier(4)

    def rival() -> None:
        life = working.register(lease_seconds=60)
        gate.wait(SECONDS)
        while works := claiming.claim(worker=life.id, at=clock.business(), limit=7):
            claimed.extend(work.id for work in works)

    assert in_threads(rival, rival, rival, rival) == []
    assert sorted(Counter(claimed).values()) == [1] * 200


@pytest.mark.postgres
def test_a_worker_does_not_wait_for_the_claim_of_another() -> None:
    runs.define("rival", steps={"one": lambda run: runs.Done()}, first="one")
    runs.start_many(kind="rival", subjects=[("r:1", "1"), ("r:2", "1")])
    claimed, seen = threading.Barrier(2), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            assert len(claiming.claim(worker=1, at=clock.business(), limit=1)) == 1
            claimed.wait(SECONDS)
            assert seen.wait(SECONDS)  # our claim is not committed yet

    def quick() -> None:
        claimed.wait(SECONDS)
        assert len(claiming.claim(worker=2, at=clock.business(), limit=1)) == 1
        seen.set()

    assert in_threads(slow, quick) == []
    assert sorted(Run.objects.values_list("claimed_by", flat=True)) == [1, 2]


@pytest.mark.postgres
def test_a_door_that_signals_in_the_middle_and_a_step_that_ends_do_not_deadlock() -> None:
    """The step holds an account and ends with its run's row; the door signals first and then wants the account."""
    thing, account = Thing.objects.create(number="T-1"), Account.objects.create()
    holding, signalled = threading.Barrier(2), threading.Barrier(2)

    def step(run: runs.Work) -> runs.Outcome:
        locks.lock(Account.objects.filter(pk=account.pk))
        holding.wait(SECONDS)
        signalled.wait(SECONDS)
        return runs.Wait(signal="paid", owner="client", resume="end", due_at=run.at + dt.timedelta(days=1))

    def door() -> None:
        holding.wait(SECONDS)
        with transaction.atomic():
            moves.move(thing, "ordered", actor="client:C-1", at=clock.business())
            runs.signal(key="d", name="paid")
            signalled.wait(SECONDS)
            locks.lock(Account.objects.filter(pk=account.pk))  # waits for the step, which must not wait for us
            numbers.take_one(series="S")

    runs.define("deadlock", steps={"step": step, "end": lambda run: runs.Done()}, first="step")
    runs.start(kind="deadlock", key="d", subject="1")
    assert in_threads(runs.drain, door) == []
    runs.drain()
    assert [line.outcome for line in StepRecord.objects.order_by("id")] == ["waits", "done"]


@pytest.mark.postgres
def test_a_zombie_that_comes_back_in_the_middle_of_a_takeover_writes_nothing() -> None:
    running, taken = threading.Barrier(2), threading.Barrier(2)

    def step(run: runs.Work) -> runs.Outcome:
        Written.objects.create(subject=run.key, step=f"generation {run.generation}", pid=0)
        if run.generation == 1:
            running.wait(SECONDS)
            taken.wait(SECONDS)
        return runs.Done()

    runs.define("back", steps={"step": step}, first="step")
    runs.start(kind="back", key="b", subject="1")

    def zombie() -> None:
        life = working.register(lease_seconds=-1)
        working.work_off(life, limit=1)

    def other() -> None:
        running.wait(SECONDS)
        assert claiming.take_over() == 1
        assert runs.drain() == 1
        taken.wait(SECONDS)

    assert in_threads(zombie, other) == []
    assert looks() == ["generation 3"]
    assert [line.outcome for line in StepRecord.objects.order_by("id")] == ["lost", "done"]
