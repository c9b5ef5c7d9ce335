"""What pages may read about machines: frozen views, a constant number of queries, never a machine."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planshift.adapters.drivers.simulated.models import SimulatedOp
from planshift.domain import recipes
from planshift.domain.errors import Refused
from planshift.provisioning import executions, models, ports, queries, room, servers, usage
from planshift.runtime import clock
from planshift.runtime.models import Run
from tests.machines import hosting
from tests.machines.conftest import Host
from tests.machines.hosting import GOLD, NOON, SILVER, after, confirm, drain, go_to, simulation


@pytest.fixture
def no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on a driver that is asked anything fails the test."""

    def asked(code: str) -> ports.Driver:
        raise AssertionError("a request touched a machine")

    monkeypatch.setattr(ports, "driver", asked)


def steps(execution: models.Execution) -> list[tuple[str, str]]:
    shown = queries.timeline(number=execution.number)
    return [(step.name, step.state) for step in shown if step.state not in ("skipped", "pending")]


def test_the_timeline_tells_past_present_and_future(host: Host) -> None:
    execution = hosting.start(host.service, "HARD", cutover_days=7)
    assert steps(execution) == [("check", "active")]
    drain()
    assert steps(execution) == [
        ("check", "done"),
        ("place", "done"),
        ("create", "done"),
        ("hand_over", "done"),
        ("cut_over", "active"),
    ]
    shown = {step.name: step for step in queries.timeline(number=execution.number)}
    waiting = shown["cut_over"]
    assert (waiting.waits_for, waiting.until, waiting.point_of_no_return) == ("client", after(7), True)
    assert (shown["hand_over"].started_at, shown["hand_over"].ended_at) == (NOON, NOON)
    assert shown["check"].did == {"used": {"disk_gb": 4, "mailboxes": 8}}  # 40 % of 10 and 20
    assert shown["place"].did == {"server": "web2"}
    assert shown["remove"].state == "pending"
    assert queries.timeline(number="X-none") == []


def test_the_timeline_counts_attempts_and_shows_what_was_undone(host: Host) -> None:
    simulation().add_fault(kind="lies", verb="apply")
    execution = hosting.start(host.service, "EASY")
    drain()
    shown = {step.name: step for step in queries.timeline(number=execution.number)}
    assert (shown["apply"].state, shown["apply"].attempts) == ("undone", 8)
    assert shown["read_back"].state == "pending"


def test_an_execution_says_who_must_act_until_when_and_what_may_be_done(host: Host) -> None:
    execution = hosting.start(host.service, "HARD", cutover_days=7, hold_days=14, promised_on=dt.date(2026, 9, 8))
    drain()
    view = queries.execution(number=execution.number, at=NOON)
    assert view is not None
    assert (view.state, view.waits_for, view.until, view.overdue) == ("AWAITING_CLIENT", "client", after(7), False)
    assert view.can == {"confirm_content", "confirm_cutover", "cancel", "roll_back"}
    assert (view.cutover_by, view.hold_until, view.promised_on) == (after(7), None, dt.date(2026, 9, 8))
    assert view.credentials == "waiting"
    assert view.present is not None
    assert view.new is not None
    assert (view.present.server, view.new.server, view.new.limits) == ("web1", "web2", GOLD)
    go_to(after(2))
    confirm(execution)
    view = queries.execution(number=execution.number, at=after(2))
    assert view is not None
    assert (view.state, view.hold_until, view.can) == ("HOLDING", after(16), frozenset())
    assert queries.execution(number="X-none", at=NOON) is None


def test_every_button_that_is_shown_works(host: Host) -> None:
    simulation().add_fault(kind="refuses", verb="set_credentials")
    execution = hosting.start(host.service, "HARD")
    drain()
    execution.refresh_from_db()
    assert execution.state == "FAILED"  # before the point of no return it is taken back
    simulation().add_fault(kind="refuses", verb="remove")
    second = hosting.start(host.service, "HARD")
    drain()
    view = queries.execution(number=second.number, at=NOON)
    assert view is not None
    assert (view.state, view.can) == ("STUCK", {"retry", "skip", "cancel", "roll_back"})
    executions.skip(number=second.number, note="removed by hand", at=NOON, actor="staff:demo")
    drain()
    second.refresh_from_db()
    assert second.state == "FAILED"
    with pytest.raises(Refused, match="not_stuck"):
        executions.retry(number=second.number, note="again", at=NOON, actor="staff:demo")
    with pytest.raises(Refused, match="execution_over"):
        executions.cancel(number=second.number, note="again", at=NOON, actor="staff:demo")


def test_the_environments_of_services(host: Host, no_machine: None) -> None:
    shown = queries.environments(service="S-1001")
    assert [(one.account, one.server, one.state, one.limits) for one in shown] == [
        ("s1001-1", "web1", "ACTIVE", SILVER)
    ]
    active = queries.active_environments(services=["S-1001", "S-none"])
    assert {number: one.account for number, one in active.items()} == {"S-1001": "s1001-1"}


