"""Which indexes does nobody read? For migrations."""

from typing import Any

from django.db import migrations


def without_beginnings(name: str, *, table: str, column: str) -> migrations.RunPython:
    """Drop the index that Django adds on PostgreSQL to a unique text, for `LIKE 'beginning%'`. What is equal is found
    by the constraint's own index. Elsewhere there is none."""

    def drop(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f'DROP INDEX IF EXISTS "{name}"')

    def make(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f'CREATE INDEX "{name}" ON "{table}" ("{column}" varchar_pattern_ops)')

    return migrations.RunPython(drop, make)
