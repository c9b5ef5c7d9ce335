"""A worker that is killed (kill -9, a real process) after the server has acted and before we could write it down."""

import datetime as dt
import signal
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from planshift.adapters.drivers.simulated.models import SimulatedAccount, SimulatedOp
from planshift.provisioning import executions, models
from planshift.runtime import clock
from planshift.runtime.models import StepRecord, Worker
from tests.machines import hosting, processes
from tests.machines.conftest import make_host

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
DYING = {"DJANGO_SETTINGS_MODULE": "tests.machines.dying.settings"}


def state_of(execution: models.Execution) -> str:
    return models.Execution.objects.values_list("state", flat=True).get(pk=execution.pk)


def die_after(verb: str, folder: Path) -> None:
    """A worker that kills itself once the server has carried out `verb`."""
    with processes.worker(folder, DIE_AFTER=verb, PLANSHIFT_SECRET_KEY=settings.SECRET_KEY, **DYING) as process:
        processes.until(lambda: process.poll() is not None, folder=folder)
        assert process.returncode == -signal.SIGKILL, processes.logs(folder)
    # the next worker looks for what was left as it begins, and again only after a third of its long lease
    dead = Worker.objects.filter(stopped_at=None)
    processes.until(lambda: dead.filter(lease_until__lt=clock.system()).exists(), folder=folder)


def carry_on(execution: models.Execution, states: tuple[str, ...], folder: Path) -> None:
    with processes.awake(folder, PLANSHIFT_SECRET_KEY=settings.SECRET_KEY):
        processes.until(lambda: state_of(execution) in states, folder=folder)


def test_an_easy_change_is_applied_once_though_the_worker_dies_between_call_and_commit(tmp_path: Path) -> None:
    host = make_host()
    with transaction.atomic():
        execution = hosting.start(host.service, "EASY", at=clock.business())
    die_after("apply", tmp_path)
    assert SimulatedAccount.objects.get().limits == hosting.GOLD  # the server did it
    assert state_of(execution) == "RUNNING"  # and we do not know
    assert "apply done" not in hosting.journal(execution)
    carry_on(execution, ("DONE",), tmp_path)
    assert hosting.operations() == ["apply s1001-1"]
    assert SimulatedOp.objects.get(verb="apply").asked == 2  # asked again under its key, answered from the journal
    assert StepRecord.objects.filter(run__kind="execution", outcome="lost").count() == 1
    journal = hosting.journal(execution)
    assert journal == ["check ordered", "check done", "backup skipped", "apply done", "read_back done"]


def test_a_hard_change_survives_a_dead_worker_at_every_verb_and_nothing_is_done_twice(tmp_path: Path) -> None:
    host = make_host()
    with transaction.atomic():
        execution = hosting.start(host.service, "HARD", at=clock.business(), hold_days=14)
    for verb in ("capacity", "create", "set_credentials"):
        die_after(verb, tmp_path)
    carry_on(execution, ("AWAITING_CLIENT",), tmp_path)
    executions.confirm_cutover(number=execution.number, at=clock.business(), actor="client:C-1001")
    carry_on(execution, ("HOLDING",), tmp_path)
    clock.move_to(at=clock.business() + dt.timedelta(days=15), actor="test", really=True)
    carry_on(execution, ("AWAITING_NOTICE",), tmp_path)
    executions.notice_sent(number=execution.number, proof="N-1", at=clock.business(), actor="system")
    for verb in ("quarantine", "remove"):
        die_after(verb, tmp_path)
    carry_on(execution, ("DONE",), tmp_path)
    # the password that nobody saw is replaced by a new one; everything else is done once
    assert Counter(hosting.operations()) == {
        "create s1001-2": 1,
        "set_credentials s1001-2": 2,
        "quarantine s1001-1": 1,
        "remove s1001-1": 1,
    }
    shown = executions.reveal_credentials(number=execution.number, at=clock.business(), actor="client:C-1001")
    assert shown["user"] == "s1001-2"
    states = dict(models.Environment.objects.values_list("external_id", "state"))
    assert states == {"s1001-1": "RETIRED", "s1001-2": "ACTIVE"}
