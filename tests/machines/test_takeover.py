"""Who may finish a run when workers die, leases end and programs change?"""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import OperationalError

from planshift.domain import errors
from planshift.runtime import clock, gathering, runs
from planshift.runtime.models import AuditEntry, Run, StepRecord
from planshift.runtime.runs import claiming, definitions, handing, stepping, working

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _stopped_clock() -> Iterator[None]:
    with clock.stopped(at=NOW):
        yield


def state_of(key: str) -> str:
    return Run.objects.get(key=key).state


def history(key: str) -> list[tuple[str, str]]:
    return [(line.step, line.outcome) for line in runs.queries.timeline(key=key)]


def test_a_zombie_writes_nothing() -> None:
    def slow(run: runs.Work) -> runs.Outcome:
        if run.generation == 1:  # while it runs, its lease is lost and another worker takes over
            Run.objects.filter(pk=run.id).update(generation=2, claimed_by=None, not_before=clock.system())
        AuditEntry.objects.create(
            kind="probe", actor=f"g{run.generation}", event="e", system_at=clock.system(), business_at=run.at
        )
        return runs.Done()

    runs.define("zombie", steps={"slow": slow}, first="slow")
    runs.start(kind="zombie", key="z", subject="1")
    life = working.register(lease_seconds=60)
    [work] = claiming.claim(worker=life.id, at=NOW, limit=1)
    Run.objects.filter(key="z").update(generation=2)
    assert stepping.carry_out(work, who="zombie") is None
    assert not AuditEntry.objects.filter(kind="probe").exists()
    assert history("z") == []
    Run.objects.filter(key="z").update(claimed_by=None, not_before=clock.system())
    runs.drain()
    assert [each.actor for each in AuditEntry.objects.filter(kind="probe")] == ["g3"]
    assert history("z") == [("slow", "done")]


def test_a_zombies_failure_does_not_count_either() -> None:
    def bad(run: runs.Work) -> runs.Outcome:
        raise errors.Permanent("no")

    runs.define("zombie", steps={"bad": bad}, first="bad")
    runs.start(kind="zombie", key="z", subject="1")
    life = working.register(lease_seconds=60)
    [work] = claiming.claim(worker=life.id, at=NOW, limit=1)
    Run.objects.filter(key="z").update(generation=2)
    stepping.carry_out(work, who="zombie")
    assert state_of("z") == "RUNNING"
    assert history("z") == []


def test_the_runs_of_a_dead_worker_are_taken_over_and_a_poisonous_step_gets_stuck() -> None:
    told: list[str] = []
    runs.define(
        "poison", steps={"one": lambda run: runs.Done()}, first="one", stuck=lambda run, reason: told.append(reason)
    )
    runs.start(kind="poison", key="p", subject="1")
    for crash in range(1, claiming.CRASH_LIMIT + 1):
        life = working.register(lease_seconds=-1)  # dead at once
        assert len(claiming.claim(worker=life.id, at=NOW, limit=5)) == 1
        assert claiming.take_over() == 1
        assert claiming.take_over() == 0
        assert Run.objects.get(key="p").crashes == crash
        assert not working.renew(life)
    assert state_of("p") == "STUCK"
    assert told == ["workers died in this step: 4"]
    runs.retry(key="p", actor="staff:anna", note="memory added")
    runs.drain()
    assert history("p") == [("one", "lost")] * 3 + [("one", "stuck"), ("one", "retried"), ("one", "done")]


def test_a_fault_in_the_hook_of_a_stuck_run_stops_no_takeover() -> None:
    def broken(run: runs.Work, reason: str) -> None:
        raise ValueError("no such row")

    runs.define("poison", steps={"one": lambda run: runs.Done()}, first="one", stuck=broken)
    runs.start(kind="poison", key="p", subject="1")
    for _ in range(claiming.CRASH_LIMIT):
        claiming.claim(worker=working.register(lease_seconds=-1).id, at=NOW, limit=5)
        assert claiming.take_over() == 1
    assert state_of("p") == "STUCK"


def test_a_run_that_killed_a_worker_is_carried_on_alone_so_that_its_neighbours_are_not_blamed() -> None:
    at_hand: list[int] = []

    def step(run: runs.Work) -> runs.Outcome:
        at_hand.append(Run.objects.filter(claimed_by__isnull=False).count())
        return runs.Done()

    runs.define("suspect", steps={"one": step}, first="one")
    for number in range(12):
        runs.start(kind="suspect", key=f"s:{number}", subject="1")
    Run.objects.filter(key__in=["s:5", "s:6"]).update(crashes=1)
    assert runs.drain() == 12
    assert max(at_hand) > 1
    by_key = dict(StepRecord.objects.values_list("run__key", "id"))
    order = sorted(by_key, key=lambda key: by_key[key])
    assert [at_hand[order.index(key)] for key in ("s:5", "s:6")] == [1, 1]


