"""Every kind of driver with two servers to try it on. A new driver joins by adding a maker of a `Bench` to BENCHES."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from planshift.adapters.drivers.simulated.driver import SimulatedDriver
from planshift.adapters.drivers.simulated.models import SimulatedAccount
from planshift.provisioning import ports
from planshift.runtime import clock
from tests.ports.standins import benches

SMALL, BIG = {"disk_gb": 10, "mailboxes": 20}, {"disk_gb": 50, "mailboxes": 100}
SPEC = ports.Spec("demo.example", "silver", ("demo.example",))


@dataclass(frozen=True)
class Bench:
    """A driver with two servers to try it on. `own_addresses`: every account of a server has one of its own.
    `deliver` puts a mail of that name into a mailbox of an account, `mails` tells the names of those there; neither
    where nobody looks inside."""

    driver: ports.Driver
    first: ports.ServerAt
    second: ports.ServerAt
    own_addresses: bool = True
    deliver: Callable[[ports.Ref, str], None] | None = None
    mails: Callable[[ports.Ref], list[str]] = lambda _: []


def simulated(request: pytest.FixtureRequest) -> Bench:
    """Servers in tables."""

    def account(ref: ports.Ref) -> SimulatedAccount:
        return SimulatedAccount.objects.get(machine__code=ref.server.code, name=ref.account)

    def deliver(ref: ports.Ref, name: str) -> None:
        to = account(ref)
        to.mail = [*to.mail, name]
        to.save()

    return Bench(
        SimulatedDriver(),
        ports.ServerAt("bench1", traits={"total_disk_gb": 1000}),
        ports.ServerAt("bench2", traits={"total_disk_gb": 1000, "fixed": "disk_gb"}),
        deliver=deliver,
        mails=lambda ref: sorted(account(ref).mail),
    )


def linux_ssh(request: pytest.FixtureRequest) -> Bench:
    """Servers with sshd, nginx, php-fpm and rsync: the first with quotas, the second without."""
    from tests.ports.agent_bench import put  # which needs the conftest that needs this

    agents = request.getfixturevalue("agents")
    hosts = {"bench1": agents.first, "bench2": agents.second}
    inbox = "mail/demo.example/anna/new"
    listed = f"cd /srv/planshift/{{}}/home/{inbox} 2>/dev/null && ls || true"
    return Bench(
        agents.driver(),
        agents.first.at("bench1", total_disk_gb=1000),
        agents.second.at("bench2", total_disk_gb=1000),
        own_addresses=False,
        deliver=lambda ref, name: put(hosts[ref.server.code], ref.account, f"{inbox}/{name}", f"mail {name}"),
        mails=lambda ref: hosts[ref.server.code].shell(listed.format(ref.account)).split(),
    )


def whm_accounts(request: pytest.FixtureRequest) -> Bench:
    """Two stand-ins of cPanel servers: the first has packages of the sizes that are tried, the second has none."""
    driver, first, second = request.getfixturevalue("whm_servers")
    first.add_package("planshift_small", QUOTA=10240, MAXPOP=20)
    first.add_package("planshift_big", QUOTA=51200, MAXPOP=100)
    traits = {"technical_domain": "accounts.example", "total_disk_gb": 1000}
    return Bench(driver, benches.at(first, **traits), benches.at(second, "bench2", **traits), own_addresses=False)


def proxmox_machines(request: pytest.FixtureRequest) -> Bench:
    """Machines of a stand-in of a Proxmox node, described as two servers."""
    driver, node = request.getfixturevalue("proxmox_node")
    return Bench(driver, benches.machines_at(node), benches.machines_at(node, "bench2", vmids="5000-5999"))


BENCHES: dict[str, Callable[[pytest.FixtureRequest], Bench]] = {
    "simulated": simulated,
    "linux-ssh": linux_ssh,
    "whm": whm_accounts,
    "proxmox": proxmox_machines,
}


def key(name: str) -> ports.Op:
    return ports.Op(f"X-1:{name}:1", "CH-1", "test")


def done_by_staff(driver: ports.Driver, bench: Bench, result: ports.Result, **said: object) -> None:
    """Where the server cannot do it, staff are asked; they do it."""
    if result.task:
        assert driver.poll(server=bench.first, task=result.task).task == result.task
        here: Any = {"servers": (bench.first.code,), "task": result.task, "note": "", "actor": "staff:demo"}
        benches.STAFF.close(**here, said=said, at=clock.business())
        assert driver.poll(server=bench.first, task=result.task).task == ""
