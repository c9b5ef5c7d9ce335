"""State changes only through the table: lock, ask, write, audit."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from planshift.domain.errors import Refused
from planshift.domain.lifecycles import machine, run
from planshift.runtime import audit, moves
from planshift.runtime.models import AuditEntry
from tests.sample.models import LIFECYCLE, Thing

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(("state", "event", "to"), list(LIFECYCLE.every_pair()))
def test_every_state_with_every_event(state: str, event: str, to: str | None) -> None:
    thing = Thing.objects.create(number="T-1", note="before")
    Thing.objects.update(state=state)
    if to is None:
        with pytest.raises(Refused) as refusal:
            moves.move(thing, event, actor="client:C-1", at=NOW, note="after")
        [reason] = refusal.value.reasons
        assert reason.code == "move_not_allowed"
        assert reason.facts == {
            "lifecycle": "thing",
            "state": state,
            "event": event,
            "allowed": LIFECYCLE.possible(state),
            "number": "T-1",
        }
        thing.refresh_from_db()
        assert (thing.state, thing.note) == (state, "before")
        assert not AuditEntry.objects.exists()
    else:
        assert moves.move(thing, event, actor="client:C-1", at=NOW, note="why", amount=7) is thing
        assert (thing.state, thing.amount) == (to, 7)
        thing.refresh_from_db()
        assert (thing.state, thing.amount) == (to, 7)
        [entry] = audit.history(kind="sample.thing", number="T-1")
        assert (entry.object_id, entry.event, entry.from_state, entry.to_state) == (thing.pk, event, state, to)
        assert (entry.actor, entry.note, entry.business_at) == ("client:C-1", "why", NOW)


def test_a_batch_moves_as_a_whole_or_not_at_all_and_says_all_reasons() -> None:
    things = [Thing.objects.create(number=f"T-{n}") for n in range(5)]
    Thing.objects.filter(number__in=["T-1", "T-3"]).update(state="CLOSED")
    with pytest.raises(Refused) as refusal:
        moves.move_many(things, "ordered", actor="system:sweep", at=NOW)
    assert [reason.facts["number"] for reason in refusal.value.reasons] == ["T-1", "T-3"]
    assert Thing.objects.filter(state="DRAFT").count() == 3
    assert not AuditEntry.objects.exists()


def test_rows_of_one_batch_may_come_from_different_states_and_get_values_of_their_own() -> None:
    things = [Thing.objects.create(number=f"T-{n}") for n in range(3)]
    moves.move(things[0], "ordered", actor="t", at=NOW)
    own = {thing.pk: {"amount": 10 + index} for index, thing in enumerate(things)}
    moves.move_many(reversed(things), "closed", actor="t", at=NOW, note="n", facts={"why": "age"}, each=own)
    assert list(Thing.objects.order_by("pk").values_list("state", "amount")) == [
        ("CLOSED", 10),
        ("CLOSED", 11),
        ("CLOSED", 12),
    ]
    assert [thing.amount for thing in things] == [10, 11, 12]
    entries = list(AuditEntry.objects.filter(event="closed").order_by("id"))
    assert [(entry.from_state, entry.facts) for entry in entries] == [
        ("AWAITING_PAYMENT", {"why": "age"}),
        ("DRAFT", {"why": "age"}),
        ("DRAFT", {"why": "age"}),
    ]


@pytest.mark.parametrize("count", [1, 60])
def test_a_batch_takes_three_statements_however_many_rows_and_one_row_two(count: int) -> None:
    things = [Thing.objects.create(number=f"T-{n}") for n in range(count)]
    with CaptureQueriesContext(connection) as queries:
        moves.move_many(things, "ordered", actor="t", at=NOW)
    assert len(queries) == (2 if count == 1 else 3)  # lock and read (one row: with the write), write, audit


def test_the_caller_cannot_name_the_state_nor_an_event_that_does_not_exist() -> None:
    thing = Thing.objects.create(number="T-1")
    with pytest.raises(ValueError, match="the table gives the state"):
        moves.move(thing, "ordered", actor="t", at=NOW, state="PAID")
    with pytest.raises(ValueError, match="no event 'flown'"):
        moves.move(thing, "flown", actor="t", at=NOW)
    with pytest.raises(ValueError, match="names who acts"), transaction.atomic():
        moves.move(thing, "ordered", actor="", at=NOW)
    with pytest.raises(TypeError, match="AuditEntry has no lifecycle"):
        moves.move(AuditEntry(pk=1), "ordered", actor="t", at=NOW)


def test_a_row_that_is_gone_is_refused() -> None:
    thing = Thing.objects.create(number="T-1")
    Thing.objects.all().delete()
    thing.pk = 77
    with pytest.raises(Refused, match="gone"):
        moves.move(thing, "ordered", actor="t", at=NOW)


def test_the_database_refuses_a_state_that_the_table_does_not_know() -> None:
    thing = Thing.objects.create(number="T-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Thing.objects.filter(pk=thing.pk).update(state="FLOWN")


def lifecycle(**changes: object) -> machine.Lifecycle:
    """The smallest lifecycle, with changes."""
    given: dict[str, object] = {
        "name": "small",
        "states": {"OPEN": "open", "SHUT": "shut"},
        "initial": "OPEN",
        "moves": {("OPEN", "shut"): "SHUT"},
        "final": frozenset({"SHUT"}),
    }
    return machine.Lifecycle(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"initial": "NONE"}, "unknown state 'NONE'"),
        ({"states": {"OPEN": "open", "SHUT": " "}}, "state SHUT has no meaning"),
        ({"states": {"OPEN": "o", "SHUT": "s", "open": "o"}}, "state 'open' is not written like"),
        ({"states": {"OPEN": "o", "SHUT": "s", "LOST": "l"}}, "state LOST cannot be reached"),
        ({"moves": {("OPEN", "Shut"): "SHUT"}}, "event 'Shut' is not written like"),
        ({"moves": {("OPEN", "shut"): "SHUT", ("SHUT", "opened"): "OPEN"}}, "final state SHUT has a way out"),
        ({"final": frozenset()}, "state OPEN never ends"),
        ({"waiting": {"SHUT": "client"}}, "final state SHUT waits"),
        ({"open": ("OPEN", "SHUT")}, "final state SHUT waits or counts as open"),
        ({"events": {"opened": "x"}}, "event shut has no meaning; event opened is explained but never happens"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_when_defined(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(machine.BadLifecycle, match=problem):
        lifecycle(**changes)


def test_open_states_serve_constraints_and_the_tables_are_rendered() -> None:
    assert LIFECYCLE.open == ("AWAITING_PAYMENT", "DRAFT", "PAID")
    assert LIFECYCLE.possible("DRAFT") == ("ordered", "closed")
    page = machine.render([run.LIFECYCLE, LIFECYCLE])
    assert page.index("## run") < page.index("## thing")
    assert "| `AWAITING_PAYMENT` |  | client | waits for the client's money |" in page
    assert "| `AWAITING_PAYMENT` | paid | `PAID` |  |" in page
