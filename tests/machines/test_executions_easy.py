"""Easy changes: check, apply, read back; and what becomes of every fault on the way."""

import pytest

from planshift.adapters.drivers.simulated.models import SimulatedAccount, SimulatedOp
from planshift.domain.errors import Refused, Unknown
from planshift.provisioning import answers, calls, executions, models, ports
from tests.machines import hosting
from tests.machines.conftest import Host
from tests.machines.hosting import GOLD, NOON, SILVER, drain, journal, operations


def fault(kind: str, **where: object) -> None:
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(kind=kind, **where)  # type: ignore[arg-type]


def test_nothing_changes_before_the_run_and_easy_change_does_check_apply_read_back(host: Host) -> None:
    execution = hosting.start(host.service, "EASY")
    assert execution.number == "X-2026-000001"
    assert operations() == []
    drain()
    execution.refresh_from_db()
    assert execution.state == "DONE"
    assert journal(execution) == [
        "check ordered",
        "check done",
        "backup skipped",
        "apply done",
        "read_back done",
    ]
    assert operations() == ["apply s1001-1"]
    assert hosting.told() == {"point_of_no_return": 1, "executed": 1}
    host.environment.refresh_from_db()
    assert (host.environment.limits, host.environment.plan) == (GOLD, "gold")
    assert execution.point_of_no_return_at == NOON


def test_a_server_that_fails_twice_is_asked_again_under_the_same_key(host: Host) -> None:
    fault("fails", verb="apply", times=2)
    execution = hosting.start(host.service, "RESOURCES")
    drain()
    assert journal(execution) == [
        "check ordered",
        "check done",
        "apply failed_attempt",
        "apply failed_attempt",
        "apply done",
        "read_back done",
    ]
    keys = models.ExecutionStep.objects.filter(execution=execution, step="apply").values_list("key", flat=True)
    assert set(keys) == {"X-2026-000001:apply:1"}
    assert operations() == ["apply s1001-1"]


def test_a_lost_answer_is_read_back_and_not_done_again(host: Host) -> None:
    fault("lost_answer", verb="apply", times=1)
    execution = hosting.start(host.service, "EASY")
    drain()
    execution.refresh_from_db()
    assert execution.state == "DONE"
    applied = models.ExecutionStep.objects.get(execution=execution, step="apply", event="done")
    assert applied.facts == {"changed": True, "answer_lost": True}
    assert operations() == ["apply s1001-1"]
    assert SimulatedOp.objects.get(key="X-2026-000001:apply:1").asked == 1


def test_an_answer_lost_without_effect_is_asked_for_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, asked = ports.driver("simulated"), []
    apply = driver.apply

    def silent_once(*, op: ports.Op, ref: ports.Ref, to: ports.Limits) -> ports.Result:
        asked.append(op.key)
        if len(asked) == 1:
            raise Unknown("no_answer")
        return apply(op=op, ref=ref, to=to)

    monkeypatch.setattr(driver, "apply", silent_once)
    execution = hosting.start(host.service, "EASY")
    drain()
    execution.refresh_from_db()
    assert execution.state == "DONE"
    assert asked == ["X-2026-000001:apply:1", "X-2026-000001:apply:1"]
    assert operations() == ["apply s1001-1"]


def test_a_server_that_lies_is_found_out_and_the_change_fails_with_everything_as_before(host: Host) -> None:
    fault("lies", verb="apply")
    execution = hosting.start(host.service, "EASY")
    drain()
    execution.refresh_from_db()
    assert execution.state == "FAILED"
    assert execution.error == {"what": "read_back_differs", "step": "apply"}
    assert journal(execution) == [
        "check ordered",
        "check done",
        "backup skipped",
        *["apply failed_attempt"] * 8,
        "apply undone",
    ]
    assert operations() == []
    assert hosting.told() == {"execution_failed": 1}
    host.environment.refresh_from_db()
    assert (host.environment.limits, host.environment.plan) == (SILVER, "silver")


def test_a_refusal_before_the_point_of_no_return_fails_with_everything_as_before(host: Host) -> None:
    fault("refuses", verb="apply", times=1)
    execution = hosting.start(host.service, "EASY")
    drain()
    execution.refresh_from_db()
    assert execution.state == "FAILED"
    assert execution.error["what"] == "remote_refused"
    assert operations() == []
    assert hosting.told() == {"execution_failed": 1}


