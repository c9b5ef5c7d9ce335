"""Which changes are under way, and how does one stand? The queue, one change, and what staff decide about it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.backoffice import clients, deadlines, door, words
from planshift.interfaces.presenters import figures, quote_text, steps
from planshift.procedures import deciding_replies, evidence
from planshift.procedures import office as doing
from planshift.procedures.queries import acceptances, actors, office
from planshift.procedures.views import office as views
from planshift.runtime import clock

FILTERS = {
    "open": gettext_lazy("All open"),
    "payment": gettext_lazy("Waiting for payment"),
    "acceptance": gettext_lazy("Waiting for acceptance"),
    "scheduled": gettext_lazy("Waiting for the next term"),
    "execution": gettext_lazy("In execution"),
    "staff": gettext_lazy("Needs staff"),
    "retirement": gettext_lazy("Old service kept"),
    "done": gettext_lazy("Done"),
}


@require_GET
@door.staff_page
def every(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """The queue, the overdue first."""
    state = request.GET.get("state", "open")
    if state not in FILTERS:
        raise Http404
    queue = office.queue(sellers=staff.sellers, state=state, page=door.page_number(request), at=clock.business())
    tabs = [{"code": code, "title": title, "count": queue.counts[code]} for code, title in FILTERS.items()]
    return door.show(request, staff, "staff/changes.html", here="changes", queue=queue, tabs=tabs, state=state)


@require_GET
@door.staff_page
def one(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """One change: figures, money, machines, and what can be done."""
    page = office.change(sellers=staff.sellers, number=number, at=clock.business())
    thread = acceptances.thread(sellers=staff.sellers, change=number, at=clock.business())
    return door.show(
        request,
        staff,
        "staff/change.html",
        here="changes",
        page=page,
        names=page.names,
        figures=figures.of_offer(page.offer, page.names),
        steps=[words.step(each) for each in page.steps],
        history=words.tries(page.history, kind="change"),
        execution_run=f"execution:{page.execution.number}" if page.execution else "",
        trouble_at_work=steps.of_error(page.execution.error) if page.execution else "",
        postings=[words.posting(each) for each in page.postings],
        key=door.new_key(),
        people=actors.names(actors=_actors(page, thread)),
        other_kind=_other_kind(page),
        ordered_how=clients.WAYS.get(page.ordered_how, page.ordered_how),
        thread=thread,
        pause_reasons=deadlines.choices(),
        trouble=words.trouble(thread.accepting.trouble) if thread and thread.accepting.trouble else "",
    )


def _actors(page: views.OfficeChange, thread: Any) -> set[str]:
    """Everybody of whom the page tells that they acted."""
    decided = {each.decided_by for each in thread.mails} if thread else set()
    return {page.ordered_by, *decided, *(each.who for each in page.history), *(each.started_by for each in page.pauses)}


def _other_kind(page: views.OfficeChange) -> str:
    """What staff may decide the kind to be; "" once it is over or set in motion."""
    if page.row.operation != "plan" or page.final or page.applied_at is not None:
        return ""
    return "hard" if page.row.kind == "easy" else "easy"


@require_POST
@door.staff_page
def retry(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """Carry the paid change out anew."""
    return door.decided(
        request,
        staff,
        lambda: doing.retry_change(
            sellers=staff.sellers,
            number=number,
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:change", args=[number]),
        here="changes",
        told=_("The change is carried out anew."),
    )


@require_POST
@door.staff_page
def answer(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """Decide an unclear reply, ask the client again, or give up an accepted decrease that could not be made."""
    told: dict[str, Any] = {"sellers": staff.sellers, "number": number, "at": clock.business()}
    actor, decision = door.actor(request), request.POST.get("decision", "")[:12]
    try:
        if decision == "take_back":
            deciding_replies.take_back(**told, note=door.note(request), actor=actor)
        elif mail := request.POST.get("mail", "")[:40]:
            deciding_replies.decide(**told, mail=mail, decision=decision, note=door.note(request), actor=actor)
        else:
            deciding_replies.ask_again(**told, actor=actor)
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:change", args=[number]), here="changes")
    messages.success(request, _("Done, and recorded with your reason."))
    return redirect("staff:change", number)


@require_GET
@door.staff_page
def paper(request: HttpRequest, staff: views.StaffHeader, number: str, key: str) -> HttpResponse:
    """The corrective document, or its draft, as PDF."""
    page = office.change(sellers=staff.sellers, number=number, at=clock.business())
    name, content = acceptances.paper_pdf(change=number, client=page.row.client_number, key=key)
    return door.pdf(name, content)


@require_GET
@door.staff_page
def proof(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """Everything that the change left behind, as one ZIP."""
    made = evidence.pack(change=number, sellers=staff.sellers, words=quote_text.text)
    return HttpResponse(
        made.content,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "no-store"},
    )


@require_POST
@door.staff_page
def undo(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """Give the paid change up; everything that was paid goes back."""
    return door.decided(
        request,
        staff,
        lambda: doing.undo_change(
            sellers=staff.sellers,
            number=number,
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:change", args=[number]),
        here="changes",
        told=_("The change is given up. The money goes back as soon as the machines are as before."),
    )


@require_POST
@door.staff_page
def confirm(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """The client said, by telephone or in writing, that the new environment is in use."""
    return door.decided(
        request,
        staff,
        lambda: doing.confirm_change(
            sellers=staff.sellers, number=number, at=clock.business(), actor=door.actor(request)
        ),
        back=reverse("staff:change", args=[number]),
        here="changes",
        told=_("The switch-over is confirmed."),
    )
