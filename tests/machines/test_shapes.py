"""Does a query that is put together once give what Django's own gives, with whatever it is asked for?"""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.test.utils import CaptureQueriesContext

from planshift.runtime import beside, locks, shapes
from planshift.runtime.models import NumberSeries, Run, StepRecord

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)


def run(key: str) -> Run:
    return Run.objects.create(
        key=key, kind="k", version=1, subject=key, step="s", signals={"a": 1}, started_at=AT, since=AT
    )


def step(of: Run, name: str, entry: int = 0) -> None:
    StepRecord.objects.create(
        run=of, step=name, entry=entry, attempt=1, generation=1, outcome="went", who="w", started_at=AT, ended_at=AT,
        business_at=AT,
    )  # fmt: skip


def test_it_is_asked_anew_each_time_with_what_is_joined_and_annotated() -> None:
    first, second = run("first"), run("second")
    step(first, "one")
    step(second, "two")
    others = StepRecord.objects.filter(run=OuterRef("run"), step=shapes.text("other"))
    shape = shapes.Shape(
        lambda: (
            StepRecord.objects.filter(run__key=shapes.text("key")).select_related("run").annotate(beside=Exists(others))
        )
    )
    for _ in range(2):
        (found,) = shape.ask(key="first", other="three")
        assert (found.step, found.started_at, vars(found)["beside"]) == ("one", AT, False)
        with CaptureQueriesContext(connection) as said:
            assert (found.run, found.run.key, found.run.signals) == (first, "first", {"a": 1})
        assert len(said) == 0
        (found,) = shape.ask(key="second", other="three")
        assert (found.step, found.run) == ("two", second)
        assert shape.ask(key="third", other="three") == []
        assert shape.first(key="third", other="three") is None
    step(first, "three", 1)
    assert sorted((each.step, vars(each)["beside"]) for each in shape.ask(key="first", other="three")) == [
        ("one", True),
        ("three", True),
    ]
    found.run.subject = "written"
    found.run.save(update_fields=["subject"])
    assert Run.objects.get(key="second").subject == "written"


def test_values_and_single_values() -> None:
    NumberSeries.objects.create(series="a", last=7)
    shape = shapes.Shape(
        lambda: NumberSeries.objects.filter(last__gte=shapes.whole("least")).values_list("series", "last")
    )
    assert [shape.ask(least=7), shape.ask(least=8)] == [[("a", 7)], []]
    flat = shapes.Shape(lambda: NumberSeries.objects.filter(last=shapes.whole("is")).values_list("series", flat=True))
    assert [flat.ask(**{"is": 7}), flat.ask(**{"is": 8})] == [["a"], []]


def test_a_value_is_never_taken_for_a_part_of_the_text() -> None:
    run("o'clock %s \" -- ;")
    shape = shapes.Shape(lambda: Run.objects.filter(key=shapes.text("key")))
    assert [each.key for each in shape.ask(key="o'clock %s \" -- ;")] == ["o'clock %s \" -- ;"]
    assert shape.ask(key="' OR '1'='1") == []


def test_what_is_given_is_what_it_asks_for() -> None:
    shape = shapes.Shape(lambda: Run.objects.filter(key=shapes.text("key")))
    with pytest.raises(TypeError, match=r"given are \[\], not \['key'\]"):
        shape.ask()
    with pytest.raises(TypeError, match=r"given are \['key', 'kind'\], not \['key'\]"):
        shape.ask(key="a", kind="b")
    with pytest.raises(TypeError, match="objects or lists of values"):
        shapes.Shape(lambda: StepRecord.objects.values("id")).ask()


@pytest.mark.django_db(transaction=True)
def test_a_lock_needs_a_transaction_every_time() -> None:
    run("first")
    shape = shapes.Shape(lambda: locks.for_update(Run.objects.filter(key=shapes.text("key"))))
    with transaction.atomic(), CaptureQueriesContext(connection) as said:
        assert [each.key for each in locks.lock_shape(shape, key="first")] == ["first"]
    assert ("FOR UPDATE" in said[0]["sql"]) == (connection.vendor == "postgresql")
    with pytest.raises(transaction.TransactionManagementError):
        shape.ask(key="first")


def test_words_that_never_change_stand_in_the_text_and_others_do_not() -> None:
    """SQLite plans a query anew for every value that it compares with the condition of an index."""
    of_many = Run.objects.filter(state__in=["READY", "WAITING"], seen=0, subject__in=["o'clock", "", "a b"])
    shape = shapes.Shape(lambda: of_many.filter(key=shapes.text("key")))
    run("first")
    Run.objects.update(subject="o'clock")
    with CaptureQueriesContext(connection) as said:
        assert [each.key for each in shape.ask(key="first")] == ["first"]
    assert "IN ('READY', 'WAITING')" in said[0]["sql"]
    (made,) = shape._made.values()
    assert "IN ('READY', 'WAITING')" in made.sql
    assert [each for each in made.params if isinstance(each, str)] == ["o'clock", "", "a b"]
    like = shapes.Shape(
        lambda: Run.objects.filter(key=shapes.text("key"), state="READY").extra(where=["key LIKE 'f%%'"])
    )
    assert [each.key for each in like.ask(key="first")] == ["first"]


def test_rows_beside_a_row_come_with_it_in_their_order() -> None:
    first, second = run("first"), run("second")
    step(first, "b", 1)
    step(first, "a", 0)
    of_it = StepRecord.objects.filter(run=OuterRef("pk")).order_by("entry")
    shape = shapes.Shape(
        lambda: Run.objects.filter(kind=shapes.text("kind")).annotate(
            steps=beside.Rows(of_it, "entry", "step", "business_at")
        )
    )
    with CaptureQueriesContext(connection) as said:
        found = {each.key: vars(each)["steps"] for each in shape.ask(kind="k")}
    assert len(said) == 1
    assert [row[:2] for row in found["first"]] == [[0, "a"], [1, "b"]]
    assert not found["second"]
    assert second.key in found
