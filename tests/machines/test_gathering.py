"""Are gathered rows written as if each had been written at once: with its transaction, and with its savepoint?"""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from planshift.runtime import audit, gathering
from planshift.runtime.models import AuditEntry

AT = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


def note(event: str) -> None:
    audit.record(kind="test", event=event, actor="test", at=AT, number="T-1")


def kept() -> list[str]:
    return list(AuditEntry.objects.filter(kind="test").order_by("pk").values_list("event", flat=True))


class Back(Exception):
    """Something goes wrong in a savepoint."""


def test_rows_are_written_together_at_the_end_in_their_order() -> None:
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as asked,
        gathering.gathered(),
    ):
        note("first")
        note("second")
        assert kept() == []  # nobody reads them before the end, unless he asks for it
    assert kept() == ["first", "second"]
    assert sum("INSERT" in each["sql"] for each in asked) == 1


def test_a_reader_in_the_middle_sees_what_is_gathered() -> None:
    with transaction.atomic(), gathering.gathered():
        note("first")
        assert [each.event for each in audit.history(kind="test", number="T-1")] == ["first"]
        note("second")
    assert kept() == ["first", "second"]


def test_what_was_gathered_in_a_savepoint_goes_with_it() -> None:
    with transaction.atomic(), gathering.gathered():
        note("before")
        with pytest.raises(Back), transaction.atomic():
            note("inside")
            raise Back
        note("after")
    assert kept() == ["before", "after"]


def test_what_was_read_in_a_savepoint_that_is_rolled_back_is_written_all_the_same() -> None:
    with transaction.atomic(), gathering.gathered():
        note("before")
        with pytest.raises(Back), transaction.atomic():
            note("inside")
            assert [each.event for each in audit.history(kind="test", number="T-1")] == ["before", "inside"]
            raise Back
        assert [each.event for each in audit.history(kind="test", number="T-1")] == ["before"]
        note("after")
    assert kept() == ["before", "after"]


def test_a_savepoint_that_ends_well_writes_nothing_twice() -> None:
    with transaction.atomic(), gathering.gathered():
        note("before")
        with transaction.atomic():
            audit.history(kind="test", number="T-1")
            note("inside")
        audit.history(kind="test", number="T-1")
    assert kept() == ["before", "inside"]


def test_a_block_that_fails_leaves_nothing_for_the_next() -> None:
    with pytest.raises(Back), transaction.atomic(), gathering.gathered():
        note("lost")
        raise Back
    with transaction.atomic(), gathering.gathered():
        note("kept")
    assert kept() == ["kept"]
