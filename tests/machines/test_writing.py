"""Is a row that is written by a kept statement the row that Django would have written?"""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from planshift.ledger.models import Account
from planshift.runtime import bulk, writing
from planshift.runtime.models import NumberSeries, Run, StepRecord
from planshift.services import models as services

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)
HOSTILE = 'tab\t new\nline %s %% quote\' "double" zażółć 🌍'


def run(key: str, **own: Any) -> Run:
    given = {"kind": "sample", "version": 1, "subject": HOSTILE, "step": "first", "started_at": AT, "since": AT}
    return Run(key=key, **{**given, **own})


def columns(row: Run) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in Run._meta.concrete_fields}


def test_a_new_row_is_the_one_that_save_would_write() -> None:
    own = {"signals": {"a": [1, None, HOSTILE]}, "due_at": AT.astimezone(ZoneInfo("Europe/Warsaw")), "claimed_by": None}
    ours, theirs = writing.add(run("k", **own)), run("k2", **own)
    theirs.save(force_insert=True)
    found = {each.key: each for each in Run.objects.all()}
    assert found["k"].pk == ours.pk != theirs.pk
    differs = {"id": theirs.pk, "key": "k2"}
    assert columns(found["k"]) | differs == columns(found["k2"])
    assert (found["k"].subject, found["k"].due_at, found["k"].signals) == (HOSTILE, AT, own["signals"])
    ours.subject = "changed"
    ours.save()  # an update, no second row
    assert Run.objects.filter(key="k").count() == 1
    step = bulk.new(
        StepRecord, run=ours, step="s", entry=0, attempt=1, generation=1, outcome="went", who="w", started_at=AT,
        ended_at=AT, business_at=AT,
    )  # fmt: skip
    assert StepRecord.objects.get(pk=writing.add(step).pk).run == ours


def test_days_and_truths_are_written_as_they_are() -> None:
    seller = services.Service._meta.get_field("auto_renew")
    assert writing.forms(services.Service)[seller.attname](True) is True
    day = writing.forms(services.Term)["start_on"](dt.date(2026, 2, 3))
    assert str(day) == "2026-02-03"
    assert writing.forms(services.Term)["months"]("12") == 12  # what is not of the type goes Django's way
    with pytest.raises(ValueError, match="expected a number"):
        writing.forms(services.Term)["months"]("twelve")
    assert writing.forms(Run)["due_at"](None) is None


def test_an_update_is_what_the_query_would_write() -> None:
    first, second = (writing.add(run(key)) for key in ("a", "b"))
    assert writing.update(Run, {"pk": first.pk, "state": "READY"}, {"state": "DONE", "ended_at": AT, "seen": 3}) == 1
    assert writing.update(Run, {"pk": first.pk, "state": "READY"}, {"seen": 9}) == 0
    assert writing.update(Run, {"pk": first.pk, "ended_at": None}, {"seen": 9}) == 0
    assert writing.update(Run, {"pk": second.pk, "ended_at": None}, {"seen": 9, "not_before": None}) == 1
    assert list(Run.objects.order_by("key").values_list("state", "ended_at", "seen")) == [
        ("DONE", AT, 3),
        ("READY", None, 9),
    ]
    assert writing.update(Run, {"pk": second.pk}, {"entry": F("seen"), "subject": HOSTILE}) == 1
    assert writing.update(Run, {"pk": second.pk}, {"entry": 2}) == 1  # the same columns, no other column now
    second.refresh_from_db()
    assert (second.entry, second.subject) == (2, HOSTILE)
    assert writing.update(Run, {"kind": "sample", "signals": {}}, {"signals": {"a": 1}}) == 2
    assert writing.update(Run, {"pk": first.pk, "signals": {"a": 1}}, {"seen": 4}) == 1
    assert writing.update(Run, {"pk": first.pk, "signals": {"a": 2}}, {"seen": 5}) == 0


def test_a_value_may_be_another_column_or_a_row() -> None:
    first, second = (writing.add(run(key, seen=seen)) for key, seen in (("a", 3), ("b", 5)))
    assert writing.update(Run, {"kind": "sample"}, {"entry": F("seen")}) == 2
    assert list(Run.objects.order_by("key").values_list("entry", flat=True)) == [3, 5]
    step = StepRecord(
        run=first, step="s", entry=0, attempt=1, generation=1, outcome="went", who="w", started_at=AT, ended_at=AT,
        business_at=AT,
    )  # fmt: skip
    with CaptureQueriesContext(connection) as said:
        writing.add(step)
    assert len(said) == 1
    assert (first.pk, second.pk) == (step.run_id, Run.objects.get(key="b").pk)


def test_named_fields_of_a_row_are_written_and_no_others() -> None:
    series = writing.add(NumberSeries(series="a", last=1))
    series.series, series.last = "not written", 7
    writing.change(series, "last")
    assert list(NumberSeries.objects.values_list("series", "last")) == [("a", 7)]
    NumberSeries.objects.all().delete()
    with pytest.raises(NumberSeries.DoesNotExist):
        writing.change(series, "last")


def test_constraints_hold_as_ever() -> None:
    writing.add(run("same"))
    with pytest.raises(IntegrityError), transaction.atomic():
        writing.add(run("same"))
    with pytest.raises(IntegrityError), transaction.atomic():
        writing.update(Run, {"key": "same"}, {"due_at": AT, "not_before": AT})
    with pytest.raises(IntegrityError), transaction.atomic():
        writing.add(bulk.new(Account, code="x", owner="client:C-1", kind="deposit", currency="PLN", balance_minor=-1,
                             floor_minor=0))  # fmt: skip
    if connection.vendor == "postgresql":
        with pytest.raises(DataError), transaction.atomic():
            writing.add(run("k" * 161))
    assert Run.objects.count() == 1
