"""Hard changes: new environment, hand-over, cut-over, hold, notice, removal. Nothing of the old ends early (H10)."""

import pytest

from planshift.adapters.drivers.simulated.models import SimulatedAccount, SimulatedRecord
from planshift.domain.errors import Permanent, Refused
from planshift.provisioning import executions, models, ports, queries
from tests.machines import hosting
from tests.machines.conftest import Host
from tests.machines.hosting import (
    GOLD,
    NOON,
    SILVER,
    after,
    confirm,
    drain,
    go_to,
    journal,
    notice,
    operations,
    states,
    with_name,
)

HANDED = ["create s1001-2", "set_credentials s1001-2"]
ENDED = ["quarantine s1001-1", "remove s1001-1"]


def test_H5_H10_the_whole_way_of_a_hard_change(host: Host) -> None:
    execution = hosting.start(host.service, "HARD", hold_days=14, cutover_days=7)
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.step) == ("AWAITING_CLIENT", "cut_over")
    assert operations() == HANDED
    assert hosting.told() == {"handed_over": 1}
    assert states(host.service) == {"s1001-1": "ACTIVE", "s1001-2": "PREPARING"}

    go_to(after(2))
    confirm(execution)
    execution.refresh_from_db()
    assert (execution.state, execution.step) == ("HOLDING", "hold")
    assert execution.point_of_no_return_at == after(2)
    assert states(host.service) == {"s1001-1": "OLD", "s1001-2": "ACTIVE"}
    assert hosting.told() == {"handed_over": 1, "point_of_no_return": 1}

    # the hold counts from the later of hand-over (day 0) and point of no return (day 2): 2 + 14 = day 16
    go_to(after(15, hours=23))
    assert operations() == HANDED
    go_to(after(16))
    execution.refresh_from_db()
    assert (execution.state, execution.step) == ("AWAITING_NOTICE", "notice")
    assert hosting.told() == {"handed_over": 1, "point_of_no_return": 1, "removal_notice_due": 1}
    assert operations() == HANDED

    notice(execution)
    execution.refresh_from_db()
    assert execution.state == "DONE"
    assert operations() == HANDED + ENDED
    assert states(host.service) == {"s1001-1": "RETIRED", "s1001-2": "ACTIVE"}
    assert SimulatedAccount.objects.get(name="s1001-1").removed_by_proof == "removal_notice N-2026-000001"
    assert hosting.told() == {"handed_over": 1, "point_of_no_return": 1, "removal_notice_due": 1, "executed": 1}
    assert journal(execution) == [
        "check ordered",
        "check done",
        "place done",
        "backup skipped",
        "create done",
        "set_up skipped",
        "hand_over done",
        "copy skipped",
        "lower_ttl skipped",
        "content skipped",
        "old_ttl skipped",
        "final_copy skipped",
        "try_new skipped",
        "proxy skipped",
        "try_old skipped",
        "swap_dns skipped",
        "observe_dns skipped",
        "cut_over waits",
        "cut_over cutover_confirmed",
        "cut_over done",
        "restore_ttl skipped",
        "hold waits",
        "hold done",
        "notice waits",
        "notice noticed",
        "notice done",
        "notice_period done",
        "quarantine done",
        "quarantine_period done",
        "remove_attached done",
        "remove done",
        "verify_gone done",
    ]


def test_the_timer_stands_in_for_the_client(host: Host) -> None:
    execution = hosting.start(host.service, "HARD", cutover_days=7, hold_days=3)
    drain()
    go_to(after(7))
    execution.refresh_from_db()
    assert execution.state == "HOLDING"
    assert execution.cutover_confirmed_at is None
    assert execution.point_of_no_return_at == after(7)
    line = models.ExecutionStep.objects.get(execution=execution, step="cut_over", event="done")
    assert line.note == "due"


