"""Is a port that a test chose still free when its server wants it?"""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import free_ports

ROOT = Path(__file__).resolve().parents[2]
# as a process would that begins to look at the same place
ASK = (
    "import sys; from tests.harness import free_ports as f; f.FIRST = int(sys.argv[1]); f._begin = int; print(f.take())"
)


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> int:
    """The next ports are looked for from here on; three of them were free just now."""
    port = free_ports.take(3)
    monkeypatch.setattr(free_ports, "FIRST", port)
    monkeypatch.setattr(free_ports, "_begin", int)
    return port


def test_another_process_is_not_given_a_port_that_this_one_was(anew: int) -> None:
    done = subprocess.run([sys.executable, "-c", ASK, str(anew)], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(done.stdout) > anew + 2


def test_a_port_that_somebody_listens_on_is_passed_over(anew: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_ports, "_given", set())
    with socket.create_server(("127.0.0.1", anew + 1)):
        assert free_ports.take() == anew
        assert free_ports.take() == anew + 2


def test_neighbours_come_together_and_below_what_systems_give_by_themselves() -> None:
    first = free_ports.take(2)
    assert free_ports.take() not in (first, first + 1)
    assert 10_000 <= first < 29_999  # the system's begin at 32768, unless somebody changed that
