"""What are the steps of work, attempts and postings called? Words for staff, from codes."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from planshift.interfaces.presenters import movements

WAITS = {"client": _("Client"), "staff": _("Staff"), "system": _("Nobody: it goes on by itself")}
STATUS = {"done": "done", "lapsed": "done", "skipped": "skipped", "undone": "skipped", "failed": "failed"}
STEPS = {
    "check": _("Room, limits and present state checked"),
    "backup": _("Backup made"),
    "apply": _("New parameters set"),
    "read_back": _("Read back and compared"),
    "place": _("Server chosen"),
    "create": _("New environment created"),
    "set_up": _("Set up by staff"),
    "hand_over": _("Access data handed over"),
    "copy": _("Content copied"),
    "lower_ttl": _("Lifetime of DNS records lowered"),
    "content": _("Content moved by the client"),
    "old_ttl": _("Former lifetime of DNS records waited for"),
    "final_copy": _("Content copied once more"),
    "try_new": _("New environment visited"),
    "proxy": _("Visitors passed on to the new environment"),
    "try_old": _("Visited by way of the old server"),
    "swap_dns": _("DNS switched"),
    "observe_dns": _("New address seen in DNS"),
    "cut_over": _("Switch-over confirmed"),
    "restore_ttl": _("Lifetime of DNS records restored"),
    "hold": _("Old environment kept"),
    "notice": _("Removal announced"),
    "notice_period": _("Notice period"),
    "quarantine": _("Old environment switched off"),
    "quarantine_period": _("Old environment kept switched off"),
    "remove_attached": _("Attached services removed"),
    "remove": _("Old environment removed"),
    "verify_gone": _("Seen to be gone"),
    "suspend": _("Suspended"),
    "unsuspend": _("Switched on again"),
}
OUTCOMES = {
    "done": (_("Done"), "good"),
    "went": (_("Went on"), "good"),
    "waits": (_("Waits"), "warn"),
    "failed": (_("Failed"), "bad"),
    "lost": (_("Worker lost"), "bad"),
    "stuck": (_("Stuck"), "bad"),
    "retried": (_("Retried by staff"), "accent"),
    "skipped": (_("Skipped by staff"), "accent"),
    "cancelled": (_("Cancelled"), ""),
}

REPLIES = {
    "empty": _("Nothing is written in it"),
    "quoted_only": _("Only our own mail came back"),
    "attachments_only": _("Only a file came, without words"),
    "attachment": _("A yes with a file: read the file"),
    "forwarded": _("It was forwarded"),
    "question": _("It asks something"),
    "condition": _("Yes, but: it names a condition"),
    "negation": _("It says no to something"),
    "yes_and_no": _("It says yes and no"),
    "not_explicit": _("It is not clear what it says yes to"),
    "other_document": _("It names another document"),
    "more_text": _("A yes with words that need a reader"),
    "not_understood": _("Its words need a reader"),
    "text_in_quote": _("Something is written into the quoted mail"),
    "subject_changed": _("Its subject is another one"),
    "parts_differ": _("Its plain text and its HTML differ"),
    "unreadable": _("It cannot be read: encrypted, damaged or too big"),
    "too_long": _("It is long"),
    "unmatched": _("It answers no mail of ours"),
    "ambiguous": _("It points to several mails of ours"),
    "other_sender": _("It comes from another address than the contact address"),
    "not_authenticated": _("Our mail server does not believe the sender"),
    "too_late": _("It came after the last day: nothing follows from it by itself"),
}
TROUBLES = {
    "unclear_reply": _("A reply waits for your decision."),
    "mail_failed": _("The request could not be sent."),
    "mail_bounced": _("The request came back."),
    "mailbox_unread": _("The time is over, but the mailbox could not be read since: an answer may lie there."),
}
MATCHES = {
    "token": _("Reference"),
    "answered": _("Answer to our mail"),
    "thread": _("Same conversation"),
    "sender": _("Contact address"),
}


def reply(code: str) -> Any:
    """Why a person has to read a reply (mailbox reasons)."""
    return REPLIES.get(code) or readable(code)


def trouble(code: str) -> Any:
    """Why staff have to look at a request to accept."""
    return TROUBLES.get(code) or readable(code)


def match(code: str) -> Any:
    """By what a mail was matched."""
    return MATCHES.get(code) or readable(code)


def readable(code: str) -> str:
    """A code without words of its own, as a person can read it."""
    return code.replace("_", " ").replace("-", " ").capitalize()


def step(found: Any) -> dict[str, Any]:
    """One step of an execution (provisioning.StepView) for the timeline."""
    waiting = found.state == "active"
    status = STATUS.get(found.state, "ahead")
    if waiting:
        status = "waiting" if found.waits_for else "now"
    return {
        "title": STEPS.get(found.name) or readable(found.name),
        "status": status,
        "at": found.ended_at,
        "until": found.until,
        "waits": WAITS.get(found.waits_for, "") if waiting else "",
        "attempts": found.attempts,
        "note": found.note,
        "remote": str(found.did.get("remote", ""))[:300],
        "point": found.point_of_no_return,
    }


def attempt(found: Any) -> dict[str, Any]:
    """One line of a run's history (runs.StepView)."""
    title, tone = OUTCOMES.get(found.outcome) or (readable(found.outcome), "")
    return {
        "step": readable(found.step),
        "outcome": title,
        "tone": tone,
        "at": found.business_at,
        "who": found.who,
        "detail": found.detail,
        "attempt": found.attempt,
    }


def posting(found: Any) -> dict[str, Any]:
    """One transfer of the ledger (balances.Movement)."""
    known = movements.TITLES.get(found.posting)
    return {
        "title": known or readable(found.posting),
        "debit": found.debit,
        "credit": found.credit,
        "amount": found.amount,
        "at": found.booked_at,
        "document": found.document or found.payment,
        "who": found.actor,
    }
