"""How are the few rows that belong to a row read in the same statement? As one value of it: a list of lists."""

from typing import Any

from django.db.models import JSONField, Model, QuerySet, Subquery


class Rows(Subquery):
    """To annotate with: these columns of `found`, in its order. None or an empty list where there are no rows. A day
    comes as text."""

    def __init__(self, found: "QuerySet[Model]", *names: str) -> None:
        super().__init__(found.values(*names), output_field=JSONField())
        self.names = names

    def as_sql(self, compiler: Any, connection: Any, template: str | None = None, **extra: Any) -> Any:
        """Both databases make JSON of it."""
        one, all_of = ("json_array", "json_group_array")
        if connection.vendor == "postgresql":
            one, all_of = ("jsonb_build_array", "jsonb_agg")
        columns = ", ".join(f"_rows.{connection.ops.quote_name(name)}" for name in self.names)
        listed = f"(SELECT {all_of}({one}({columns})) FROM (%(subquery)s) _rows)"  # noqa: S608 - names of our columns
        return super().as_sql(compiler, connection, template or listed, **extra)
