"""Fixtures of the whole suite. The cast of people and services is in tests/cast.py."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from planshift.catalog import queries as catalog
from planshift.runtime import clock, database
from planshift.runtime.runs import schedules
from tests.harness import doors, guarded, product

pytest_plugins = ["tests.harness.clauses", "tests.harness.loops"]
# fixtures that bring the database of the run, or start the product on one of its kind
USES_ROWS = {"db", "transactional_db", "live_server", "on_postgresql", "own_database", "opened"}


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file as `planshift setup` leaves it, to be copied: making one takes seconds each time."""
    folder = tmp_path_factory.mktemp("migrated")
    done = product.command("setup", "--quiet", env=product.environment(folder))
    assert done.returncode == 0, done.stderr
    return folder / "planshift.sqlite3"


@pytest.fixture(scope="session")
def on_postgresql() -> bool:
    """True where this run uses PostgreSQL."""
    return settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test database; an SQLite file is switched to WAL once, as `planshift setup` does (it stays with the file)."""
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            database.prepare()


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