def test_the_new_environment_prefers_another_server_and_the_old_one_keeps_its_limits(host: Host) -> None:
    hosting.start(host.service, "HARD")
    drain()
    new = models.Environment.objects.get(external_id="s1001-2")
    assert (new.server.code, new.limits, new.address) == ("web2", GOLD, "198.18.2.2")
    host.environment.refresh_from_db()
    assert (host.environment.server.code, host.environment.limits) == ("web1", SILVER)


def test_a_full_server_is_passed_over(host: Host) -> None:
    host.new.traits = {"total_disk_gb": 49}  # gold needs 50
    host.new.save()
    hosting.start(host.service, "HARD")
    drain()
    assert models.Environment.objects.get(external_id="s1001-2").server.code == "web1"
    readings = models.CapacityReading.objects.filter(taken_at=NOON).values_list("server__code", "total", "sold")
    assert ("web1", {"accounts": 200, "disk_gb": 1000}, {"accounts": 1, "disk_gb": 10}) in list(readings)
    assert ("web2", {"accounts": 200, "disk_gb": 49}, {"accounts": 0, "disk_gb": 0}) in list(readings)


def test_no_room_anywhere_fails_with_what_is_missing(host: Host) -> None:
    execution = hosting.start(host.service, "HARD", limits={"disk_gb": 1200, "mailboxes": 20})
    drain()
    execution.refresh_from_db()
    assert execution.state == "FAILED"
    assert execution.error == {
        "what": "capacity",
        "step": "place",
        "servers": {"web1": {"disk_gb": 210}, "web2": {"disk_gb": 200}},  # 1200 - (1000 - 10), 1200 - 1000
    }
    assert operations() == []


def test_a_plan_goes_only_where_its_requirements_are_met(host: Host) -> None:
    from planshift.domain import recipes

    models.Server.objects.filter(code="web1").update(traits={"total_disk_gb": 1000, "php": "8.4"})
    execution = executions.start(
        service=host.service,
        recipe="HARD",
        target=recipes.Target("gold", GOLD, requires={"php": "8.4"}),
        cause="CH-2026-000001",
        signal_key="change:CH-2026-000001",
        parameters=recipes.Parameters(),
        at=NOON,
        actor="client:C-1001",
    )
    drain()
    execution.refresh_from_db()
    assert execution.new is not None
    assert execution.new.server.code == "web1"


def test_H10_removal_refuses_without_the_notice_and_before_the_end_of_the_hold(host: Host) -> None:
    driver = ports.driver("simulated")
    ref = ports.Ref(ports.ServerAt("web1"), "s1001-1")
    with pytest.raises(Permanent, match="forbidden"):
        driver.remove(op=ports.Op("k", "", "test"), ref=ref, proof=ports.Proof("removal_notice", ""))
    with pytest.raises(Permanent, match="forbidden"):
        driver.remove(op=ports.Op("k", "", "test"), ref=ref, proof=ports.Proof("because", "I say so"))
    execution = hosting.start(host.service, "HARD", hold_days=14)
    drain()
    with pytest.raises(Refused, match="no_notice_due"):
        executions.notice_sent(number=execution.number, proof="N-1", at=NOON, actor="system")
    confirm(execution)
    with pytest.raises(Refused, match="no_notice_due"):
        executions.notice_sent(number=execution.number, proof="N-1", at=NOON, actor="system")
    with pytest.raises(Refused, match="proof_needed"):
        executions.notice_sent(number=execution.number, proof=" ", at=NOON, actor="system")
    # somebody pushes the execution ahead of its hold, past every wait: the verbs themselves still refuse
    models.Execution.objects.filter(pk=execution.pk).update(step="quarantine", state="RUNNING")
    executions_run = models.Execution.objects.get(pk=execution.pk)
    from planshift.provisioning import calls

    seen = calls.carry_out(executions_run, actor="test")
    assert (seen.kind, seen.what) == ("never", "forbidden")
    models.Execution.objects.filter(pk=execution.pk).update(step="remove")
    seen = calls.carry_out(models.Execution.objects.get(pk=execution.pk), actor="test")
    assert (seen.kind, seen.what) == ("never", "forbidden")
    assert operations() == HANDED


