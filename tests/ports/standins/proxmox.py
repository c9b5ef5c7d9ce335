"""A node with the HTTP interface of Proxmox VE, as its public documentation and source describe it. Not the vendor's
program."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from tests.ports.standins.serving import Request, StandIn

USER, TOKEN, NODE = "planshift@pve!worker", "11111111-2222-3333-4444-555555555555", "pve1"
UNITS = {"M": 1, "G": 1024, "T": 1024**2}
TEMPLATE = 9000


class Reason(Exception):
    """An answer that is none: status, reason, and fields that are wrong."""

    def __init__(self, status: int, reason: str, **errors: str) -> None:
        self.status, self.reason, self.errors = status, reason, errors
        super().__init__(reason)


class ProxmoxNode(StandIn):
    """Machines by number. A task is over `takes` requests after it began. Faults of its own: "task_fails" (its exit
    status is `reason`), "task_hangs" (until `let_go`), "stale" (the cluster's list is an old one), "lies" (says yes and
    does nothing), "edited" (somebody else changed the machine just before)."""

    def __init__(self, takes: int = 1) -> None:
        super().__init__()
        self.machines: dict[int, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.backups: list[dict[str, Any]] = []
        self.passwords: dict[int, list[str]] = {}
        self.stale: list[dict[str, Any]] = []
        self.agent_runs, self.hotplug = True, False
        self.takes, self._requests, self._serial = takes, 0, 0
        self.add(TEMPLATE, name="template", size="3072M", template=True)

    def add(self, number: int, *, name: str, size: str = "10G", running: bool = False, **more: Any) -> dict[str, Any]:
        """A machine that is there."""
        config = {"name": name, "memory": "512", "cores": 1, "scsi0": f"local:vm-{number}-disk-0,size={size}"}
        self.machines[number] = {
            "config": config,
            "pending": {},
            "running": running,
            "lock": "",
            "content": name,
            "used": 3 * 1024**3,
            "node": NODE,
            **more,
        }
        return self.machines[number]

    def let_go(self) -> None:
        """Tasks that hang are over now."""
        for task in self.tasks.values():
            task["until"] = 0

    def answer(self, request: Request) -> tuple[int, str, str]:
        self._requests += 1
        self._settle()
        try:
            if request.authorization != f"PVEAPIToken={USER}={TOKEN}":
                raise Reason(401, "authentication failure")
            data = None if self.fault(request, "lies") else self._route(request)
            return 200, "OK", json.dumps({"data": data})
        except Reason as no:
            return no.status, no.reason, json.dumps({"data": None, "errors": no.errors, "message": f"{no.reason}\n"})

    def _route(self, request: Request) -> Any:
        path = request.path.removeprefix("/api2/json")
        for method, pattern, do in self._routes():
            found = re.fullmatch(pattern, path)
            if found and method == request.method:
                return do(request, *found.groups())
        raise Reason(501, f"Method '{request.method} {path}' not implemented")

    def _routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        node, vm = f"/nodes/{NODE}", r"/nodes/(\w+)/qemu/(\d+)"
        return [
            ("GET", "/version", lambda _: {"version": "9.0.6"}),
            ("GET", "/cluster/nextid", self._next),
            ("GET", "/cluster/resources", self._resources),
            ("GET", f"{node}/status", lambda _: {"memory": {"total": 64 * 1024**3}, "cpuinfo": {"cpus": 16}}),
            ("GET", f"{node}/qemu", lambda _: [self._listed(number) for number in self.machines]),
            ("GET", f"{node}/lxc", lambda _: []),
            ("GET", f"{node}/storage/local/status", lambda _: {"total": 2000 * 1024**3}),
            ("GET", f"{node}/storage/safe/content", self._content),
            ("GET", rf"{node}/tasks/(UPID:.+)/status", self._task),
            ("POST", f"{node}/vzdump", self._vzdump),
            ("POST", f"{node}/qemu", self._restore),
            ("GET", f"{vm}/config", self._config),
            ("GET", f"{vm}/status/current", self._current),
            ("GET", f"{vm}/pending", self._pending),
            ("GET", rf"{vm}/agent/([a-z-]+)", self._agent),
            ("POST", f"{vm}/agent/set-user-password", self._password),
            ("POST", f"{vm}/clone", self._clone),
            ("PUT", f"{vm}/resize", self._resize),
            ("POST", f"{vm}/config", self._configure),
            ("POST", rf"{vm}/status/(start|stop|shutdown|reboot)", self._power),
            ("DELETE", vm, self._destroy),
        ]

    # tasks

    def _begin(self, request: Request, kind: str, number: int, do: Callable[[], None], lock: str = "") -> str:
        self._serial += 1
        upid = f"UPID:{NODE}:{self._serial:08X}:0000ABCD:65000000:{kind}:{number}:{USER}:"
        fails, hangs = self.fault(request, "task_fails"), self.fault(request, "task_hangs")
        exit_status = fails.reason if fails else "OK"
        until = 10**9 if hangs else self._requests + self.takes
        self.tasks[upid] = {"until": until, "do": None if fails else do, "exit": exit_status, "vm": number}
        if lock and number in self.machines:
            self.machines[number]["lock"] = lock
        return upid

    def _settle(self) -> None:
        for task in self.tasks.values():
            if task["until"] <= self._requests and not task.get("over"):
                task["over"] = True
                if task["vm"] in self.machines:
                    self.machines[task["vm"]]["lock"] = ""
                if task["do"] is not None:
                    try:
                        task["do"]()
                    except Reason as no:
                        task["exit"] = no.reason

    def _task(self, _: Request, upid: str) -> Any:
        task = self.tasks.get(upid)
        if task is None:
            raise Reason(500, "no such task")
        return {"status": "stopped", "exitstatus": task["exit"]} if task.get("over") else {"status": "running"}

    # machines

    def _machine(self, node: str, number: str) -> dict[str, Any]:
        found = self.machines.get(int(number))
        if found is None or found["node"] != node:
            raise Reason(500, f"Configuration file 'nodes/{node}/qemu-server/{number}.conf' does not exist")
        return found

    def _unlocked(self, node: str, number: str) -> dict[str, Any]:
        found = self._machine(node, number)
        if found["lock"]:
            raise Reason(500, f"VM is locked ({found['lock']})")
        return found

    def _digest(self, found: dict[str, Any]) -> str:
        return hashlib.sha1(json.dumps(found["config"], sort_keys=True).encode()).hexdigest()

    def _listed(self, number: int) -> dict[str, Any]:
        found = self.machines[number]
        config = found["config"]
        told = {"maxmem": int(config["memory"]) * 1024**2, "cpus": config["cores"], "maxdisk": _size(config) * 1024**2}
        told |= {"template": 1} if found.get("template") else {}
        return {"vmid": number, "name": config["name"], "node": found["node"], "type": "qemu", **told}

    def _resources(self, request: Request) -> Any:
        if self.fault(request, "stale"):
            return self.stale
        return [self._listed(number) for number in self.machines]

    def _next(self, request: Request) -> str:
        wanted = request.given.get("vmid")
        if wanted is None:
            return str(next(number for number in range(100, 10000) if number not in self.machines))
        if int(wanted) in self.machines:
            raise Reason(400, "Parameter verification failed.", vmid=f"VM {wanted} already exists")
        return wanted

    def _config(self, _: Request, node: str, number: str) -> Any:
        found = self._machine(node, number)
        lock = {"lock": found["lock"]} if found["lock"] else {}
        return {**found["config"], **lock, "digest": self._digest(found)}

    def _current(self, _: Request, node: str, number: str) -> Any:
        return {"status": "running" if self._machine(node, number)["running"] else "stopped"}

    def _pending(self, _: Request, node: str, number: str) -> Any:
        found = self._machine(node, number)
        keys = {**found["config"], **found["pending"]}
        return [
            {"key": key, "value": found["config"].get(key)}
            | ({"pending": found["pending"][key]} if key in found["pending"] else {})
            for key in keys
        ]

    def _agent(self, _: Request, node: str, number: str, what: str) -> Any:
        found = self._guest(node, number)
        if what == "get-fsinfo":
            disks = [{"name": "sda1", "mountpoint": "/", "used-bytes": found["used"], "disk": [{"dev": "/dev/sda1"}]}]
            return {"result": [*disks, {"name": "loop0", "mountpoint": "/snap", "used-bytes": 10**10, "disk": []}]}
        address = {"ip-address": f"198.51.100.{int(number) % 250 + 1}", "ip-address-type": "ipv4"}
        local = {"ip-address": "127.0.0.1", "ip-address-type": "ipv4"}
        cards = [{"name": "lo", "ip-addresses": [local]}, {"name": "eth0", "ip-addresses": [address]}]
        return {"result": cards}

    def _guest(self, node: str, number: str) -> dict[str, Any]:
        found = self._machine(node, number)
        if not found["running"]:
            raise Reason(500, f"VM {number} is not running")
        if not self.agent_runs:
            raise Reason(500, "QEMU guest agent is not running")
        return found

    def _password(self, request: Request, node: str, number: str) -> Any:
        self._guest(node, number)
        self.passwords.setdefault(int(number), []).append(request.given["password"])
        return {"result": {}}

    def _clone(self, request: Request, node: str, number: str) -> Any:
        source, given = self._unlocked(node, number), request.given
        new = int(given["newid"])
        if new in self.machines:
            raise Reason(500, f"unable to create VM {new}: config file already exists")
        made = self.add(new, name=given["name"], size=source["config"]["scsi0"].split("size=")[1])

        def do() -> None:
            made["config"] |= {"description": given.get("description", "") + "\n"}

        upid = self._begin(request, "qmclone", new, do, lock="clone")
        if self.tasks[upid]["do"] is None:
            del self.machines[new]  # what failed leaves nothing
        return upid

    def _resize(self, request: Request, node: str, number: str) -> Any:
        found, given = self._unlocked(node, number), request.given
        digest, size = given.get("digest"), given["size"]
        if self.fault(request, "edited"):
            found["config"]["name"] += "x"

        def do() -> None:
            if digest and digest != self._digest(found):
                raise Reason(500, "checksum mismatch (file change by other user?)")
            now = _size(found["config"])
            wanted = int(size.lstrip("+")[:-1]) * UNITS[size[-1]] + (now if size.startswith("+") else 0)
            if wanted < now:
                raise Reason(500, "shrinking disks is not supported")
            found["config"][given["disk"]] = f"local:vm-{number}-disk-0,size={wanted}M"

        return self._begin(request, "resize", int(number), do)

    def _configure(self, request: Request, node: str, number: str) -> Any:
        found, given = self._unlocked(node, number), dict(request.given)
        if self.fault(request, "edited"):
            found["config"]["name"] += "x"
        if given.pop("digest", self._digest(found)) != self._digest(found):
            raise Reason(500, "detected modified configuration - file changed by other user? Try again.")
        known = ("memory", "cores", "sockets", "description", "onboot")
        if wrong := [name for name in given if name not in known]:
            raise Reason(400, "Parameter verification failed.", **dict.fromkeys(wrong, "property is not defined"))

        def do() -> None:
            for name, value in given.items():
                waits = name in ("memory", "cores", "sockets") and found["running"] and not self.hotplug
                found["pending" if waits else "config"][name] = value if name != "cores" else int(value)

        return self._begin(request, "qmconfig", int(number), do)

    def _power(self, request: Request, node: str, number: str, verb: str) -> Any:
        found = self._unlocked(node, number)
        if verb == "reboot" and not found["running"]:
            raise Reason(500, f"VM {number} not running")

        def do() -> None:
            found["running"] = verb in ("start", "reboot")
            found["config"] |= found["pending"]
            found["pending"] = {}

        return self._begin(request, f"qm{verb}", int(number), do)

    def _destroy(self, request: Request, node: str, number: str) -> Any:
        found = self._unlocked(node, number)
        if found["running"]:
            raise Reason(500, f"VM {number} is running - destroy failed")
        return self._begin(request, "qmdestroy", int(number), lambda: self.machines.pop(int(number), None) and None)

    # back-ups

    def _vzdump(self, request: Request) -> Any:
        given = request.given
        found = self._unlocked(NODE, given["vmid"])
        serial = len(self.backups) + 1

        def do() -> None:
            kept = {"config": dict(found["config"]), "content": found["content"]}
            volid = f"{given['storage']}:backup/vzdump-qemu-{given['vmid']}-2026_09_01-12_00_{serial:02}.vma.zst"
            notes = given.get("notes-template", "")
            self.backups.append(
                {"volid": volid, "vmid": int(given["vmid"]), "ctime": serial, "notes": notes, "kept": kept}
            )

        return self._begin(request, "vzdump", int(given["vmid"]), do, lock="backup")

    def _content(self, request: Request) -> Any:
        listed = [one for one in self.backups if str(one["vmid"]) == request.given["vmid"]]
        return [{name: value for name, value in one.items() if name != "kept"} for one in listed]

    def _restore(self, request: Request) -> Any:
        given = request.given
        found = self._unlocked(NODE, given["vmid"])
        if found["running"]:
            raise Reason(500, f"unable to restore vm {given['vmid']} - vm is running")
        kept = next(one["kept"] for one in self.backups if one["volid"] == given["archive"])

        def do() -> None:
            found.update(config=dict(kept["config"]), content=kept["content"], pending={})

        return self._begin(request, "qmrestore", int(given["vmid"]), do, lock="create")


def _size(config: dict[str, Any]) -> int:
    told = str(config["scsi0"]).split("size=")[1]
    return int(told[:-1]) * UNITS[told[-1]]
