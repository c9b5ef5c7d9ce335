"""What is stuck, what did a run do, do the workers live? Runs, work on machines, and what staff decide about them."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from planshift.interfaces.backoffice import door, words
from planshift.interfaces.presenters import states, steps
from planshift.procedures import office as doing
from planshift.procedures.queries import actors, histories, works
from planshift.procedures.views import office as views
from planshift.runtime import clock


@require_GET
@door.staff_page
def every(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """Stuck runs, work that waits for staff, workers."""
    page = works.works(sellers=staff.sellers, every_seller=staff.every_seller, at=clock.business())
    alive = sum(1 for each in page.workers if each.alive)
    shown: dict[str, Any] = {
        "page": page,
        "alive": alive,
        "executions": [
            {
                "it": each,
                "step": steps.of_recipe(each.step),
                "trouble": steps.of_error(each.error),
                "run": f"execution:{each.number}",
            }
            for each in page.executions
        ],
        "tasks": page.tasks,
        "differences": page.differences,
        "stuck": [{**_shown(each.run), "can": each.can} for each in page.stuck],
    }
    return door.show(request, staff, "staff/runs.html", here="runs", **shown, **_choices())


@require_GET
@door.staff_page
def search(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """Runs by kind, state and number, the newest first."""
    asked = {name: request.GET.get(name, "").replace("\x00", "").strip()[:160] for name in ("q", "kind", "state")}
    stuck = request.GET.get("stuck") == "1"
    found = histories.search(
        sellers=staff.sellers,
        every_seller=staff.every_seller,
        text=asked["q"],
        kind=asked["kind"],
        state=asked["state"],
        stuck=stuck,
        page=door.page_number(request),
    )
    kept = urlencode([*asked.items(), ("stuck", "1" if stuck else "")]) + "&"
    rows = [{**_shown(each.run), "about": each.about} for each in found.rows]
    shown: dict[str, Any] = {"found": found, "rows": rows, "asked": asked, "only_stuck": stuck, "query": kept}
    return door.show(request, staff, "staff/run_list.html", here="runs", **shown, **_choices())


@require_GET
@door.staff_page
def one(request: HttpRequest, staff: views.StaffHeader, key: str) -> HttpResponse:
    """One run: what it waits for, every attempt, and what can be done."""
    page = histories.one(
        sellers=staff.sellers,
        every_seller=staff.every_seller,
        key=key,
        page=door.page_number(request),
        at=clock.business(),
    )
    shown: dict[str, Any] = {
        "page": page,
        **_shown(page.run),
        "signals": [steps.signal(each) for each in page.run.awaiting],
        "history": words.tries(page.history, kind=page.run.kind),
        "people": actors.names(actors=[each.who for each in page.history]),
        "steps": [words.step(each) for each in page.steps],
        "others": [_shown(each) for each in page.others],
        "action": reverse("staff:execution", args=[page.execution.number]) if page.execution else reverse("staff:run"),
        "can": page.execution.can if page.execution and page.run.state != "STUCK" else page.can,
        "trouble": steps.of_error(page.execution.error) if page.execution else "",
    }
    if page.execution and page.run.state == "STUCK":
        shown["action"] = reverse("staff:run")
    return door.show(request, staff, "staff/run.html", here="runs", **shown)


def _shown(run: Any) -> dict[str, Any]:
    """A run (runs.RunView) with its words."""
    return {
        "run": run,
        "kind": steps.kind(run.kind),
        "step": steps.of_run(kind=run.kind, step=run.step),
        "owner": steps.owner(run.owner) if run.state in ("WAITING", "STUCK") else "",
        "reason": steps.trouble(run.reason),
    }


def _choices() -> dict[str, Any]:
    """What the search can be narrowed to."""
    kinds = sorted(((code, str(title)) for code, title in steps.KINDS.items()), key=lambda each: each[1].casefold())
    return {"kinds": kinds, "states": [(code, words) for code, (words, _tone) in states.STATES["run"].items()]}


@require_POST
@door.staff_page
def run(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """Retry, skip or cancel the run that the form names."""
    return door.decided(
        request,
        staff,
        lambda: doing.decide_run(
            sellers=staff.sellers,
            every_seller=staff.every_seller,
            key=request.POST.get("run", "")[:160],
            decision=request.POST.get("decision", "")[:10],
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=_back(request),
        here="runs",
    )


@require_POST
@door.staff_page
def execution(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """Retry, skip or cancel work on machines, or report set-up work as done."""
    return door.decided(
        request,
        staff,
        lambda: doing.decide_execution(
            sellers=staff.sellers,
            number=number,
            decision=request.POST.get("decision", "")[:10],
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=_back(request),
        here="runs",
    )


def _back(request: HttpRequest) -> str:
    """To the page of the run whose form it was, else to the list."""
    key = request.POST.get("page", "")[:160]
    return reverse("staff:run_page", args=[key]) if key else reverse("staff:runs")
