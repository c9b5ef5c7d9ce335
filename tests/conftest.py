"""Fixtures of the whole suite. The cast of people and services is in tests/cast.py."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from planshift.catalog import queries as catalog
from planshift.procedures import pace
from planshift.runtime import clock
from planshift.runtime.runs import schedules, working
from tests.harness import doors, guarded, migrated

# How long an example takes says how busy the machine is, not whether the code is right
patient = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
# The same examples in every run: a rare one that fails by luck must not stop a change that has nothing to do with it.
hypothesis.settings.register_profile("house", patient, derandomize=True)
# `make test-long` looks for such ones: other examples in every run; many more, where a test names no number of its own.
hypothesis.settings.register_profile("long", patient, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile("house")

pytest_plugins = ["tests.harness.clauses", "tests.harness.groups", "tests.harness.loops"]
# fixtures that bring the database of the run, or start the product on one of its kind
USES_ROWS = {"db", "transactional_db", "live_server", "on_postgresql", "own_database", "opened"}


@pytest.fixture(scope="session")
def installation() -> Path:
    """An SQLite file as `planshift setup` leaves it, to be copied."""
    return migrated.installation()


@pytest.fixture(scope="session")
def on_postgresql() -> bool:
    """True where this run uses PostgreSQL."""
    return settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, worker_id: str
) -> Iterator[None]:
    """The test database of this process of xdist; in place of pytest-django's, which migrates one for each."""
    before = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        migrated.copied(worker_id)
    yield
    with django_db_blocker.unblock():
        connection.creation.destroy_test_db(before, verbosity=0)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that started the others takes away what they copied."""
    if not hasattr(session.config, "workerinput"):
        migrated.drop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that read or write rows are marked so. One for the other database is not part of this run: it is
    deselected, not skipped."""
    for item in items:
        if item.get_closest_marker("django_db") or USES_ROWS & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")
    postgresql = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    other = "sqlite" if postgresql else "postgres"
    dropped = [item for item in items if item.get_closest_marker(other)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if not item.get_closest_marker(other)]


@pytest.fixture(scope="session", autouse=True)
def _tables_can_be_emptied() -> Iterator[None]:
    """After a test with real transactions Django empties all tables, those too that the database guards."""
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(case: TransactionTestCase) -> None:
        with guarded.lifted():
            empty(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_matter_how_busy_the_machine_is() -> Iterator[None]:
    """What is asked again half a second later, and how much is taken at once where it is slow, would change how many
    statements a test counts: the clock's offset is read once per test and after each move, batches are full."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "CACHE_SECONDS", math.inf)
        patch.setattr(working, "BATCH_SECONDS", math.inf)
        patch.setattr(pace, "LONGEST", {})
        yield


@pytest.fixture(scope="session", autouse=True)
def _locks_in_order() -> Iterator[None]:
    """Every test fails that locks rows against the one order (runtime.locks)."""
    with guarded.lock_order_checked():
        yield


@pytest.fixture(scope="session", autouse=True)
def _doors_touch_no_machine() -> Iterator[None]:
    """Every test fails in which a request reaches for a driver."""
    with doors.guarded():
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What this process remembers of the database (the clock's offset, planted schedules) ends with the test."""
    clock.forget()
    schedules.forget()
    catalog.forget()
    yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test depends on the language or the settings of the person who runs it, or of the test before."""
    translation.deactivate()
    for name in [name for name in os.environ if name.startswith(("LC_", "LANGUAGE"))]:
        monkeypatch.delenv(name)
    yield
