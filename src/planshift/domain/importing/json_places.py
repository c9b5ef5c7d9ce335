"""Where does each value of a JSON text stand? Line and column by path, for messages."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from planshift.domain.importing.report import Place, Problem, Unreadable

Path = tuple[str | int, ...]
_TOKEN = re.compile(r'\s*([{}\[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}\[\]:,"]+)')
_DEEPEST = 12


def load(text: str) -> Any:
    """The value of a text that every reader of JSON understands alike. Raises Unreadable with line and column."""
    if _depth(text) > _DEEPEST:
        raise Unreadable(Problem("import_nested"))
    try:
        read = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=Decimal, parse_int=_whole
        )
        json.dumps(read, ensure_ascii=False, default=str).encode()  # half of a surrogate pair is no character
        return read
    except json.JSONDecodeError as problem:
        raise Unreadable(Problem("import_not_json", Place(problem.lineno, problem.colno))) from None
    except UnicodeEncodeError:
        raise Unreadable(Problem("import_not_utf8")) from None


def of(text: str) -> Mapping[Path, Place]:
    """The place of every value of a good JSON text, by its path."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    found: dict[Path, Place] = {}
    stack: list[list[Any]] = []  # [is object, key or index, whether a key comes next]
    line = 0
    for token in _TOKEN.finditer(text):
        sign, at = token[1], token.start(1)
        while line + 1 < len(starts) and starts[line + 1] <= at:
            line += 1
        if sign in "}]":
            stack.pop()
        elif sign == ",":
            top = stack[-1]
            top[1], top[2] = (top[1], True) if top[0] else (top[1] + 1, False)
        elif sign == ":":
            stack[-1][2] = False
        elif stack and stack[-1][0] and stack[-1][2]:
            stack[-1][1] = json.loads(sign)
        else:
            found[tuple(each[1] for each in stack)] = Place(line + 1, at - starts[line] + 1)
            if sign in "{[":
                stack.append([sign == "{", "" if sign == "{" else 0, sign == "{"])
    return found


def nearest(places: Mapping[Path, Place], path: Path) -> Place:
    """The place of a value, or of what should hold it."""
    for length in range(len(path), -1, -1):
        if (found := places.get(path[:length])) is not None:
            return found
    return Place()


def _depth(text: str) -> int:
    deep = most = 0
    for sign in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        deep += (sign in "{[") - (sign in "}]")
        most = max(most, deep)
    return most


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(Problem("import_key_twice", facts={"field": twice[:60]}))
    return found


def _constant(name: str) -> NoReturn:
    raise Unreadable(Problem("import_not_json", facts={"value": name}))


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= 18 else digits