def test_a_notice_that_is_not_sent_becomes_the_business_of_staff(host: Host) -> None:
    execution = hosting.start(host.service, "HARD", hold_days=14)
    drain()
    confirm(execution)
    go_to(after(14))
    go_to(after(15))
    assert operations() == HANDED
    listed = queries.for_staff(seller="demo-host", at=after(15, hours=1))
    assert [(one.number, one.step, one.overdue) for one in listed] == [(execution.number, "notice", True)]
    assert hosting.told()["execution_overdue"] == 1
    go_to(after(20))
    assert hosting.told()["execution_overdue"] == 1
    notice(execution)
    execution.refresh_from_db()
    assert execution.state == "DONE"


def test_the_notice_period_and_the_quarantine_are_kept(host: Host) -> None:
    execution = hosting.start(host.service, "HARD", hold_days=14, notice_days=5, quarantine_days=2)
    drain()
    confirm(execution)
    go_to(after(14))
    notice(execution)
    go_to(after(18, hours=23))
    assert operations() == HANDED
    go_to(after(19))  # 14 + 5
    assert operations() == [*HANDED, "quarantine s1001-1"]
    assert states(host.service)["s1001-1"] == "QUARANTINED"
    go_to(after(20, hours=23))
    assert operations() == [*HANDED, "quarantine s1001-1"]
    go_to(after(21))  # 19 + 2
    execution.refresh_from_db()
    assert (execution.state, operations()) == ("DONE", HANDED + ENDED)


def test_H10_attached_services_end_with_the_old_environment_and_not_before(host: Host) -> None:
    shop = hosting.service(host.client, "S-1002")
    keeps = hosting.service(host.client, "S-1003")
    hosting.with_environment(shop, host.old, name="s1002-1")
    hosting.with_environment(keeps, host.old, name="s1003-1")
    execution = hosting.start(host.service, "HARD", hold_days=14, ending=("S-1002",))
    drain()
    confirm(execution)
    assert operations() == HANDED
    go_to(after(14))
    notice(execution)
    assert operations() == [*HANDED, "quarantine s1001-1", "remove s1002-1", "remove s1001-1"]
    assert dict(models.Environment.objects.values_list("external_id", "state")) == {
        "s1001-1": "RETIRED",
        "s1001-2": "ACTIVE",
        "s1002-1": "RETIRED",
        "s1003-1": "ACTIVE",
    }


def test_set_up_work_waits_for_staff_with_a_date(host: Host) -> None:
    execution = hosting.start(host.service, "HARD", set_up_work=("install the shop",), set_up_days=5)
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.waiting_until) == ("AWAITING_STAFF", after(5))
    listed = queries.for_staff(seller="demo-host", at=NOON)
    assert [(one.number, one.can >= {"report_work"}, one.overdue) for one in listed] == [
        (execution.number, True, False)
    ]
    with pytest.raises(Refused, match="nothing_to_confirm"):
        executions.confirm_cutover(number=execution.number, at=NOON, actor="client:C-1001")
    go_to(after(5))
    assert queries.for_staff(seller="demo-host", at=after(6))[0].overdue is True
    executions.report_work(number=execution.number, note="shop 4.2 installed", at=after(6), actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.step) == ("AWAITING_CLIENT", "cut_over")


def test_names_follow_when_the_client_has_moved_the_content(host: Host) -> None:
    with_name(host.environment)
    execution = hosting.start(host.service, "HARD", domains=("demo.example",))
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.step) == ("AWAITING_CLIENT", "content")
    assert SimulatedRecord.objects.get().ttl == 60
    executions.confirm_content(number=execution.number, at=NOON, actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.step) == ("AWAITING_CLIENT", "cut_over")
    assert SimulatedRecord.objects.get().address == "198.18.2.2"
    assert SimulatedAccount.objects.get(name="s1001-1").proxied_to == "198.18.2.2"
    confirm(execution)
    assert SimulatedRecord.objects.get().ttl == 3600
    assert operations() == [
        *HANDED,
        "set_ttl demo.example",
        "front_proxy s1001-1",
        "swap demo.example",
        "set_ttl demo.example",
    ]


