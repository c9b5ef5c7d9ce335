"""The clock's two hands: business time can be pushed, system time cannot."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from planshift.domain.errors import Refused
from planshift.interfaces.cli import tick
from planshift.runtime import clock, runs
from planshift.runtime.models import AuditEntry, ClockOffset, Run
from tests.sample.models import Written

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
AWHILE = dt.timedelta(minutes=5)  # longer than any machine is away


def test_a_move_shifts_business_time_only_and_is_recorded() -> None:
    before = clock.business()
    assert before - clock.system() < AWHILE
    target = before + 365 * DAY
    clock.move_to(at=target, actor="staff:anna", note="demo")
    assert dt.timedelta(0) <= clock.business() - target < AWHILE
    assert clock.system() - before < AWHILE
    clock.forget()  # as another process sees it
    assert dt.timedelta(0) <= clock.business() - target < AWHILE
    entry = AuditEntry.objects.get(kind="clock")
    assert (entry.event, entry.actor, entry.note, entry.business_at) == ("clock_moved", "staff:anna", "demo", target)


def test_the_clock_never_goes_back() -> None:
    clock.move_to(at=clock.business() + DAY, actor="t")
    with pytest.raises(Refused, match="clock_only_forward"):
        clock.move_to(at=clock.business() - AWHILE, actor="t")
    assert AuditEntry.objects.count() == 1


def test_a_real_installation_refuses_unless_asked_really(settings: Settings) -> None:
    settings.CLOCK_MOVABLE = False
    with pytest.raises(Refused, match="clock_not_movable"):
        clock.move_to(at=clock.business() + DAY, actor="t")
    assert not ClockOffset.objects.exists()
    clock.move_to(at=clock.business() + DAY, actor="t", really=True)
    assert ClockOffset.objects.exists()


def test_reading_the_clock_costs_one_statement_in_a_while_and_none_when_stopped() -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(50):
            clock.business()
            clock.system()
    assert len(queries) == 1
    clock.forget()
    with clock.stopped(at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)), CaptureQueriesContext(connection) as queries:
        assert clock.business() == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert len(queries) == 0


def test_what_another_process_moved_is_seen_half_a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "CACHE_SECONDS", 0.5)
    seconds = [100.0]
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    assert clock.business() - clock.system() < AWHILE
    ClockOffset.objects.create(pk=1, microseconds=30 * DAY // dt.timedelta(microseconds=1))
    seconds[0] += 0.5
    assert clock.business() - clock.system() < AWHILE
    seconds[0] += 0.01
    assert clock.business() - clock.system() > 29 * DAY


def test_today_is_the_date_in_the_sellers_zone() -> None:
    with clock.stopped(at=dt.datetime(2026, 3, 28, 23, 30, tzinfo=dt.UTC)):
        assert clock.today(zone="Europe/Warsaw") == dt.date(2026, 3, 29)
        assert clock.today(zone="UTC") == dt.date(2026, 3, 28)
    with clock.stopped(at=dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)):
        assert clock.today(zone="Europe/Rome") == dt.date(2026, 7, 2)  # summer time: two hours ahead


def test_a_daily_schedule_starts_one_run_a_day_and_none_for_days_that_nobody_saw() -> None:
    def sweep(run: runs.Work) -> runs.Outcome:
        Written.objects.create(subject=run.subject, step="sweep", pid=0)
        return runs.Done()

    runs.define("nightly", steps={"sweep": sweep}, first="sweep")
    made = runs.every("nightly", at=dt.time(3), zone="Europe/Rome")
    try:
        with clock.stopped(at=dt.datetime(2026, 3, 1, 1, 59, tzinfo=dt.UTC)):  # 02:59 in Rome
            runs.drain()
            clock.move_to(at=dt.datetime(2026, 3, 1, 2, 0, tzinfo=dt.UTC), actor="t")
            runs.drain()
            runs.drain()
            runs.schedules.forget()  # type: ignore[attr-defined]  # as after a restart
            runs.drain()
            clock.move_to(at=dt.datetime(2026, 4, 1, 12, 0, tzinfo=dt.UTC), actor="t")
            runs.drain()
        assert list(Written.objects.order_by("id").values_list("subject", flat=True)) == [
            "2026-02-28",
            "2026-03-01",
            "2026-04-01",
        ]
        assert sorted(Run.objects.values_list("key", flat=True)) == [
            "nightly:2026-02-28",
            "nightly:2026-03-01",
            "nightly:2026-04-01",
        ]
        assert made.slot(dt.datetime(2026, 7, 1, 0, 59, tzinfo=dt.UTC)) == "2026-06-30"
        assert made.slot(dt.datetime(2026, 7, 1, 1, 0, tzinfo=dt.UTC)) == "2026-07-01"
    finally:
        runs.schedules._schedules.clear()  # type: ignore[attr-defined]


def test_an_hourly_schedule_can_follow_system_time() -> None:
    made = runs.every("hourly", hours=6, hand="system")
    runs.schedules._schedules.clear()  # type: ignore[attr-defined]
    assert made.slot(dt.datetime(2026, 3, 1, 17, 59, tzinfo=dt.UTC)) == "2026-03-01T12"
    assert made.slot(dt.datetime(2026, 3, 1, 18, 0, tzinfo=dt.UTC)) == "2026-03-01T18"
    with pytest.raises(ValueError, match="either"):
        runs.every("both", hours=1, at=dt.time(3))


def test_tick_moves_the_clock_carries_out_what_is_due_and_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    runs.start(kind="sleep", key="sleep:1", subject="S-1")
    runs.drain()
    assert tick.main(["--days", "29"]) == 0
    assert "sleep:1" not in capsys.readouterr().out
    assert tick.main(["--days", "2"]) == 0
    out = capsys.readouterr().out
    assert "sleep:1" in out and "wake → done" in out
    assert Run.objects.get(key="sleep:1").state == "DONE"


def test_tick_goes_day_by_day_unless_told_to_jump() -> None:
    tick.main(["--days", "3"])
    assert AuditEntry.objects.filter(kind="clock").count() == 3
    tick.main(["--days", "3", "--at-once"])
    assert AuditEntry.objects.filter(kind="clock").count() == 4


def test_tick_refuses_with_a_sentence(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert tick.main(["--to", "2020-01-01"]) == 1
    assert capsys.readouterr().err == "refused: the clock only goes forward\n"
    settings.CLOCK_MOVABLE = False
    assert tick.main(["--days", "1"]) == 1
    assert "a real installation is not moved" in capsys.readouterr().err
    assert tick.main(["--days", "1", "--yes-really"]) == 0
    with pytest.raises(SystemExit):
        tick.main([])