def test_what_a_worker_claims_after_it_was_given_up_is_freed_too() -> None:
    """It slept, was given up, woke, claimed before its next heartbeat, and died."""
    runs.define("late", steps={"one": lambda run: runs.Done()}, first="one")
    life = working.register(lease_seconds=-1)
    assert claiming.take_over() == 0 and not working.renew(life)
    runs.start(kind="late", key="l", subject="1")
    assert len(claiming.claim(worker=life.id, at=NOW, limit=5)) == 1
    assert claiming.take_over() == 1
    runs.drain()
    assert history("l") == [("one", "lost"), ("one", "done")]


def test_nothing_is_taken_along_from_a_step_whose_commit_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    runs.define("other", steps={"one": lambda run: runs.Done()}, first="one")

    def starts(run: runs.Work) -> runs.Outcome:
        runs.start_new(kind="other", key="o", subject="1")
        return runs.Done()

    runs.define("starts", steps={"one": starts}, first="one")
    runs.start(kind="starts", key="s", subject="1")
    life = working.register(lease_seconds=60)
    [work] = claiming.claim(worker=life.id, at=NOW, limit=1)
    real, hand, taken = gathering.flush, handing.Hand(life.id), []

    def full_disk() -> None:
        real()
        taken.append(len(hand.works))
        if taken[-2:] == [1, 1]:  # the last one, at the end of the transaction
            raise OperationalError("disk full")

    monkeypatch.setattr(gathering, "flush", full_disk)
    assert stepping.carry_out(work, who="unlucky", hand=hand) is None
    assert hand.works == [] and not Run.objects.filter(key="o").exists()


def test_a_run_is_woken_by_what_it_awaits_not_by_what_came_last() -> None:
    woken: list[str] = []

    def waits(run: runs.Work) -> runs.Outcome:
        woken.append(run.woken_by)
        return runs.Done() if run.woken_by else runs.Wait(resume="one", owner="client", signal=("a", "c"))

    def sends(run: runs.Work) -> runs.Outcome:
        for name in ("c", "a", "b"):
            runs.signal(key="w", name=name)
        return runs.Done()

    runs.define("waits", steps={"one": waits}, first="one")
    runs.define("sends", steps={"one": sends}, first="one")
    runs.start(kind="waits", key="w", subject="1")
    runs.drain()
    runs.start(kind="sends", key="s", subject="1")
    runs.drain()
    assert woken == ["", "a"]


def test_a_live_lease_is_not_taken_over() -> None:
    runs.define("live", steps={"one": lambda run: runs.Done()}, first="one")
    runs.start(kind="live", key="l", subject="1")
    life = working.register(lease_seconds=60)
    claiming.claim(worker=life.id, at=NOW, limit=5)
    with clock.stopped(at=NOW + dt.timedelta(days=365)):
        assert claiming.take_over() == 0
    assert state_of("l") == "RUNNING"
    working.sign_off(life)
    assert state_of("l") == "READY"


def test_runs_in_flight_keep_the_version_they_started_with() -> None:
    seen: list[str] = []

    def old(run: runs.Work) -> runs.Outcome:
        seen.append(f"old {run.version}")
        return runs.Wait(signal="go", owner="staff", resume="old") if run.woken_by == "" else runs.Done()

    def new(run: runs.Work) -> runs.Outcome:
        seen.append(f"new {run.version}")
        return runs.Done()

    runs.define("versions", version=1, steps={"old": old}, first="old")
    runs.start(kind="versions", key="v1", subject="1")
    runs.drain()
    runs.define("versions", version=2, steps={"new": new}, first="new")
    runs.start(kind="versions", key="v2", subject="1")
    runs.signal(key="v1", name="go")
    runs.drain()
    assert sorted(seen) == ["new 2", "old 1", "old 1"]


def test_a_run_of_a_newer_program_is_left_for_it() -> None:
    runs.define("future", steps={"one": lambda run: runs.Done()}, first="one")
    runs.start(kind="future", key="u", subject="1")
    Run.objects.filter(key="u").update(version=99)
    runs.drain()
    run = Run.objects.get(key="u")
    assert (run.state, run.attempt) == ("READY", 1)
    assert "version 99" in run.reason
    definitions.define("future", version=99, steps={"one": lambda run: runs.Done()}, first="one")
    runs.drain(skip_backoff=True)
    assert state_of("u") == "DONE"


def test_an_interrupted_worker_gives_back_what_it_holds() -> None:
    def step(run: runs.Work) -> runs.Outcome:
        raise KeyboardInterrupt

    runs.define("interrupted", steps={"one": step}, first="one")
    runs.start(kind="interrupted", key="i", subject="1")
    with pytest.raises(KeyboardInterrupt):
        runs.drain()
    run = Run.objects.get()
    assert (run.state, run.claimed_by, run.crashes) == ("READY", None, 0)
    assert run.not_before is not None
