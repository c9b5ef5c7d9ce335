"""Is the demo that is put back as rows the one that the product loads?"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from planshift.procedures.demo import cast, load
from planshift.runtime import clock
from planshift.runtime.runs import schedules
from tests.harness import demo
from tests.house_rules import source

AT = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)


def counted() -> dict[str, int]:
    """How many rows each table has."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = cursor.fetchone()[0]
    return found


def in_no_order(contents: dict[str, demo.Rows]) -> dict[str, demo.Rows]:
    """A copy out of PostgreSQL comes as the rows lie, which is wherever there was room."""
    return {table: sorted(rows.splitlines()) if isinstance(rows, bytes) else rows for table, rows in contents.items()}


@contextmanager
def undone() -> Iterator[None]:
    """Nothing that happens inside stays; durable blocks may be inside."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # as Django marks its own
    with block:
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_what_is_put_back_is_what_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_kept", {})
    monkeypatch.setattr(schedules, "_schedules", {})
    seen = []
    for way in (demo.plant, demo.plant, None):
        monkeypatch.setattr(schedules, "_planted", {})
        with undone(), clock.stopped(at=AT):
            if way:
                assert way(at=AT) == AT
            else:
                assert load.load(folder=source.ROOT, at=AT)
            seen.append((in_no_order(demo.contents()), counted(), dict(schedules._planted)))
    (loaded, *_), (put, *_), _ = seen
    assert loaded == put
    assert seen[0][1:] == seen[1][1:] == seen[2][1:]
    assert seen[0][1]["services_service"] >= 12


@pytest.mark.django_db
def test_a_demo_of_another_day_is_loaded_anew() -> None:
    with undone():
        demo.plant(at=AT)
    later = AT + dt.timedelta(minutes=59)
    with undone():
        assert demo.plant(at=later, exactly=False) == AT
    assert demo.plant(at=later) == later
    assert demo.hour(later) != demo.hour(later + dt.timedelta(minutes=1))


@pytest.mark.django_db
def test_a_demo_of_other_people_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_kept", {})
    with undone(), monkeypatch.context() as fewer:
        fewer.setattr(cast, "CAST", cast.CAST[:3])
        demo.plant(at=AT)
        assert counted()["services_client"] == 3
    demo.plant(at=AT)
    assert counted()["services_client"] > 3
