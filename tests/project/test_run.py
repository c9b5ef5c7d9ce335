"""Does `planshift run` keep web server and worker together, and end without leaving anything behind?"""

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import product

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]  # processes with an SQLite file of their own: once is enough


@pytest.fixture
def running(installation: Path, tmp_path: Path) -> Iterator[product.Product]:
    shutil.copy2(installation, tmp_path / "planshift.sqlite3")
    started = product.Product(tmp_path, product.environment(tmp_path))
    try:
        yield started.start()
    finally:
        started.stop()


def gone(pids: list[int]) -> bool:
    """Whether none of the processes lives, after a moment's patience."""
    for _ in range(50):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.1)
    return False


def test_it_serves_restarts_what_dies_and_stops_everything(running: product.Product) -> None:
    assert running.status("/account/login/") == 200
    [worker] = [pid for pid, args in running.descendants().items() if "planshift worker" in args]
    os.kill(worker, signal.SIGKILL)
    running.wait_for("The worker ended unexpectedly (signal SIGKILL); starting it again.")
    running.wait_for("worker.up", times=2)
    web = min(pid for pid, args in running.descendants().items() if "granian" in args)
    os.kill(web, signal.SIGKILL)
    running.wait_for("The web server ended unexpectedly (signal SIGKILL); starting it again.")
    for _ in range(600):  # a busy machine takes its time
        if running.status("/account/login/") == 200:
            break
        time.sleep(0.1)
    assert running.status("/account/login/") == 200
    family = list(running.descendants())
    assert len(family) >= 3  # the web server, its process, the worker
    assert running.stop() == 0
    assert gone(family)
    assert running.status("/account/login/") == 0


def test_nothing_is_left_when_the_supervisor_itself_is_killed(running: product.Product) -> None:
    family = list(running.descendants())
    assert running.process is not None
    running.process.kill()
    running.process.wait()
    assert gone(family)


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = product.command("run", "--port", port, env=product.environment(tmp_path))
    assert done.returncode == 1
    assert done.stdout == f"Port {port} is in use.\nChoose another one: make run PORT=…, or planshift run --port …\n"
    assert not (tmp_path / "planshift.sqlite3").exists()  # nothing was begun


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "such" / "folder" / "x.sqlite3"
    env = product.environment(tmp_path, database=str(missing))
    done = product.command("setup", env=env)
    assert done.returncode == 1
    assert "The database cannot be reached (PLANSHIFT_DATABASE): unable to open database file" in done.stdout
