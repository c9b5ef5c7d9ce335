"""How is a statement said to SQLite? As Django's own backend says it, but put in SQLite's words only once.

Django writes `%s` where SQLite reads `?`, and goes through the text of every statement to change that: a fifth of
the work of a change of a service, for some fifty texts that are always the same.
"""

from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base

LONGEST_KEPT = 8_000  # characters: that of thousands of rows is said once


class Cursor(base.SQLiteCursorWrapper):
    """Keeps what it made of a statement's text."""

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        """In the words of SQLite."""
        if param_names is None and len(query) <= LONGEST_KEPT:
            return _converted(query)
        return str(super().convert_query(query, param_names=param_names))


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection with these cursors."""

    def create_cursor(self, name: Any = None) -> Cursor:
        """As Django makes one."""
        made: Cursor = self.connection.cursor(factory=Cursor)
        return made


@lru_cache(maxsize=1024)
def _converted(query: str) -> str:
    return str(base.FORMAT_QMARK_REGEX.sub("?", query)).replace("%%", "%")
