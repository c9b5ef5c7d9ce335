"""Two hosting servers on this machine, made by the product's own install script: real sshd, sudo, nginx, php-fpm and
rsync, each server in mount and process namespaces of its own (so users, files and services of this machine stay as
they are), the first with real quotas on Btrfs, the second with none. Needs root."""

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from planshift.adapters.drivers.linux_ssh import install
from planshift.provisioning import ports
from tests.harness import free_ports

NEEDED = ("sshd", "nginx", "rsync", "sudo", "unshare", "nsenter", "mkfs.btrfs", "ssh-keygen", "useradd")
CONTROLLERS = ("cpu", "memory", "pids")
STARTS = 60.0  # seconds

# sh -s BASE SSH_PORT HTTP_PORT QUOTA: becomes the first process of the server
START = r"""
set -eu
base=$1 ssh_port=$2 http_port=$3 quota=$4 name=$5
mount -t tmpfs tmpfs "$base/rw"
for dir in etc usr/local/sbin var/lib; do
    flat=$(echo $dir | tr / -)
    mkdir -p "$base/rw/$flat" "$base/rw/$flat.work"
    mount -t overlay overlay -o "lowerdir=/$dir,upperdir=$base/rw/$flat,workdir=$base/rw/$flat.work" "/$dir"
done
mount -t tmpfs tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /srv
mount -t tmpfs tmpfs /var/log
mkdir -p /run/sshd /var/log/nginx /srv/planshift
for each in cpu memory pids; do
    if [ -d "/sys/fs/cgroup/$each/$name" ]; then
        mkdir -p "/run/cg/$each"
        mount --bind "/sys/fs/cgroup/$each/$name" "/run/cg/$each"
    fi
done
if [ "$quota" = btrfs ]; then
    truncate -s 400M "$base/rw/disk"
    mkfs.btrfs -q "$base/rw/disk"
    mount -o loop "$base/rw/disk" /srv/planshift
    btrfs quota enable /srv/planshift
fi
rm -f /etc/ssh/ssh_host_* /etc/nginx/sites-enabled/default
ssh-keygen -A >/dev/null
sh "$base/install.sh" > "$base/host-key"
nginx
touch "$base/ready"
exec /usr/sbin/sshd -D -e -p "$ssh_port" -o ListenAddress=127.0.0.1 -o PidFile=none
"""


@dataclass(frozen=True)
class Host:
    """One server that runs."""

    base: Path
    ssh_port: int
    http_port: int
    pid: int
    host_key: str

    def at(self, code: str, **traits: str | int | bool) -> ports.ServerAt:
        """As our side knows it."""
        known = {"host_key": self.host_key, "public_address": "127.0.0.1", **traits}
        return ports.ServerAt(code, f"127.0.0.1:{self.ssh_port}", MappingProxyType(known))

    def run(self, *words: str, fed: str = "", user: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run something on it as its root, or as one of its users."""
        inside = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--wd=/"]
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        done = subprocess.run([*inside, *as_user, *words], input=fed, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def shell(self, script: str, *, user: str = "", check: bool = True) -> str:
        """The output of a script that runs on it."""
        return self.run("sh", "-c", script, user=user, check=check).stdout

    def empty(self) -> None:
        """No accounts and no memory of them, as just installed."""
        agent = "import sys; sys.path.insert(0, '/usr/local/sbin/planshift-agent')\n"
        wipe = (
            f"{agent}import pwd\nfrom planshift_agent import accounts, machine, settings, users\n"
            "here = settings.load()\n"
            "for each in list(accounts.every(here)):\n"
            "    machine.wipe(here, each.account, each.uid)\n"
            "    accounts.forget(here, each.account)\n"
            "for each in [user for user in pwd.getpwall() if user.pw_gecos == users.NOTE]:\n"
            "    machine.wipe(here, each.pw_name, each.pw_uid)\n"
        )
        self.run("python3", "-I", "-c", wipe)
        self.shell("rm -rf /var/lib/planshift-agent/journal/* /var/lib/planshift-agent/offers/* /var/log/planshift-*")


def missing() -> str:
    """Why no such server can run here; "" when one can."""
    if os.geteuid() != 0:
        return "needs root"
    gone = [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if not list(Path("/usr/sbin").glob("php-fpm[0-9]*")):
        gone.append("php-fpm")
    return f"needs {', '.join(gone)}" if gone else ""


def start(*, base: Path, name: str, quota: str, public_key: str) -> tuple["Host", "subprocess.Popen[bytes]"]:
    """Start a server; `base` is an empty folder. The process ends with all that runs on the server."""
    ssh_port, http_port = free_ports.take(), free_ports.take()
    (base / "rw").mkdir()
    settings: dict[str, str | int] = {"http_port": http_port, "upstream_port": http_port, "cgroups": "/run/cg"}
    (base / "install.sh").write_text(install.script(server=name, public_key=public_key, settings=settings))
    for each in CONTROLLERS:
        if Path("/sys/fs/cgroup", each, "tasks").exists():
            Path("/sys/fs/cgroup", each, name).mkdir(exist_ok=True)
    # gone with this process, however it ends
    words = [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "--propagation",
        "private",
    ]
    words += ["sh", "-s", str(base), str(ssh_port), str(http_port), quota, name]
    with (base / "log").open("wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)
    assert process.stdin is not None
    process.stdin.write(START.encode())
    process.stdin.close()
    end = time.monotonic() + STARTS
    while not ((base / "ready").exists() and answers(ssh_port)):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise AssertionError(f"{name} did not start:\n{(base / 'log').read_text()[-3000:]}")
        time.sleep(0.05)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return Host(base, ssh_port, http_port, int(children[0]), (base / "host-key").read_text().strip()), process


def stop(process: "subprocess.Popen[bytes]", name: str) -> None:
    """End it with everything that runs on it."""
    process.kill()
    process.wait()
    for each in CONTROLLERS:
        group = Path("/sys/fs/cgroup", each, name)
        for _ in range(100):
            try:
                for inner in sorted(group.rglob("*/"), reverse=True):
                    inner.rmdir()
                group.rmdir()
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.05)


def answers(port: int) -> bool:
    """Does anybody listen there?"""
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) == 0
