"""A Knot DNS of our own on the loopback: takes updates that are signed with a TSIG key."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import dns.query
import dns.tsig
import dns.update

from planshift.adapters.dns import asking
from planshift.domain.errors import Transient
from tests.harness import children, free_ports, missing

KEY, SECRET = "control", "bWFkZS11cC1zZWNyZXQtZm9yLXRlc3Q="
LIMITED = "limited"  # the same secret; may touch www.demo.example only
ZONE = "demo.example."
RECORDS = """$TTL 3600
@ SOA ns1 host 1 3600 600 86400 60
@ NS ns1
ns1 A 127.0.0.1
"""
CONFIG = """
server:
  rundir: {folder}
  listen: 127.0.0.1@{port}
database:
  storage: {folder}/db
log:
  - target: {folder}/log
    any: info
key:
  - id: control
    algorithm: hmac-sha256
    secret: {secret}
  - id: limited
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: all
    key: control
    action: update
  - id: one
    key: limited
    action: update
    update-owner: name
    update-owner-match: equal
    update-owner-name: [www.demo.example.]
zone:
  - domain: demo.example.
    file: {folder}/demo.zone
    acl: [all, one]
    zonefile-sync: 0
"""


@dataclass
class Server:
    """A running one."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def at(self) -> asking.Server:
        """Where it listens."""
        return asking.Server("127.0.0.1", self.port)

    def start(self) -> None:
        """Start, or start again, and wait for its answer."""
        command = [missing.program("knotd"), "-c", str(self.folder / "knot.conf")]
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=children.mortal
            )
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if asking.authoritative(server=self.at, name="ns1.demo.example"):
                    return
            except Transient:
                time.sleep(0.05)
        self.stop()
        raise AssertionError(f"Knot does not start:\n{(self.folder / 'output').read_text()}")

    def stop(self) -> None:
        """End it; its zone stays."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def add(self, name: str, kind: str, ttl: int, *values: str) -> None:
        """A record set, past what is being tested."""
        update = dns.update.UpdateMessage(ZONE, keyring=dns.tsig.Key(KEY, SECRET, "hmac-sha256"))
        update.delete(f"{name}.", kind)
        for value in values:
            update.add(f"{name}.", ttl, kind, value)
        assert dns.query.tcp(update, "127.0.0.1", port=self.port, timeout=5).rcode() == 0


def lacking() -> str:
    """Why it cannot be started here, "" when it can."""
    return "" if missing.program("knotd") else "Knot DNS is missing: apt-get install knot"


def start(folder: Path) -> Server:
    """A fresh one with the zone demo.example."""
    (folder / "db").mkdir()
    made = Server(folder, free_ports.take())
    (folder / "demo.zone").write_text(RECORDS)
    (folder / "knot.conf").write_text(CONFIG.format(folder=folder, port=made.port, secret=SECRET))
    made.start()
    return made
