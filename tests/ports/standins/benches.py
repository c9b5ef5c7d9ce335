"""Drivers of vendors, ready to be tried on their stand-ins."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planshift.adapters.drivers.by_http import asking
from planshift.adapters.drivers.manual.driver import ManualDriver
from planshift.adapters.drivers.proxmox import api as pve
from planshift.adapters.drivers.proxmox.driver import ProxmoxDriver
from planshift.adapters.drivers.whm import api as whm
from planshift.adapters.drivers.whm.driver import WhmDriver
from planshift.provisioning import ports, sealing
from tests.ports.standins import proxmox, serving
from tests.ports.standins import whm as whm_server

STAFF = ManualDriver(seal=sealing.Seal("manual driver"))


def tokens(folder: Path, *, user: str, token: str) -> Path:
    """The file with our tokens at bench1 and bench2."""
    file = folder / "tokens.toml"
    file.write_text("".join(f'[{code}]\nuser = "{user}"\ntoken = "{token}"\n' for code in ("bench1", "bench2")))
    file.chmod(0o600)
    return file


def at(standin: serving.StandIn, code: str = "bench1", **traits: str | int | bool) -> ports.ServerAt:
    """How our side describes it."""
    pinned = {"fingerprint": serving.certificate("first").fingerprint, **traits}
    return ports.ServerAt(code, address=f"127.0.0.1:{standin.port}", traits=pinned)


@contextmanager
def whm_servers(folder: Path) -> Iterator[tuple[WhmDriver, whm_server.WhmServer, whm_server.WhmServer]]:
    """A driver and two servers."""
    file = tokens(folder, user=whm_server.USER, token=whm_server.TOKEN)
    driver = WhmDriver(whm=whm.Whm(tokens=asking.Tokens(file=str(file)), seconds=1.0), staff=STAFF)
    first, second = whm_server.WhmServer(), whm_server.WhmServer()
    with first.serving(), second.serving():
        yield driver, first, second


@contextmanager
def proxmox_node(folder: Path) -> Iterator[tuple[ProxmoxDriver, proxmox.ProxmoxNode]]:
    """A driver and a node."""
    file = tokens(folder, user=proxmox.USER, token=proxmox.TOKEN)
    asks = pve.Pve(tokens=asking.Tokens(file=str(file)), seconds=1.0, patience=0.05, pause=0.005)
    node = proxmox.ProxmoxNode()
    with node.serving():
        yield ProxmoxDriver(pve=asks), node


def machines_at(node: proxmox.ProxmoxNode, code: str = "bench1", **traits: str | int | bool) -> ports.ServerAt:
    """A server of machines, fully described."""
    usual = {"node": proxmox.NODE, "template": proxmox.TEMPLATE, "storage": "local", "backup_storage": "safe"}
    return at(node, code, **{**usual, "total_disk_gb": 1000, **traits})
