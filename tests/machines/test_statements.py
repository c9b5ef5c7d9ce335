"""Does SQLite get every statement as Django's own backend would give it, though its text is kept?"""

import pytest
from django.db import connection
from django.db.backends.sqlite3.base import SQLiteCursorWrapper

from planshift.runtime.sqlite import base

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def asked(sql: str, params: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)  # type: ignore[arg-type]
        return cursor.fetchone()


def test_values_and_percent_signs_mean_the_same_whenever_it_is_said() -> None:
    for value in (7, "%s", None):
        assert asked("SELECT %s, '50 %%', '%%s', 7 %% 4", [value]) == (value, "50 %", "%s", 3)
    assert asked("SELECT '50 %%'", None) == ("50 %%",)  # without values nothing is changed, as Django does
    assert asked("SELECT '50 %%'", []) == ("50 %",)
    assert asked("SELECT %(b)s, %(a)s", {"a": 1, "b": 2}) == (2, 1)


def test_a_text_is_made_once_unless_it_is_very_long() -> None:
    base._converted.cache_clear()
    for number in (1, 2, 3):
        assert asked("SELECT %s + 1", [number]) == (number + 1,)
    told = base._converted.cache_info()
    assert (told.misses, told.hits) == (1, 2)
    many = list(range(1, 2001))
    places = ", ".join(["%s"] * len(many))
    assert asked(f"SELECT 2000 IN ({places})", many) == (1,)
    assert base._converted.cache_info().currsize == told.currsize


def test_it_is_what_django_makes_of_it() -> None:
    with connection.cursor() as cursor:
        inner = cursor.cursor
        assert type(inner) is base.Cursor
        for query in ("SELECT 1", "a = %s AND b LIKE 'x%%' OR c = '%%s'", "%s%%%s", "x" * 9_000 + "%s"):
            assert inner.convert_query(query) == SQLiteCursorWrapper.convert_query(inner, query)
