"""What is there to do on servers that only people may touch, and what was done there?"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.backoffice import door
from planshift.procedures import by_hand, views
from planshift.procedures.queries import choices
from planshift.procedures.views import office
from planshift.runtime import clock

VERBS = {
    "create": (gettext_lazy("Create an account"), gettext_lazy("Make the account with exactly these limits.")),
    "apply": (gettext_lazy("Set new limits"), gettext_lazy("Set exactly these limits; change nothing else.")),
    "suspend": (gettext_lazy("Suspend"), gettext_lazy("Stop serving it; keep everything.")),
    "unsuspend": (gettext_lazy("Switch on again"), gettext_lazy("Serve it again as before.")),
    "set_credentials": (
        gettext_lazy("Set new access data"),
        gettext_lazy("Choose a new password. It is sealed, and shown to the client once."),
    ),
    "backup": (gettext_lazy("Make a backup"), gettext_lazy("Back everything up, and say what the backup is called.")),
    "restore": (gettext_lazy("Restore a backup"), gettext_lazy("Put this backup back.")),
    "return_mail": (
        gettext_lazy("Bring mail back"),
        gettext_lazy(
            "Copy mail that came in on the other account into the mailboxes here; replace and delete nothing."
        ),
    ),
    "front_proxy": (
        gettext_lazy("Pass visitors on"),
        gettext_lazy("Pass visitors on to this address; without an address serve them here again."),
    ),
    "quarantine": (gettext_lazy("Switch off before removal"), gettext_lazy("Stop serving it; delete nothing yet.")),
    "remove": (
        gettext_lazy("Remove for good"),
        gettext_lazy("Delete the account with its data. The client was told under this number."),
    ),
}
FIELDS = {
    "limits": gettext_lazy("Limits as set now"),
    "used": gettext_lazy("In use now"),
    "address": gettext_lazy("IP address"),
    "url": gettext_lazy("Address of the site"),
    "user": gettext_lazy("User"),
    "password": gettext_lazy("Password"),
    "host": gettext_lazy("Host"),
    "snapshot": gettext_lazy("Name of the backup"),
    "upstream": gettext_lazy("Passed on to"),
    "gone": gettext_lazy("I have seen that it is gone"),
}
ASKED = {
    "limits": gettext_lazy("Limits"),
    "label": gettext_lazy("Label"),
    "plan": gettext_lazy("Plan"),
    "domains": gettext_lazy("Domains"),
    "snapshot": gettext_lazy("Backup"),
    "from": gettext_lazy("From the account"),
    "upstream": gettext_lazy("Pass on to"),
    "proof": gettext_lazy("Proof"),
}
AMOUNTS = ("limits", "used")
LONGEST = 200
SIZE, FURTHEST = 25, 400  # tasks of a page, pages


@require_GET
@door.staff_page
def every(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """What waits, oldest first."""
    number = max(1, min(door.page_number(request), FURTHEST))
    found = by_hand.tasks(sellers=staff.sellers, first=(number - 1) * SIZE, most=SIZE + 1)
    names = {
        code: name for each in choices.names_of_sellers(sellers=staff.sellers).values() for code, name in each.items()
    }
    tasks = [_shown(each, names) for each in found[:SIZE]]
    return door.show(
        request, staff, "staff/tasks.html", here="tasks", tasks=tasks, number=number, more=len(found) > SIZE
    )


def _shown(task: Any, names: views.Names) -> dict[str, Any]:
    title, what_to_do = VERBS.get(task.verb, (task.verb, ""))
    limits = sorted(dict(task.asked.get("limits", {})).items())
    amounts = [(code, names.get(code, code), value) for code, value in limits]
    return {
        "it": task,
        "title": title,
        "what_to_do": what_to_do,
        "change": task.cause if task.cause.startswith("CH-") else "",
        "asked": [(ASKED.get(name, name), _plain(value)) for name, value in task.asked.items() if name != "limits"],
        "amounts": amounts,
        "fields": [
            {
                "name": name,
                "title": FIELDS.get(name, name),
                "optional": optional,
                "amounts": amounts if name in AMOUNTS else [],
                "wanted": _plain(task.asked.get(name, "")) if name not in AMOUNTS else "",
            }
            for name, optional in task.fields
        ],
    }


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@require_POST
@door.staff_page
def close(request: HttpRequest, staff: office.StaffHeader, code: str) -> HttpResponse:
    """It was done, as the fields say; or it cannot be done, and why."""
    common: dict[str, Any] = {
        "sellers": staff.sellers,
        "task": code,
        "note": door.note(request),
        "at": clock.business(),
        "actor": door.actor(request),
    }
    try:
        if request.POST.get("decision") == "cannot":
            by_hand.cannot(**common)
        else:
            by_hand.done(said=_said(request, code), **common)
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:tasks"), here="tasks")
    messages.success(request, _("Recorded. The run checks it and goes on by itself."))
    return redirect("staff:tasks")


def _said(request: HttpRequest, code: str) -> dict[str, object]:
    """The fields that the form brought; amounts come one input for each resource: `limits.disk`."""
    said: dict[str, object] = {}
    for name in FIELDS:
        value = request.POST.get(name, "").replace("\x00", "").strip()
        if value:
            said[name] = value[: LONGEST + 1]
    for name in AMOUNTS:
        given = {key.removeprefix(f"{name}."): request.POST[key] for key in request.POST if key.startswith(f"{name}.")}
        amounts = {resource[:40]: _amount(text, code) for resource, text in given.items() if text.strip()}
        if amounts:
            said[name] = amounts
    return said


def _amount(text: str, code: str) -> int:
    plain = text.strip()[:20]
    if not (plain.isascii() and plain.removeprefix("-").isdigit()):
        raise Refused("amount_not_whole", task=code)
    return int(plain)
