"""What has happened to a change, what do we wait for, who acts, until when? Each step in words."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from planshift.interfaces.presenters import amounts, reasons

Words = str | Promise

# code → (title, note)
STEPS: dict[str, tuple[Words, Words]] = {
    "ordered": (gettext_lazy("Ordered"), ""),
    "paid": (gettext_lazy("Paid"), gettext_lazy("Nothing is changed on the server before this.")),
    "drawing": (
        gettext_lazy("Being paid from your deposit"),
        gettext_lazy(
            "Auto-renewal is on and the deposit suffices. This takes a moment; there is nothing for you to do."
        ),
    ),
    "drawing_credit": (
        gettext_lazy("Being paid from your account credit"),
        gettext_lazy("The credit covers the whole amount. This takes a moment; there is nothing for you to do."),
    ),
    "asked": (
        gettext_lazy("Corrective invoice sent to you"),
        gettext_lazy("By mail to your contact address, with the request to accept it. It gives back %(credit)s."),
    ),
    "accepted": (gettext_lazy("Accepted by you"), gettext_lazy("Until then everything stays as it is.")),
    "credited": (gettext_lazy("Credit on your deposit"), gettext_lazy("%(credit)s, VAT included.")),
    "credited_to_account": (
        gettext_lazy("Credit on your account"),
        gettext_lazy("%(credit)s, VAT included. It pays your next orders."),
    ),
    "paid_back": (gettext_lazy("Credit paid back"), gettext_lazy("%(credit)s, VAT included.")),
    "refused": (gettext_lazy("Not accepted"), gettext_lazy("Nothing was changed.")),
    "not_accepted_in_time": (gettext_lazy("Not accepted in time"), gettext_lazy("Nothing was changed.")),
    "undone": (gettext_lazy("Given up"), gettext_lazy("It could not be carried out; the document was taken back.")),
    "next_term": (
        gettext_lazy("The next term begins"),
        gettext_lazy("What you have paid for stays as it is until then. You can take the change back meanwhile."),
    ),
    "applied": (gettext_lazy("Changed on the server"), gettext_lazy("The new parameters are set and read back.")),
    "prepared": (gettext_lazy("New environment prepared"), gettext_lazy("Your old service goes on running meanwhile.")),
    "credentials": (gettext_lazy("Access data ready"), gettext_lazy("From here on you can move your content.")),
    "content": (gettext_lazy("Your content moved"), gettext_lazy("Tell us when it is on the new service.")),
    "cut_over": (gettext_lazy("Switched over"), gettext_lazy("The new plan and its renewal price hold from here.")),
    "held": (gettext_lazy("Old service kept for a while"), gettext_lazy("In case you still need something from it.")),
    "removed": (gettext_lazy("Old service removed"), ""),
    "done": (gettext_lazy("Done"), ""),
    "given_up": (
        gettext_lazy("Given up"),
        gettext_lazy("The change could not be carried out. Your service is as before, and your money is given back."),
    ),
    "withdrawn": (gettext_lazy("Withdrawn"), gettext_lazy("Nothing was changed.")),
    "lapsed": (gettext_lazy("Lapsed unpaid"), gettext_lazy("Nothing was changed.")),
}
COPIED = gettext_lazy("We copy your content; there is nothing for you to do.")
UNTIL_THEN = frozenset({"paid", "accepted", "next_term", "prepared", "content"})  # their notes say what holds before
STATUS: dict[str, Words] = {
    "done": gettext_lazy("done"),
    "now": gettext_lazy("under way"),
    "waiting": gettext_lazy("waiting"),
    "ahead": gettext_lazy("still to come"),
    "failed": gettext_lazy("failed"),
    "skipped": gettext_lazy("not needed"),
}
OWNERS: dict[str, Words] = {
    "client": gettext_lazy("We wait for you"),
    "staff": gettext_lazy("Our staff are on it"),
    "seller": gettext_lazy("Our staff are on it"),
    "system": gettext_lazy("This goes on by itself"),
}


class Shown(NamedTuple):
    """One step as the page shows it."""

    code: str
    status: str
    status_words: str
    title: str
    note: str
    waits: str
    at: datetime | None


def show(steps: Iterable[Any]) -> list[Shown]:
    """The steps (views.TimelineStep) in words of the language in force."""
    return [_shown(step) for step in steps]


def _shown(step: Any) -> Shown:
    title, note = STEPS.get(step.code, (step.code.replace("_", " ").capitalize(), ""))
    note = COPIED if step.facts.get("content") == "provider" else note
    facts = reasons.Facts({name: reasons.fact(value) for name, value in step.facts.items()})
    waits = ""
    if step.status in ("waiting", "now"):
        owner = str(OWNERS.get(step.owner.partition(":")[0], ""))
        until = _("until %(at)s") % {"at": amounts.until(step.due_at)} if step.due_at else ""
        waits = ", ".join(part for part in (owner, until) if part)
    return Shown(
        code=step.code,
        status=step.status,
        status_words=str(STATUS.get(step.status, step.status)),
        title=str(title) % facts,
        note="" if step.status == "done" and step.code in UNTIL_THEN else str(note) % facts,
        waits=waits,
        at=step.at,
    )


# What the client has to do during a hard change (H9): code → sentence
DUTIES: dict[str, Words] = {
    "back_up": gettext_lazy("Make a copy of everything you need from the old service."),
    "copy_content": gettext_lazy("Copy your web site, databases and files to the new service."),
    "check_site": gettext_lazy("Check on the new address that everything works."),
    "set_dns": gettext_lazy("If your domain's DNS is not with us, point it to %(address)s."),
}


def duties(found: Iterable[Any]) -> list[str]:
    """The client's part, one sentence each."""
    return [
        str(DUTIES.get(duty.code, duty.code))
        % reasons.Facts({name: reasons.fact(value) for name, value in duty.facts.items()})
        for duty in found
    ]
