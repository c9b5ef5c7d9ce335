"""Machines of Proxmox VE: a back-up is made once and put back once."""

import pytest

from planshift.adapters.drivers.by_http.models import VendorOp
from planshift.domain.errors import Permanent, Transient, Unknown
from tests.ports.proxmox_bench import BIG, Node, key, made, read, sizes
from tests.ports.standins.proxmox import NODE
from tests.ports.standins.serving import Fault

pytestmark = pytest.mark.django_db


def test_a_back_up_is_found_again_by_its_key_and_put_back_at_the_size_that_was_sold(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.machines[100]["content"] = "as it was"
    node.faults = [Fault("vzdump", "lost")]
    with pytest.raises(Unknown):
        driver.backup(op=key("backup"), ref=ref)
    snapshot = driver.backup(op=key("backup"), ref=ref).snapshot
    assert (len(node.backups), read(driver, ref).snapshots) == (1, (snapshot,))
    driver.apply(op=key("up"), ref=ref, to=BIG)
    node.machines[100]["content"] = "spoilt"
    node.machines[100]["running"] = False  # so that the first task is the restoring
    node.faults = [Fault(f"{NODE}/qemu", "task_fails", reason="extraction failed")]
    with pytest.raises(Transient, match="remote_failed"):
        driver.restore(op=key("restore"), ref=ref, snapshot=snapshot)
    driver.restore(op=key("restore"), ref=ref, snapshot=snapshot)
    machine = node.machines[100]
    assert (machine["content"], machine["running"], sizes(node)) == ("as it was", True, ("51200M", "8192", 4))
    made_anew = [one for one in node.asked if one.path.endswith(f"{NODE}/qemu") and one.method == "POST"]
    assert len(made_anew) == 2  # the one that failed, and the one that did not
    assert driver.restore(op=key("restore"), ref=ref, snapshot=snapshot).replayed is True


def test_a_back_up_that_takes_long_to_put_back_is_put_back_once(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    snapshot = driver.backup(op=key("backup"), ref=ref).snapshot
    node.machines[100]["running"] = False
    node.faults = [Fault(f"{NODE}/qemu", "task_hangs")]
    going = driver.restore(op=key("restore"), ref=ref, snapshot=snapshot)
    assert going.task
    node.let_go()
    assert driver.poll(server=ref.server, task=going.task).task == ""
    assert driver.restore(op=key("restore"), ref=ref, snapshot=snapshot).changed is True
    assert len([one for one in node.asked if one.path.endswith(f"{NODE}/qemu") and one.method == "POST"]) == 1


def test_a_machine_that_was_put_back_is_not_put_back_again_for_a_later_answer_that_was_lost(
    proxmox_node: Node,
) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    snapshot = driver.backup(op=key("backup"), ref=ref).snapshot
    driver.apply(op=key("up"), ref=ref, to=BIG)  # so that size and disk have to be set anew after the restoring
    node.faults = [Fault("status/start", "lost")]
    with pytest.raises(Unknown):
        driver.restore(op=key("restore"), ref=ref, snapshot=snapshot)
    node.machines[100]["content"] = "written since"
    driver.restore(op=key("restore"), ref=ref, snapshot=snapshot)
    assert len([one for one in node.asked if one.path.endswith(f"{NODE}/qemu") and one.method == "POST"]) == 1
    assert (node.machines[100]["content"], sizes(node)) == ("written since", ("51200M", "8192", 4))


def test_a_restoring_that_began_when_only_the_last_task_was_kept_is_not_begun_again(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    snapshot = driver.backup(op=key("backup"), ref=ref).snapshot
    driver.apply(op=key("up"), ref=ref, to=BIG)
    for lost, how in (("resize", "cut"), ("status/start", "lost")):
        node.faults = [Fault(lost, how)]
        with pytest.raises(Unknown):
            driver.restore(op=key("restore"), ref=ref, snapshot=snapshot)
        row = VendorOp.objects.get(verb="restore")
        if lost == "resize":
            VendorOp.objects.filter(pk=row.pk).update(noted={**row.noted, "ended": row.noted["restoring"]})
    driver.restore(op=key("restore"), ref=ref, snapshot=snapshot)
    assert len([one for one in node.asked if one.path.endswith(f"{NODE}/qemu") and one.method == "POST"]) == 1


def test_without_a_storage_for_them_there_are_no_back_ups(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node, backup_storage="")
    with pytest.raises(Permanent, match="unsupported"):
        driver.backup(op=key("backup"), ref=ref)
    assert read(driver, ref).snapshots == ()
