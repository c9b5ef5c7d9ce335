"""Which records does this file hold, and what is wrong with it? Every problem at once, each with line and column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from planshift.domain.importing import arithmetic, csv_rows, json_places, kinds, shapes
from planshift.domain.importing.entries import Entry
from planshift.domain.importing.json_places import Path
from planshift.domain.importing.report import (
    MOST_BYTES,
    MOST_RECORDS,
    Place,
    Problem,
    Unreadable,
    in_order,
)

Format = Literal["json", "csv"]
_OF_PYDANTIC = {
    "missing": "import_missing",
    "extra_forbidden": "import_field_unknown",
    "string_too_long": "import_too_long",
    "literal_error": "import_choice",
    "too_short": "import_lines",
    "too_long": "import_lines",
    "greater_than_equal": "import_range",
    "less_than_equal": "import_range",
}


@dataclass(frozen=True, slots=True)
class File:
    """What a file says: good records, and all problems. `malformed`: it does not fit the schema."""

    entries: Sequence[Entry]
    problems: tuple[Problem, ...]
    malformed: bool = False


def read(*, content: bytes, kind: str, format: Format) -> File:
    """The records of `kind` (clients, services, invoices) in a file."""
    try:
        raw, places = _raw(content, kind, format)
    except Unreadable as unreadable:
        return File((), in_order(unreadable.problems), malformed=True)
    entries: list[Entry] = []
    problems: list[Problem] = []
    for index, each in enumerate(raw):
        try:
            entry = Entry(shapes.KINDS[kind].model_validate(each), index, places)
        except ValidationError as wrong:
            problems += [_problem(error, index, places) for error in _told(wrong)]
            continue
        entries.append(entry)
    malformed = any(each.code not in kinds.BEYOND_SCHEMA for each in problems)
    for entry in entries:
        problems += arithmetic.wrong(entry)
    problems += _twice(entries, "number" if kind == "invoices" else "reference")
    return File(entries, in_order(problems), malformed)


def format_of(*, name: str, content: bytes) -> Format:
    """JSON or CSV: by the name, else by the first sign."""
    if name.lower().endswith((".json", ".csv")):
        return "csv" if name.lower().endswith(".csv") else "json"
    return "json" if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "csv"


def _raw(content: bytes, kind: str, format: Format) -> tuple[list[Any], Mapping[Path, Place]]:
    if len(content) > MOST_BYTES:
        raise Unreadable(Problem("import_too_big", facts={"most": MOST_BYTES // 1_000_000}))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise Unreadable(Problem("import_not_utf8", Place(line, 1))) from None
    if format == "csv":
        rows, places = csv_rows.read(text, kind=kind)
        found: list[Any] = list(rows)
    else:
        found, places = _of_json(text, kind)
    if not found:
        raise Unreadable(Problem("import_empty"))
    if len(found) > MOST_RECORDS:
        raise Unreadable(Problem("import_too_many", facts={"most": MOST_RECORDS}))
    return found, places


def _of_json(text: str, kind: str) -> tuple[list[Any], Mapping[Path, Place]]:
    value = json_places.load(text)
    if not isinstance(value, dict) or not isinstance(value.get(kind), list):
        raise Unreadable(Problem("import_not_of_kind", Place(1, 1), {"field": kind}))
    places = json_places.of(text)
    if other := [name for name in value if name != kind]:
        place = json_places.nearest(places, (other[0],))
        raise Unreadable(Problem("import_field_unknown", place, {"field": other[0][:60]}))
    return value[kind], {path[1:]: place for path, place in places.items() if path[:1] == (kind,)}


def _told(wrong: ValidationError) -> list[Any]:
    """Its errors; that a list is too short is none where an entry of it is wrong (it was not counted)."""
    errors = wrong.errors(include_url=False)
    inside = {tuple(error["loc"])[:1] for error in errors if len(error["loc"]) > 1}
    return [error for error in errors if error["type"] != "too_short" or tuple(error["loc"]) not in inside]


def _problem(error: Any, index: int, places: Mapping[Path, Place]) -> Problem:
    path = tuple(error["loc"])
    code = error["type"] if error["type"].startswith("import_") else _OF_PYDANTIC.get(error["type"], "import_value")
    facts: dict[str, object] = {"field": ".".join(map(str, path))[:80]}
    if isinstance(error["input"], str | int):
        facts["value"] = str(error["input"])[:60]
    context = error.get("ctx") or {}
    if code in ("import_choice", "import_too_long", "import_range"):
        most = context.get("max_length") or context.get("le") or context.get("ge")
        facts["expected"] = context.get("expected") or most
    return Problem(code, json_places.nearest(places, (index, *path)), facts)


def _twice(entries: Sequence[Entry], key: str) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for entry in entries:
        name = getattr(entry.record, key)
        if name in seen:
            problems.append(entry.problem("import_twice", key, value=name))
        seen.add(name)
    return problems
