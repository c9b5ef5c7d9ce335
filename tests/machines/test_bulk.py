"""Many rows at once are the rows that Django writes one by one, whichever way they go."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from planshift.runtime import audit, bulk
from planshift.runtime.models import AuditEntry, NumberSeries, Run

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
