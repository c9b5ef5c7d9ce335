"""A process is killed (SIGKILL, a real process) at every commit of a procedure: what comes out is the same.

In `make test` right after every third commit on SQLite, every seventh on PostgreSQL; in `make test-long` right
before and right after every one.
"""

from pathlib import Path

import pytest

from tests.harness.killing import sweeps

# life → commits of the undisturbed life: a life that became shorter would prove less
LIVES = {"PAID": 45, "FROM_THE_DEPOSIT": 45, "ACCEPTED": 55, "REFUSED": 28, "RENEWED": 38}
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("life", LIVES)
def test_killed_after_a_commit_and_finished_the_same(life: str, tmp_path: Path, on_postgresql: bool) -> None:
    every = 7 if on_postgresql else 3
    found = sweeps.sweep(f"tests.stories.killed_lives:{life}", folder=tmp_path, every=every, when="after")
    sweeps.check(found)
    assert found.commits >= LIVES[life]


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("life", LIVES)
def test_killed_before_and_after_every_commit(life: str, tmp_path: Path) -> None:
    sweeps.check(sweeps.sweep(f"tests.stories.killed_lives:{life}", folder=tmp_path))
