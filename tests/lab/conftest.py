"""The lab for tests: skipped loudly where it cannot be, a failure there under PLANSHIFT_NO_SKIP=1."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from planshift.project.lab import hosts, parts, zone
from tests.harness import missing
from tests.lab import office as offices
from tests.lab.ground import TTL, Ground
from tests.machines import processes

Opened = Callable[..., Any]


@pytest.fixture(scope="session")
def possible() -> None:
    """There can be a lab here."""
    if why := hosts.lacking():
        missing.skip(why)


@pytest.fixture(scope="session")
def opened(possible: None, installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Opens a provider with two real web servers, and its product running, for as long as a block lasts."""

    @contextmanager
    def make(*, ttl: int, **given: Any) -> Iterator[offices.Office]:
        folder = tmp_path_factory.mktemp("office")
        machines, key_file, host_keys = parts.everything(folder)
        with ExitStack() as stack:
            lab = stack.enter_context(hosts.lab(machines))
            zone.records(lab, ttl=ttl)
            made = offices.Office(lab, folder / "own", key_file, host_keys, _database(stack), given, installation)
            stack.callback(made.close)
            yield made.open()

    return make


def _database(stack: ExitStack) -> str:
    """An empty database of this run's kind; "" for an SQLite file of the office's own."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return ""
    server = processes.database_url().rpartition("/")[0]
    name = f"lab_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')

    def drop() -> None:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    stack.callback(drop)
    return f"{server}/{name}"


@pytest.fixture
def ground(possible: None, transactional_db: None, tmp_path: Path) -> Iterator[Ground]:
    """A service at web-a, and web-b beside it."""
    machines, key_file, host_keys = parts.everything(tmp_path)
    with hosts.lab(machines) as lab:
        zone.records(lab, ttl=TTL)
        yield Ground(lab, tmp_path, key_file, host_keys).prepare()
