"""Staff do by hand what no program may, say what they did, and it is checked like anything else."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from planshift.adapters.drivers.manual.driver import FIELDS, ManualDriver
from planshift.adapters.drivers.manual.models import ManualAccount, ManualTask
from planshift.interfaces.backoffice import tasks
from planshift.provisioning import models, ports, sealing
from planshift.runtime import clock
from planshift.runtime.models import AuditEntry
from tests.interfaces.backoffice.test_back_office import ITALIAN, POLISH, text

Enter = Callable[..., Client]
LIMITS = {"disk_gb": 20, "mailboxes": 10}
REF = ports.Ref(ports.ServerAt("by-hand-1"), "s1001-1")
SPEC = ports.Spec("demo.example", "silver", ("demo.example",))


@pytest.fixture
def driver(demo: object) -> ManualDriver:
    """With a server of the Italian demo seller, and one thing to do there."""
    owner = models.Server.objects.filter(seller__code="demo-host-italia")[0].seller
    models.Server.objects.create(seller=owner, code="by-hand-1", driver="manual", added_at=clock.business())
    made = ManualDriver(seal=sealing.Seal("manual driver"))
    made.create(op=op("create"), ref=REF, spec=SPEC, limits=LIMITS)
    return made


def op(name: str) -> ports.Op:
    return ports.Op(f"X-1:{name}:1", "CH-2026-000001", "test")


def forms(browser: Client) -> list[str]:
    return re.findall(r'action="(/staff/tasks/[0-9a-f]+/)"', browser.get("/staff/tasks/").content.decode())


def test_every_verb_and_field_of_the_driver_has_words() -> None:
    assert set(FIELDS) == set(tasks.VERBS)
    assert {name for fields in FIELDS.values() for name, _ in fields} == set(tasks.FIELDS)


def test_a_task_is_shown_with_what_is_wanted_and_closed_with_what_was_done(enter: Enter, driver: ManualDriver) -> None:
    browser = enter(ITALIAN)
    page = text(browser.get("/staff/tasks/"))
    assert "Create an account" in page and "s1001-1 on by-hand-1" in page and "disk_gb 20" in page
    assert 'nav__count num">1<' in browser.get("/staff/runs/").content.decode()
    (address,) = forms(browser)
    said = {"limits.disk_gb": "20", "limits.mailboxes": "10", "address": "192.0.2.7", "note": "in the panel"}
    assert browser.post(address, {**said, "decision": "done"}).status_code == 302
    account = driver.get(ref=REF)
    assert account is not None and (dict(account.limits), account.address) == (LIMITS, "192.0.2.7")
    assert driver.create(op=op("create"), ref=REF, spec=SPEC, limits=LIMITS).task == ""  # the engine goes on
    assert AuditEntry.objects.get(kind="provisioning.manual").actor.startswith("user:")
    assert "Nothing to do by hand" in text(browser.get("/staff/tasks/"))
    assert browser.post(address, {**said, "decision": "done"}).status_code == 409  # a second click


def test_many_tasks_have_pages_and_a_true_count(
    enter: Enter, driver: ManualDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SIZE", 2)
    for number in (2, 3):
        ref = ports.Ref(ports.ServerAt("by-hand-1"), f"s100{number}-1")
        driver.create(op=ports.Op(f"X-{number}:create:1", "CH-2026-000001", "test"), ref=ref, spec=SPEC, limits=LIMITS)
    browser = enter(ITALIAN)
    first, second = (browser.get(f"/staff/tasks/?page={number}").content.decode() for number in (1, 2))
    assert "s1001-1" in first and "s1002-1" in first and "s1003-1" not in first and 'href="?page=2"' in first
    assert "s1003-1" in second and "s1001-1" not in second and 'href="?page=3"' not in second
    assert 'nav__count num">3<' in browser.get("/staff/runs/").content.decode()
    assert "s1001-1" in browser.get("/staff/tasks/?page=0").content.decode()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"address": "192.0.2.7"},
        {"limits.disk_gb": "20"},
        {"limits.disk_gb": "twenty", "address": "192.0.2.7"},
        {"limits.disk_gb": "٣", "address": "192.0.2.7"},
        {"limits.disk_gb": "20", "address": "x" * 300},
        {"limits": "20", "address": "192.0.2.7"},
    ],
)
def test_what_is_missing_or_no_amount_closes_nothing(enter: Enter, driver: ManualDriver, said: dict[str, str]) -> None:
    browser = enter(ITALIAN)
    (address,) = forms(browser)
    assert browser.post(address, {**said, "decision": "done"}).status_code == 409
    assert ManualTask.objects.get().outcome == "" and not ManualAccount.objects.exists()


def test_what_cannot_be_done_needs_a_reason(enter: Enter, driver: ManualDriver) -> None:
    browser = enter(ITALIAN)
    (address,) = forms(browser)
    assert browser.post(address, {"decision": "cannot"}).status_code == 409
    assert browser.post(address, {"decision": "cannot", "note": "the rack is full"}).status_code == 302
    task = ManualTask.objects.get()
    assert (task.outcome, task.note) == ("refused", "the rack is full")


def test_a_password_is_kept_nowhere_that_can_be_read(enter: Enter, driver: ManualDriver) -> None:
    browser = enter(ITALIAN)
    driver_closed(driver)
    driver.set_credentials(op=op("access"), ref=REF)
    (address,) = forms(browser)
    said = {"user": "u1", "password": "only for the client", "host": "by-hand-1.demo.example"}
    assert browser.post(address, {**said, "decision": "done"}).status_code == 302
    task = ManualTask.objects.get(verb="set_credentials")
    assert "only for the client" not in f"{task.said}{task.sealed}{list(AuditEntry.objects.values())}"
    assert task.sealed


def test_tasks_of_another_seller_are_not_there(enter: Enter, driver: ManualDriver) -> None:
    (address,) = forms(enter(ITALIAN))
    other = enter(POLISH)
    assert forms(other) == []
    assert other.post(address, {"decision": "cannot", "note": "x"}).status_code == 409
    assert ManualTask.objects.get().outcome == ""


def driver_closed(driver: ManualDriver) -> None:
    (task,) = driver.open_tasks(servers=("by-hand-1",))
    said = {"limits": LIMITS, "address": "192.0.2.7"}
    driver.close(servers=("by-hand-1",), task=task.code, said=said, note="", at=clock.business(), actor="staff:demo")