def test_undoing_that_fails_waits_for_a_person_who_can_try_again(host: Host) -> None:
    fault("refuses", verb="apply")
    execution = hosting.start(host.service, "EASY")
    drain()
    execution.refresh_from_db()
    assert execution.state == "STUCK"
    assert hosting.told() == {"execution_stuck": 1}
    simulation = ports.simulation()
    assert simulation is not None
    simulation.clear_faults()
    executions.retry(number=execution.number, note="server repaired", at=NOON, actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert execution.state == "FAILED"
    assert operations() == []
    assert hosting.told() == {"execution_stuck": 1, "execution_failed": 1}


def test_usage_beyond_the_target_is_refused_with_all_violations_and_nothing_is_touched(host: Host) -> None:
    simulation = ports.simulation()
    assert simulation is not None
    simulation.set_usage(server="web1", account="s1001-1", used={"disk_gb": 8, "mailboxes": 19})
    execution = hosting.start(host.service, "EASY", limits={"disk_gb": 5, "mailboxes": 10})
    drain()
    execution.refresh_from_db()
    assert execution.state == "FAILED"
    assert execution.error == {
        "what": "usage_exceeds_target",
        "step": "check",
        "violations": [
            {"resource": "disk_gb", "used": 8, "target": 5, "minimum": 8},
            {"resource": "mailboxes", "used": 19, "target": 10, "minimum": 19},
        ],
    }
    assert operations() == []


def test_a_disk_that_never_shrinks_in_place_is_refused(host: Host) -> None:
    host.old.traits = {**host.old.traits, "fixed": "disk_gb"}
    host.old.save()
    execution = hosting.start(host.service, "EASY", limits={"disk_gb": 9, "mailboxes": 20})
    drain()
    execution.refresh_from_db()
    assert execution.state == "FAILED"
    assert execution.error == {"what": "unsupported", "step": "check", "resources": ["disk_gb"]}


def test_a_fault_after_the_point_of_no_return_waits_for_a_person_who_says_that_it_is_done(host: Host) -> None:
    fault("fails", verb="get", times=-1)
    with pytest.MonkeyPatch.context() as patch:
        # the read-back of `apply` itself still works: only the later one meets the fault
        patch.setitem(calls._VERBS, "apply", _apply_unseen)  # type: ignore[index]
        execution = hosting.start(host.service, "EASY")
        drain()
    execution.refresh_from_db()
    assert execution.state == "STUCK"
    assert execution.error == {"what": "unreachable", "step": "read_back", "server": "web1"}
    assert hosting.told() == {"point_of_no_return": 1, "execution_stuck": 1}
    with pytest.raises(Refused, match="point_of_no_return_passed"):
        executions.roll_back(number=execution.number, note="please", at=NOON, actor="staff:demo")
    with pytest.raises(Refused, match="note_needed"):
        executions.skip(number=execution.number, note=" ", at=NOON, actor="staff:demo")
    executions.skip(number=execution.number, note="looked myself", at=NOON, actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert execution.state == "DONE"
    assert operations() == ["apply s1001-1"]


def _apply_unseen(call: answers.Call) -> dict[str, object]:
    call.driver.apply(op=call.op, ref=call.ref, to=call.limits)
    return {"facts": {"changed": True}}


def test_one_open_execution_per_service(host: Host) -> None:
    hosting.start(host.service, "EASY")
    with pytest.raises(Refused, match="execution_open"):
        hosting.start(host.service, "EASY")
    assert models.Execution.objects.count() == 1


def test_nothing_to_change_without_an_environment(host: Host) -> None:
    bare = hosting.service(host.client, "S-1002")
    with pytest.raises(Refused, match="no_environment"):
        hosting.start(bare, "EASY")


def test_activation_creates_and_hands_over(host: Host) -> None:
    bare = hosting.service(host.client, "S-1002")
    execution = hosting.start(bare, "ACTIVATE")
    drain()
    execution.refresh_from_db()
    assert execution.state == "DONE"
    assert journal(execution) == [
        "place ordered",
        "place done",
        "create done",
        "set_up skipped",
        "hand_over done",
    ]
    environment = models.Environment.objects.get(service=bare)
    assert (environment.state, environment.limits, environment.external_id) == ("ACTIVE", GOLD, "s1002-1")
    assert environment.address == "198.18.2.2"


def test_suspended_and_back(host: Host) -> None:
    hosting.start(host.service, "SUSPEND", limits={})
    drain()
    hosting.start(host.service, "UNSUSPEND", limits={})
    drain()
    assert operations() == ["suspend s1001-1", "unsuspend s1001-1"]
    assert list(models.Execution.objects.values_list("state", flat=True)) == ["DONE", "DONE"]


@pytest.mark.parametrize("kind", ["fails", "refuses", "lost_answer", "lies", "full"])
@pytest.mark.parametrize("verb", ["check", "apply", "get", ""])
@pytest.mark.parametrize("times", [1, 2, -1])
def test_every_fault_ends_done_or_failed_or_with_a_person_and_nothing_is_done_twice(
    host: Host, kind: str, verb: str, times: int
) -> None:
    fault(kind, verb=verb, times=times)
    execution = hosting.start(host.service, "EASY")
    drain()
    execution.refresh_from_db()
    assert execution.state in ("DONE", "FAILED", "STUCK")
    account = SimulatedAccount.objects.get(name="s1001-1")
    if execution.state == "DONE":
        assert account.limits == GOLD
    if execution.state == "FAILED":
        assert account.limits == SILVER
    once, taken_back = ["apply s1001-1"], ["apply s1001-1"] * 2
    assert operations() in ([once] if account.limits == GOLD else [[], taken_back])
    keys = list(SimulatedOp.objects.filter(verb="apply", changed=True).values_list("key", flat=True))
    assert len(keys) == len(set(keys))
