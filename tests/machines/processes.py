"""Real worker processes on the test database: started, watched, killed."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from planshift.runtime import clock
from tests.harness import forks

ROOT = Path(__file__).resolve().parents[2]
Process = forks.Process | subprocess.Popen[bytes]
PATIENCE_SECONDS = 240.0  # a start beside other work has taken more than a minute
PROGRAM = "from planshift.project.main import main; main()"


def database_url() -> str:
    """The test database, as PLANSHIFT_DATABASE names it."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(given["NAME"])
    user = quote(given["USER"], safe="") + (f":{quote(given['PASSWORD'], safe='')}" if given["PASSWORD"] else "")
    port = f":{given['PORT']}" if given["PORT"] else ""
    return f"postgresql://{user}@{quote(given['HOST'], safe='')}{port}/{given['NAME']}"


def ended(process: Process, folder: Path) -> int:
    """How it ended, by itself."""
    try:
        return process.wait(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"it does not end\n{logs(folder)}") from None


@contextmanager
def worker(folder: Path, *arguments: str, within: Sequence[str] = (), **environment: str) -> Iterator[Process]:
    """`planshift worker` as a process of its own; killed at the end if it still lives. `within` stands before its
    command."""
    log = folder / f"worker-{len(list(folder.glob('worker-*')))}.log"
    log.touch()
    words = ["worker", "--lease", "1.5", *arguments]
    env = (
        os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "tests.sample.settings",
            "PLANSHIFT_DATABASE": database_url(),
            "PLANSHIFT_VAR": str(folder),
        }
        | environment
    )
    process: Process
    if within:
        process = _begun([*within, sys.executable, "-c", PROGRAM, *words], env, log)
    else:
        process = forks.start(words, env=env, output=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _begun(words: Sequence[str], env: Mapping[str, str], output: Path) -> Process:
    with output.open("wb") as log:
        return subprocess.Popen(words, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)


@contextmanager
def awake(folder: Path, *arguments: str, **environment: str) -> Iterator[Process]:
    """A worker whose lease is longer than any machine lets a process sleep; at the end it gives back what it holds."""
    with worker(folder, "--lease", "300", *arguments, **environment) as process:
        yield process
        process.terminate()
        assert ended(process, folder) == 0, logs(folder)


def logs(folder: Path) -> str:
    """What all workers said, for the message of a failed test."""
    return "\n".join(file.read_text() for file in sorted(folder.glob("worker-*")))


def until(true: Callable[[], bool], *, folder: Path, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something holds."""
    begun, pause = clock.monotonic(), threading.Event()
    while not true():
        if clock.monotonic() - begun > seconds:
            raise AssertionError(f"not within {seconds} s\n{logs(folder)}")
        pause.wait(0.05)
