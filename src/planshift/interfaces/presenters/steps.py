"""What are steps of work, waits, signals, outcomes and troubles called? Words for staff, from codes.

The one home of these words; tests/house_rules/test_words_of_work.py tells whoever adds one without.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planshift.domain.errors import Reason
from planshift.interfaces.presenters import reasons, refusals

Words = str | Promise

# steps of recipes (domain.recipes)
RECIPES: Mapping[str, Words] = {
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

# kinds of runs with their steps (runtime.runs.define)
KINDS: Mapping[str, Words] = {
    "alarms": _("Alarms to staff by mail"),
    "bank_statements": _("Statements taken from the folder"),
    "capacity": _("Room of a server read"),
    "change": _("Change of a service"),
    "credentials": _("New access data"),
    "deadlines": _("Look at the deadlines"),
    "drift": _("Machines compared with what we think"),
    "drift_name": _("Name switched back"),
    "drift_server": _("A server compared with what we think"),
    "execution": _("Work on machines"),
    "letter": _("Letter to a client"),
    "letters": _("Letters to clients"),
    "mail": _("Mail"),
    "metered_power": _("Metered service switched off or on"),
    "metering": _("Metering of the day"),
    "metering_batch": _("Metering of a group of services"),
    "metering_seller": _("Metering of a seller"),
    "prepaid_look": _("Look at a prepaid balance"),
    "prepaid_top_up": _("Top-up of a prepaid balance"),
    "readings": _("Readings of the night"),
    "renewal": _("Renewal"),
    "price_news": _("Letters about new prices"),
    "price_news_batch": _("Letters about new prices to a group of clients"),
    "renewal_announcement": _("Announcement of a renewal"),
    "renewal_batch": _("Announcements of a group of renewals"),
    "renewals": _("Renewals of a seller"),
    "sweep": _("Sweep of the day"),
    "top_up": _("Top-up of a deposit"),
    "usage": _("Usage read"),
    "watch": _("New environment watched"),
}
RUNS: Mapping[str, Mapping[str, Words]] = {
    "bank_statements": {"folder": _("Files read")},
    "capacity": {"read": _("Server asked")},
    "change": {
        "settle": _("Payment awaited"),
        "renewal": _("Renewal priced anew"),
        "draft": _("Corrective document drafted"),
        "issue": _("Corrective document numbered"),
        "ask": _("Client asked to accept"),
        "answer": _("Answer awaited"),
        "credit": _("Credit booked"),
        "charge": _("What the decrease costs invoiced"),
        "begin": _("Work on machines ordered"),
        "follow": _("Work on machines followed"),
        "begin_again": _("Decision of staff awaited"),
        "retire": _("Old environment kept, then removed"),
        "close": _("Closed"),
        "correct": _("Invoice corrected to zero"),
        "correct_renewals": _("Renewals corrected"),
        "give_back": _("Money given back"),
        "renew_as_before": _("Renewal as before"),
        "lower": _("Invoice lowered"),
        "give_difference": _("Difference given back"),
    },
    "credentials": {"make": _("Access data made")},
    "alarms": {"tell": _("Staff told")},
    "deadlines": {"tell": _("Staff told")},
    "drift": {"start": _("Servers started")},
    "drift_name": {"swap": _("DNS switched")},
    "drift_server": {"compare": _("Server asked")},
    "execution": {"advance": _("Next step on the machines")},
    "letter": {"write": _("Written")},
    "letters": {"write": _("Written")},
    "mail": {"send": _("Sent")},
    "metered_power": {
        "power": _("Switching ordered"),
        "follow": _("Switching followed"),
        "failed": _("Decision of staff awaited"),
    },
    "metering": {"sellers": _("Sellers started")},
    "metering_batch": {"draw": _("Usage drawn"), "invoice": _("Invoices issued"), "check": _("Balances checked")},
    "metering_seller": {"split": _("Divided into groups")},
    "prepaid_look": {"look": _("Balance looked at")},
    "prepaid_top_up": {"await_payment": _("Payment awaited")},
    "readings": {"start": _("Readings started")},
    "renewal": {"carry": _("Prepared"), "settle": _("Payment awaited")},
    "price_news": {"split": _("Divided into groups")},
    "price_news_batch": {"tell": _("Clients told")},
    "renewal_announcement": {"announce": _("Announced")},
    "renewal_batch": {"announce": _("Announced")},
    "renewals": {"split": _("Divided into groups")},
    "sweep": {
        "quotes": _("Quotes expired"),
        "renewals": _("Renewals looked through"),
        "housekeeping": _("What nobody needs any longer cleared away"),
    },
    "top_up": {"await_payment": _("Payment awaited")},
    "usage": {"read": _("Server asked")},
    "watch": {"look": _("Site visited")},
}

# what a waiting run is told (runs.Wait)
SIGNALS: Mapping[str, Words] = {
    "paid": _("Payment"),
    "expired": _("Order lapsed"),
    "withdrawn": _("Taken back"),
    "deposit": _("Money on the deposit"),
    "auto_renew": _("Auto-renewal switched"),
    "taxed": _("VAT looked at anew"),
    "change": _("A change of the service"),
    "renewed": _("Renewal"),
    "answered": _("Answer of the client"),
    "replied": _("Reply by mail"),
    "mail_sent": _("Mail sent"),
    "mail_failed": _("Mail that could not be sent"),
    "mail_bounced": _("Mail that came back"),
    "mailbox_read": _("Mailbox read"),
    "retry": _("Decision to try again"),
    "undo": _("Decision to give up"),
    "look": _("Something new about it"),
    "handed_over": _("Access data handed over"),
    "point_of_no_return": _("Point of no return"),
    "removal_notice_due": _("Removal to be announced"),
    "executed": _("Work finished"),
    "execution_failed": _("Work failed"),
    "execution_cancelled": _("Work cancelled"),
    "execution_stuck": _("Work stuck"),
    "execution_overdue": _("Work overdue"),
}

# what came of an attempt (StepRecord.outcome), and how loud it is
OUTCOMES: Mapping[str, tuple[Words, str]] = {
    "done": (_("Done"), "good"),
    "went": (_("Went on"), "good"),
    "waits": (_("Waits"), "warn"),
    "again": (_("Asked again later"), ""),
    "failed": (_("Failed"), "bad"),
    "lost": (_("Worker lost"), "bad"),
    "stuck": (_("Stuck"), "bad"),
    "retried": (_("Retried by staff"), "accent"),
    "skipped": (_("Skipped by staff"), "accent"),
    "cancelled": (_("Cancelled"), ""),
}

# what went wrong: at a machine (provisioning.ports.PROBLEMS, and the engine's own), at another outside party, at ours.
# What stands behind a colon after such words is the other side's own.
TROUBLES: Mapping[str, Words] = {
    "busy": _("The server is occupied with another operation."),
    "unreachable": _("The server does not answer."),
    "rate_limited": _("The server asks to slow down."),
    "remote_failed": _("The server failed and may succeed later."),
    "read_back_differs": _("The server said yes, but its state is not what was asked for."),
    "not_serving": _("Visitors do not get the site there."),
    "not_known_yet": _("Resolvers still answer the former address."),
    "mail_not_back": _("Mail that came in on the new server could not be brought back to the old one."),
    "files_not_back": _(
        "Files were written on the new server that are not on the old one. They are kept: copy what is wanted; "
        "“Skip the step” then removes the rest."
    ),
    "invalid": _("The server does not accept what was asked for."),
    "not_found": _("There is no such account on the server."),
    "conflict": _("Something else stands in its place."),
    "unsupported": _("This server cannot do it."),
    "forbidden": _("Not without the proof that the client was told."),
    "usage_exceeds_target": _("More is in use than the target allows."),
    "capacity": _("The server has no room."),
    "key_reused": _("The same key came with another request."),
    "remote_refused": _("The server refused."),
    "no_answer": _("The connection broke before the answer."),
    "fault": _("A fault of the program: see the run."),
    "taken_back": _("It was taken back."),
    "due": _("The date was reached."),
    "the server cannot do it": _("The server cannot do it."),
    "the machine could not be stopped or started": _("The machine could not be stopped or started."),
    "no_mail_server": _("No mail server is set up."),
    "the mail server cannot be reached": _("The mail server cannot be reached."),
    "the mail server does not let us in": _("The mail server does not let us in."),
    "the mail server hung up": _("The mail server hung up."),
    "the mail server does not answer": _("The mail server does not answer."),
    "the connection broke before the server answered": _("The connection broke before the server answered."),
    "the mailbox cannot be read": _("The mailbox cannot be read."),
    "no_vies": _("No connection to VIES is set up."),
    "vies_busy": _("VIES has too much to do at present."),
    "vies_refused": _("VIES does not take the question."),
    "vies_unreachable": _("VIES cannot be reached."),
    "vies_unreadable": _("The answer of VIES could not be read."),
    "vies_state_silent": _("VIES cannot ask this country at present."),
    "gateway": _("The payment service did not do it."),
    "currency": _("The payment service does not take this currency."),
    "database": _("The database did not do it."),
    "the worker was lost": _("The worker was lost."),
    "workers died in this step": _("Workers died in this step, again and again."),
    "this program does not know the step": _("The program that runs does not know this step."),
}
OWNERS: Mapping[str, Words] = {
    "client": _("Client"),
    "staff": _("Staff"),
    "seller": _("Staff"),
    "system": _("Nobody: it goes on by itself"),
}


def readable(code: str) -> str:
    """A code without words of its own, as a person can read it."""
    return code.replace("_", " ").replace("-", " ").capitalize()


def of_recipe(name: str) -> Words:
    """A step of a recipe; one about an attached service is named `step:service`."""
    code, _colon, about = name.partition(":")
    words = RECIPES.get(code) or readable(code)
    return f"{words} ({about})" if about else words


def kind(code: str) -> Words:
    """What a kind of run does."""
    return KINDS.get(code) or readable(code)


def of_run(*, kind: str, step: str) -> Words:
    """A step of a run of this kind."""
    return RUNS.get(kind, {}).get(step) or readable(step)


def signal(name: str) -> Words:
    """What a run hears."""
    return SIGNALS.get(name) or readable(name)


def outcome(code: str) -> tuple[Words, str]:
    """What came of an attempt, and the tone of its badge."""
    return OUTCOMES.get(code) or (readable(code), "")


def owner(code: str) -> Words:
    """Whom something waits for; a seller's staff are staff."""
    return OWNERS.get(code.partition(":")[0]) or readable(code) if code else ""


