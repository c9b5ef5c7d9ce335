"""What comes with us from another system? Clients, services and invoices in files, all of a file or nothing."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.domain.importing import reading, report
from planshift.interfaces.backoffice import door
from planshift.interfaces.presenters import importing
from planshift.procedures import queries
from planshift.procedures.importing import run
from planshift.procedures.views import office
from planshift.runtime import clock

KINDS = {
    "clients": gettext_lazy("Clients"),
    "services": gettext_lazy("Services"),
    "invoices": gettext_lazy("Invoices issued elsewhere"),
}


@require_GET
@door.staff_page
def page(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """The form."""
    return _page(request, staff)


@require_POST
@door.staff_page
def upload(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """A file for one of the reader's own sellers: what came in, or every problem with its place."""
    file, kind = request.FILES.get("file"), request.POST.get("kind", "")[:20]
    seller = request.POST.get("seller", "")[:40] or staff.sellers[0]
    if seller not in staff.sellers:
        raise queries.NotFound(seller)
    try:
        if file is None or not file.size:
            raise Refused("import_empty")
        content = file.read(report.MOST_BYTES + 1)
        found = run.run(
            seller=seller,
            kind=kind,
            content=content,
            format=reading.format_of(name=file.name or "", content=content),
            dry_run="dry_run" in request.POST,
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:imports"), here="imports")
    if not found.problems:
        messages.success(request, _told(found))
    return _page(request, staff, found=found, kind=kind, seller=seller)


def _told(found: run.Report) -> str:
    facts = {"new": len(found.new), "known": found.known}
    if found.dry_run:
        return _("Nothing was kept. %(new)s would come in, %(known)s are known already.") % facts
    return _("%(new)s came in, %(known)s were known already.") % facts


def _page(
    request: HttpRequest,
    staff: office.StaffHeader,
    *,
    found: run.Report | None = None,
    kind: str = "clients",
    seller: str = "",
) -> HttpResponse:
    return door.show(
        request,
        staff,
        "staff/imports.html",
        here="imports",
        status=422 if found and found.problems else 200,
        kinds=[(code, name, code == kind) for code, name in KINDS.items()],
        sellers=[(code, code == seller) for code in staff.sellers],
        found=found,
        problems=[importing.row(each) for each in found.problems] if found else [],
    )
