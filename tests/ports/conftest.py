"""Servers for tests of drivers: some that run the agent of linux-ssh, and stand-ins of vendors' servers."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from planshift.adapters.drivers.linux_ssh import transport
from planshift.adapters.drivers.linux_ssh.driver import LinuxSshDriver
from planshift.adapters.drivers.proxmox.driver import ProxmoxDriver
from planshift.adapters.drivers.whm.driver import WhmDriver
from planshift.provisioning import ports
from tests.ports import agent_hosts, driver_benches
from tests.ports.standins import benches, proxmox, whm


@dataclass(frozen=True)
class Lab:
    """Two servers, and a driver with the key that they let in."""

    first: agent_hosts.Host
    second: agent_hosts.Host
    key_file: Path

    def driver(self, *, patience: int = 25) -> LinuxSshDriver:
        """A driver that reaches them."""
        return LinuxSshDriver(ssh=transport.Ssh(key_file=str(self.key_file)), patience=patience)


@pytest.fixture(scope="session")
def running_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Started once a process."""
    why = agent_hosts.missing()
    if why:
        if os.environ.get("PLANSHIFT_NO_SKIP") == "1":
            pytest.fail(f"the linux-ssh driver cannot be tried: {why}")
        pytest.skip(f"the linux-ssh driver is NOT TRIED: {why}")
    base = tmp_path_factory.mktemp("hosts")
    key = base / "control"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public_key = key.with_suffix(".pub").read_text()
    names = [f"planshift-test-{os.getpid()}-{each}" for each in (1, 2)]
    started = []
    try:
        for name, quota in zip(names, ("btrfs", "none"), strict=True):
            folder = base / name
            folder.mkdir()
            started.append(agent_hosts.start(base=folder, name=name, quota=quota, public_key=public_key))
        yield Lab(started[0][0], started[1][0], key)
    finally:
        for (_, process), name in zip(started, names, strict=False):
            agent_hosts.stop(process, name)


@pytest.fixture
def agents(running_hosts: Lab) -> Iterator[Lab]:
    """Two servers without accounts."""
    yield running_hosts
    running_hosts.first.empty()
    running_hosts.second.empty()


@pytest.fixture
def whm_servers(tmp_path: Path) -> Iterator[tuple[WhmDriver, whm.WhmServer, whm.WhmServer]]:
    with benches.whm_servers(tmp_path) as made:
        yield made


@pytest.fixture
def proxmox_node(tmp_path: Path) -> Iterator[tuple[ProxmoxDriver, proxmox.ProxmoxNode]]:
    with benches.proxmox_node(tmp_path) as made:
        yield made


# what a case needs: rows; or only processes, where neither the driver nor its servers keep anything here
NEEDS = {name: pytest.mark.slow if name == "linux-ssh" else pytest.mark.django_db for name in driver_benches.BENCHES}


@pytest.fixture(params=[pytest.param(name, marks=needed) for name, needed in NEEDS.items()])
def bench(request: pytest.FixtureRequest) -> driver_benches.Bench:
    return driver_benches.BENCHES[request.param](request)


@pytest.fixture
def driver(bench: driver_benches.Bench) -> ports.Driver:
    return bench.driver


@pytest.fixture
def ref(bench: driver_benches.Bench, driver: ports.Driver) -> ports.Ref:
    """An account of 10 GB and 20 mailboxes."""
    made = ports.Ref(bench.first, "s1001-1")
    driver.create(op=driver_benches.key("create"), ref=made, spec=driver_benches.SPEC, limits=driver_benches.SMALL)
    return made