def trouble(what: str) -> Words:
    """Why it was not done: the words of a trouble or of a refusal. What a person or the other side wrote, and what the
    program says of its own fault, stay as they are."""
    if found := TROUBLES.get(what):
        return found
    code, _colon, theirs = what.partition(": ")
    if code in TROUBLES:
        return f"{TROUBLES[code]} ({theirs})"
    refused = what.split(", ")
    if all(each in refusals.SENTENCES for each in refused):
        return " ".join(reasons.sentence(Reason(each, {})) for each in refused)
    return what


def of_error(error: Mapping[str, Any]) -> str:
    """What a stuck execution keeps of its trouble: the words, and behind them why, where another trouble is behind."""
    words = str(trouble(str(error.get("what", ""))))
    why = TROUBLES.get(str(error.get("why", "")))
    named = ", ".join(map(str, error.get("names", ())))
    counted = f"({error['files']}: {named})" if named else ""
    return " ".join(filter(None, (words, str(why or ""), counted)))


def detail(*, kind: str, outcome: str, text: str) -> str:
    """What the history of a run keeps beside an outcome: the step that follows, or whom and what it waits for."""
    if outcome == "went":
        return str(_("on to: %(step)s")) % {"step": of_run(kind=kind, step=text)}
    if outcome == "waits":
        who, _colon, names = text.partition(": ")
        heard = [str(SIGNALS[name]) for name in names.split(", ") if name in SIGNALS]
        return f"{owner(who)}: {', '.join(heard)}" if heard else str(owner(who))
    return str(trouble(text))
