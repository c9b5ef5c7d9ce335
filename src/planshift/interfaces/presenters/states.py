"""What is a state called, and how loud is it? (aggregate, state) → words and tone; tones are classes of the badge."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

Words = tuple[str | Promise, str]

STATES: Mapping[str, Mapping[str, Words]] = {
    "service": {
        "ACTIVE": (_("Active"), "good"),
        "BLOCKED": (_("Blocked"), "bad"),
        "SUSPENDED": (_("Suspended"), "bad"),
        "ENDED": (_("Ended"), ""),
    },
    "quote": {
        "OPEN": (_("Valid"), "accent"),
        "ORDERED": (_("Ordered"), "good"),
        "EXPIRED": (_("Expired"), ""),
        "STALE": (_("Outdated"), "warn"),
        "VOID": (_("Replaced"), ""),
    },
    "change": {
        "AWAITING_ACCEPTANCE": (_("Waiting for acceptance"), "warn"),
        "REFUSED": (_("Not accepted"), ""),
        "UNDONE": (_("Given up"), ""),
        "AWAITING_PAYMENT": (_("Waiting for payment"), "warn"),
        "AWAITING_TERM_END": (_("Begins with the next term"), "accent"),
        "AWAITING_EXECUTION": (_("In progress"), "accent"),
        "AWAITING_STAFF": (_("Our staff are on it"), "bad"),
        "AWAITING_RETIREMENT": (_("In force, old service kept for a while"), "good"),
        "DONE": (_("Done"), "good"),
        "WITHDRAWN": (_("Withdrawn"), ""),
        "LAPSED": (_("Lapsed"), ""),
    },
    "settling": {
        "deposit": (_("Being paid from your deposit"), "accent"),
        "account_credit": (_("Being paid from your account credit"), "accent"),
        "paid": (_("Paid, about to begin"), "accent"),
    },
    "mail": {
        "QUEUED": (_("Queued"), "accent"),
        "SENT": (_("Sent"), "good"),
        "FAILED": (_("Could not be sent"), "bad"),
        "BOUNCED": (_("Came back"), "bad"),
        "SET_ASIDE": (_("Needed no longer"), ""),
    },
    "staff_change": {
        "AWAITING_ACCEPTANCE": (_("Waiting for acceptance"), "warn"),
        "REFUSED": (_("Not accepted"), ""),
        "UNDONE": (_("Given up"), ""),
        "AWAITING_PAYMENT": (_("Waiting for payment"), "warn"),
        "AWAITING_TERM_END": (_("Waiting for the next term"), "accent"),
        "AWAITING_EXECUTION": (_("In execution"), "accent"),
        "AWAITING_STAFF": (_("Needs staff"), "bad"),
        "AWAITING_RETIREMENT": (_("Old service kept"), "good"),
        "DONE": (_("Done"), "good"),
        "WITHDRAWN": (_("Withdrawn"), ""),
        "LAPSED": (_("Lapsed"), ""),
    },
    "acceptance": {
        "TO_BE_ASKED": (_("Being written"), "accent"),
        "AWAITING_ANSWER": (_("Waiting for your answer"), "warn"),
        "AWAITING_STAFF": (_("Our staff are on it"), "warn"),
        "ACCEPTED": (_("Accepted"), "good"),
        "CREDITED": (_("Credited"), "good"),
        "REFUSED": (_("Not accepted"), ""),
        "LAPSED": (_("Lapsed"), ""),
        "WITHDRAWN": (_("Withdrawn"), ""),
        "TAKEN_BACK": (_("Taken back"), ""),
    },
    "reply": {
        "accepted": (_("Accepts"), "good"),
        "refused": (_("Refuses"), "bad"),
        "unclear": (_("Unclear"), "warn"),
        "automatic": (_("Written by a machine"), ""),
        "set_aside": (_("Set aside"), ""),
    },
    "execution": {
        "RUNNING": (_("Under way"), "accent"),
        "AWAITING_CLIENT": (_("Waits for the client"), "warn"),
        "AWAITING_STAFF": (_("Set-up work to do"), "bad"),
        "HOLDING": (_("Old environment kept"), "good"),
        "AWAITING_NOTICE": (_("Removal to be announced"), ""),
        "UNDOING": (_("Being taken back"), "warn"),
        "STUCK": (_("Stuck"), "bad"),
        "DONE": (_("Done"), "good"),
        "FAILED": (_("Failed"), "bad"),
        "CANCELLED": (_("Cancelled"), ""),
    },
    "run": {
        "READY": (_("Ready"), "accent"),
        "RUNNING": (_("Under way"), "accent"),
        "WAITING": (_("Waits"), "warn"),
        "STUCK": (_("Stuck"), "bad"),
        "DONE": (_("Done"), "good"),
        "CANCELLED": (_("Cancelled"), ""),
    },
    "purpose": {
        "change": (_("Change"), ""),
        "renewal": (_("Renewal"), ""),
        "topup": (_("Top-up of the deposit"), ""),
        "prepaid": (_("Top-up of the prepaid balance"), ""),
    },
    "unapplied": {
        "no_order": (_("Names no order"), ""),
        "paid_twice": (_("Order already paid"), ""),
        "invoice_paid": (_("Invoice already paid"), ""),
        "too_late": (_("Order had lapsed"), ""),
        "order_withdrawn": (_("Order was withdrawn"), ""),
        "other_currency": (_("Another currency"), ""),
        "too_much": (_("More than was due"), ""),
        "given_back": (_("Given back by a correction"), ""),
        "taken_back": (_("Taken back from the wrong invoice"), ""),
    },
    "payment_event": {
        "received": (_("Received"), ""),
        "identified": (_("Client named"), "accent"),
        "assigned": (_("Put towards an order"), "good"),
        "settled": (_("Put towards an invoice"), "good"),
        "taken-back": (_("Taken back from an invoice"), "warn"),
        "to-deposit": (_("Moved to the deposit"), "good"),
        "returned": (_("Returned"), "warn"),
    },
    "order": {
        "AWAITING_PAYMENT": (_("Waiting for payment"), "warn"),
        "PAID": (_("Paid"), "good"),
        "EXPIRED": (_("Expired unpaid"), ""),
        "WITHDRAWN": (_("Withdrawn"), ""),
    },
    "payout": {
        "REQUESTED": (_("Being sent"), "warn"),
        "PAID_OUT": (_("Paid out"), "good"),
        "REFUSED": (_("Refused"), "bad"),
        "WITHDRAWN": (_("Taken back"), ""),
    },
    "correction": {
        "DRAFT": (_("Draft"), ""),
        "AWAITING_ACCEPTANCE": (_("Waits for acceptance"), "warn"),
        "ACCEPTED": (_("Accepted"), "good"),
        "AWAITING_CONFIRMATION": (_("Waits for confirmation"), "warn"),
        "ISSUED": (_("Issued"), "accent"),
        "CREDITED": (_("Credited"), "good"),
        "REFUSED": (_("Refused by the client"), ""),
        "LAPSED": (_("Not answered in time"), ""),
        "VOIDED": (_("Dropped"), ""),
        "REVERSED": (_("Taken back"), ""),
    },
    "invoice": {
        "issued": (_("Issued"), "good"),
        "ISSUED": (_("Issued"), "good"),
    },
    "document": {
        "proforma": (_("Pro forma"), ""),
        "invoice": (_("Invoice"), ""),
        "correction": (_("Correction"), "warn"),
    },
    "kind": {
        "easy": (_("Easy change"), "good"),
        "hard": (_("Hard change"), "warn"),
    },
    "direction": {
        "up": (_("Increase"), ""),
        "down": (_("Decrease"), ""),
        "sideways": (_("At the same price"), ""),
    },
    "pause": {
        "client": (_("Waits for the client"), "warn"),
        "third_party": (_("Waits for somebody else"), "warn"),
        "client_asked": (_("The client asked to wait"), "warn"),
        "force_majeure": (_("Force majeure"), "bad"),
    },
    "staff_notice": {
        "due_soon": (_("Due soon"), "warn"),
        "overdue": (_("Overdue"), "bad"),
        "still_paused": (_("Paused for more than five days"), "warn"),
    },
    "operation": {
        "plan": (_("Plan change"), ""),
        "resources": (_("Change of resources"), ""),
        "period": (_("Change of billing period"), ""),
    },
}


def of(aggregate: str, code: str) -> Words:
    """Words and tone of a state; a state without words is shown as its code, readable, in the neutral tone."""
    return STATES.get(aggregate, {}).get(code) or (code.replace("_", " ").capitalize(), "")


def period(count: int) -> str:
    """A billing period in words: "year", "month", "3 months"."""
    if count == 12:
        return _year()
    return ngettext("month", "%(count)s months", count) % {"count": count}


def months(count: int) -> str:
    """ "1 month", "12 months"."""
    return ngettext("%(count)s month", "%(count)s months", count) % {"count": count}


def _year() -> str:
    return str(_("year"))
