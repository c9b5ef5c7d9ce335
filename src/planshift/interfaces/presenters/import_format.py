"""How is a file written that comes from another system? The manual and the JSON Schema, made from the code."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from planshift.domain.importing import csv_rows, kinds, report, shapes

_INTRODUCTION = """\
# The import format

*Made from the code by `planshift docs`. Do not edit.*

Clients, running services and invoices that were issued elsewhere come in as files, in this order: a service names its
client, an invoice names both. The first sale of a service is not a matter of this program
([ADR 0015](adr/0015-the-first-sale-is-out-of-scope.md)): what is imported is how services begin their life here.

    planshift import clients  clients.json  --seller CODE --dry-run
    planshift import services services.csv  --seller CODE
    planshift import invoices invoices.json --seller CODE

The same by the API (`POST /api/v1/imports/clients`, body `application/json` or `text/csv`, a token of the whole seller)
and in the back office (Clients → Import).

- **All or nothing.** A problem anywhere means that nothing of the file is kept. Every problem is told at once, with
  line, column and field.
- **Once.** A client or service is known by its `reference`, an invoice by its `number`. The same record again changes
  nothing; the same reference with another content is a problem: what was imported is never changed by an import.
- **Dry run** (`--dry-run`, `?dry_run=true`): everything is checked, the database too is asked, nothing is kept.
- **Limits**: {megabytes} MB and {records} records a file (2.5 MB by the API), UTF-8.

Amounts are decimal strings (`"12.30"`), days are ISO dates; an `end_on` is the day **after** the last one. A field
without default is required.

**JSON**: an object with one list: `{{"clients": […]}}`. The schema is [schemas/import.json](schemas/import.json).
**CSV**: comma or semicolon, the first row names the columns, an empty cell is no value. Buyer data are columns that
begin with `buyer_`, `additional` is written `ip=2 memory=4`. An invoice has one row for each of its lines; the columns
of the invoice stand in the first of them, and are empty or the same in the others.

An imported invoice keeps its number, its e-invoice number and its amounts. It is corrected like one of ours: the
corrective invoice names its number and gives back at most what was paid of each line. Its unpaid part is what the
client owes: a transfer whose title names the invoice settles it, and so do staff. A number that our
own series could give out one day is refused: give the series another pattern first. Buyer data of a client count as
confirmed for invoicing since the client is one.
"""

EXAMPLE: dict[str, list[dict[str, Any]]] = {
    "clients": [
        {
            "reference": "crm-17",
            "name": "Demo Tartak sp. z o.o.",
            "email": "tartak@demo.example",
            "language": "pl",
            "since": "2024-05-02",
            "login": True,
            "deposit": "25.00",
            "buyer": {
                "name": "Demo Tartak sp. z o.o.",
                "street": "ul. Demo 5",
                "postcode": "59-220",
                "city": "Legnica",
                "country": "PL",
                "tax_id": "PL1111111111",
                "is_business": True,
            },
        }
    ],
    "services": [
        {
            "reference": "vm-4711",
            "client": "crm-17",
            "label": "vps.tartak.demo.example",
            "family": "vps",
            "plan": "professional",
            "months": 12,
            "start_on": "2026-06-01",
            "auto_renew": True,
            "additional": {"ip": 2},
        }
    ],
    "invoices": [
        {
            "number": "F 88/06/2026",
            "client": "crm-17",
            "e_invoice_number": "1111111111-20260601-0100001AF629-AF",
            "issued_on": "2026-06-01",
            "currency": "PLN",
            "gross": "1447.96",
            "lines": [
                {
                    "text": "VPS Professional, 12 miesięcy",
                    "service": "vm-4711",
                    "component": "plan",
                    "start_on": "2026-06-01",
                    "end_on": "2027-06-01",
                    "vat_percent": "23",
                    "net": "961.20",
                    "tax": "221.08",
                },
                {
                    "text": "Dodatkowe adresy IP (2)",
                    "service": "vm-4711",
                    "component": "resource:ip",
                    "quantity": 2,
                    "start_on": "2026-06-01",
                    "end_on": "2027-06-01",
                    "vat_percent": "23",
                    "net": "216.00",
                    "tax": "49.68",
                },
            ],
        }
    ],
}


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a file of this kind, without references."""
    made = shapes.KINDS[kind].model_json_schema()
    known = made.pop("$defs", {})
    many = {"type": "array", "minItems": 1, "maxItems": report.MOST_RECORDS, "items": _plain(made, known)}
    return {"type": "object", "properties": {kind: many}, "required": [kind], "additionalProperties": False}


