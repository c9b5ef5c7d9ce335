"""Positions of keys: the scanner agrees with the TOML reader about what there is."""

import tomllib

from planshift.domain.policy import lines

TEXT = '''# a comment with [brackets] and "quotes"
format = 1
title = { en = "A # in a text", pl = "]" }   # more
"quoted key" = 'x'
a.b . c = 3

long = """
two lines [no] = table
ended with quotes"""""
after = [
  1, # one
  { x = 2, y = [3, "}"] },
]

[table]
key = "\\" = escaped"
[table.inner]
deep = -1.5

[[case]]
name = "first"
[[case]]
when = { to = ["gold"] }
[case.rounding]
answer = "down"
[[case.fees]]
answer = "x"
'''


def _paths(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*path, index)
            yield from _paths(inner, (*path, index))


def test_every_key_has_the_line_on_which_it_stands():
    found = lines.of(TEXT)
    assert set(found) == set(_paths(tomllib.loads(TEXT)))
    assert found[("format",)] == 2
    assert found[("title", "pl")] == 3
    assert found[("a", "b", "c")] == 5
    assert found[("long",)] == 7
    assert found[("after",)] == 10
    assert found[("after", 1, "y", 1)] == 12
    assert found[("table", "inner", "deep")] == 18
    assert found[("case", 0, "name")] == 21
    assert found[("case", 1, "when", "to", 0)] == 23
    assert found[("case", 1, "rounding", "answer")] == 25
    assert found[("case", 1, "fees", 0, "answer")] == 27


def test_the_nearest_line_is_that_of_the_closest_table_around():
    found = lines.of(TEXT)
    assert lines.nearest(found, ("case", 1, "when", "missing")) == 23
    assert lines.nearest(found, ("nowhere", "at all")) == 1


def test_windows_line_ends_and_a_text_without_a_last_newline():
    assert lines.of("a = 1\r\nb = [\r\n2]") == {("a",): 1, ("b",): 2, ("b", 0): 3}
