"""Hard changes on servers that fail: ends done, or as before, or with a person; nothing twice, no password anywhere."""

import hashlib

import pytest
from django.apps import apps

from planshift.adapters.drivers.simulated.models import SimulatedAccount, SimulatedRecord
from planshift.domain.errors import Refused
from planshift.provisioning import executions, models, queries
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