def test_usage_is_read_by_a_run_and_never_by_the_reader(host: Host) -> None:
    assert queries.last_usage(service="S-1001") is None
    simulation().set_usage(server="web1", account="s1001-1", used={"disk_gb": 7, "mailboxes": 3})
    key = usage.refresh(service=host.service, at=clock.business())
    assert usage.refresh(service=host.service, at=clock.business()) == key
    assert queries.last_usage(service="S-1001") is None
    drain()
    assert queries.last_usage(service="S-1001") == queries.UsageView({"disk_gb": 7, "mailboxes": 3}, NOON)
    assert models.UsageReading.objects.count() == 1
    assert SimulatedOp.objects.exclude(key__startswith="before:").count() == 0
    too_much = queries.violations(
        usage=queries.last_usage(service="S-1001"), limits={"disk_gb": 5, "mailboxes": ports.UNLIMITED}
    )
    assert too_much == (ports.Violation("disk_gb", 7, 5, 7),)
    assert queries.violations(usage=None, limits={"disk_gb": 5}) == ()


def test_a_usage_that_cannot_be_read_is_tried_again(host: Host) -> None:
    simulation().add_fault(kind="fails", verb="usage", times=2)
    key = usage.refresh(service=host.service, at=clock.business())
    drain()
    assert Run.objects.get(key=key).state == "DONE"
    assert models.UsageReading.objects.count() == 1


def test_room_at_the_last_reading(host: Host) -> None:
    target = recipes.Target("gold", GOLD)

    def at(**targets: recipes.Target) -> dict[str, int]:
        found = room.for_plans(seller="demo-host", service="S-1001", targets=targets)
        assert found is not None and found.as_of == NOON
        return {code: found.free[code] for code in targets}

    assert room.for_plans(seller="demo-host", service="S-1001", targets={"gold": target}) is None
    for server in (host.old, host.new):
        usage.read_capacity(server=server)
    shown = {
        one.server: (one.total.get("disk_gb"), one.sold.get("disk_gb"), one.as_of)
        for one in queries.capacity(seller="demo-host")
    }
    assert shown == {"web0": (None, None, None), "web1": (1000, 10, NOON), "web2": (1000, 0, NOON)}
    huge = recipes.Target("huge", {"disk_gb": 1001})
    elsewhere = recipes.Target("other", {"disk_gb": 10}, requires={"platform": "of-nobody"})  # no server fits it
    assert at(gold=target, huge=huge) == {"gold": 1, "huge": 0}
    # what a server that does not fit has left is no room: 10 GB more would fit on web1, where the service is
    assert at(other=elsewhere) == {"other": 1}
    models.Environment.objects.filter(service__number="S-1001").update(state="RETIRED")
    assert at(other=elsewhere) == {"other": 0}


def test_pages_take_a_constant_number_of_queries(host: Host, no_machine: None) -> None:
    def counted() -> list[int]:
        counts = []
        for ask in (
            lambda: queries.for_staff(seller="demo-host", at=after(30)),
            lambda: queries.capacity(seller="demo-host"),
            lambda: queries.active_environments(services=["S-1001", "S-1002", "S-1003"]),
            lambda: queries.timeline(number="X-2026-000001"),
            lambda: queries.execution(number="X-2026-000001", at=NOON),
        ):
            with CaptureQueriesContext(connection) as caught:
                ask()
            counts.append(len(caught))
        return counts

    def stuck(number: str) -> None:
        service = host.service if number == "S-1001" else hosting.service(host.client, number)
        execution = hosting.start(service, "EASY" if number == "S-1001" else "ACTIVATE")
        models.Execution.objects.filter(pk=execution.pk).update(state="STUCK", waiting_until=NOON, new=host.environment)

    def read(server: models.Server) -> None:
        models.CapacityReading.objects.create(server=server, total={"disk_gb": 1}, sold={}, taken_at=NOON)

    stuck("S-1001")
    read(host.old)
    one = counted()
    read(host.old)
    read(host.new)
    for number in ("S-1002", "S-1003", "S-1004"):
        stuck(number)
    servers.add_server(seller=host.seller, code="web9", driver="simulated", at=NOON, actor="test")
    assert counted() == one == [2, 2, 1, 2, 2]
    assert len(queries.for_staff(seller="demo-host", at=after(30))) == 4
    assert queries.for_staff(seller="another-host", at=after(30)) == []


def test_a_server_is_described_again_and_an_unknown_driver_is_told(host: Host) -> None:
    servers.add_server(
        seller=host.seller, code="web1", driver="simulated", traits={"php": "8.4"}, at=NOON, actor="test"
    )
    assert models.Server.objects.get(code="web1").traits == {"php": "8.4"}
    models.Server.objects.filter(code="web1").update(driver="no such")
    execution = hosting.start(host.service, "EASY")
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.error) == (
        "FAILED",
        {"what": "unsupported", "step": "check", "driver": "no such"},
    )


def test_every_night_the_room_of_every_server_is_read_and_old_readings_go(host: Host) -> None:
    usage.define()  # with its schedule, which the other tests here leave out
    usage.refresh(service=host.service, at=clock.business())
    drain()
    go_to(after(0.6))  # past half past midnight
    assert {one.server: one.as_of for one in queries.capacity(seller="demo-host")} == dict.fromkeys(
        ("web0", "web1", "web2"), after(0.6)
    )
    go_to(after(200))
    assert models.CapacityReading.objects.count() == 3
    assert queries.last_usage(service="S-1001") == queries.UsageView({"disk_gb": 4, "mailboxes": 8}, NOON)
    usage.refresh(service=host.service, at=clock.business())
    drain()
    go_to(after(201))
    assert models.UsageReading.objects.count() == 1
