"""The product in the lab: `planshift run` in the network of the control host, spoken to by its API."""

import datetime as dt
import json
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import requests

from planshift.project.lab import hosts, parts
from tests.harness import children, product

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Inside(product.Product):
    """`planshift run`, as an operator starts it, on a host of the lab."""

    lab: hosts.Lab | None = None

    def start(self) -> "Inside":
        """Start it and wait until it says that it runs."""
        assert self.lab is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [*self.lab.network("control"), product.PLANSHIFT, "run", "--port", str(self.port)],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=children.mortal,
            )
        self.wait_for("Planshift runs at")
        return self


@dataclass
class Office:
    """A provider that works with the product: one client with one service at web-a."""

    lab: hosts.Lab
    folder: Path
    key_file: str
    host_keys: Mapping[str, str]
    database: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    installation: Path = Path()  # an SQLite file to begin with
    label: str = parts.ZONE
    running: Inside | None = None
    token: str = ""
    client: str = ""
    service: str = ""

    @property
    def env(self) -> dict[str, str]:
        """Its settings."""
        return product.environment(
            self.folder,
            database=self.database,
            PLANSHIFT_SSH_KEY=self.key_file,
            PLANSHIFT_POWERDNS_URL=f"http://{parts.DNS}:8081",
            PLANSHIFT_POWERDNS_KEY=parts.API_KEY,
            PLANSHIFT_DNS_ASKED=f"{parts.DNS},{parts.RESOLVER}",
            PLANSHIFT_MAIL=f"smtp://{parts.MAIL}:25",
            PLANSHIFT_MAIL_FROM="office@lab.example",
        )

    def open(self) -> "Office":
        """Start the product, bring in servers, client and service, and wait until the service is active."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.database:
            self.planshift("setup")
        else:
            shutil.copy2(self.installation, self.folder / "planshift.sqlite3")
        self.running = Inside(folder=self.folder / "run", env=self.env, lab=self.lab)
        self.running.start()
        told = {"host_keys": dict(self.host_keys), "label": self.label, **self.given}
        said = json.loads(self.command(sys.executable, "-m", "planshift.project.lab.scene", json.dumps(told)))
        self.client, self.service = said["client"], said["service"]
        self.token = self.planshift("token", "create", "--seller", "demo-lab", "--name", "lab").strip()
        hosts.until(lambda: self.site("web-a") != "", seconds=60, why=self.output)
        return self

    def output(self) -> str:
        """What the product said."""
        assert self.running is not None
        return self.running.output[-4000:]

    def close(self) -> None:
        """Stop it."""
        if self.running is not None:
            self.running.stop()

    def command(self, *command: str) -> str:
        """A program with the product's settings, in its network."""
        done = subprocess.run(
            [*self.lab.network("control"), *command],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def planshift(self, *arguments: str) -> str:
        """A command of the product."""
        return self.command(product.PLANSHIFT, *arguments)

    def api(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A request with the provider's token; AssertionError with the problem where it is not answered with 2xx."""
        assert self.running is not None
        url = f"http://localhost:{self.running.port}/api/v1{path}"
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": uuid.uuid4().hex}
        answer = self.lab.inside(
            "control", lambda: requests.request(method, url, json=body, headers=headers, timeout=30)
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def status(self, method: str, path: str) -> int:
        """The HTTP status of a request."""
        assert self.running is not None
        url = f"http://localhost:{self.running.port}/api/v1{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.lab.inside(
            "control", lambda: requests.request(method, url, headers=headers, timeout=30)
        ).status_code

    def quote(self, plan: str) -> Any:
        """A kept quote."""
        return self.api("POST", "/quotes", {"service": self.service, "request": {"operation": "plan", "plan": plan}})

    def change(self, number: str) -> Any:
        """Where it stands."""
        return self.api("GET", f"/changes/{number}")

    def execution(self) -> dict[str, Any]:
        """The newest execution as it stands, with its journal, from the database."""
        row = "SELECT id, number, state, step, error FROM provisioning_execution ORDER BY id DESC LIMIT 1"
        lines = "SELECT step, event, key, facts, at FROM provisioning_executionstep WHERE execution_id = {} ORDER BY id"
        with self._connected() as connection:
            found = connection.execute(row).fetchall()
            journal = connection.execute(lines.format(found[0][0])).fetchall() if found else []
        if not found:
            return {"state": "", "step": "", "journal": []}
        _, number, state, step, error = found[0]
        told = [[step, event, key, _loaded(facts), _instant(at)] for step, event, key, facts, at in journal]
        return {"number": number, "state": state, "step": step, "error": _loaded(error), "journal": told}

    def notices(self) -> list[str]:
        """What clients were told, from the database."""
        with self._connected() as connection:
            rows = connection.execute("SELECT code FROM procedures_notice ORDER BY id").fetchall()
        return [str(code) for (code,) in rows]

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        if self.database:
            with psycopg.connect(self.database) as connection:
                yield connection
            return
        reading = sqlite3.connect(f"file:{self.folder}/planshift.sqlite3?mode=ro", uri=True, timeout=20)
        try:
            yield reading
        finally:
            reading.close()

    def wait(self, step: str, *, states: tuple[str, ...] = (), seconds: float = 120) -> dict[str, Any]:
        """Until the newest execution stands at `step` in one of `states`."""
        seen: list[dict[str, Any]] = [{}]

        def there() -> bool:
            time.sleep(0.2)
            seen[0] = self.execution()
            return seen[0]["step"] == step and (not states or seen[0]["state"] in states)

        hosts.until(there, seconds=seconds, why=lambda: f"{seen[0]}\n{self.output()}")
        return seen[0]

    def account(self, server: str) -> str:
        """The name of the only account on a server, "" for none."""
        names = [path.stem for path in self.lab.path(server, "/var/lib/planshift-agent/accounts").glob("*.json")]
        return sorted(names)[0] if names else ""

    def site(self, server: str) -> str:
        """Where the client's pages are on a server, seen from here; "" where there are none."""
        name = self.account(server)
        home = self.lab.path(server, f"/srv/planshift/{name}/home/public") if name else None
        return str(home) if home is not None and home.is_dir() else ""

    def write(self, server: str, path: str, content: str) -> None:
        """The client writes a file of the site, as the account's own user."""
        name = self.account(server)
        target = f"/srv/planshift/{name}/home/public/{path}"
        script = f'mkdir -p "$(dirname {target})"; cat > {target}.new; mv {target}.new {target}'
        self.lab.run(server, "setpriv", f"--reuid={name}", "--clear-groups", "sh", "-ec", script, input=content)


def _loaded(value: Any) -> Any:
    """A JSON column: text on SQLite."""
    return json.loads(value) if isinstance(value, str) else value


def _instant(value: Any) -> float:
    """A time column: text without a zone on SQLite."""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
    return float(value.timestamp())
