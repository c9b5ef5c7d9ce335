"""What do the tests of the driver of machines begin with?"""

from planshift.adapters.drivers.proxmox.driver import ProxmoxDriver
from planshift.provisioning import ports
from tests.ports.standins import benches
from tests.ports.standins.proxmox import ProxmoxNode

SMALL, BIG = {"disk": 10, "memory": 2, "cpu": 1}, {"disk": 50, "memory": 8, "cpu": 4}
SPEC = ports.Spec("demo.example", "silver", ("demo.example",))
NOTICE = ports.Proof("removal_notice", "N-2026-000001")
Node = tuple[ProxmoxDriver, ProxmoxNode]


def key(name: str) -> ports.Op:
    return ports.Op(f"X-1:{name}:1", "CH-1", "test")


def ref_at(node: ProxmoxNode, account: str = "s1001-1", **traits: str | int | bool) -> ports.Ref:
    return ports.Ref(benches.machines_at(node, **traits), account)


def made(driver: ProxmoxDriver, node: ProxmoxNode, **traits: str | int | bool) -> ports.Ref:
    """A running machine, number 100."""
    ref = ref_at(node, **traits)
    driver.create(op=key("create"), ref=ref, spec=SPEC, limits=SMALL)
    node.asked.clear()
    return ref


def read(driver: ProxmoxDriver, ref: ports.Ref) -> ports.Account:
    account = driver.get(ref=ref)
    assert account is not None
    return account


def sizes(node: ProxmoxNode, number: int = 100) -> tuple[str, str, int]:
    config = node.machines[number]["config"]
    return config["scsi0"].split("size=")[1], config["memory"], config["cores"]
