"""A real browser on the real product: `planshift run` with demo data, its processes and a database of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Page
from psycopg import sql

from tests.harness import database, product

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the browser, and shares one product: one process of xdist runs it all."""
    for item in items:
        if "tests/e2e/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, which makes no connection of its own."""
    if CHROMIUM is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    more = ["--disable-component-update", "--no-first-run"]
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": [*FLAGS, *more]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A usual screen, and English unless a test asks otherwise."""
    return browser_context_args | {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}


@pytest.fixture(scope="session")
def own_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that only this product uses: an SQLite file, or a new database in the cluster of this run."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        yield str(tmp_path_factory.mktemp("e2e-database") / "planshift.sqlite3")
        return
    server, name = os.environ[database.VARIABLE], f"e2e_{os.getpid()}"
    create, drop = sql.SQL("CREATE DATABASE {}"), sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name)))
    yield server.rpartition("/")[0] + "/" + name
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(drop.format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def running(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[product.Product]:
    """The product, as `make run` starts it."""
    if CHROMIUM is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    folder = tmp_path_factory.mktemp("e2e")
    started = product.Product(folder, product.environment(folder, database=own_database, PLANSHIFT_DEMO="1"))
    try:
        yield started.start()
    finally:
        started.stop()


@pytest.fixture(scope="session")
def base_url(running: product.Product) -> str:
    """Pages are named by their path: page.goto("/demo/")."""
    return running.url


@pytest.fixture
def shot(page: Page) -> Callable[[str], None]:
    """Save what the browser shows as var/screenshots/NAME.png, the whole page."""

    def save(name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return save


@pytest.fixture(autouse=True)
def _clean_console(page: Page) -> Iterator[None]:
    """A page that logs an error to the browser's console, or throws, fails its test."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    yield
    shown = [problem for problem in problems if "status of 4" not in problem]  # refusals answer 4xx on purpose
    assert shown == []