def _plain(part: Any, known: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_plain(each, known) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        of = known[part["$ref"].rpartition("/")[2]]
        return _plain({**of, **{name: each for name, each in part.items() if name != "$ref"}}, known)
    closed = {"additionalProperties": False} if "patternProperties" in part else {}
    return {name: _plain(each, known) for name, each in part.items() if name != "title"} | closed


def schema_file() -> str:
    """docs/schemas/import.json: one of the three kinds."""
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Planshift import",
        "oneOf": [schema(kind) for kind in shapes.KINDS],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def markdown() -> str:
    """docs/import-format.md"""
    told = [_INTRODUCTION.format(megabytes=report.MOST_BYTES // 1_000_000, records=report.MOST_RECORDS)]
    for kind, shape in shapes.KINDS.items():
        told += [f"\n## {kind.capitalize()}\n", str(shape.__doc__).replace("\n    ", "\n"), *_table(shape)]
        if kind == "invoices":
            told += ["\nEach of its `lines`:", *_table(shapes.LineIn)]
        told += ["\n```json", json.dumps({kind: EXAMPLE[kind]}, indent=2, ensure_ascii=False), "```"]
        told += ["\nThe same as CSV:\n", "```csv", csv_of(kind).rstrip(), "```"]
        if kind == "clients":
            told += ["\nThe `buyer`, here and on an invoice:", *_table(shapes.Buyer)]
    return "\n".join(told) + "\n"


def csv_of(kind: str) -> str:
    """The example as CSV."""
    rows = [row for record in EXAMPLE[kind] for row in _rows(record)]
    names = [name for name in csv_rows.columns(kind) if any(name in row for row in rows)]
    out = io.StringIO()
    table = csv.DictWriter(out, names, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()


def _rows(record: dict[str, Any]) -> Iterator[dict[str, str]]:
    head: dict[str, str] = {}
    for name, value in record.items():
        if name == "buyer":
            head |= {f"{csv_rows.BUYER}{field}": _cell(each) for field, each in value.items()}
        elif name != csv_rows.LINES:
            head[name] = _cell(value)
    for line in record.get(csv_rows.LINES, [{}]):
        yield {**head, **{name: _cell(value) for name, value in line.items()}}
        head = {}


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={each}" for name, each in value.items())
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _table(shape: type[BaseModel]) -> Iterator[str]:
    known = shape.model_json_schema()
    yield from ("", "| field | takes | default | |", "|---|---|---|---|")
    for name, about in _plain(known["properties"], known.get("$defs", {})).items():
        default = "" if name in known.get("required", ()) else f"`{json.dumps(about.get('default'))}`"
        if default in ('`""`', "`null`"):
            default = "empty"
        yield f"| `{name}` | {_takes(about)} | {default} | {about.get('description', '')} |"


def _takes(about: dict[str, Any]) -> str:
    if "anyOf" in about:
        return " or ".join(_takes(each) for each in about["anyOf"] if each.get("type") != "null")
    if "enum" in about:
        return ", ".join(f"`{each}`" for each in about["enum"])
    if about.get("type") == "object":
        return "buyer" if "properties" in about else "amount by code"
    if about.get("type") == "array":
        return "1 to 200 lines"
    if about.get("format") in ("date", "email"):
        return {"date": "day", "email": "e-mail address"}[about["format"]]
    known = {kinds.AMOUNT: "amount", kinds.PERCENT: "percentage", "^[A-Z]{3}$": "currency code"}
    if about.get("pattern") in known:
        return known[about["pattern"]]
    if about.get("type") == "integer":
        low, high = about.get("minimum", 0), about.get("maximum", "")
        return f"whole number {low} to {high}" if high else "whole number"
    if about.get("type") == "boolean":
        return "yes or no"
    return f"text, at most {about['maxLength']}" if "maxLength" in about else "text"
