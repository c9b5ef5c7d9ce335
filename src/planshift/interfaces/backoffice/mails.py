"""Which mails did not arrive, and which replies does a person have to read?"""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from planshift.interfaces.backoffice import door, words
from planshift.procedures import mailbox, mailing
from planshift.procedures.queries import mail
from planshift.procedures.views import office as views
from planshift.runtime import clock


@require_GET
@door.staff_page
def every(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """Replies that wait for a person, and what went out."""
    page = mail.page(sellers=staff.sellers, every_seller=staff.every_seller, number=door.page_number(request))
    waiting = [{"mail": each, "reason": words.reply(each.reason)} for each in page.waiting]
    return door.show(request, staff, "staff/mails.html", here="mails", page=page, waiting=waiting)


@require_GET
@door.staff_page
def one(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """One mail that came in, as it came."""
    page = mail.letter(sellers=staff.sellers, every_seller=staff.every_seller, number=number)
    matched = [words.match(each) for each in page.matched_by]
    return door.show(
        request, staff, "staff/mail.html", here="mails", page=page, reason=words.reply(page.row.reason), matched=matched
    )


@require_POST
@door.staff_page
def decide(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """A person says what an unclear mail counts as."""
    return door.decided(
        request,
        staff,
        lambda: mailbox.decide(
            sellers=staff.sellers,
            every_seller=staff.every_seller,
            number=number,
            answer=request.POST.get("decision", "")[:12],
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:mail", args=[number]),
        here="mails",
        then=reverse("staff:mails"),
    )


@require_POST
@door.staff_page
def again(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """Send a mail that did not arrive again, or need it no longer."""
    act = mailing.set_aside if request.POST.get("decision") == "set_aside" else mailing.retry
    return door.decided(
        request,
        staff,
        lambda: act(
            sellers=staff.sellers,
            number=number,
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:mails"),
        here="mails",
    )
