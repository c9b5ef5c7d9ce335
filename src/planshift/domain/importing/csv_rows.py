"""Which records does a CSV file hold? One row each; an invoice has one row for every line."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from planshift.domain.importing import shapes
from planshift.domain.importing.json_places import Path
from planshift.domain.importing.report import Place, Problem, Unreadable

BUYER = "buyer_"
LINES = "lines"


def columns(kind: str) -> tuple[str, ...]:
    """The columns of a kind, in the order of its fields."""
    return tuple(_paths(shapes.KINDS[kind]))


def read(text: str, *, kind: str) -> tuple[list[dict[str, Any]], Mapping[Path, Place]]:
    """Raw records, and the place of each value by path. Comma or semicolon, as the first line has it. Raises
    Unreadable."""
    paths = _paths(shapes.KINDS[kind])
    lines = csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=True)
    try:
        head = [name.strip().lower() for name in next(lines, [])]
        _check_head(head, paths)
        rows = list(_rows(lines, head))
    except csv.Error:
        raise Unreadable(Problem("import_not_csv", Place(lines.line_num, 1))) from None
    records: list[dict[str, Any]] = []
    places: dict[Path, Place] = {}
    for number, row in rows:
        _add(records, places, number, row, head, paths, by_number=kind == "invoices")
    return records, places


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _check_head(head: list[str], paths: Mapping[str, Path]) -> None:
    problems = [
        Problem("import_column_unknown", Place(1, at), {"field": name[:60]})
        for at, name in enumerate(head, 1)
        if name not in paths
    ]
    problems += [
        Problem("import_key_twice", Place(1, at), {"field": name[:60]})
        for at, name in enumerate(head, 1)
        if name in head[: at - 1]
    ]
    if problems or not head:
        raise Unreadable(*(problems or [Problem("import_empty")]))


def _rows(lines: Any, head: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its first line; rows without content are left out."""
    before = lines.line_num
    for row in lines:
        number, before = before + 1, lines.line_num
        if any(cell.strip() for cell in row):
            if len(row) > len(head):
                raise Unreadable(Problem("import_row_too_long", Place(number, len(head) + 1)))
            yield number, row


def _add(
    records: list[dict[str, Any]],
    places: dict[Path, Place],
    number: int,
    row: list[str],
    head: list[str],
    paths: Mapping[str, Path],
    *,
    by_number: bool,
) -> None:
    """One row: a record of its own, or one more line of the invoice above it. An empty cell is no value."""
    cells = {name: (at, cell) for at, (name, cell) in enumerate(zip(head, row, strict=False), 1) if cell.strip()}
    goes_on = by_number and bool(records) and _goes_on(records[-1], cells)
    if not goes_on:
        records.append({LINES: []} if by_number else {})
        places[(len(records) - 1,)] = Place(number, 1)
    record, index = records[-1], len(records) - 1
    line: dict[str, Any] = {}
    if by_number:
        places[(index, LINES, len(record[LINES]))] = Place(number, 1)
    for name, (at, cell) in cells.items():
        path = paths[name]
        if path[0] == LINES:
            line[str(path[1])] = cell
            places[(index, LINES, len(record[LINES]), path[1])] = Place(number, at)
        else:
            _put(record, path, _value(name, cell), Place(number, at))
            places.setdefault((index, *path), Place(number, at))
    if by_number:
        record[LINES].append(line)


def _goes_on(record: Mapping[str, Any], cells: Mapping[str, tuple[int, str]]) -> bool:
    return "number" not in cells or cells["number"][1].strip() == str(record.get("number", "")).strip()


def _put(record: dict[str, Any], path: Path, value: Any, place: Place) -> None:
    held = record
    for name in path[:-1]:
        held = held.setdefault(str(name), {})
    name = str(path[-1])
    if name in held and held[name] != value:
        raise Unreadable(Problem("import_row_contradicts", place, {"field": name}))
    held[name] = value


def _value(name: str, cell: str) -> Any:
    if name != "additional":
        return cell
    pairs = [pair.partition("=") for pair in cell.replace(";", " ").split()]
    return {code: amount for code, _, amount in pairs}


def _paths(shape: type[BaseModel], before: Path = ()) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for name in shape.model_fields:
        if name == "buyer":
            found |= {f"{BUYER}{field}": (*before, name, field) for field in shapes.Buyer.model_fields}
        elif name == LINES:
            found |= {field: (LINES, field) for field in shapes.LineIn.model_fields}
        else:
            found[name] = (*before, name)
    return found
