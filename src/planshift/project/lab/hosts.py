"""Several real hosts on one machine, without a container engine, a bridge to the world, or anything left behind.

A host is a set of namespaces (network, processes, mounts, name, IPC) over an overlay of the running system: its own
/etc, /run, users and daemons, on a Btrfs image where quotas hold. All hosts live in the process namespace of one
keeper; when it dies everything in it dies, and with it the mounts. The kernel kills the keeper when its maker dies, so
even `kill -9` leaves no process. What a killed run leaves in /tmp and among the control groups, the next
one sweeps away.
"""

import concurrent.futures
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from planshift.project.lab import leftovers

NET = "10.77.0"
IMAGE_MB = 3072
NEEDED = {
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "ip": "iproute2",
    "mkfs.btrfs": "btrfs-progs",
    "sshd": "openssh-server",
    "nginx": "nginx-light",
    "pdns_server": "pdns-server pdns-backend-sqlite3",
    "pdns_recursor": "pdns-recursor",
    "dovecot": "dovecot-imapd",
    "rsync": "rsync",
    "sudo": "sudo",
    "setquota": "quota",  # the agent's installer would fetch it, and a host of the lab reaches no registry
    "sqlite3": "sqlite3",
    "curl": "curl",
}
KEEPER = r"""
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -o loop "$1/pool.img" "$1/pool"
btrfs quota enable "$1/pool"
ip link set lo up
ip link add br0 type bridge
ip link set br0 up
touch "$1/ready"
while :; do sleep 3600 & wait $!; done
"""
BOOT = r"""
set -e
root=$1 upper=$2 work=$3 data=$4 at=$5 name=$6
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/,upperdir=$upper,workdir=$work" "$root"
mkdir -p "$root$at"
mount --bind "$data" "$root$at"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t sysfs sysfs "$root/sys"
shift 6
if [ $# -gt 0 ]; then mount -t tmpfs tmpfs "$root/sys/fs/cgroup"; fi
for group in "$@"; do
  case "$group" in
    *=*) mkdir -p "$root/sys/fs/cgroup/${group%%=*}"; mount --bind "${group#*=}" "$root/sys/fs/cgroup/${group%%=*}";;
    *) mount --bind "$group" "$root/sys/fs/cgroup";;
  esac
done
hostname "$name"
exec chroot "$root" /usr/sbin/lab-init
"""
INIT = r"""#!/bin/sh
mount -t proc proc /proc
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
while [ ! -e /run/lab.network ]; do sleep 0.02; done
for service in $(cat /etc/lab/services); do
  sh "/etc/lab/$service.start" >"/var/log/lab-$service" 2>&1 </dev/null || touch "/run/lab.failed-$service"
done
touch /run/lab.ready
while :; do sleep 3600 & wait $!; done
"""
T = TypeVar("T")


class LabError(Exception):
    """The lab is not as it has to be; the text says what a host complained of."""


@dataclass(frozen=True)
class Host:
    """One host. `services` are started in order, each by the script that is its value; `files` are its own."""

    name: str
    number: int
    services: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    data: str = "/srv/planshift"  # where the Btrfs file system with quotas is mounted

    @property
    def address(self) -> str:
        """Its only one."""
        return f"{NET}.{self.number}"


def lacking() -> str:
    """Why there can be no lab here, "" when there can."""
    if os.geteuid() != 0:
        return "the lab of real servers needs root"
    absent = sorted({package for name, package in NEEDED.items() if not leftovers.program(name)})
    absent += [] if list(Path("/usr/sbin").glob("php-fpm[0-9]*")) else ["php-fpm"]
    absent += [] if Path("/usr/lib/dovecot/lmtp").exists() else ["dovecot-lmtpd"]
    if absent:
        return f"the lab of real servers needs: apt-get install {' '.join(absent)}"
    if not Path("/dev/loop-control").exists():
        return "the lab of real servers needs loop devices"
    tried = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else f"the lab of real servers needs namespaces: {tried.stderr.decode().strip()}"


