"""Hard changes on servers that fail: ends done, or as before, or with a person; nothing twice, no password anywhere."""

import hashlib

import pytest
from django.apps import apps
from django.db import transaction

from planshift.adapters.drivers.simulated.models import SimulatedAccount, SimulatedRecord
from planshift.domain.errors import Refused
from planshift.provisioning import calls, executions, models, ports, queries
from planshift.runtime import clock
from tests.machines import hosting
from tests.machines.conftest import Host
from tests.machines.hosting import (
    NOON,
    SILVER,
    after,
    confirm,
    drain,
    go_to,
    notice,
    operations,
    simulation,
    states,
    with_name,
)

HANDED = ["create s1001-2", "set_credentials s1001-2"]
ENDED = ["quarantine s1001-1", "remove s1001-1"]


def test_a_failing_creation_is_taken_back(host: Host) -> None:
    simulation().add_fault(kind="full", verb="create")
    execution = hosting.start(host.service, "HARD")
    drain()
    execution.refresh_from_db()
    assert (execution.state, execution.error) == ("FAILED", {"what": "capacity", "step": "create", "server": "web2"})
    assert states(host.service) == {"s1001-1": "ACTIVE", "s1001-2": "RETIRED"}
    assert operations() == []


def test_a_removal_that_fails_waits_for_a_person_and_is_carried_on(host: Host) -> None:
    execution = hosting.start(host.service, "HARD", hold_days=0)
    drain()
    confirm(execution)
    simulation().add_fault(kind="refuses", verb="remove")
    notice(execution)
    execution.refresh_from_db()
    assert (execution.state, execution.step) == ("STUCK", "remove")
    assert [one.number for one in queries.for_staff(seller="demo-host", at=NOON)] == [execution.number]
    with pytest.raises(Refused, match="point_of_no_return_passed"):
        executions.cancel(number=execution.number, note="no", at=NOON, actor="staff:demo")
    simulation().clear_faults()
    executions.retry(number=execution.number, note="unlocked", at=NOON, actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert (execution.state, operations()) == ("DONE", HANDED + ENDED)


def test_lost_credentials_are_made_anew_and_shown_once(host: Host) -> None:
    simulation().add_fault(kind="lost_answer", verb="set_credentials", times=1)
    execution = hosting.start(host.service, "HARD")
    drain()
    execution.refresh_from_db()
    assert execution.step == "cut_over"
    assert operations() == ["create s1001-2", "set_credentials s1001-2", "set_credentials s1001-2"]
    shown = executions.reveal_credentials(number=execution.number, at=NOON, actor="client:C-1001")
    assert (shown["user"], shown["host"]) == ("s1001-2", "198.18.2.2")
    with pytest.raises(Refused, match="credentials_shown"):
        executions.reveal_credentials(number=execution.number, at=NOON, actor="client:C-1001")
    assert queries.execution(number=execution.number, at=NOON).credentials == "shown"  # type: ignore[union-attr]
    password = shown["password"]
    digest = hashlib.sha256(password.encode()).hexdigest()
    assert SimulatedAccount.objects.get(name="s1001-2").credentials_digest == digest


def test_the_password_is_nowhere_in_the_database(host: Host) -> None:
    execution = hosting.start(host.service, "HARD")
    drain()
    dump = lambda: repr([list(model.objects.values()) for model in apps.get_models()])  # noqa: E731
    before = dump()
    password = executions.reveal_credentials(number=execution.number, at=NOON, actor="client:C-1001")["password"]
    assert password not in before
    assert password not in dump()
    assert models.Handover.objects.get().sealed is None


MUTATIONS = ("create", "set_credentials", "set_ttl", "swap", "front_proxy", "quarantine", "remove")
READS = ("check", "capacity", "get", "dns_get")
FAULTS = [
    *[("fails", verb, 2) for verb in (*MUTATIONS, *READS)],
    *[("refuses", verb, -1) for verb in (*MUTATIONS, *READS)],
    *[("lost_answer", verb, 1) for verb in MUTATIONS],
    *[("lies", verb, -1) for verb in MUTATIONS],
    ("full", "create", -1),
]
RARER = [
    *[("fails", verb, -1) for verb in (*MUTATIONS, *READS)],
    *[("refuses", verb, 1) for verb in (*MUTATIONS, *READS)],
    *[("lost_answer", verb, -1) for verb in MUTATIONS],
    *[("lies", verb, 1) for verb in MUTATIONS],
]


@pytest.mark.parametrize(
    ("kind", "verb", "times"), [*FAULTS, *[pytest.param(*one, marks=pytest.mark.long) for one in RARER]]
)
def test_every_fault_ends_done_or_failed_or_with_a_person_and_nothing_is_done_twice(
    host: Host, kind: str, verb: str, times: int
) -> None:
    with_name(host.environment)
    simulation().add_fault(kind=kind, verb=verb, times=times)
    execution = hosting.start(host.service, "HARD", domains=("demo.example",), hold_days=14)
    drain()
    execution.refresh_from_db()
    if execution.state == "AWAITING_CLIENT":
        confirm(execution)
        go_to(after(14))
        execution.refresh_from_db()
        old = SimulatedAccount.objects.get(name="s1001-1")
        assert not old.removed  # no notice, no removal
        assert not old.quarantined
        if execution.state == "AWAITING_NOTICE":
            notice(execution)
            execution.refresh_from_db()
    assert execution.state in ("DONE", "FAILED", "STUCK")
    old, record = SimulatedAccount.objects.get(name="s1001-1"), SimulatedRecord.objects.get()
    new = SimulatedAccount.objects.filter(name="s1001-2").first()
    did = operations()
    for once in ("create s1001-2", "remove s1001-1", "quarantine s1001-1"):
        assert did.count(once) <= 1
    if execution.state == "DONE":
        assert (old.removed, new is not None and not new.removed, record.address) == (True, True, "198.18.2.2")
    if execution.state == "FAILED":
        assert (old.removed, old.quarantined, old.limits) == (False, False, SILVER)
        assert (new is None or new.removed, record.address, record.ttl) == (True, old.address, 3600)
        assert states(host.service)["s1001-1"] == "ACTIVE"
    if execution.state == "STUCK":
        assert [one.number for one in queries.for_staff(seller="demo-host", at=after(15))] == [execution.number]


def test_new_access_data_replace_those_that_were_shown(host: Host) -> None:
    execution = hosting.start(host.service, "HARD")
    drain()
    first = executions.reveal_credentials(number=execution.number, at=NOON, actor="client:C-1001")["password"]
    simulation().add_fault(kind="lost_answer", verb="set_credentials", times=1)
    key = executions.renew_credentials(number=execution.number, at=NOON, actor="client:C-1001")
    assert executions.renew_credentials(number=execution.number, at=NOON, actor="client:C-1001") == key
    drain()
    second = executions.reveal_credentials(number=execution.number, at=NOON, actor="client:C-1001")["password"]
    assert first != second
    digest = hashlib.sha256(second.encode()).hexdigest()
    assert SimulatedAccount.objects.get(name="s1001-2").credentials_digest == digest


def test_no_access_data_before_the_hand_over_nor_of_what_is_gone(host: Host) -> None:
    execution = hosting.start(host.service, "HARD")
    for ask in (executions.reveal_credentials, executions.renew_credentials):
        with pytest.raises(Refused, match="credentials_none"):
            ask(number=execution.number, at=NOON, actor="client:C-1001")
    drain()
    executions.cancel(number=execution.number, note="no", at=NOON, actor="client:C-1001")
    drain()
    with pytest.raises(Refused, match="credentials_none"):
        executions.renew_credentials(number=execution.number, at=NOON, actor="client:C-1001")


def test_expired_access_data_are_not_shown(host: Host) -> None:
    execution = hosting.start(host.service, "HARD")
    drain()
    models.Handover.objects.update(expires_at=clock.system())
    with pytest.raises(Refused, match="credentials_expired"):
        executions.reveal_credentials(number=execution.number, at=NOON, actor="client:C-1001")


def test_cancelled_while_the_server_is_at_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = ports.driver("simulated")
    create = driver.create

    def cancelled_meanwhile(**said: object) -> ports.Result:
        made = create(**said)  # type: ignore[arg-type]
        executions.cancel(number="X-2026-000001", note="changed my mind", at=NOON, actor="client:C-1001")
        return made

    monkeypatch.setattr(driver, "create", cancelled_meanwhile)
    execution = hosting.start(host.service, "HARD")
    drain()
    execution.refresh_from_db()
    assert execution.state == "CANCELLED"
    assert operations() == ["create s1001-2", "remove s1001-2"]
    assert states(host.service) == {"s1001-1": "ACTIVE", "s1001-2": "RETIRED"}


def test_a_driver_is_never_called_inside_a_transaction(host: Host) -> None:
    execution = hosting.start(host.service, "EASY")
    with transaction.atomic(), pytest.raises(RuntimeError, match="never called inside a transaction"):
        calls.carry_out(execution, actor="test")
    assert operations() == []


def test_a_fault_of_ours_is_a_stuck_execution_that_staff_can_send_on(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(calls._VERBS, "apply", lambda call: {}["surprise"])  # type: ignore[index]
        execution = hosting.start(host.service, "EASY")
        drain()
    execution.refresh_from_db()
    assert (execution.state, execution.error["what"]) == ("STUCK", "fault")
    assert hosting.told() == {"execution_stuck": 1}
    executions.retry(number=execution.number, note="program repaired", at=NOON, actor="staff:demo")
    drain()
    execution.refresh_from_db()
    assert execution.state == "DONE"
    assert operations() == ["apply s1001-1"]
