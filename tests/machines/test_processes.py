"""Workers as real processes: killed, stopped, disconnected, beside a clock that jumps. Nothing is lost or doubled."""

import datetime as dt
import random
import signal
import threading
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models import Count

from planshift.runtime import clock, runs
from planshift.runtime.models import Run, StepRecord, Worker
from planshift.runtime.runs import claiming, working
from tests.machines import processes
from tests.sample.models import Called, Thing, Written
from tests.sample.procedures import STEPS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def start_chains(count: int) -> None:
    for number in range(count):
        runs.start(kind="chain", key=f"chain:{number}", subject=f"S-{number}")


def all_ended() -> bool:
    return not Run.objects.filter(ended_at=None).exists()


def assert_every_step_counted_once(count: int) -> None:
    """Each run is done; what each step wrote in the database is there once; outside calls kept their key."""
    assert Counter(Run.objects.values_list("state", flat=True)) == {"DONE": count}
    written = Counter(Written.objects.values_list("subject", "step"))
    assert written == {(f"S-{number}", step): 1 for number in range(count) for step in STEPS}
    finished = StepRecord.objects.filter(outcome__in=["went", "done"]).values("run", "entry").annotate(n=Count("id"))
    assert sorted(row["n"] for row in finished) == [1] * count * len(STEPS)
    keys = {f"chain:{number}:{step}:{place}" for number in range(count) for place, step in enumerate(STEPS)}
    assert set(Called.objects.values_list("key", flat=True)) == keys


def test_a_worker_killed_at_any_point_is_taken_over_and_no_step_counts_twice(tmp_path: Path) -> None:
    start_chains(3)
    places = ["allocate:inside", "create:before", "create:called", "switch:inside", "finish:inside"]
    for place in places:
        with processes.worker(tmp_path, SAMPLE_KILL_AT=place) as process:
            assert processes.ended(process, tmp_path) == -signal.SIGKILL, processes.logs(tmp_path)
    with processes.worker(tmp_path):
        processes.until(all_ended, folder=tmp_path)
    assert_every_step_counted_once(3)
    deaths = Worker.objects.filter(lost=True).count()
    assert deaths >= len(places)  # a living one that the machine let sleep longer than its lease counts as lost, too
    lost = Counter(StepRecord.objects.filter(outcome="lost").values_list("step", flat=True))
    assert lost["create"] >= 2 and set(lost) <= set(STEPS)
    assert Called.objects.count() <= 3 * len(STEPS) + deaths  # each death repeats at most one call


def test_of_two_workers_one_is_killed_at_a_random_moment(tmp_path: Path) -> None:
    start_chains(30)
    with processes.worker(tmp_path, SAMPLE_SECONDS="0.03") as first, processes.worker(tmp_path, SAMPLE_SECONDS="0.03"):
        processes.until(lambda: StepRecord.objects.values("who").distinct().count() == 2, folder=tmp_path)
        processes.until(lambda: StepRecord.objects.count() > random.randint(10, 60), folder=tmp_path)
        first.kill()
        processes.until(all_ended, folder=tmp_path)
    assert_every_step_counted_once(30)


def test_a_year_under_two_live_workers_causes_no_takeover(tmp_path: Path) -> None:
    start_chains(20)
    for number in range(5):
        runs.start(kind="sleep", key=f"sleep:{number}", subject=f"Z-{number}")
    with processes.awake(tmp_path, SAMPLE_SECONDS="0.05"), processes.awake(tmp_path, SAMPLE_SECONDS="0.05"):
        processes.until(lambda: StepRecord.objects.values("who").distinct().count() == 2, folder=tmp_path)
        processes.until(lambda: Run.objects.filter(kind="sleep", state="WAITING").count() == 5, folder=tmp_path)
        clock.move_to(at=clock.business() + dt.timedelta(days=365), actor="staff:test")
        processes.until(all_ended, folder=tmp_path)
        assert [view.alive for view in runs.queries.workers()] == [True, True]
    assert not Worker.objects.filter(lost=True).exists()
    assert not StepRecord.objects.filter(outcome="lost").exists()
    assert Written.objects.filter(step="wake").count() == 5
    woken = StepRecord.objects.filter(step="wake").values_list("business_at", flat=True)
    assert min(woken) - clock.system() > dt.timedelta(days=364)
    assert Called.objects.count() == 20 * len(STEPS)


def test_sigterm_ends_a_worker_after_its_step_and_gives_the_rest_back(tmp_path: Path) -> None:
    start_chains(8)
    with processes.awake(tmp_path, SAMPLE_SECONDS="0.3") as process:
        processes.until(Called.objects.exists, folder=tmp_path)
        process.terminate()
        assert processes.ended(process, tmp_path) == 0, processes.logs(tmp_path)
    worker = Worker.objects.get()
    assert worker.stopped_at is not None and not worker.lost
    assert not Run.objects.filter(claimed_by__isnull=False).exists()
    assert Called.objects.count() == Written.objects.count()  # the step under way was finished
    with processes.awake(tmp_path, "--until-idle") as process:
        assert processes.ended(process, tmp_path) == 0, processes.logs(tmp_path)
    assert_every_step_counted_once(8)
    assert not StepRecord.objects.filter(outcome="lost").exists()


