"""What was started for tests and measurements leaves nothing behind, however it ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import missing, postgres

ROOT = Path(__file__).resolve().parents[2]
MEASURING = """
import threading
from benchmarks import apart

with apart.postgresql() as url:
    print(url, flush=True)
    threading.Event().wait(60)
"""


def test_a_cluster_that_cannot_be_made_leaves_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "initdb").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "initdb").chmod(0o755)
    for each in (tmp_path, *tmp_path.parents[:-1]):
        each.chmod(each.stat().st_mode | 0o055)  # also for the user whom root hands it to
    monkeypatch.setattr(postgres, "binaries", lambda: tmp_path)
    made: list[str] = []
    make = postgres.tempfile.mkdtemp
    monkeypatch.setattr(postgres.tempfile, "mkdtemp", lambda **given: made.append(make(**given)) or made[-1])
    with pytest.raises(RuntimeError, match="initdb failed"):
        postgres.start()
    assert [Path(each).exists() for each in made] == [False]


def test_a_measurement_that_is_ended_ends_its_cluster() -> None:
    command = [sys.executable, "-c", MEASURING]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as measuring:
        assert measuring.stdout is not None
        address = measuring.stdout.readline()
        measuring.send_signal(signal.SIGTERM)
        ended = measuring.wait(30)
    if "PostgreSQL left out" in address:
        missing.skip(address)
    folder = Path(address.partition("@")[2].partition("/")[0].replace("%2F", "/"))
    assert (ended, folder.name[:13]) == (143, "planshift-pg-")
    assert not folder.exists()  # removed after the cluster said that it had stopped
