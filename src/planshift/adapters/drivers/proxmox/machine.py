"""What is a virtual machine at this moment, and is it ours?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planshift.adapters.drivers.proxmox import api
from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import ports

THINGS = ("disk_mb", "memory_mb", "cores")
DISK = "scsi0"
_MARK = re.compile(r"^planshift: (\S+)$", re.MULTILINE)
_SIZE = re.compile(r"(?:^|,)size=(\d+(?:\.\d+)?)([KMGT]?)(?:,|$)")
_IN_MB = {"": 1 / 1024**2, "K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2}
_NODE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Machine:
    """A virtual machine. `actual` are its present amounts by thing, `wished` those that wait for a restart."""

    number: int
    node: str
    config: Mapping[str, Any]
    running: bool
    lock: str
    actual: Mapping[str, int]
    wished: Mapping[str, int]

    @property
    def path(self) -> str:
        """Where its requests go."""
        return f"/nodes/{self.node}/qemu/{self.number}"

    @property
    def digest(self) -> str:
        """Of the configuration that was read; sent along with a change, it refuses the change of another state."""
        return str(self.config.get("digest", ""))

    @property
    def mark(self) -> str:
        """The account that its notes say it is; "" for none of ours."""
        found = _MARK.search(str(self.config.get("description", "")))
        return found.group(1) if found else ""

    @property
    def pending(self) -> bool:
        """Does something wait for a restart?"""
        return any(self.actual.get(thing) != amount for thing, amount in self.wished.items())


def notes_with_mark(description: str, account: str) -> str:
    """The notes of a machine, with the line that says whose it is."""
    kept = _MARK.sub("", description).strip()
    return f"{kept}\n\nplanshift: {account}\n".lstrip()


def node_of(server: ports.ServerAt) -> str:
    """The node of the server (trait `node`; else its code)."""
    name = str(server.traits.get("node", server.code))
    if not _NODE.fullmatch(name):
        raise Permanent("invalid", server=server.code, remote="the trait node is no name of a node")
    return name


def numbers_of(server: ports.ServerAt) -> range | None:
    """Which numbers new machines get (trait `vmids`); None: those that the cluster offers."""
    first, _, last = str(server.traits.get("vmids", "")).partition("-")
    return range(int(first), int(last) + 1) if first.isdecimal() and last.isdecimal() else None


def disk_of(server: ports.ServerAt) -> str:
    """Which of the machines' disks we sell (trait `disk`)."""
    name = str(server.traits.get("disk", DISK))
    if not re.fullmatch(r"(scsi|virtio|sata|ide)\d{1,2}", name):
        raise Permanent("invalid", server=server.code, remote="the trait disk is no name of a disk")
    return name


def read(pve: api.Pve, server: ports.ServerAt, number: int) -> Machine | None:
    """The machine, wherever in the cluster it runs; None when it is nowhere. The cluster's list is some seconds old: it
    may say where to look, never that there is nothing."""
    home = node_of(server)
    found = _read_at(pve, server, home, number)
    if found is not None:
        return found
    for one in pve.get(server, "/cluster/resources", type="vm") or []:
        node = str(one.get("node", ""))
        if one.get("vmid") == number and node != home and _NODE.fullmatch(node):
            return _read_at(pve, server, node, number)
    return None


def _read_at(pve: api.Pve, server: ports.ServerAt, node: str, number: int) -> Machine | None:
    path = f"/nodes/{node}/qemu/{number}"
    try:
        config = pve.get(server, f"{path}/config", current="1")
        status = pve.get(server, f"{path}/status/current")
        waiting = pve.get(server, f"{path}/pending")
    except api.Absent:
        return None
    try:
        wished = {one["key"]: one["pending"] for one in waiting if "pending" in one}
        return Machine(
            number=number,
            node=node,
            config=config,
            running=status["status"] == "running",
            lock=str(config.get("lock") or status.get("lock") or ""),
            actual=amounts(config, disk_of(server)),
            wished=amounts({**config, **wished}, disk_of(server)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        remote = "an answer that we do not understand"
        raise Transient("remote_failed", server=server.code, remote=remote) from problem


def amounts(config: Mapping[str, Any], disk: str) -> dict[str, int]:
    """Disk, memory and cores of a configuration, by thing."""
    found: dict[str, int] = {}
    size = _SIZE.search(str(config.get(disk, "")))
    if size:
        found["disk_mb"] = int(float(size.group(1)) * _IN_MB[size.group(2)])
    memory = re.match(r"(?:current=)?(\d+)", str(config.get("memory", "512")))
    if memory:
        found["memory_mb"] = int(memory.group(1))
    found["cores"] = int(config.get("cores", 1)) * int(config.get("sockets", 1))
    return found


def address_of(pve: api.Pve, server: ports.ServerAt, it: Machine) -> str:
    """Where visitors reach it: what its cloud-init configuration says, else what its guest agent sees; "" where neither
    tells. IPv4 before IPv6."""
    given = re.search(r"(?:^|,)ip=([0-9.]+)(?:/|,|$)", str(it.config.get("ipconfig0", "")))
    if given:
        return given.group(1)
    if not it.running:
        return ""
    try:
        said = pve.get(server, f"{it.path}/agent/network-get-interfaces")
    except (Transient, Permanent, api.Absent):
        return ""  # the guest is starting, or has no agent
    seen = [
        each
        for card in _list(said)
        if card.get("name") != "lo"
        for each in card.get("ip-addresses") or []
        if not str(each.get("ip-address", "")).lower().startswith(("127.", "169.254.", "fe80:", "::1"))
    ]
    seen.sort(key=lambda each: each.get("ip-address-type") != "ipv4")
    return str(seen[0]["ip-address"]) if seen else ""


def used_mb(pve: api.Pve, server: ports.ServerAt, it: Machine) -> int | None:
    """Megabytes in use on its file systems, rounded up; None where nobody can tell (no guest agent, not running)."""
    if not it.running:
        return None
    try:
        said = pve.get(server, f"{it.path}/agent/get-fsinfo")
    except (Transient, Permanent, api.Absent):
        return None
    return -(-sum(int(one.get("used-bytes") or 0) for one in _list(said) if one.get("disk")) // 1024**2)


def _list(said: Any) -> list[Mapping[str, Any]]:
    inside = said.get("result") if isinstance(said, dict) else None
    return [one for one in inside if isinstance(one, dict)] if isinstance(inside, list) else []
