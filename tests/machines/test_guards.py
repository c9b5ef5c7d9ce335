"""What the database itself refuses: changes of append-only and frozen rows, on both databases."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from planshift.runtime import audit, clock, guards
from planshift.runtime.models import AuditEntry, Run, StepRecord
from tests.sample.models import Thing

NOW = "2026-03-02T09:00:00Z"


def triggers() -> set[str]:
    """The guards that stand in the test database."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {name for (name,) in cursor.fetchall() if name.startswith(guards.PREFIX)}


@pytest.mark.django_db
def test_every_guard_of_every_migration_stands_in_the_migrated_database() -> None:
    loader = MigrationLoader(connection)
    wanted = {
        trigger for guard in guards.of_migrations(list(loader.disk_migrations.values())) for trigger in guard.triggers()
    }
    assert {"guard_runtime_auditentry_update", "guard_runtime_auditentry_delete"} <= wanted
    assert triggers() == wanted


@pytest.mark.django_db
def test_the_audit_can_be_neither_changed_nor_deleted() -> None:
    audit.record(kind="t", event="e", actor="a", at=clock.system(), number="1")
    for attempt in (lambda: AuditEntry.objects.update(note="x"), lambda: AuditEntry.objects.all().delete()):
        with pytest.raises(IntegrityError, match="runtime_auditentry"), transaction.atomic():
            attempt()
    assert AuditEntry.objects.get().note == ""


@pytest.mark.django_db
def test_a_step_record_cannot_be_changed_but_goes_with_its_run() -> None:
    now = clock.system()
    run = Run.objects.create(key="k", kind="k", version=1, subject="1", step="s", started_at=now, since=now)
    StepRecord.objects.create(
        run=run,
        step="s",
        entry=0,
        attempt=1,
        generation=1,
        outcome="done",
        who="w",
        started_at=now,
        ended_at=now,
        business_at=now,
    )
    with pytest.raises(IntegrityError, match="runtime_steprecord"), transaction.atomic():
        StepRecord.objects.update(outcome="lost")
    run.delete()
    assert not StepRecord.objects.exists()


@pytest.fixture
def frozen_paid(transactional_db: None) -> Iterator[None]:
    """Paid things are frozen, but for their note."""
    guard = guards.frozen("sample_thing", when="OLD.state = 'PAID'", but=("note", "state"), name="paid")
    app = apps.get_app_config("sample").label
    state = MigrationLoader(connection).project_state()
    with connection.schema_editor() as editor:
        guard.database_forwards(app, editor, state, state)
    yield
    with connection.schema_editor() as editor:
        guard.database_backwards(app, editor, state, state)
    assert "guard_sample_thing_paid_update" not in triggers()


def test_frozen_rows_keep_what_is_frozen_and_only_while_the_condition_holds(frozen_paid: None) -> None:
    draft = Thing.objects.create(number="T-1", amount=1)
    paid = Thing.objects.create(number="T-2", amount=1, state="PAID")
    draft.amount = 2
    draft.save()
    paid.note = "remark"
    paid.save()  # writes every column, changes one that may change
    paid.amount = 2
    with pytest.raises(IntegrityError, match="sample_thing"):
        paid.save()
    with pytest.raises(IntegrityError, match="sample_thing"):
        paid.delete()
    Thing.objects.get(number="T-1").delete()
    assert list(Thing.objects.values_list("number", "amount", "note")) == [("T-2", 1, "remark")]


@pytest.mark.django_db
def test_a_guard_with_a_wrong_column_or_too_long_a_name_is_refused() -> None:
    with connection.schema_editor(atomic=False) if connection.vendor != "sqlite" else _collector() as editor:
        with pytest.raises(ValueError, match="no column colour"):
            list(guards.frozen("sample_thing", columns=("colour",))._statements(editor))
        with pytest.raises(ValueError, match="longer than 63"):
            list(guards.append_only("t" * 60)._statements(editor))
    with pytest.raises(ValueError, match="either"):
        guards.frozen("sample_thing", columns=("a",), but=("b",))


class _collector:
    """Stands for SQLite's schema editor, which refuses to start inside a test's transaction."""

    connection = connection

    def __enter__(self) -> "_collector":
        return self

    def __exit__(self, *problem: object) -> None:
        pass
