"""Clients, services and invoices of another system: all of a body or nothing."""

import json
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from ninja.errors import AuthorizationError

from planshift.domain.importing import reading
from planshift.interfaces.api.v1 import callers, problems
from planshift.interfaces.presenters import import_format, importing
from planshift.procedures.importing import run
from planshift.runtime import clock

router = Router(tags=["Import"])
DryRun = Annotated[bool, Query(False, description="check everything, keep nothing")]
FORMATS: dict[str, reading.Format] = {"application/json": "json", "text/csv": "csv"}
ABOUT = {
    "clients": "Clients with their buyer data and the deposit that they had.",
    "services": "Services that run already, each with the term that is paid.",
    "invoices": "Invoices that were issued elsewhere: they keep their numbers and are corrected like ours.",
}
MORE = (
    " The body is JSON or CSV (docs/import-format.md). All of it comes in or nothing: 422 (it is not in the format) or "
    "409 (the rules say no) names every problem with its line and column. What came in before under the same reference "
    "is left as it is."
)


class Came(Schema):
    """One thing that came in."""

    reference: str
    number: str


class Imported(Schema):
    """What came of the body: after a dry run the numbers are empty."""

    kind: str
    dry_run: bool
    new: list[Came]
    known: int


def _operation(kind: str) -> None:
    body = {"application/json": {"schema": import_format.schema(kind)}, "text/csv": {"schema": {"type": "string"}}}

    def post(request: HttpRequest, dry_run: DryRun = False) -> Any:
        return _import(request, kind, dry_run)

    post.__doc__ = ABOUT[kind] + MORE
    router.add_api_operation(
        f"/imports/{kind}",
        ["POST"],
        post,
        response={200: Imported, **problems.WRITING_BODY},
        operation_id=f"import_{kind}",
        summary=f"Import {kind}",
        openapi_extra={"requestBody": {"required": True, "content": body}},
    )


def _import(request: HttpRequest, kind: str, dry_run: bool) -> HttpResponse | dict[str, Any]:
    holder = callers.writer(request)
    if holder.client:
        raise AuthorizationError(message="Only a token of the whole seller may import.")
    if request.content_type not in FORMATS:
        return problems.answer(status=415, detail="The body is application/json or text/csv.")
    found = run.run(
        seller=run.of_holder(holder=holder),
        kind=kind,
        content=request.body,
        format=FORMATS[request.content_type],
        dry_run=dry_run,
        at=clock.business(),
        actor=holder.actor,
    )
    if found.problems:
        told = [
            {
                "code": each.code,
                "text": importing.line(each),
                "facts": {"line": each.place.line, "column": each.place.column, **_facts(each.facts)},
            }
            for each in found.problems
        ]
        # CSV is text to OpenAPI: what is wrong with it is never the schema's matter
        status = 422 if found.malformed and FORMATS[request.content_type] == "json" else 409
        return problems.answer(status=status, detail="Nothing was imported: see reasons.", told=told)
    new = [{"reference": reference, "number": number} for reference, number in found.new]
    return {"kind": kind, "dry_run": dry_run, "new": new, "known": found.known}


def _facts(facts: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(problems.plain(facts)))
    return told


for _kind in run.KINDS:
    _operation(_kind)
