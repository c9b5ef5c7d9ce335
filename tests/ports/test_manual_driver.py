"""Servers that people look after: what is asked of them, what they say, and that it is checked like anything else."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from planshift.adapters.drivers.manual.driver import ManualDriver
from planshift.adapters.drivers.manual.models import ManualTask
from planshift.domain.errors import Permanent
from planshift.interfaces.cli import servers
from planshift.procedures import by_hand
from planshift.project import wiring
from planshift.provisioning import models, ports, sealing
from planshift.provisioning import servers as register
from planshift.runtime import clock, runs
from planshift.services import models as services
from tests.machines import hosting

pytestmark = pytest.mark.django_db
SERVER = ports.ServerAt("old7", traits={"total_disk_gb": 1000, "front_proxy": True})
REF = ports.Ref(SERVER, "s1001-1")
SPEC = ports.Spec("demo.example", "silver", ("demo.example",))


@pytest.fixture
def driver() -> ManualDriver:
    return ManualDriver(seal=sealing.Seal("manual driver"))


def op(name: str) -> ports.Op:
    return ports.Op(f"X-1:{name}:1", "CH-1", "test")


def close(driver: ManualDriver, **said: object) -> None:
    (task,) = driver.open_tasks(servers=("old7",))
    driver.close(servers=("old7",), task=task.code, said=said, note="", at=clock.business(), actor="staff:demo")


def created(driver: ManualDriver) -> None:
    driver.create(op=op("create"), ref=REF, spec=SPEC, limits=hosting.SILVER)
    close(driver, limits=hosting.SILVER, address="192.0.2.7")


def test_a_mutation_is_a_task_until_staff_say_what_they_did(driver: ManualDriver) -> None:
    first = driver.create(op=op("create"), ref=REF, spec=SPEC, limits=hosting.SILVER)
    assert driver.create(op=op("create"), ref=REF, spec=SPEC, limits=hosting.SILVER).task == first.task
    assert driver.poll(server=SERVER, task=first.task).task == first.task
    assert driver.get(ref=REF) is None
    (task,) = driver.open_tasks(servers=("old7",))
    assert (task.verb, task.account, task.cause) == ("create", "s1001-1", "CH-1")
    assert task.asked["limits"] == hosting.SILVER
    assert driver.open_tasks(servers=("another",)) == ()
    close(driver, limits=hosting.SILVER, address="192.0.2.7")
    assert driver.poll(server=SERVER, task=first.task).task == ""
    done = driver.create(op=op("create"), ref=REF, spec=SPEC, limits=hosting.SILVER)
    assert (done.task, done.changed, done.replayed) == ("", True, False)
    assert driver.create(op=op("create"), ref=REF, spec=SPEC, limits=hosting.SILVER).replayed is True
    account = driver.get(ref=REF)
    assert account is not None
    assert (dict(account.limits), account.address) == (hosting.SILVER, "192.0.2.7")


def test_the_same_key_with_another_request_is_refused(driver: ManualDriver) -> None:
    created(driver)
    driver.apply(op=op("apply"), ref=REF, to=hosting.GOLD)
    with pytest.raises(Permanent) as refused:
        driver.apply(op=op("apply"), ref=REF, to={"disk_gb": 11})
    assert refused.value.what == "key_reused"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"limits": {"disk_gb": 10}},
        {"limits": {"disk_gb": "10"}, "address": "192.0.2.7"},
        {"limits": {"disk_gb": -2}, "address": "192.0.2.7"},
        {"limits": {"disk_gb": 10}, "address": " "},
        {"limits": {"disk_gb": 10}, "address": "192.0.2.7", "surprise": "x"},
    ],
)
def test_what_staff_say_has_to_be_complete(driver: ManualDriver, said: dict[str, object]) -> None:
    driver.create(op=op("create"), ref=REF, spec=SPEC, limits=hosting.SILVER)
    with pytest.raises(ValueError, match=r"limits|address|surprise"):
        close(driver, **said)
    assert driver.get(ref=REF) is None
    assert len(driver.open_tasks(servers=("old7",))) == 1


def test_what_cannot_be_done_is_a_refusal_with_its_reason(driver: ManualDriver) -> None:
    task = driver.create(op=op("create"), ref=REF, spec=SPEC, limits=hosting.SILVER).task
    with pytest.raises(ValueError, match="note"):
        driver.refuse(servers=("old7",), task=task, note=" ", at=clock.business(), actor="staff:demo")
    with pytest.raises(LookupError):
        driver.refuse(servers=("another",), task=task, note="no", at=clock.business(), actor="staff:demo")
    driver.refuse(servers=("old7",), task=task, note="no room", at=clock.business(), actor="staff:demo")
    for ask in (
        lambda: driver.poll(server=SERVER, task=task),
        lambda: driver.create(op=op("create"), ref=REF, spec=SPEC, limits=hosting.SILVER),
    ):
        with pytest.raises(Permanent) as refused:
            ask()
        assert (refused.value.what, refused.value.facts["remote"]) == ("remote_refused", "no room")
    with pytest.raises(LookupError):  # closed once
        driver.close(servers=("old7",), task=task, said={}, note="", at=clock.business(), actor="staff:demo")


def test_a_password_is_sealed_handed_on_once_and_then_gone(driver: ManualDriver) -> None:
    created(driver)
    driver.set_credentials(op=op("credentials"), ref=REF)
    close(driver, user="u7", password="a demo password", host="192.0.2.7")
    row = ManualTask.objects.get(verb="set_credentials")
    assert row.sealed
    assert "a demo password" not in json.dumps([row.sealed, row.said, row.asked, row.note])
    first = driver.set_credentials(op=op("credentials"), ref=REF)
    assert dict(first.secrets) == {"user": "u7", "password": "a demo password", "host": "192.0.2.7"}
    assert "a demo password" not in repr(first)
    again = driver.set_credentials(op=op("credentials"), ref=REF)
    assert (again.replayed, dict(again.secrets)) == (True, {})
    row.refresh_from_db()
    assert row.sealed == ""


def test_what_nobody_can_open_any_more_is_asked_for_again_and_no_fault(
    driver: ManualDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    created(driver)
    driver.set_credentials(op=op("credentials"), ref=REF)
    close(driver, user="u7", password="a demo password", host="192.0.2.7")
    monkeypatch.setattr("django.conf.settings.SECRET_KEY", "another key than the one that sealed it")
    anew = ManualDriver(seal=sealing.Seal("manual driver"))
    lost = anew.set_credentials(op=op("credentials"), ref=REF)
    assert (lost.replayed, dict(lost.secrets)) == (True, {})  # the engine asks under a new key then
    assert anew.set_credentials(op=op("credentials-2"), ref=REF).task


def test_what_was_sealed_for_one_purpose_stays_closed_for_another() -> None:
    sealed = sealing.Seal("manual driver").close({"password": "a demo password"})
    assert sealing.Seal("manual driver").open(sealed) == {"password": "a demo password"}
    assert sealing.Seal("handover 1").open(sealed) is None


def test_what_is_so_already_needs_nobody(driver: ManualDriver) -> None:
    created(driver)
    assert driver.create(op=op("other"), ref=REF, spec=SPEC, limits=hosting.SILVER).task == ""
    assert driver.apply(op=op("same"), ref=REF, to=hosting.SILVER) == ports.Result(changed=False)
    assert driver.unsuspend(op=op("unsuspend"), ref=REF) == ports.Result(changed=False)
    with pytest.raises(Permanent, match="conflict"):
        driver.create(op=op("third"), ref=REF, spec=SPEC, limits=hosting.GOLD)
    assert driver.open_tasks(servers=("old7",)) == ()


def test_every_other_verb_is_read_back_as_staff_said(driver: ManualDriver) -> None:
    created(driver)

    def after(result: ports.Result, **said: object) -> ports.Account | None:
        assert result.task
        close(driver, **said)
        return driver.get(ref=REF)

    account = after(driver.suspend(op=op("suspend"), ref=REF, reason=""))
    assert account is not None
    assert account.suspended
    account = after(driver.unsuspend(op=op("unsuspend"), ref=REF))
    assert account is not None
    assert not account.suspended
    account = after(driver.backup(op=op("backup"), ref=REF), snapshot="tape 7")
    assert account is not None
    assert account.snapshots == ("tape 7",)
    assert driver.backup(op=op("backup"), ref=REF).snapshot == "tape 7"
    after(driver.restore(op=op("restore"), ref=REF, snapshot="tape 7"), snapshot="tape 7")
    with pytest.raises(Permanent, match="not_found"):
        driver.restore(op=op("restore-2"), ref=REF, snapshot="tape 8")
    account = after(driver.front_proxy(op=op("proxy"), ref=REF, upstream="192.0.2.8"), upstream="192.0.2.8")
    assert account is not None
    assert account.proxied_to == "192.0.2.8"
    account = after(driver.apply(op=op("apply"), ref=REF, to=hosting.GOLD), limits=hosting.GOLD, used={"disk_gb": 30})
    assert account is not None
    assert dict(account.limits) == hosting.GOLD
    with pytest.raises(Permanent, match="usage_exceeds_target"):
        driver.apply(op=op("down"), ref=REF, to=hosting.SILVER)  # 30 GB are in use, 10 is the target
    account = after(driver.quarantine(op=op("quarantine"), ref=REF))
    assert account is not None
    assert (account.quarantined, account.proxied_to) == (True, "")


@pytest.mark.parametrize("proof", [ports.Proof("removal_notice", ""), ports.Proof("x", "N-1")])
def test_H10_no_task_removes_anything_without_proof(driver: ManualDriver, proof: ports.Proof) -> None:
    created(driver)
    with pytest.raises(Permanent, match="forbidden"):
        driver.remove(op=op("remove"), ref=REF, proof=proof)
    assert driver.open_tasks(servers=("old7",)) == ()


def test_nobody_is_asked_to_list_accounts(driver: ManualDriver) -> None:
    assert driver.capabilities(server=REF.server).lists is False
    with pytest.raises(Permanent, match="unsupported"):
        driver.listed(server=REF.server)


def test_what_another_execution_made_is_no_task_of_who_takes_his_own_back(driver: ManualDriver) -> None:
    created(driver)
    with pytest.raises(Permanent, match="conflict"):
        driver.remove(op=op("undo-a"), ref=REF, proof=ports.Proof("never_used", "X-2"))
    assert driver.open_tasks(servers=("old7",)) == ()
    assert driver.remove(op=op("undo-b"), ref=REF, proof=ports.Proof("never_used", "X-1")).task


def test_removed_when_staff_say_that_it_is_gone(driver: ManualDriver) -> None:
    created(driver)
    notice = ports.Proof("removal_notice", "N-1")
    assert driver.remove(op=op("remove"), ref=REF, proof=notice).task
    with pytest.raises(ValueError, match="gone"):
        close(driver, gone="not quite")
    close(driver, gone="yes")
    assert driver.get(ref=REF) is None
    assert driver.remove(op=op("remove"), ref=REF, proof=notice).changed is True
    assert driver.remove(op=op("remove-2"), ref=REF, proof=notice).changed is False


def test_capacity_is_what_we_sell_and_what_is_promised(driver: ManualDriver) -> None:
    created(driver)
    room = driver.capacity(server=SERVER)
    assert (room.total, room.sold, room.free("disk_gb")) == ({"disk_gb": 1000}, {"disk_gb": 10}, 990)


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.stopped(at=hosting.NOON):
        yield


def test_an_upgrade_on_a_manual_server_from_the_order_to_the_read_back(
    noon: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine waits for staff, and checks what they say."""
    wiring.wire()
    owner = hosting.seller()
    server = models.Server.objects.create(seller=owner, code="old7", driver="manual", added_at=hosting.NOON)
    service = hosting.service(hosting.client(owner))
    hosting.caller()
    driver = ports.driver("manual")
    driver.create(op=op("before"), ref=ports.Ref(ports.ServerAt("old7"), "s1001-1"), spec=SPEC, limits=hosting.SILVER)
    (task,) = by_hand.tasks(sellers=(owner.code,))
    said = {"limits": hosting.SILVER, "address": "192.0.2.7"}
    by_hand.done(sellers=(owner.code,), task=task.code, said=said, note="", at=hosting.NOON, actor="staff:demo")
    hosting_environment(service, server)
    execution = hosting.start(service, "EASY", limits=hosting.GOLD)
    drain_until_polled()
    execution.refresh_from_db()
    assert (execution.state, execution.step, bool(execution.task)) == ("RUNNING", "apply", True)
    assert by_hand.tasks(sellers=("another",)) == ()
    with clock.stopped(at=hosting.NOON + timedelta(days=2)):
        drain_until_polled()
        drain_until_polled()
    assert hosting.journal(execution).count("apply overdue") == 1  # staff are told after a day, once
    assert hosting.told()["execution_overdue"] == 1
    capsys.readouterr()
    assert servers.main(["tasks", "--seller", owner.code]) == 0
    told = capsys.readouterr().out
    assert "old7: apply s1001-1" in told
    code = told.split()[0]
    field = "limits=disk_gb:50,mailboxes:100"
    assert servers.main(["done", code, "--seller", owner.code, "--field", field, "--note", "in the panel"]) == 0
    drain_until_polled()
    execution.refresh_from_db()
    assert (execution.state, execution.present.limits) == ("DONE", hosting.GOLD)
    assert servers.main(["done", code, "--seller", owner.code, "--field", field]) == 1
    assert "no open task" in capsys.readouterr().err


def test_a_limit_that_differs_from_the_order_is_found(driver: ManualDriver) -> None:
    created(driver)
    driver.apply(op=op("apply"), ref=REF, to=hosting.GOLD)
    close(driver, limits={**hosting.GOLD, "disk_gb": 40})
    account = driver.get(ref=REF)
    assert account is not None
    assert dict(account.limits) == {"disk_gb": 40, "mailboxes": 100}


def hosting_environment(service: services.Service, server: models.Server) -> None:
    register.adopt(
        service=service,
        server=server,
        external_id="s1001-1",
        plan="silver",
        limits=hosting.SILVER,
        address="192.0.2.7",
        at=hosting.NOON,
        actor="test",
    )


def drain_until_polled() -> None:
    """Carry on, but ask about a long task a few times only."""
    runs.drain(limit=12, skip_backoff=True)
