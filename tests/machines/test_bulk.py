"""Many rows at once are the rows that Django writes one by one, whichever way they go."""

import datetime as dt
import gc
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from planshift.runtime import among, audit, bulk, garbage
from planshift.runtime.models import AuditEntry, NumberSeries, Run, StepRecord

AT = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)
HOSTILE = 'tab\t new\nline back\\slash \\N \\. quote\' "double" zażółć \u2028 🌍'


@pytest.fixture(params=[1, 10_000], ids=["copy", "insert"])
def worth(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """From how many rows on PostgreSQL gets a COPY."""
    monkeypatch.setattr(bulk, "WORTH", request.param)
    return int(request.param)


def run(key: str) -> Run:
    return Run(
        key=key, kind="sample", version=1, subject=HOSTILE, step="first", due_at=AT,
        signals={"a\tb": [1, None, HOSTILE]}, started_at=AT, since=AT,
    )  # fmt: skip


@pytest.mark.django_db
def test_rows_come_back_as_they_were_given_and_know_their_pk(worth: int) -> None:
    given = bulk.create([run(f"k{n}") for n in range(3)])
    assert [Run.objects.get(pk=each.pk).key for each in given] == ["k0", "k1", "k2"]
    found = Run.objects.get(key="k1")
    assert (found.subject, found.signals) == (HOSTILE, {"a\tb": [1, None, HOSTILE]})
    assert (found.due_at, found.not_before, found.claimed_by, found.state) == (AT, None, None, "READY")
    given[0].subject = "changed"
    given[0].save()  # it is an update, no second row
    assert Run.objects.filter(key__startswith="k").count() == 3


@pytest.mark.django_db
def test_plain_values_have_the_defaults_of_the_model(worth: int) -> None:
    audit.write(
        audit.entry(kind="sample", event="x", actor="test", at=AT, number=f"N{n}", note=HOSTILE, facts={"n": n})
        for n in range(3)
    )
    first, *_ = AuditEntry.objects.filter(kind="sample").order_by("number")
    assert (first.number, first.note, first.facts, first.object_id, first.business_at) == (
        "N0", HOSTILE, {"n": 0}, None, AT,
    )  # fmt: skip
    bulk.insert(AuditEntry, [{"kind": "bare", "event": "x", "actor": "t", "system_at": AT, "business_at": AT}])
    bare = AuditEntry.objects.get(kind="bare")
    assert (bare.note, bare.facts, bare.from_state) == ("", {}, "")


@pytest.mark.django_db
def test_the_next_row_written_singly_gets_the_next_pk(worth: int) -> None:
    bulk.insert(NumberSeries, [{"series": f"s{n}", "last": n} for n in range(3)])
    rows = bulk.create([NumberSeries(series=f"t{n}", last=n) for n in range(3)])
    assert NumberSeries.objects.create(series="u", last=1).pk > rows[-1].pk > rows[0].pk


@pytest.mark.django_db
def test_constraints_and_guards_hold(worth: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.create([run("same"), run("same")])
    assert not Run.objects.filter(key="same").exists()


@pytest.mark.django_db
def test_one_object_shared_by_rows_is_written_for_each_and_nothing_is_something(worth: int) -> None:
    shared = {"amount": str(Decimal("1.10"))}
    one, other = run("one"), run("other")
    one.signals = other.signals = shared
    bulk.create([one, other])
    assert [each.signals for each in Run.objects.filter(key__in=("one", "other"))] == [shared, shared]
    assert bulk.create([]) == []
    bulk.insert(Run, [])


@pytest.mark.django_db
def test_each_column_is_written_for_itself(worth: int) -> None:
    """Equal in every row, different, missing in some, or hostile in one: each row keeps its own."""
    given = [run(f"k{n}") for n in range(4)]
    given[1].claimed_by, given[2].claimed_by = 7, 2**40
    given[1].due_at = None
    given[2].due_at = AT + dt.timedelta(microseconds=1)
    given[3].subject, given[3].reason, given[0].reason = "plain", HOSTILE, ""
    given[1].signals = given[2].signals = {"zażółć": "\x01"}
    bulk.create(given)
    for made, kept in zip(given, Run.objects.order_by("pk"), strict=True):
        assert vars(kept) | {"_state": None} == vars(made) | {"_state": None}


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label)
def test_a_row_made_quickly_has_the_defaults_of_its_model(model: type[models.Model]) -> None:
    quick, slow = vars(bulk.new(model)), vars(model())
    assert {name: type(value) for name, value in quick.items()} == {name: type(value) for name, value in slow.items()}
    own = {field.attname for field in model._meta.local_concrete_fields if not callable(field.default)}
    assert {name: quick[name] for name in own} == {name: slow[name] for name in own}


@pytest.mark.django_db
def test_a_row_made_quickly_is_the_one_that_its_constructor_makes() -> None:
    started = {
        "key": "k",
        "kind": "sample",
        "version": 1,
        "subject": "s",
        "step": "first",
        "started_at": AT,
        "since": AT,
    }
    quick, slow = bulk.new(Run, **started), Run(**started)
    assert vars(quick) | {"_state": None} == vars(slow) | {"_state": None}
    assert bulk.new(Run, **started).signals is not quick.signals  # what can be changed is shared by no two rows
    quick.save()
    record = StepRecord(
        run=quick, step="first", entry=0, attempt=1, generation=1, outcome="done", who="test", started_at=AT,
        ended_at=AT, business_at=AT,
    )  # fmt: skip
    same = bulk.new(StepRecord, **{name: getattr(record, name) for name in ("step", "entry", "attempt", "generation")},
                    run=quick, outcome="done", who="test", started_at=AT, ended_at=AT, business_at=AT)  # fmt: skip
    assert vars(same) | {"_state": None} == vars(record) | {"_state": None}
    assert (same.run, same._state.adding) == (quick, True)
    same.save()
    assert StepRecord.objects.get(run=quick).who == "test"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "wanted", "found"),
    [
        ("version", [1, 3], ["a", 'c"\\,{}']),
        ("key", ['c"\\,{}', "b", "nobody"], ["b", 'c"\\,{}']),
        ("version", [], []),
        ("version", [9], []),
    ],
)
def test_among_is_in(name: str, wanted: list[object], found: list[str]) -> None:
    for version, key in enumerate(("a", "b", 'c"\\,{}'), start=1):
        row = run(key)
        row.version = version
        row.save()
    rows = Run.objects.filter(among.of(name, wanted)).order_by("pk")
    assert [row.key for row in rows] == found == [row.key for row in Run.objects.filter(**{f"{name}__in": wanted})]


def test_no_garbage_is_looked_for_in_a_batch_and_then_again_whatever_happens() -> None:
    assert gc.isenabled()
    with pytest.raises(KeyError), garbage.later():
        assert not gc.isenabled()
        with garbage.later():
            pass
        assert not gc.isenabled()  # the inner one leaves it to the outer one
        raise KeyError
    assert gc.isenabled()


@pytest.mark.django_db
def test_nothing_in_a_json_column_is_nothing_to_the_database(worth: int) -> None:
    rows = [run(f"k{n}") for n in range(2)]
    rows[0].signals = None  # type: ignore[assignment]
    with pytest.raises(IntegrityError), transaction.atomic():  # NOT NULL: no JSON null slips past it
        bulk.create(rows)