class Lab:
    """The hosts, while they are up."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        leftovers.sweep()
        self.hosts = {host.name: host for host in hosts}
        self.folder = Path(tempfile.mkdtemp(prefix=leftovers.NAME, dir="/tmp"))
        leftovers.own(self.folder)
        self.groups = leftovers.Groups(self.folder.name)
        self._keeper: subprocess.Popen[bytes] | None = None
        self._outer: dict[str, subprocess.Popen[bytes]] = {}
        self._first: dict[str, int] = {}
        self._guests: list[subprocess.Popen[Any]] = []

    def up(self) -> "Lab":
        """Start every host and wait until its services are up."""
        image, pool = self.folder / "pool.img", self.folder / "pool"
        pool.mkdir()
        with image.open("wb") as file:
            file.truncate(IMAGE_MB << 20)
        subprocess.run(["mkfs.btrfs", "-q", image], check=True, capture_output=True)
        flags = ["--mount", "--pid", "--net", "--fork", "--kill-child=SIGKILL"]
        command = ["unshare", *flags, "sh", "-c", KEEPER, "sh", str(self.folder)]
        self._keeper = self._start(command, "keeper")
        until(lambda: (self.folder / "ready").exists(), why=lambda: self.log("keeper"))
        for name in self.hosts:
            self._begin(name)
        for name in self.hosts:
            self._wait(name)
        return self

    def boot(self, name: str) -> None:
        """Start a host that was killed: its disks are as it left them."""
        self._begin(name)
        self._wait(name)

    def kill(self, name: str) -> None:
        """As pulling the plug: everything on it ends at once."""
        os.kill(self._first[name], signal.SIGKILL)
        self._outer.pop(name).wait()

    def down(self) -> None:
        """End everything, remove everything."""
        for guest in self._guests:
            guest.kill()
            guest.wait()
        if self._keeper is not None:
            first = Path(f"/proc/{_child(self._keeper.pid)}")
            self._keeper.kill()
            self._keeper.wait()
            until(lambda: not (first / "mounts").exists())  # the last process of the space is gone before its first
        for process in self._outer.values():
            process.kill()
            process.wait()
        leftovers.drop(self.folder)

    def popen(self, name: str, *command: str, **more: Any) -> "subprocess.Popen[Any]":
        """A process on the host, in all its namespaces, as root."""
        enter = ["nsenter", "-t", str(self._first[name]), "-m", "-n", "-p", "-u", "-i", "-r", "-w"]
        more = {"stdin": subprocess.DEVNULL, "preexec_fn": leftovers.mortal, **more}
        return subprocess.Popen([*enter, *command], **more)

    def run(self, name: str, *command: str, check: bool = True, input: str | None = None) -> str:
        """What a command on the host prints. LabError with its complaint when it fails and `check` is on."""
        given = {"stdin": subprocess.PIPE} if input is not None else {}
        done = self.popen(name, *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **given)
        out, err = done.communicate(input, timeout=120)
        if done.returncode and check:
            raise LabError(f"{name}: {' '.join(command)} → {done.returncode}\n{out}{err}")
        return str(out)

    def sh(self, name: str, script: str) -> str:
        """A shell script on the host."""
        return self.run(name, "sh", "-ec", script)

    def network(self, name: str) -> list[str]:
        """Put before a command: it runs with our files and programs in the network of the host."""
        return ["nsenter", f"--net=/proc/{self._first[name]}/ns/net"]

    def guest(self, name: str, *command: str, **more: Any) -> "subprocess.Popen[Any]":
        """A process with our files in the network of the host, until it is ended or the lab is."""
        more = {"stdin": subprocess.DEVNULL, "preexec_fn": leftovers.mortal, **more}
        self._guests.append(subprocess.Popen([*self.network(name), *command], **more))
        return self._guests[-1]

    def inside(self, name: str, do: Callable[[], T]) -> T:
        """Call `do` in the network of the host; sockets that it opens belong there."""

        def work() -> T:
            with Path(f"/proc/{self._first[name]}/ns/net").open() as space:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(space.fileno(), 0x40000000):  # CLONE_NEWNET, of this thread only
                    raise OSError(ctypes.get_errno(), "setns")
            return do()

        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            return thread.submit(work).result()

    def path(self, name: str, path: str) -> Path:
        """A file of the host, seen from here."""
        return Path(f"/proc/{self._first[name]}/root{path}")

    def log(self, name: str) -> str:
        """What the host said while it started."""
        file = self.folder / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def _begin(self, name: str) -> None:
        host, base = self.hosts[name], self.folder / "pool" / name
        if self._keeper is None:
            raise LabError("the lab is not up")
        keeper = _child(self._keeper.pid)
        seen = Path(f"/proc/{keeper}/root{self.folder}/pool/{name}")
        for part in ("upper", "work", "data", "root"):
            (seen / part).mkdir(parents=True, exist_ok=True)
        for path, (text, mode) in self._files(host).items():
            target = seen / "upper" / path.lstrip("/")
            _folders(seen / "upper", target.parent)
            target.write_text(text, encoding="utf-8")
            target.chmod(mode)
        enter = ["nsenter", "-t", str(keeper), "-m", "-p"]
        flags = ["--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child=SIGKILL"]
        parts = [str(base / "root"), str(base / "upper"), str(base / "work"), str(base / "data"), host.data, name]
        command = [*enter, "unshare", *flags, "sh", "-c", BOOT, "sh", *parts, *self.groups.of(name)]
        self._outer[name] = self._start(command, name)
        outer = self._outer[name].pid
        until(lambda: bool(_child(outer) and _child(_child(outer))), why=lambda: self.log(name))
        self._first[name] = _child(_child(outer))
        until(lambda: self.path(name, "/usr/sbin/lab-init").exists(), why=lambda: self.log(name))
        self._connect(name, keeper)

    def _connect(self, name: str, keeper: int) -> None:
        first, port = str(self._first[name]), f"p-{name}"
        _ip("link", "add", "eth0", "netns", first, "type", "veth", "peer", "name", port, "netns", str(keeper))
        switch, host = ["nsenter", f"--net=/proc/{keeper}/ns/net"], self.network(name)
        _ip("link", "set", "dev", port, "master", "br0", "up", within=switch)
        number = self.hosts[name].number
        _ip("link", "set", "dev", "eth0", "address", f"02:00:0a:4d:00:{number:02x}", within=host)  # also after a boot
        _ip("addr", "add", f"{self.hosts[name].address}/24", "dev", "eth0", within=host)
        _ip("link", "set", "dev", "eth0", "up", within=host)
        _ip("link", "set", "dev", "lo", "up", within=host)
        until(lambda: "tmpfs" in self._mounted(name), why=lambda: self.log(name))
        self.path(name, "/run/lab.network").touch()

    def _mounted(self, name: str) -> str:
        lines = Path(f"/proc/{self._first[name]}/mounts").read_text().splitlines()
        return " ".join(line.split()[2] for line in lines if line.split()[1] == "/run")

    def _wait(self, name: str) -> None:
        until(lambda: self.path(name, "/run/lab.ready").exists(), why=lambda: self.log(name))
        failed = [file.name.removeprefix("lab.failed-") for file in self.path(name, "/run").glob("lab.failed-*")]
        said = [self.path(name, f"/var/log/lab-{service}").read_text() for service in failed]
        if failed:
            raise LabError(f"{name}: {', '.join(failed)} did not start\n" + "\n".join(said))

    def _start(self, command: list[str], name: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=leftovers.mortal
            )

    def _files(self, host: Host) -> dict[str, tuple[str, int]]:
        resolver = next((each.address for each in self.hosts.values() if "resolver" in each.services), "127.0.0.1")
        names = "".join(f"{each.address} {each.name}\n" for each in self.hosts.values())
        return {
            "/usr/sbin/lab-init": (INIT, 0o755),
            "/etc/lab/services": ("\n".join(host.services) + "\n", 0o644),
            "/etc/hostname": (f"{host.name}\n", 0o644),
            "/etc/hosts": (f"127.0.0.1 localhost\n{names}", 0o644),
            "/etc/resolv.conf": (f"nameserver {resolver}\noptions timeout:1 attempts:2\n", 0o644),
            **{f"/etc/lab/{service}.start": (script, 0o755) for service, script in host.services.items()},
            **host.files,
        }


def _child(process: int) -> int:
    """Its only child, 0 for none."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return 0
    return int(children[0]) if children else 0


def _folders(top: Path, path: Path) -> None:
    """Make folders of an upper layer as they are in the system below: a new one would hide nothing, but its mode."""
    for part in reversed([path, *path.parents]):
        if part.is_relative_to(top) and part != top and not part.exists():
            part.mkdir()
            below = Path("/") / part.relative_to(top)
            if below.is_dir():
                shutil.copystat(below, part)
                os.chown(part, below.stat().st_uid, below.stat().st_gid)


def _ip(*arguments: str, within: Sequence[str] = ()) -> None:
    done = subprocess.run([*within, "ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"ip {' '.join(arguments)}: {done.stderr}")


def until(true: Callable[[], bool], *, seconds: float = 60.0, why: Callable[[], str] = lambda: "") -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise LabError(f"not within {seconds} s\n{why()}")
        time.sleep(0.03)


@contextmanager
def lab(hosts: Sequence[Host]) -> Iterator[Lab]:
    """The hosts, up for as long as the block lasts."""
    made = Lab(hosts)
    try:
        yield made.up()
    finally:
        made.down()
