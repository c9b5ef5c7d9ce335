"""Durable runs: what a procedure does next, also after trouble. The workers' own claim code, in this process."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction

from planshift.domain import errors
from planshift.runtime import clock, keys, runs
from planshift.runtime.models import AuditEntry, OnceKey, Run, Signal, StepRecord, Worker
from planshift.runtime.runs import claiming, stepping, working

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


def test_steps_follow_each_other_and_each_is_recorded_once() -> None:
    seen: list[str] = []

    def first(run: runs.Work) -> runs.Outcome:
        seen.append(f"{run.step} {run.subject} {run.entry}")
        return runs.Go("second")

    def second(run: runs.Work) -> runs.Outcome:
        seen.append(f"{run.step} {run.subject} {run.entry}")
        return runs.Done()

    runs.define("two", steps={"first": first, "second": second}, first="first")
    runs.start(kind="two", key="two:1", subject="CH-1")
    runs.start(kind="two", key="two:1", subject="CH-1")
    assert runs.drain() == 2
    assert seen == ["first CH-1 0", "second CH-1 1"]
    assert state_of("two:1") == "DONE"
    assert history("two:1") == [("first", "went"), ("second", "done")]


def test_what_a_failed_step_wrote_is_rolled_back_and_the_step_is_tried_again() -> None:
    tries: list[int] = []

    def flaky(run: runs.Work) -> runs.Outcome:
        tries.append(run.attempt)
        AuditEntry.objects.create(
            kind="probe", actor="test", event="tried", system_at=clock.system(), business_at=run.at
        )
        if run.attempt < 2:
            raise errors.Transient("panel answered 503")
        return runs.Done()

    runs.define("flaky", steps={"flaky": flaky}, first="flaky")
    runs.start(kind="flaky", key="f", subject="1")
    assert runs.drain() == 1  # then it pauses
    run = Run.objects.get(key="f")
    assert (run.state, run.attempt, run.reason) == ("READY", 1, "panel answered 503")
    assert run.not_before is not None and run.not_before > clock.system()
    assert runs.drain() == 0
    assert runs.drain(skip_backoff=True) == 2
    assert tries == [0, 1, 2]
    assert AuditEntry.objects.filter(kind="probe").count() == 1
    assert history("f") == [("flaky", "failed"), ("flaky", "failed"), ("flaky", "done")]


def test_three_partial_payments_wake_three_times_and_never_spin() -> None:
    paid: list[int] = []
    looks: list[str] = []

    def settle(run: runs.Work) -> runs.Outcome:
        looks.append(run.woken_by)
        if sum(paid) >= 30:
            return runs.Done()
        return runs.Wait(signal="paid", due_at=NOW + dt.timedelta(days=7), owner="client", resume="settle")

    runs.define("settle", steps={"settle": settle}, first="settle")
    runs.start(kind="settle", key="s", subject="1")
    runs.drain()
    for _ in range(3):
        paid.append(10)
        runs.signal(key="s", name="paid")
        assert runs.drain() == 1
        assert runs.drain() == 0
    assert looks == ["", "paid", "paid", "paid"]
    assert state_of("s") == "DONE"
    assert not Signal.objects.exists()


def test_a_signal_that_comes_while_the_step_runs_is_not_lost() -> None:
    looks: list[str] = []

    def settle(run: runs.Work) -> runs.Outcome:
        looks.append(run.woken_by)
        if len(looks) == 1:  # the payment is booked after this step read the facts
            runs.signal(key="w", name="paid")
            claiming.deliver()
            return runs.Wait(signal="paid", owner="client", resume="settle")
        return runs.Done()

    runs.define("race", steps={"settle": settle}, first="settle")
    runs.start(kind="race", key="w", subject="1")
    assert runs.drain() == 2
    assert looks == ["", "paid"]


def test_other_signals_do_not_wake_and_a_timer_is_never_woken_early() -> None:
    def hold(run: runs.Work) -> runs.Outcome:
        return runs.Wait(due_at=NOW + dt.timedelta(days=14), owner="system", resume="retire")

    def retire(run: runs.Work) -> runs.Outcome:
        assert run.woken_by == "due"
        return runs.Done()

    runs.define("hold", steps={"hold": hold, "retire": retire}, first="hold")
    runs.start(kind="hold", key="h", subject="1")
    runs.drain()
    runs.signal(key="h", name="paid")
    assert runs.drain() == 0
    assert state_of("h") == "WAITING"
    with clock.stopped(at=NOW + dt.timedelta(days=14) - dt.timedelta(microseconds=1)):
        assert runs.drain() == 0
    with clock.stopped(at=NOW + dt.timedelta(days=14)):
        assert runs.drain() == 1
    assert state_of("h") == "DONE"


def test_a_signal_to_nobody_or_to_a_finished_run_is_harmless() -> None:
    runs.define("done", steps={"one": lambda run: runs.Done()}, first="one")
    runs.start(kind="done", key="d", subject="1")
    runs.drain()
    runs.signal(key="d", name="paid")
    runs.signal(key="nobody", name="paid")
    assert runs.drain() == 0
    assert not Signal.objects.exists()


def test_rolled_back_callers_start_and_wake_nothing() -> None:
    runs.define("done", steps={"one": lambda run: runs.Done()}, first="one")
    with pytest.raises(RuntimeError), transaction.atomic():
        runs.start(kind="done", key="d", subject="1")
        runs.signal(key="d", name="paid")
        raise RuntimeError
    assert not Run.objects.exists()
    assert not Signal.objects.exists()


@pytest.mark.parametrize(
    ("problem", "limit"),
    [
        (errors.Transient("no answer"), 8),
        (errors.Unknown("no answer"), 8),
        (RuntimeError("a fault of ours"), 3),
        (errors.Permanent("no such plan"), 1),
        (errors.Refused("not_offered"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_every_failure_ends_with_a_person(problem: Exception, limit: int) -> None:
    told: list[str] = []

    def bad(run: runs.Work) -> runs.Outcome:
        raise problem

    runs.define(
        "bad", steps={"bad": bad}, first="bad", stuck=lambda run, reason: told.append(f"{run.subject}: {reason}")
    )
    runs.start(kind="bad", key="b", subject="7")
    assert runs.drain(skip_backoff=True) == limit
    run = Run.objects.get(key="b")
    assert (run.state, run.owner, run.attempt) == ("STUCK", "staff", limit)
    assert str(problem) in run.reason
    assert told == [f"7: {problem}"]
    assert history("b") == [("bad", "failed")] * (limit - 1) + [("bad", "stuck")]


def test_a_retry_policy_of_a_step_and_a_hint_of_the_other_side() -> None:
    def external(run: runs.Work) -> str:
        raise errors.Transient("busy", after_seconds=500)

    step = runs.Step(lambda run, value: runs.Done(), external, runs.Retries(attempts=2))
    runs.define("policy", steps={"step": step}, first="step")
    runs.start(kind="policy", key="p", subject="1")
    before = clock.system()
    runs.drain()
    run = Run.objects.get(key="p")
    assert run.not_before is not None
    assert 499 < (run.not_before - before).total_seconds() < 520
    runs.drain(skip_backoff=True)
    assert state_of("p") == "STUCK"


def test_pauses_double_up_to_the_longest_and_lose_at_most_half() -> None:
    retries = runs.Retries(first=2.0, longest=60.0)
    for failures, full in [(1, 2.0), (2, 4.0), (3, 8.0), (5, 32.0), (6, 60.0), (400, 60.0)]:
        pauses = [retries.pause(failures) for _ in range(200)]
        assert full / 2 <= min(pauses) and max(pauses) <= full
        assert len(set(pauses)) > 100  # jitter


def test_an_external_call_runs_outside_any_transaction_of_the_step() -> None:
    order: list[str] = []

    def call(run: runs.Work) -> str:
        order.append(f"call {run.effect_key}")
        return "srv42"

    @runs.external(call)
    def allocate(run: runs.Work, server: str) -> runs.Outcome:
        order.append(f"write {server}")
        return runs.Done()

    runs.define("external", steps={"allocate": allocate}, first="allocate")
    runs.start(kind="external", key="x", subject="1")
    runs.drain()
    assert order == ["call x:allocate:0", "write srv42"]


def test_staff_retry_skip_and_cancel_a_stuck_run() -> None:
    def bad(run: runs.Work) -> runs.Outcome:
        raise errors.Permanent("no disk")

    runs.define("buttons", steps={"bad": bad, "good": lambda run: runs.Done()}, first="bad")
    for key in ("a", "b", "c"):
        runs.start(kind="buttons", key=key, subject=key)
    runs.drain()
    runs.retry(key="a", actor="staff:anna", note="disk added")
    runs.skip(key="b", actor="staff:anna", note="done by hand")
    runs.cancel(key="c", actor="staff:anna", note="client gave up")
    runs.drain()
    assert (state_of("a"), state_of("b"), state_of("c")) == ("STUCK", "DONE", "CANCELLED")
    assert history("b") == [("bad", "stuck"), ("bad", "skipped"), ("good", "done")]
    entry = AuditEntry.objects.get(kind="runtime.run", number="c")
    assert (entry.event, entry.from_state, entry.to_state, entry.actor, entry.note) == (
        "cancelled",
        "STUCK",
        "CANCELLED",
        "staff:anna",
        "client gave up",
    )
    for button, code in [(runs.retry, "run_not_possible"), (runs.cancel, "run_not_possible")]:
        with pytest.raises(errors.Refused, match=code):
            button(key="c", actor="staff:anna", note="again")
    with pytest.raises(errors.Refused, match="note_needed"):
        runs.skip(key="a", actor="staff:anna", note=" ")
    with pytest.raises(errors.Refused, match="run_not_found"):
        runs.skip(key="none", actor="staff:anna", note="x")
    with pytest.raises(errors.Refused, match="run_unknown_step"):
        runs.skip(key="a", actor="staff:anna", note="x", to="nowhere")


def test_cancelling_a_run_fences_the_step_under_way() -> None:
    runs.define("under_way", steps={"one": lambda run: runs.Done()}, first="one")
    runs.start(kind="under_way", key="u", subject="1")
    life = working.register(lease_seconds=60)
    [work] = claiming.claim(worker=life.id, at=NOW, limit=1)
    runs.cancel(key="u", actor="staff:anna", note="no")
    stepping.carry_out(work, who=life.name)
    assert state_of("u") == "CANCELLED"
    assert history("u") == [("one", "cancelled")]


def test_polling_keeps_what_the_step_wrote_and_is_no_failure() -> None:
    def poll(run: runs.Work) -> runs.Outcome:
        count = AuditEntry.objects.filter(kind="probe").count()
        AuditEntry.objects.create(kind="probe", actor="t", event="e", system_at=clock.system(), business_at=run.at)
        return runs.Done() if count == 12 else runs.Retry(after_seconds=5)

    runs.define("poll", steps={"poll": poll}, first="poll")
    runs.start(kind="poll", key="p", subject="1")
    assert runs.drain(skip_backoff=True) == 13
    assert state_of("p") == "DONE"
    assert AuditEntry.objects.filter(kind="probe").count() == 13


def test_a_step_that_returns_nonsense_is_a_fault_of_ours() -> None:
    runs.define("nonsense", steps={"one": lambda run: "done", "two": lambda run: runs.Go("three")}, first="one")  # type: ignore[dict-item, return-value]
    runs.start(kind="nonsense", key="n", subject="1")
    assert runs.drain(skip_backoff=True) == 3
    run = Run.objects.get(key="n")
    assert run.state == "STUCK"
    assert "returned 'done', not an outcome" in run.reason


def test_waits_name_an_owner_and_something_to_wait_for() -> None:
    for bad in (
        {"owner": "", "signal": "paid"},
        {"owner": "nobody", "signal": "paid"},
        {"owner": "client"},
        {"owner": "client", "due_at": dt.datetime(2026, 1, 1)},  # noqa: DTZ001
    ):
        with pytest.raises(ValueError):
            runs.Wait(resume="x", **bad)  # type: ignore[arg-type]


def test_the_database_refuses_a_second_record_of_a_finished_step() -> None:
    runs.define("once", steps={"one": lambda run: runs.Done()}, first="one")
    runs.start(kind="once", key="o", subject="1")
    runs.drain()
    record = StepRecord.objects.get()
    record.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        record.save(force_insert=True)


def test_ended_runs_are_pruned_with_their_steps_and_open_ones_stay() -> None:
    runs.define("old", steps={"one": lambda run: runs.Done()}, first="one")
    runs.define("proof", steps={"one": lambda run: runs.Done()}, first="one", kept=True)
    for key in ("a", "b", "c"):
        runs.start(kind="old", key=key, subject="1")
    runs.start(kind="proof", key="proof", subject="1")
    runs.drain()
    runs.start(kind="old", key="open", subject="1")
    old = clock.system() - dt.timedelta(days=401)
    Run.objects.filter(key__in=["a", "b", "proof"]).update(ended_at=old)
    keys.once(scope="s", key="old", fingerprint="f", make=lambda: "CH-1")
    OnceKey.objects.update(created_at=clock.system() - dt.timedelta(days=31))
    keys.once(scope="s", key="new", fingerprint="f", make=lambda: "CH-2")
    Worker.objects.update(stopped_at=clock.system() - dt.timedelta(days=8))
    assert runs.prunable() == 2
    assert runs.prune(limit=1) == 1
    assert runs.prunable() == 1
    assert runs.prune() == 1
    assert list(OnceKey.objects.values_list("key", flat=True)) == ["new"]
    assert not Worker.objects.exists()
    assert sorted(Run.objects.values_list("key", flat=True)) == ["c", "open", "proof"]
    assert StepRecord.objects.count() == 2


@pytest.mark.django_db
def test_a_run_may_wait_for_many_signals_at_once() -> None:
    """PostgreSQL keeps to the width of a column, SQLite does not: a change waits for every signal of its execution."""
    names = tuple(f"a_signal_with_a_long_name_{number:02}" for number in range(20))

    def ask(run: runs.Work) -> runs.Outcome:
        return runs.Done() if run.woken_by else runs.Wait(resume="ask", signal=names, owner="staff")

    runs.define("patient", steps={"ask": ask}, first="ask")
    runs.start(kind="patient", key="patient:1", subject="1")
    runs.drain()
    assert Run.objects.get(key="patient:1").awaiting.split(",") == list(names)
    runs.signal(key="patient:1", name=names[-1])
    runs.drain()
    assert Run.objects.get(key="patient:1").state == "DONE"
