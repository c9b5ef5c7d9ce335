"""A process is killed (SIGKILL, a real process) at every commit of a procedure: what comes out is the same.

In `make test` right after some commits, others on PostgreSQL than on SQLite; in `make test-long` right before and
right after every one.
"""

import json
from collections.abc import Mapping

import pytest

from tests.harness.killing import sweeps

# life → the least number of commits of the undisturbed life (a reading more or less may be due): shorter proves less
LIVES = {
    "PAID": 37,
    "FROM_THE_DEPOSIT": 38,
    "HARD": 100,
    "ACCEPTED": 50,
    "REFUSED": 27,
    "CHARGED_BESIDE": 34,
    "RENEWED": 38,
    "ALARMED": 28,
}
LONG = (*LIVES, "CREDITED")  # the last one is lived through only in `make test-long`
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.xdist_group("killed")]


@pytest.fixture(scope="module")
def sampled(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory, on_postgresql: bool
) -> Mapping[str, sweeps.Sweep]:
    """All lives, from one prepared database: every eighth commit and, of the long life, every twelfth; on PostgreSQL
    every twelfth and every twenty-third."""
    usual, long = (12, 23) if on_postgresql else (8, 12)
    every = {f"tests.stories.killed_lives:{life}": long if life == "HARD" else usual for life in LIVES}
    return sweeps.sweep(every, folder=tmp_path_factory.mktemp("killed"), when="after")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("life", LIVES)
def test_killed_after_a_commit_and_finished_the_same(life: str, sampled: Mapping[str, sweeps.Sweep]) -> None:
    found = sampled[life]
    sweeps.check(found)
    assert found.commits >= LIVES[life]
    assert len(found.deaths) >= 3


@pytest.mark.timeout(900)
@pytest.mark.parametrize("life", ["ACCEPTED", "REFUSED", "CHARGED_BESIDE"])
def test_a_decrease_waits_for_its_acceptance_from_the_order_on(life: str, sampled: Mapping[str, sweeps.Sweep]) -> None:
    found = [json.loads(each) for each in sampled[life].outcome["moves"]]
    first = [each[2:] for each in found if each[0] == "procedures.change" and each[3] == "AWAITING_PAYMENT"]
    assert first == [["needs_acceptance", "AWAITING_PAYMENT", "AWAITING_ACCEPTANCE"]]  # never to be paid


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("life", LONG)
def test_killed_before_and_after_every_commit(life: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = sweeps.sweep({f"tests.stories.killed_lives:{life}": 1}, folder=tmp_path_factory.mktemp("killed"))[life]
    sweeps.check(found)
    assert len(found.deaths) == 2 * found.commits
