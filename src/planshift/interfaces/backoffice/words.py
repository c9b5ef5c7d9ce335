"""What do the rows of the back office say? Steps of work, attempts, replies and postings, worded from codes."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from planshift.interfaces.presenters import movements, steps

STATUS = {"done": "done", "lapsed": "done", "skipped": "skipped", "undone": "skipped", "failed": "failed"}

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
    return REPLIES.get(code) or steps.readable(code)


def trouble(code: str) -> Any:
    """Why staff have to look at a request to accept."""
    return TROUBLES.get(code) or steps.readable(code)


def match(code: str) -> Any:
    """By what a mail was matched."""
    return MATCHES.get(code) or steps.readable(code)


def step(found: Any) -> dict[str, Any]:
    """One step of an execution (provisioning.StepView) for the timeline."""
    waiting = found.state == "active"
    status = STATUS.get(found.state, "ahead")
    if waiting:
        status = "waiting" if found.waits_for else "now"
    return {
        "title": steps.of_recipe(found.name),
        "status": status,
        "at": found.ended_at,
        "started_at": found.started_at,
        "until": found.until,
        "waits": steps.owner(found.waits_for) if waiting else "",
        "attempts": found.attempts,
        "note": steps.trouble(found.note),
        "remote": str(found.did.get("remote", ""))[:300],
        "point": found.point_of_no_return,
    }


def attempt(found: Any, *, kind: str) -> dict[str, Any]:
    """One line of the history of a run of this kind (runs.StepView)."""
    title, tone = steps.outcome(found.outcome)
    return {
        "step": steps.of_run(kind=kind, step=found.step),
        "outcome": title,
        "tone": tone,
        "at": found.business_at,
        "took": (found.ended_at - found.started_at).total_seconds(),
        "who": found.who,
        "detail": steps.detail(kind=kind, outcome=found.outcome, text=found.detail),
        "attempt": found.attempt,
        "by_machine": found.outcome not in ("retried", "skipped", "cancelled"),
    }


def tries(history: Any, *, kind: str) -> list[dict[str, Any]]:
    """The history of a run as steps, each with its attempts: the last outcome, the last error, when and how long.

    Acts of staff and steps repeated because nothing was new stay with the step they are about.
    """
    shown: list[dict[str, Any]] = []
    for found in history:
        line = attempt(found, kind=kind)
        again = bool(shown) and shown[-1]["code"] == "again" and shown[-1]["step"] == line["step"]
        if not again and (not shown or shown[-1]["entry"] != found.entry):
            shown.append({"step": line["step"], "tries": [], "error": ""})
        step = shown[-1]
        step |= {"entry": found.entry, "code": found.outcome}
        step["tries"].append(line)
        step |= {name: line[name] for name in ("outcome", "tone", "at", "detail", "who")}
        step["error"] = line["detail"] if found.outcome in ("failed", "lost", "stuck") else step["error"]
        step["attempts"] = sum(each["by_machine"] for each in step["tries"])
    for step in shown:
        step["status"] = {"good": "done", "bad": "failed", "warn": "waiting", "accent": "done"}.get(
            step["tone"], "ahead"
        )
        step["error"] = "" if step["detail"] == step["error"] and len(step["tries"]) == 1 else step["error"]
    return shown


def posting(found: Any) -> dict[str, Any]:
    """One transfer of the ledger (balances.Movement)."""
    known = movements.TITLES.get(found.posting)
    return {
        "title": known or steps.readable(found.posting),
        "debit": found.debit,
        "credit": found.credit,
        "amount": found.amount,
        "at": found.booked_at,
        "document": found.document or found.payment,
        "who": found.actor,
    }
