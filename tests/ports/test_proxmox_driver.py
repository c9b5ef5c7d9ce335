"""Machines of Proxmox VE: tasks that end well, badly or not at all, numbers that are given twice, disks that only
grow."""

from typing import Any

import pytest

from planshift.adapters.drivers.by_http.models import VendorAccount, VendorOp
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import ports
from tests.ports.proxmox_bench import BIG, NOTICE, SMALL, SPEC, Node, key, made, read, ref_at, sizes
from tests.ports.standins import benches
from tests.ports.standins.proxmox import NODE, TEMPLATE
from tests.ports.standins.serving import Fault

pytestmark = pytest.mark.django_db


def test_a_machine_is_cloned_sized_started_and_marked(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = ref_at(node)
    done = driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    assert done.warnings == ("the disk has grown; the file system inside grows at the next start, or by hand",)
    assert node.changes() == ["clone", "config", "resize", "config", "start"]
    machine = node.machines[100]
    # 10 GB are 10 · 1024 = 10240 MB, 2 GB of memory 2048 MB
    assert (sizes(node), machine["running"], machine["config"]["onboot"]) == (("10240M", "2048", 1), True, "1")
    assert machine["config"]["description"] == "demo.example\n\nplanshift: s1001-1\n\n"
    assert read(driver, ref).address == "198.51.100.101"
    assert driver.probe(server=ref.server) == "Proxmox VE 9.0.6, node pve1, 16 processors"


def test_a_lost_answer_makes_no_second_machine(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = ref_at(node)
    node.faults = [Fault("clone", "lost"), Fault("resize", "lost"), Fault("start", "status_after", status=596)]
    for _ in range(3):
        with pytest.raises(Unknown):
            driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    done = driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    assert (done.changed, done.replayed) == (True, False)
    assert sorted(node.machines) == [100, TEMPLATE]
    assert node.changes() == ["clone", "config", "resize", "config", "start"]
    assert [one.given["size"] for one in node.asked if one.path.endswith("resize")] == ["10240M"]  # absolute, never +


def test_a_clone_that_fails_is_made_again_under_the_same_number(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    node.faults = [Fault("clone", "task_fails", reason="clone failed: storage 'local' is not online")]
    with pytest.raises(Transient) as failed:
        driver.create(op=key("create"), ref=ref_at(node), spec=SPEC, limits=SMALL)
    assert (failed.value.what, "not online" in str(failed.value.facts["remote"])) == ("remote_failed", True)
    driver.create(op=key("create"), ref=ref_at(node), spec=SPEC, limits=SMALL)
    assert sorted(node.machines) == [100, TEMPLATE]


def test_a_number_that_somebody_else_took_is_left_to_him(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = ref_at(node)
    node.faults = [Fault("clone", "cut")]
    with pytest.raises(Unknown):
        driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    node.add(100, name="stranger", running=True)
    with pytest.raises(Permanent, match="conflict"):  # it may be ours without its notes: a person looks
        driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    with pytest.raises(Transient, match="busy"):
        driver.create(op=key("create-2"), ref=ref, spec=SPEC, limits=SMALL)
    driver.create(op=key("create-2"), ref=ref, spec=SPEC, limits=SMALL)
    assert read(driver, ref).serves
    assert sorted(node.machines) == [100, 101, TEMPLATE]
    assert node.machines[100]["config"]["name"] == "stranger"
    assert node.changes().count("start") == 1


def test_numbers_of_ones_own_range_that_are_claimed_or_taken_are_passed_over(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    node.add(5000, name="stranger")
    VendorAccount.objects.create(server="bench1", name="s9-1", remote="5001")  # claimed, not made yet
    driver.create(op=key("create"), ref=ref_at(node, vmids="5000-5002"), spec=SPEC, limits=SMALL)
    assert sorted(node.machines) == [5000, 5002, TEMPLATE]
    with pytest.raises(Permanent) as full:
        driver.create(op=key("other"), ref=ref_at(node, "s1002-1", vmids="5000-5002"), spec=SPEC, limits=SMALL)
    assert full.value.what == "capacity"


def test_a_disk_never_shrinks_and_nothing_else_is_touched(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    with pytest.raises(Permanent) as refused:
        driver.apply(op=key("down"), ref=ref, to={"disk": 5, "memory": 8, "cpu": 4})
    assert (refused.value.what, refused.value.facts["resources"]) == ("unsupported", ["disk"])
    assert node.changes() == []
    assert not driver.capabilities(server=ref.server).may_shrink("disk")
    assert driver.capabilities(server=ref.server).may_shrink("memory")


def test_a_template_that_is_larger_than_the_order_is_refused_and_unlimited_is_no_size(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    with pytest.raises(Permanent, match="unsupported"):
        driver.create(op=key("small"), ref=ref_at(node), spec=SPEC, limits={**SMALL, "disk": 2})  # the template has 3
    with pytest.raises(Permanent, match="unsupported"):
        driver.create(op=key("free"), ref=ref_at(node, "s2-1"), spec=SPEC, limits={**SMALL, "disk": ports.UNLIMITED})


def test_what_needs_a_restart_gets_it(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    driver.apply(op=key("up"), ref=ref, to=BIG)
    assert node.changes() == ["config", "reboot", "resize"]
    assert (sizes(node), node.machines[100]["pending"]) == (("51200M", "8192", 4), {})
    driver.apply(op=key("down"), ref=ref, to={**BIG, "memory": 4})
    assert dict(read(driver, ref).limits) == {**BIG, "memory": 4}
    node.hotplug = True
    node.asked.clear()
    driver.apply(op=key("again"), ref=ref, to=BIG)
    assert node.changes() == ["config"]


def test_what_needs_a_restart_waits_where_nobody_may_restart(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node, restart="later")
    done = driver.apply(op=key("up"), ref=ref, to={**SMALL, "memory": 8})
    assert done.warnings == ("memory and processors change at the machine's next restart",)
    assert node.changes() == ["config"]
    assert (sizes(node)[1], node.machines[100]["pending"]) == ("2048", {"memory": "8192"})
    assert dict(read(driver, ref).limits) == {**SMALL, "memory": 8}
    assert driver.apply(op=key("same"), ref=ref, to={**SMALL, "memory": 8}).changed is False
    assert dict(read(driver, ref_at(node, restart="now")).limits) == SMALL  # what is so


@pytest.mark.parametrize(
    ("fault", "wanted", "what"),
    [
        (Fault("resize", "status", reason="can't lock file '/var/lock/x' - got timeout"), Transient, "busy"),
        (Fault("resize", "status", status=595, reason="No route to host"), Transient, "unreachable"),
        (Fault("resize", "status", status=599, reason="Too many redirections"), Unknown, "no_answer"),
        (Fault("resize", "status", status=403, reason="Permission check failed"), Permanent, "remote_refused"),
        (Fault("resize", "status", status=400, reason="Parameter verification failed."), Permanent, "invalid"),
        (Fault("resize", "status", reason="got no worker upid - start worker failed"), Transient, "remote_failed"),
        (Fault("resize", "task_fails", reason="command 'lvextend' failed: no space left"), Permanent, "capacity"),
        (Fault("resize", "lies"), Transient, "read_back_differs"),
        (Fault("config", "edited"), Transient, "busy"),
        (Fault("resize", "edited"), Transient, "busy"),
    ],
    ids=lambda given: given.reason[:20] + given.kind if isinstance(given, Fault) else "",
)
def test_troubles_have_their_words_and_pass(
    proxmox_node: Node, fault: Fault, wanted: type[Transient | Permanent | Unknown], what: str
) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    fault.times = 1
    node.faults = [fault]
    with pytest.raises(wanted) as trouble:
        driver.apply(op=key("up"), ref=ref, to=BIG)
    assert trouble.value.what == what
    assert driver.apply(op=key("up"), ref=ref, to=BIG).changed is True  # once it is over, the same key carries on
    assert sizes(node) == ("51200M", "8192", 4)


def test_a_locked_machine_is_left_alone(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.machines[100]["lock"] = "backup"
    for ask in (
        lambda: driver.apply(op=key("up"), ref=ref, to=BIG),
        lambda: driver.suspend(op=key("suspend"), ref=ref, reason="test"),
        lambda: driver.remove(op=key("remove"), ref=ref, proof=NOTICE),
    ):
        with pytest.raises(Transient) as busy:
            ask()
        assert busy.value.what == "busy"
    assert node.changes() == []
    assert read(driver, ref).serves


def test_a_task_that_takes_long_is_polled_and_asked_for_once(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.faults = [Fault("resize", "task_hangs")]
    going = driver.apply(op=key("up"), ref=ref, to=BIG)
    assert going.task.startswith(f"UPID:{NODE}:")
    assert driver.poll(server=ref.server, task=going.task).task == going.task
    assert driver.apply(op=key("up"), ref=ref, to=BIG).task == going.task
    node.let_go()
    assert driver.poll(server=ref.server, task=going.task).task == ""
    assert driver.apply(op=key("up"), ref=ref, to=BIG).changed is True
    assert node.changes() == ["config", "reboot", "resize"]


def test_a_long_task_that_fails_in_the_end_is_told_and_tried_again(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.faults = [Fault("resize", "task_hangs"), Fault("resize", "task_fails", reason="unexpected status")]
    going = driver.apply(op=key("up"), ref=ref, to=BIG)
    node.let_go()
    assert driver.poll(server=ref.server, task=going.task).task == ""
    with pytest.raises(Transient, match="remote_failed"):
        driver.apply(op=key("up"), ref=ref, to=BIG)
    assert driver.apply(op=key("up"), ref=ref, to=BIG).changed is True
    assert sizes(node) == ("51200M", "8192", 4)


def test_questions_about_a_task_that_are_slow_use_up_our_patience(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.faults = [Fault("resize", "task_hangs"), *(Fault("/tasks/", "slow", seconds=0.05) for _ in range(20))]
    assert driver.apply(op=key("up"), ref=ref, to={**SMALL, "disk": 50}).task
    # patience is 0.05 seconds, as long as one answer takes: by pauses of 0.005 alone there would be eleven questions
    assert len([one for one in node.asked if "/tasks/" in one.path]) <= 2


def test_a_task_that_the_node_forgot_is_judged_by_the_machine(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.faults = [Fault("resize", "task_hangs")]
    going = driver.apply(op=key("up"), ref=ref, to=BIG)
    node.tasks.clear()
    assert driver.poll(server=ref.server, task=going.task).task == ""
    driver.apply(op=key("up"), ref=ref, to=BIG)
    assert sizes(node) == ("51200M", "8192", 4)


def test_an_old_list_neither_hides_nor_shows_a_machine(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.faults = [Fault("resources", "stale", times=99)]
    assert read(driver, ref).serves
    node.machines[100]["node"] = "pve2"  # moved, and the list does not know yet
    assert driver.get(ref=ref) is None
    node.stale = [{"vmid": 100, "node": "pve2"}]
    assert read(driver, ref).serves
    del node.machines[100]
    assert driver.get(ref=ref) is None


def test_suspended_is_what_we_stopped_and_nobody_started(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.machines[100]["running"] = False  # by its client
    assert read(driver, ref).suspended is False
    assert driver.suspend(op=key("suspend"), ref=ref, reason="arrears").changed is True
    assert (read(driver, ref).suspended, node.machines[100]["config"]["onboot"]) == (True, "0")
    node.machines[100]["running"] = True  # by somebody at the node
    assert read(driver, ref).serves is True
    driver.suspend(op=key("suspend-2"), ref=ref, reason="arrears")
    given = next(one.given for one in node.asked if one.path.endswith("shutdown"))
    assert given == {"timeout": "120", "forceStop": "1"}


@pytest.mark.parametrize("notes", ["", "planshift: s2002-1", "kept by hand"])
def test_H10_a_machine_that_does_not_say_that_it_is_this_account_is_not_removed(proxmox_node: Node, notes: str) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.machines[100]["config"]["description"] = notes
    with pytest.raises(Permanent) as refused:
        driver.remove(op=key("remove"), ref=ref, proof=NOTICE)
    assert refused.value.what == "conflict"
    assert (node.changes(), 100 in node.machines) == ([], True)


def test_removal_stops_first_and_survives_a_lost_answer(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.faults = [Fault("stop", "lost")]
    with pytest.raises(Unknown):
        driver.remove(op=key("remove"), ref=ref, proof=NOTICE)
    assert driver.remove(op=key("remove"), ref=ref, proof=NOTICE).changed is True
    assert node.changes() == ["stop", "100"]
    assert 100 not in node.machines


def test_a_guest_without_agent_gets_no_password_and_tells_no_usage(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    assert dict(driver.usage(ref=ref).used) == {"disk": 3, "disk_gb": 3, "disk_mb": 3072}
    node.agent_runs = False
    assert dict(driver.usage(ref=ref).used) == {}
    with pytest.raises(Transient) as starting:
        driver.set_credentials(op=key("credentials"), ref=ref)
    assert starting.value.what == "busy"
    node.agent_runs = True
    given = driver.set_credentials(op=key("credentials"), ref=ref)
    assert given.secrets["password"] == node.passwords[100][-1]
    assert {name: given.secrets[name] for name in ("user", "host", "protocol")} == {
        "user": "root",
        "host": "198.51.100.101",
        "protocol": "ssh",
    }
    assert given.secrets["password"] not in str(list(VendorOp.objects.values()))


def test_a_machine_that_was_there_before_us_is_known_by_its_number_and_marked(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    node.add(104, name="old", running=True)
    adopted = ref_at(node, "104")
    assert read(driver, adopted).limits["disk"] == 10
    driver.apply(op=key("up"), ref=adopted, to={"disk": 20})
    assert dict(read(driver, adopted).limits) == {"disk": 20}
    assert node.machines[104]["config"]["description"] == "planshift: 104\n"


def test_machines_are_listed_by_our_name_or_their_number_without_templates(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    ref = made(driver, node)
    node.add(104, name="old")
    node.add(5001, name="other")
    assert driver.listed(server=ref.server) == ports.Listed(("s1001-1", "104", "5001"))
    assert driver.listed(server=benches.machines_at(node, "bench2", vmids="5000-5999")) == ports.Listed(("5001",))


def test_room_counts_guests_that_are_off_and_no_memory_of_templates(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    node.add(104, name="off")
    server = benches.machines_at(node)
    room = driver.capacity(server=server)
    # the node has 64 GB; machine 104: 512 MB, rounded up to 1 GB; disk: 10 GB and the template's 3 GB
    shown: dict[str, Any] = {name: (room.total[name], room.sold[name]) for name in ("memory", "memory_mb", "disk_gb")}
    assert shown == {"memory": (64, 1), "memory_mb": (65536, 512), "disk_gb": (1000, 13)}


def test_a_wrong_token_and_a_missing_template_are_for_people(proxmox_node: Node) -> None:
    driver, node = proxmox_node
    node.faults = [Fault("version", "status", status=401, reason="invalid token value!")]
    with pytest.raises(Permanent, match="remote_refused"):
        driver.probe(server=benches.machines_at(node))
    with pytest.raises(Permanent, match="invalid"):
        driver.create(op=key("create"), ref=ref_at(node, template="none"), spec=SPEC, limits=SMALL)
    assert node.changes() == []