def test_names_stay_where_they_are_when_nobody_said_that_the_content_is_moved(host: Host) -> None:
    with_name(host.environment)
    execution = hosting.start(host.service, "HARD", domains=("demo.example",), cutover_days=7)
    drain()
    go_to(after(7))
    execution.refresh_from_db()
    assert execution.state == "HOLDING"
    assert SimulatedRecord.objects.get().address == host.environment.address
    assert "content lapsed" in journal(execution)
    assert "swap_dns skipped" in journal(execution)


def test_one_word_of_the_client_stands_for_content_and_cut_over(host: Host) -> None:
    with_name(host.environment)
    execution = hosting.start(host.service, "HARD", domains=("demo.example",))
    drain()
    confirm(execution)
    execution.refresh_from_db()
    assert execution.state == "HOLDING"
    assert SimulatedRecord.objects.get().address == "198.18.2.2"


def test_the_provider_moves_the_content_where_the_policy_says_so(host: Host) -> None:
    with_name(host.environment)
    SimulatedAccount.objects.filter(name="s1001-1").update(content="the pages of the client")
    execution = hosting.start(host.service, "HARD", domains=("demo.example",), content_transfer="provider")
    drain()
    execution.refresh_from_db()
    assert execution.step == "cut_over"
    assert SimulatedAccount.objects.get(name="s1001-2").content == "the pages of the client"
    final = models.ExecutionStep.objects.get(execution=execution, step="final_copy", event="done")
    driver = ports.driver("simulated")
    assert final.facts["manifest"] == driver.manifest(ref=ports.Ref(ports.ServerAt("web1"), "s1001-1"))


def test_cancelled_before_the_point_of_no_return_everything_is_as_before(host: Host) -> None:
    with_name(host.environment)
    execution = hosting.start(host.service, "HARD", domains=("demo.example",))
    drain()
    executions.confirm_content(number=execution.number, at=NOON, actor="client:C-1001")
    drain()
    executions.cancel(number=execution.number, note="changed my mind", at=NOON, actor="client:C-1001")
    drain()
    execution.refresh_from_db()
    assert execution.state == "CANCELLED"
    assert hosting.told() == {"handed_over": 1, "execution_cancelled": 1}
    record = SimulatedRecord.objects.get()
    assert (record.address, record.ttl) == (host.environment.address, 3600)
    assert SimulatedAccount.objects.get(name="s1001-1").proxied_to == ""
    assert SimulatedAccount.objects.get(name="s1001-2").removed_by_proof == f"never_used {execution.number}"
    assert states(host.service) == {"s1001-1": "ACTIVE", "s1001-2": "RETIRED"}
    assert journal(execution)[-7:] == [
        "cut_over taken_back",
        "swap_dns undone",
        "proxy undone",
        "lower_ttl undone",
        "hand_over failed_attempt",  # who asked for the name just before brings mail there for a minute
        "hand_over undone",
        "create undone",
    ]
    # and the service can be changed anew
    assert hosting.start(host.service, "EASY").number == "X-2026-000002"


def test_after_the_point_of_no_return_nobody_can_take_it_back(host: Host) -> None:
    execution = hosting.start(host.service, "HARD")
    drain()
    confirm(execution)
    for decide in (executions.cancel, executions.roll_back):
        with pytest.raises(Refused, match="point_of_no_return_passed"):
            decide(number=execution.number, note="too late", at=NOON, actor="staff:demo")
    with pytest.raises(Refused, match="nothing_to_confirm"):
        executions.confirm_content(number=execution.number, at=NOON, actor="client:C-1001")
    executions.confirm_cutover(number=execution.number, at=after(1), actor="client:C-1001")  # twice is harmless
    execution.refresh_from_db()
    assert execution.cutover_confirmed_at == NOON
