"""A PowerDNS of our own on the loopback: its API, one zone, SQLite behind it."""

import sqlite3
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.harness import children, free_ports, missing

KEY = "key-of-the-test"
ZONE = "demo.example."
SCHEMA = Path("/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql")
CONFIG = """
launch=gsqlite3
gsqlite3-database={folder}/zones.sqlite3
local-address=127.0.0.1
local-port={port}
api=yes
api-key={key}
webserver=yes
webserver-address=127.0.0.1
webserver-port={web}
webserver-allow-from=127.0.0.1
socket-dir={folder}
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
daemon=no
guardian=no
write-pid=no
"""


@dataclass
class Server:
    """A running one."""

    folder: Path
    port: int
    web: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Of its API."""
        return f"http://127.0.0.1:{self.web}"

    def start(self) -> None:
        """Start, or start again, and wait for its API."""
        log = (self.folder / "log").open("ab")
        command = [missing.program("pdns_server"), f"--config-dir={self.folder}"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=children.mortal
        )
        log.close()
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if self.ask("GET", "").ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        self.stop()
        raise AssertionError(f"PowerDNS does not start:\n{(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        """End it; its zones stay."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, method: str, path: str, **more: object) -> requests.Response:
        """Its API, past what is being tested."""
        url = f"{self.url}/api/v1/servers/localhost{path}"
        return requests.request(method, url, headers={"X-API-Key": KEY}, timeout=5, **more)  # type: ignore[arg-type]

    def add(self, name: str, kind: str, ttl: int, *values: str) -> None:
        """A record set."""
        records = [{"content": value, "disabled": False} for value in values]
        wanted = {"name": f"{name}.", "type": kind, "ttl": ttl, "changetype": "REPLACE", "records": records}
        assert self.ask("PATCH", f"/zones/{ZONE}", json={"rrsets": [wanted]}).ok


def lacking() -> str:
    """Why it cannot be started here, "" when it can."""
    if not missing.program("pdns_server"):
        return "PowerDNS is missing: apt-get install pdns-server pdns-backend-sqlite3"
    return "" if SCHEMA.exists() else "PowerDNS's SQLite backend is missing: apt-get install pdns-backend-sqlite3"


def start(folder: Path) -> Server:
    """A fresh one with the zone demo.example."""
    made = Server(folder, free_ports.take(), free_ports.take())
    with sqlite3.connect(folder / "zones.sqlite3") as database:
        database.executescript(SCHEMA.read_text(encoding="utf-8"))
    database.close()
    (folder / "pdns.conf").write_text(CONFIG.format(folder=folder, port=made.port, web=made.web, key=KEY))
    made.start()
    zone = {"name": ZONE, "kind": "Native", "nameservers": ["ns1.demo.example."]}
    assert made.ask("POST", "/zones", json=zone).status_code == 201
    return made
