"""The product as an operator runs it: `planshift …` in processes of its own, on a database of its own."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness import free_ports

PLANSHIFT = str(Path(sys.executable).parent / "planshift")
PATIENCE_SECONDS = 180  # a start beside other work has taken 95 s


def environment(folder: Path, *, database: str = "", **more: str) -> dict[str, str]:
    """Settings of an installation that lives in `folder`; nothing of the tests' own shines through."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLANSHIFT_", "DJANGO_"))}
    own = {"PLANSHIFT_VAR": str(folder), "PLANSHIFT_DATABASE": database or str(folder / "planshift.sqlite3")}
    return kept | own | more


def command(*arguments: str, env: dict[str, str], timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run `planshift ARGUMENTS` to its end."""
    return subprocess.run(
        [PLANSHIFT, *arguments], env=env, capture_output=True, text=True, check=False, timeout=timeout
    )


def _processes() -> Iterator[tuple[int, int, str]]:
    """Process id, parent's id and command line of everything that runs on this machine."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            args = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(folder.name), parent, args


@dataclass
class Product:
    """A running `planshift run`."""

    folder: Path
    env: dict[str, str]
    port: int = field(default_factory=free_ports.take)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://localhost:{self.port}"

    @property
    def output(self) -> str:
        """Everything it printed so far."""
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")

    def start(self) -> "Product":
        """Start it and wait until it says that it runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [PLANSHIFT, "run", "--port", str(self.port)],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_for("Planshift runs at")
        return self

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Until `text` was printed `times` times; raises with the whole output when it is not in time."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if len(re.findall(re.escape(text), self.output)) >= times:
                return
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"“{text}” was not printed {times} times:\n{self.output}")

    def status(self, path: str) -> int:
        """The HTTP status of a GET; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as answer:
            return answer.code
        except (urllib.error.URLError, ConnectionError):
            return 0

    def descendants(self) -> dict[int, str]:
        """Process id → command line of everything that it started."""
        rows = list(_processes())
        found: dict[int, str] = {}
        family = {self.process.pid} if self.process else set()
        for _ in range(6):  # a supervisor, its children, their workers: never deeper
            found |= {pid: args for pid, parent, args in rows if parent in family}
            family |= set(found)
        return found

    def stop(self) -> int:
        """As `kill PID` does; returns its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)
