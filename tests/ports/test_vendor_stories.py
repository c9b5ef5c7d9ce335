"""A service on servers of vendors, through the product's own engine: up, not below, suspended, moved, removed after
the notice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from planshift.adapters.drivers.by_http.models import VendorAccount
from planshift.adapters.drivers.proxmox.driver import ProxmoxDriver
from planshift.adapters.drivers.whm.driver import WhmDriver
from planshift.interfaces.cli import servers as terminal
from planshift.procedures import by_hand
from planshift.project import wiring
from planshift.provisioning import desk, drift, models, ports, servers
from planshift.runtime import clock, runs
from planshift.runtime.runs import schedules
from planshift.services import models as services
from tests.machines import hosting
from tests.ports.standins import benches, proxmox, serving, whm

pytestmark = pytest.mark.django_db
SMALL, BIG = {"disk_gb": 10, "mailboxes": 20}, {"disk_gb": 50, "mailboxes": 100}


@dataclass(frozen=True)
class Host:
    """A service with one environment on the first of two servers."""

    seller: str
    service: services.Service
    environment: models.Environment


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(schedules, "_schedules", {})
    monkeypatch.setattr(schedules, "_planted", {})
    with clock.stopped(at=hosting.NOON):
        yield
    wiring.wire()


def host(kind: str, driver: ports.Driver, first: ports.ServerAt, second: ports.ServerAt) -> Host:
    ports.bind({kind: driver})
    desk.bind(benches.STAFF)
    hosting.caller()
    owner = hosting.seller()
    service = hosting.service(hosting.client(owner))
    rows = [
        servers.add_server(
            seller=owner,
            code=at.code,
            driver=kind,
            address=at.address,
            traits={**at.traits, "total_disk_gb": 1000},
            at=hosting.NOON,
            actor="test",
        )
        for at in (first, second)
    ]
    spec = ports.Spec(service.label, "silver", ("demo.example",))
    ref = ports.Ref(first, "s1001-1")
    driver.create(op=ports.Op("before:s1001-1", "", "test"), ref=ref, spec=spec, limits=SMALL)
    seen = driver.get(ref=ref)
    assert seen is not None
    environment = servers.adopt(
        service=service,
        server=rows[0],
        external_id="s1001-1",
        plan="silver",
        limits=SMALL,
        address=seen.address,
        at=hosting.NOON,
        actor="test",
    )
    return Host(owner.code, service, environment)


@pytest.fixture
def accounts(whm_servers: tuple[WhmDriver, whm.WhmServer, whm.WhmServer]) -> tuple[Host, whm.WhmServer, whm.WhmServer]:
    driver, first, second = whm_servers
    first.add_package("silver", QUOTA=10240, MAXPOP=20)
    first.add_package("gold", QUOTA=51200, MAXPOP=100)
    made = host("whm", driver, benches.at(first), benches.at(second, "bench2", technical_domain="accounts.example"))
    for one in (first, second):
        one.asked.clear()
    return made, first, second


@pytest.fixture
def machines(proxmox_node: tuple[ProxmoxDriver, proxmox.ProxmoxNode]) -> tuple[Host, proxmox.ProxmoxNode]:
    driver, node = proxmox_node
    second = benches.machines_at(node, "bench2", vmids="5000-5999")
    made = host("proxmox", driver, benches.machines_at(node), second)
    node.asked.clear()
    return made, node


def run(it: Host, recipe: str, limits: dict[str, int] | None = None, **more: Any) -> models.Execution:
    execution = hosting.start(it.service, recipe, limits=BIG if limits is None else limits, **more)
    hosting.drain()
    execution.refresh_from_db()
    return execution


def test_an_account_goes_up_once_though_the_answer_was_lost(
    accounts: tuple[Host, whm.WhmServer, whm.WhmServer],
) -> None:
    it, server, _ = accounts
    server.faults = [serving.Fault("changepackage", "lost")]
    assert run(it, "EASY").state == "DONE"
    assert server.changes() == ["changepackage"]
    it.environment.refresh_from_db()
    assert (it.environment.limits, server.accounts["s1001x1"]["disklimit"]) == (BIG, "51200M")


def test_an_account_does_not_go_below_what_is_used(accounts: tuple[Host, whm.WhmServer, whm.WhmServer]) -> None:
    it, server, _ = accounts
    server.accounts["s1001x1"].update(diskused="2500M", _mailboxes=9)
    execution = run(it, "EASY", {"disk_gb": 2, "mailboxes": 5})
    assert (execution.state, execution.error["what"]) == ("FAILED", "usage_exceeds_target")
    assert execution.error["violations"] == [  # 2500 MB are 2.44 GB, so 3 would fit
        {"resource": "disk_gb", "used": 3, "target": 2, "minimum": 3},
        {"resource": "mailboxes", "used": 9, "target": 5, "minimum": 9},
    ]
    assert server.changes() == []


def test_a_back_up_that_the_vendor_cannot_make_is_made_by_staff_first(
    accounts: tuple[Host, whm.WhmServer, whm.WhmServer],
) -> None:
    it, server, _ = accounts
    execution = hosting.start(it.service, "EASY", limits=BIG, backup=True)
    runs.drain(limit=12, skip_backoff=True)
    execution.refresh_from_db()
    assert (execution.state, execution.step, server.changes()) == ("RUNNING", "backup", [])
    (task,) = by_hand.tasks(sellers=(it.seller,))
    assert (task.verb, task.server, task.account) == ("backup", "bench1", "s1001-1")
    here: dict[str, Any] = {"sellers": (it.seller,), "task": task.code, "note": "", "actor": "staff:demo"}
    by_hand.done(**here, said={"snapshot": "tape 7"}, at=clock.business())
    hosting.drain()
    execution.refresh_from_db()
    assert (execution.state, server.changes()) == ("DONE", ["changepackage"])


def suspended_and_back(it: Host, serves: Callable[[], bool]) -> None:
    run(it, "SUSPEND", {})
    assert serves() is False
    run(it, "UNSUSPEND", {})
    assert serves() is True


def test_an_account_is_suspended_and_comes_back(accounts: tuple[Host, whm.WhmServer, whm.WhmServer]) -> None:
    it, server, _ = accounts
    suspended_and_back(it, lambda: server.accounts["s1001x1"]["suspended"] == 0)
    assert server.changes() == ["suspendacct", "unsuspendacct"]


def test_H10_an_account_moves_and_the_old_one_goes_only_after_the_notice(
    accounts: tuple[Host, whm.WhmServer, whm.WhmServer],
) -> None:
    it, old, new = accounts
    execution = run(it, "HARD", hold_days=14, cutover_days=7, domains=("demo.example",))
    assert (execution.state, execution.step) == ("AWAITING_CLIENT", "cut_over")
    assert new.changes() == ["createacct", "passwd"]
    assert (new.accounts["s1001x2"]["domain"], new.accounts["s1001x2"]["disklimit"]) == ("demo.example", "51200M")
    hosting.confirm(execution)
    hosting.go_to(hosting.after(14))
    execution.refresh_from_db()
    assert (execution.state, old.changes()) == ("AWAITING_NOTICE", [])
    old.faults = [serving.Fault("removeacct", "lost")]
    hosting.notice(execution)
    execution.refresh_from_db()
    assert (execution.state, old.accounts) == ("DONE", {})
    assert old.changes() == ["suspendacct", "removeacct"]
    assert old.kept_zones == ["demo.example"]


def test_an_account_of_somebody_else_stands_when_our_own_cannot_be_made(
    accounts: tuple[Host, whm.WhmServer, whm.WhmServer],
) -> None:
    it, _, new = accounts
    new.accounts["s1001x2"] = whm.account("s1001x2", "stranger.example")
    execution = run(it, "HARD", hold_days=14, cutover_days=7, domains=("demo.example",))
    assert (execution.state, execution.error["step"], execution.error["what"]) == ("FAILED", "create", "conflict")
    assert (list(new.accounts), new.changes()) == (["s1001x2"], [])
    (undone,) = models.ExecutionStep.objects.filter(execution=execution, event="undone")
    assert (undone.step, undone.facts) == ("create", {"left": "s1001-2"})
    drift.check(server=models.Server.objects.get(code="bench2"), at=clock.business())
    assert [(row.what, row.theirs) for row in models.Difference.objects.all()] == [("still_there", "yes")]


def test_an_account_that_was_there_before_us_differs_only_where_its_limits_do(
    accounts: tuple[Host, whm.WhmServer, whm.WhmServer],
) -> None:
    _, server, _ = accounts
    VendorAccount.objects.all().delete()
    models.Environment.objects.update(external_id="s1001x1", limits={**SMALL, "traffic_gb": 100})
    here = models.Server.objects.get(code="bench1")
    drift.check(server=here, at=clock.business())
    assert not models.Difference.objects.exists()
    server.accounts["s1001x1"]["disklimit"] = "20480M"
    drift.check(server=here, at=clock.business())
    (row,) = models.Difference.objects.all()
    assert (row.what, row.subject, row.ours, row.theirs) == ("limit", "disk_gb", "10", "20")


def test_a_machine_goes_up_by_a_task_that_takes_long(machines: tuple[Host, proxmox.ProxmoxNode]) -> None:
    it, node = machines
    node.faults = [serving.Fault("resize", "task_hangs")]
    execution = hosting.start(it.service, "EASY", limits={"disk_gb": 50, "mailboxes": 20, "memory": 4})
    runs.drain(limit=12, skip_backoff=True)
    execution.refresh_from_db()
    assert (execution.state, execution.step, execution.task[:4]) == ("RUNNING", "apply", "UPID")
    node.let_go()
    hosting.drain()
    execution.refresh_from_db()
    assert execution.state == "DONE"
    assert node.changes() == ["config", "reboot", "resize"]
    assert node.machines[100]["config"]["scsi0"].endswith("size=51200M")


def test_a_smaller_disk_is_refused_in_place_before_anything_is_asked(
    machines: tuple[Host, proxmox.ProxmoxNode],
) -> None:
    it, node = machines
    execution = run(it, "EASY", {"disk_gb": 5, "mailboxes": 20})
    assert (execution.state, execution.error["what"]) == ("FAILED", "unsupported")
    assert execution.error["resources"] == ["disk_gb"]
    assert node.changes() == []


def test_a_machine_is_suspended_and_comes_back(machines: tuple[Host, proxmox.ProxmoxNode]) -> None:
    it, node = machines
    suspended_and_back(it, lambda: bool(node.machines[100]["running"]))
    assert node.changes() == ["config", "shutdown", "config", "start"]


def test_H10_a_smaller_disk_is_another_machine_and_the_old_one_goes_only_after_the_notice(
    machines: tuple[Host, proxmox.ProxmoxNode],
) -> None:
    it, node = machines
    execution = run(it, "HARD", {"disk_gb": 5, "mailboxes": 20}, hold_days=14, cutover_days=7)
    assert (execution.state, sorted(node.machines)) == ("AWAITING_CLIENT", [100, 5000, proxmox.TEMPLATE])
    assert node.machines[5000]["config"]["scsi0"].endswith("size=5120M")
    hosting.confirm(execution)
    hosting.go_to(hosting.after(14))
    execution.refresh_from_db()
    assert (execution.state, node.machines[100]["running"]) == ("AWAITING_NOTICE", True)
    hosting.notice(execution)
    execution.refresh_from_db()
    assert (execution.state, sorted(node.machines)) == ("DONE", [5000, proxmox.TEMPLATE])
    assert hosting.states(it.service) == {"s1001-1": "RETIRED", "s1001-2": "ACTIVE"}


def test_a_machine_that_could_not_be_made_is_taken_back(machines: tuple[Host, proxmox.ProxmoxNode]) -> None:
    it, node = machines
    node.faults = [serving.Fault("5000/resize", "task_fails", times=99, reason="no space left on device")]
    execution = run(it, "HARD", hold_days=14)
    assert (execution.state, execution.error["what"]) == ("FAILED", "capacity")
    assert sorted(node.machines) == [100, proxmox.TEMPLATE]
    assert node.machines[100]["running"] is True


def test_a_machine_that_does_not_restart_is_as_it_was_for_its_disk_comes_last(
    machines: tuple[Host, proxmox.ProxmoxNode],
) -> None:
    it, node = machines
    node.faults = [serving.Fault("reboot", "task_fails", times=99, reason="VM quit/powerdown failed - got timeout")]
    execution = run(it, "EASY", {"disk_gb": 50, "mailboxes": 20, "memory": 4})
    assert (execution.state, execution.error["what"]) == ("FAILED", "busy")
    config = node.machines[100]["config"]
    assert (config["scsi0"].split("size=")[1], config["memory"], node.machines[100]["running"]) == (
        "10240M",
        "512",
        True,
    )
    assert "resize" not in node.changes()


def test_a_server_that_knows_us_no_more_does_not_keep_others_from_being_used(
    machines: tuple[Host, proxmox.ProxmoxNode],
) -> None:
    it, _ = machines
    row = models.Server.objects.get(code="bench2")
    row.traits["fingerprint"] = serving.certificate("second").fingerprint
    row.save()
    execution = run(it, "HARD", {"disk_gb": 5, "mailboxes": 20})
    assert execution.state == "AWAITING_CLIENT"
    assert execution.new.server.code == "bench1"


def test_a_server_is_described_and_tried_at_a_terminal_and_no_token_is_shown(
    accounts: tuple[Host, whm.WhmServer, whm.WhmServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    it, server, _ = accounts
    monkeypatch.setattr(settings, "SERVER_TOKENS", str(tmp_path / "tokens.toml"))
    wiring.wire()
    assert {"whm", "proxmox"} <= set(ports.codes())
    pinned = f"fingerprint={serving.certificate('first').fingerprint}"
    described = ["--address", f"127.0.0.1:{server.port}", "--trait", pinned, "--trait", "total_disk_gb=500"]
    assert terminal.main(["add", "bench1", "--seller", it.seller, "--driver", "whm", *described]) == 0
    assert terminal.main(["probe", "bench1", "--seller", it.seller]) == 0
    assert terminal.main(["list"]) == 0
    told = capsys.readouterr()
    assert "WHM 11.136.0.4 as planshift, 2 packages for us" in told.out
    # 500 GB are sold there, 10 of them to s1001-1
    assert "disk_gb              total            500  sold             10  free            490" in told.out
    assert whm.TOKEN not in told.out + told.err
    other = hosting.seller("demo-other")  # two sellers, one code: their keys would meet
    assert terminal.main(["add", "bench1", "--seller", other.code, "--driver", "proxmox", *described]) == 1
