"""Which rows may never change again? Triggers, on SQLite and PostgreSQL alike, as operations for an app's
`0002_guards.py`.

    operations = [guards.append_only("ledger_transfer"), guards.frozen("billing_document", when="OLD.issued_at > 0")]

A refused write raises django.db.IntegrityError with the table's name. SQLite drops a table's triggers when a later
migration rebuilds it: repeat the guard there (a house rule compares the triggers of a fully migrated database with all
guards).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

PREFIX = "guard_"

_REFUSE = """
CREATE OR REPLACE FUNCTION planshift_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$
"""


class Guard(Operation):
    """Refuse UPDATE (of `columns`, else of any; never minding those in `but`) and DELETE of rows for which `when`
    holds.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self,
        table: str,
        *,
        when: str = "",
        columns: Sequence[str] = (),
        but: Sequence[str] = (),
        actions: Sequence[str] = ("UPDATE", "DELETE"),
        name: str = "",
    ) -> None:
        self.table, self.when, self.columns, self.but = table, when, tuple(columns), tuple(but)
        self.actions, self.name = tuple(actions), name
        if columns and but:
            raise ValueError("either the columns that are frozen or those that are not")

    @property
    def elidable(self) -> bool:  # type: ignore[override]
        return False

    def triggers(self) -> dict[str, str]:
        """Trigger name → action, as they stand in the database."""
        stem = PREFIX + self.table + (f"_{self.name}" if self.name else "")
        return {f"{stem}_{action.lower()}": action for action in self.actions}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Triggers are no part of the models."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for statement in self._statements(schema_editor):
            schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        on = f' ON "{self.table}"' if schema_editor.connection.vendor == "postgresql" else ""
        for trigger in self.triggers():
            schema_editor.execute(f'DROP TRIGGER IF EXISTS "{trigger}"{on}', params=None)

    def describe(self) -> str:
        return f"Guard {self.table}: refuse {' and '.join(self.actions)}" + (f" when {self.when}" if self.when else "")

    def _statements(self, schema_editor: BaseDatabaseSchemaEditor) -> Iterator[str]:
        postgresql = schema_editor.connection.vendor == "postgresql"
        if postgresql:
            yield _REFUSE
        on = f' ON "{self.table}"' if postgresql else ""
        yield from (f'DROP TRIGGER IF EXISTS "{trigger}"{on}' for trigger in self.triggers())  # it may be repeated
        for trigger, action in self.triggers().items():
            if len(trigger) > 63:
                raise ValueError(f"{trigger} is longer than 63 characters: give the guard a shorter name")
            conditions = [f"({self.when})"] if self.when else []
            if action == "UPDATE" and (self.columns or self.but):
                unlike = "IS DISTINCT FROM" if postgresql else "IS NOT"
                changed = [f'OLD."{column}" {unlike} NEW."{column}"' for column in self._frozen_columns(schema_editor)]
                conditions.append(f"({' OR '.join(changed)})")
            when = f" WHEN ({' AND '.join(conditions)})" if conditions else ""
            message = f"{self.table}: {action} refused, these rows never change"
            head = f'CREATE TRIGGER "{trigger}" BEFORE {action} ON "{self.table}" FOR EACH ROW{when}'
            if postgresql:
                yield f"{head} EXECUTE FUNCTION planshift_refuse('{message}')"
            else:
                yield f"{head} BEGIN SELECT RAISE(ABORT, '{message}'); END"

    def _frozen_columns(self, schema_editor: BaseDatabaseSchemaEditor) -> list[str]:
        connection: Any = schema_editor.connection
        with connection.cursor() as cursor:
            every = [column.name for column in connection.introspection.get_table_description(cursor, self.table)]
        missing = {*self.columns, *self.but} - set(every)
        if missing:
            raise ValueError(f"table {self.table} has no column {', '.join(sorted(missing))}")
        return list(self.columns) or [name for name in every if name not in self.but]


class Lifted(Operation):
    """A guard taken down while its table is rebuilt: PostgreSQL alters no column that a trigger names. Put it up again
    in the same migration."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    @property
    def elidable(self) -> bool:  # type: ignore[override]
        return False

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Triggers are no part of the models."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self.guard.database_backwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        self.guard.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Lift the guard of {self.guard.table}"


class Apart(Guard):
    """Refuse rows of one owner whose [start_on, end_on) overlap. Checked after each row, so that one transaction may
    first shorten a stretch and then lay the next one.

    `owner` is the column that names the owner, `owners` its table: on PostgreSQL the owner's row is locked, so that two
    transactions look one after the other.
    """

    def __init__(self, table: str, *, owner: str, owners: str) -> None:
        super().__init__(table, actions=("INSERT", "UPDATE"), name="apart")
        self.owner, self.owners = owner, owners

    def describe(self) -> str:
        return f"Guard {self.table}: rows of one {self.owner} never overlap"

    def _statements(self, schema_editor: BaseDatabaseSchemaEditor) -> Iterator[str]:
        owner, message = self.owner, f"{self.table}: rows of one {self.owner} never overlap"
        overlap = (  # names of our own tables, from a migration
            f'EXISTS (SELECT 1 FROM "{self.table}" o WHERE o."{owner}" = NEW."{owner}" AND o.id <> NEW.id '  # noqa: S608
            "AND o.start_on < NEW.end_on AND o.end_on > NEW.start_on)"
        )
        postgresql = schema_editor.connection.vendor == "postgresql"
        if postgresql:
            yield (
                f"CREATE OR REPLACE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f'PERFORM 1 FROM "{self.owners}" WHERE id = NEW."{owner}" FOR NO KEY UPDATE; '
                f"IF {overlap} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'exclusion_violation'; END IF; "
                "RETURN NULL; END $$"
            )
        for trigger, action in self.triggers().items():
            head = f'CREATE TRIGGER "{trigger}" AFTER {action} ON "{self.table}" FOR EACH ROW'
            if postgresql:
                yield f"{head} EXECUTE FUNCTION {self.function}()"
            else:
                yield f"{head} WHEN {overlap} BEGIN SELECT RAISE(ABORT, '{message}'); END"

    @property
    def function(self) -> str:
        """The trigger's function on PostgreSQL."""
        return f"planshift_{self.table}_apart"


def append_only(table: str) -> Guard:
    """Rows are added, never changed and never deleted."""
    return Guard(table)


def unchanging(table: str) -> Guard:
    """Rows are never changed; they may be deleted (by pruning)."""
    return Guard(table, actions=("UPDATE",))


def frozen(
    table: str, *, when: str = "", columns: Sequence[str] = (), but: Sequence[str] = (), name: str = ""
) -> Guard:
    """Rows for which `when` (SQL over OLD, in the common subset of both databases) holds are neither changed nor
    deleted.

    With `columns` only those are frozen, with `but` all that the table has at that point except those.
    """
    return Guard(table, when=when, columns=columns, but=but, name=name)


def of_migrations(every: Sequence[migrations.Migration]) -> list[Guard]:
    """All guards that these migrations put up."""
    return [operation for each in every for operation in each.operations if isinstance(operation, Guard)]