@pytest.mark.postgres
def test_workers_live_through_the_loss_of_their_connections(tmp_path: Path) -> None:
    start_chains(40)
    kill = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    )
    with processes.worker(tmp_path, "--workers", "2", SAMPLE_SECONDS="0.02") as process:
        for steps in (10, 60):
            processes.until(lambda steps=steps: StepRecord.objects.count() > steps, folder=tmp_path)  # type: ignore[misc]
            with connection.cursor() as cursor:
                cursor.execute(kill, [connection.settings_dict["NAME"]])
        processes.until(all_ended, folder=tmp_path)
        process.terminate()
        assert processes.ended(process, tmp_path) == 0, processes.logs(tmp_path)
    assert_every_step_counted_once(40)


def test_a_step_longer_than_the_lease_keeps_it(tmp_path: Path) -> None:
    start_chains(1)
    long = {"SAMPLE_SECONDS": "5.5", "SAMPLE_SLOW": "create"}
    with (
        processes.worker(tmp_path, "--lease", "4.5", **long),
        processes.worker(tmp_path, "--lease", "4.5", "--workers", "1", **long),
    ):
        processes.until(all_ended, folder=tmp_path)
    assert_every_step_counted_once(1)
    assert Called.objects.count() == len(STEPS)  # nobody else began what one was at
    assert not Worker.objects.filter(lost=True).exists()


@pytest.mark.postgres
def test_a_run_that_kills_every_worker_stops_for_a_person(tmp_path: Path) -> None:
    start_chains(1)
    runs.start(kind="sleep", key="sleep:1", subject="Z-1")
    with processes.worker(tmp_path, "--workers", "2", "--lease", "0.6", SAMPLE_KILL_AT="create:before") as process:
        processes.until(lambda: Run.objects.get(key="chain:0").state == "STUCK", folder=tmp_path)
        processes.until(lambda: Run.objects.get(key="sleep:1").state == "WAITING", folder=tmp_path)
        process.terminate()
        assert processes.ended(process, tmp_path) == 0, processes.logs(tmp_path)
    poison = Run.objects.get(key="chain:0")
    assert (poison.owner, poison.crashes) == ("staff", claiming.CRASH_LIMIT)
    assert poison.reason == "workers died in this step: 4"
    assert Worker.objects.filter(lost=True).count() >= claiming.CRASH_LIMIT


@pytest.mark.postgres
def test_idle_workers_wake_when_told_also_after_the_loss_of_the_connection_that_hears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(working, "IDLE_SECONDS", 60.0)  # so that no poll helps
    here = "datname = current_database()"  # other processes of the tests have workers too
    deaf = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN planshift_runs' AND {here}"
    listens = deaf.replace("pg_terminate_backend(pid)", "count(*)")
    stop, done = threading.Event(), lambda: all_ended()

    def serve() -> None:
        try:
            working.serve(stop=stop, lease_seconds=60)
        finally:
            connection.close()

    def ask(question: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return int((cursor.fetchone() or [0])[0])

    worker = threading.Thread(target=serve)
    worker.start()
    try:
        processes.until(lambda: ask(listens) == 1, folder=Path())
        Thing.objects.create(number="T-1")
        runs.start(kind="bill", key="bill:1", subject="T-1")
        processes.until(lambda: Run.objects.get(key="bill:1").state == "WAITING", folder=Path())
        assert ask(deaf) == 1
        processes.until(lambda: ask(listens) == 1, folder=Path())
        begun = clock.monotonic()
        with transaction.atomic():
            Thing.objects.filter(number="T-1").update(amount=30)
            runs.signal(key="bill:1", name="paid")
            runs.signal(key="bill:1", name="paid")
        processes.until(done, folder=Path())
        assert clock.monotonic() - begun < 50.0
        stop.set()
        runs.start(kind="sleep", key="sleep:1", subject="Z-1")  # wakes it, so that it sees that it is to end
    finally:
        stop.set()
        worker.join(70)
    assert not worker.is_alive()


@pytest.mark.sqlite
def test_sqlite_has_one_writer_whatever_is_asked(tmp_path: Path) -> None:
    start_chains(2)
    with processes.worker(tmp_path, "--workers", "3", "--until-idle") as process:
        assert processes.ended(process, tmp_path) == 0
    assert "one_on_sqlite" in processes.logs(tmp_path)
    assert Worker.objects.count() == 1
    assert_every_step_counted_once(2)


@pytest.mark.postgres
def test_a_supervised_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    import os

    start_chains(60)
    with processes.worker(tmp_path, "--workers", "2", SAMPLE_SECONDS="0.05") as process:
        processes.until(lambda: StepRecord.objects.values("who").distinct().count() == 2, folder=tmp_path)
        os.kill(Worker.objects.order_by("id")[0].pid, signal.SIGKILL)
        processes.until(all_ended, folder=tmp_path)
        processes.until(lambda: Worker.objects.count() >= 3, folder=tmp_path)
        process.terminate()
        assert processes.ended(process, tmp_path) == 0
    assert_every_step_counted_once(60)


def test_three_payments_from_another_process_while_a_worker_runs(tmp_path: Path) -> None:
    Thing.objects.create(number="T-1")
    runs.start(kind="bill", key="bill:1", subject="T-1")
    with processes.worker(tmp_path):
        for paid in (10, 20, 30):
            processes.until(lambda: Run.objects.get(key="bill:1").state == "WAITING", folder=tmp_path)
            Thing.objects.filter(number="T-1").update(amount=paid)
            runs.signal(key="bill:1", name="paid")
            looks = 1 + paid // 10
            processes.until(lambda looks=looks: Written.objects.count() == looks, folder=tmp_path)  # type: ignore[misc]
        processes.until(all_ended, folder=tmp_path)
    assert list(Written.objects.order_by("id").values_list("step", flat=True)) == ["look:", *["look:paid"] * 3]
