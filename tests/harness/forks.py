"""`planshift …` in a process of its own that begins with the libraries loaded: importing them takes most processes of
tests longer than all that they then do.

A server without threads or settings imports them once and forks; of ours, each process imports everything itself.
"""

import atexit
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.harness import children

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = (
    *("asyncio", "unittest.mock", "django.core.management", "django.core.mail", "django.db.migrations.operations"),
    *("django.contrib.postgres.fields", "django.contrib.postgres.indexes", "django.db.backends.sqlite3.base"),
    *("django.db.backends.postgresql.base", "django.forms", "django.template.backends.django", "django.test"),
    *("django.views.generic", "psycopg", "psycopg_pool", "pydantic", "holidays", "holidays.countries", "structlog"),
    *("rich.console", "rich.traceback", "dns.resolver", "dns.query", "dns.update", "dns.tsigkeyring", "requests"),
    *("babel.dates", "babel.numbers", "dateutil.relativedelta", "stdnum.eu.vat", "mt940", "imap_tools", "lxml.etree"),
    *("cryptography.hazmat.primitives.serialization", "sqlparse"),
)


@dataclass
class Process:
    """A process that was started here; as `subprocess.Popen` knows it."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """How it ended; None while it lives."""
        if self.returncode is None:
            self.returncode = _ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float = 900.0) -> int:
        """How it ended; subprocess.TimeoutExpired when it does not."""
        until = time.monotonic() + timeout
        while (found := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.02)
        return found

    def kill(self) -> None:
        """As a power cut does."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """As `kill PID` does."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        if self.poll() is None:  # not waited for yet, so nobody else has its id
            os.kill(self.pid, number)


def start(arguments: Sequence[str], *, env: Mapping[str, str], output: Path) -> Process:
    """`planshift ARGUMENTS` with exactly these variables; it ends with this process."""
    return Process(_ask(arguments=list(arguments), env=dict(env), output=str(output)))


@cache
def _server() -> "subprocess.Popen[str]":
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.forks"],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=children.mortal,
    )
    atexit.register(server.communicate)  # the end of its input is its end
    return server


def _ask(**question: object) -> Any:
    server = _server()
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(json.dumps(question) + "\n")
    server.stdin.flush()
    return json.loads(server.stdout.readline())


def _serve() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        question = json.loads(line)
        if "poll" in question:
            pid, status = os.waitpid(question["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if not answer:
                _live(**question)
        print(json.dumps(answer), flush=True)


def _live(arguments: list[str], env: Mapping[str, str], output: str) -> None:
    """What `planshift ARGUMENTS` would do; never returns."""
    status = 1
    try:
        children.mortal()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(written, 1)
        os.dup2(written, 2)
        os.environ.clear()
        os.environ.update(env)
        sys.argv = ["planshift", *arguments]
        from planshift.project.main import main

        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - told, and the process ends
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
