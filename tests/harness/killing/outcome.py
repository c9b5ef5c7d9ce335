"""What must be the same at the end, whoever died on the way: documents, postings, states, machines, mails.

Numbers that are drawn by chance are replaced by what they stand for. Ids of rows, and how often something was tried,
may differ.
"""

import json
import re
from typing import Any

from planshift.adapters.drivers.simulated import models as machines
from planshift.billing import models as billing
from planshift.ledger import balances
from planshift.ledger import models as ledger
from planshift.procedures import models as procedures
from planshift.procedures import reconciling
from planshift.provisioning import models as provisioning
from planshift.runtime.models import AuditEntry, OnceKey, Run, Signal
from planshift.services import models as services

Told = dict[str, Any]
_LINE = ("position", "kind", "service", "component", "quantity", "start_on", "end_on", "vat_percent")
_SUMS = ("net_minor", "tax_minor", "gross_minor")
TOLD: dict[str, tuple[Any, tuple[str, ...]]] = {
    "orders": (billing.Order, ("number", "purpose", "subject", "state", *_SUMS, "covered_minor", "paid_at")),
    "payments": (
        billing.Payment,
        ("number", "amount_minor", "currency", "unapplied_minor", "why_unapplied", "order_number", "client__number"),
    ),
    "parts": (billing.PartPayment, ("order__number", "payment__number", "source", "amount_minor", "released_at")),
    "attempts": (billing.PaymentAttempt, ("order__number", "amount_minor", "result")),
    "documents": (
        billing.Invoice,
        (
            "number",
            "kind",
            "order__number",
            "corrects__number",
            "issued_on",
            "sold_on",
            *_SUMS,
            "buyer_party",
            "settled",
        ),
    ),
    "lines": (billing.InvoiceLine, ("invoice__number", *_LINE, *_SUMS, "before_net_minor", "before_tax_minor")),
    "corrections": (
        billing.Correction,
        ("cause", "corrects__number", "document__number", "state", *_SUMS, "credited_to"),
    ),
    "credited": (billing.Credited, ("correction__cause", "to", "amount_minor")),
    "postings": (
        ledger.Transfer,
        (
            "entry",
            "posting",
            "debit__code",
            "credit__code",
            "amount_minor",
            "booked_on",
            "document_number",
            "order_number",
        ),
    ),
    "accounts": (ledger.Account, ("code", "balance_minor")),
    "quotes": (procedures.Quote, ("number", "service__number", "state", "gross_minor")),
    "changes": (procedures.Change, ("number", "state", "applied_at", "promised_on", "finished_at")),
    "acceptances": (procedures.Acceptance, ("change__number", "state", "credit_minor", "answered_how", "credited_at")),
    "renewals": (procedures.Renewal, ("service__number", "start_on", "end_on", "state")),
    "mails": (procedures.OutgoingMail, ("number", "purpose", "about", "recipient", "documents", "state")),
    "alarms": (procedures.StaffAlarm, ("seller__code", "fact", "mail__number")),
    "replies": (procedures.IncomingMail, ("number", "answer", "outgoing__number", "duplicate_of__number")),
    "services": (services.Service, ("number", "plan", "state", "auto_renew")),
    "terms": (services.Term, ("service__number", "start_on", "end_on")),
    "executions": (provisioning.Execution, ("number", "state", "recipe")),
    "environments": (provisioning.Environment, ("service__number", "state", "limits")),
    "machines": (machines.SimulatedAccount, ("name", "plan", "limits", "suspended", "removed")),
    "carried_out": (machines.SimulatedOp, ("verb", "server", "account", "changed")),
    "moves": (AuditEntry, ("kind", "number", "event", "from_state", "to_state")),
    "runs": (Run, ("key", "state", "step", "owner", "due_at")),
    "keys": (OnceKey, ("scope", "key")),
}


def told() -> Told:
    """All of it, in a form that two processes can compare; what is wrong on its face is told too."""
    rows = {name: [list(row) for row in model.objects.values_list(*columns)] for name, (model, columns) in TOLD.items()}
    _count_ids(rows["moves"])
    text = json.dumps(rows, default=str)
    for drawn, meaning in _meanings().items():
        text = text.replace(drawn, meaning)
    text = re.sub(r"run:[^\"]*", "run", text)
    text = re.sub(r'"(watch:[^":]*):\d+"', r'"\1"', text)  # of which try of the step: the number of its key
    # ids of rows: on PostgreSQL a number that was drawn for what was not committed is not drawn again
    text = re.sub(r'/part/\d+"', '/part"', text)
    text = re.sub(r'"notice:\d+"', '"notice"', text)
    found: Told = {name: sorted(map(json.dumps, each)) for name, each in json.loads(text).items()}
    # access data that were made and died with the worker are made anew, under a new key: nobody has seen the first
    found["carried_out"] = [
        each
        for place, each in enumerate(found["carried_out"])
        if '"set_credentials"' not in each or each not in found["carried_out"][:place]
    ]
    found["moves"] = [each for each in found["moves"] if '"clock"' not in each]
    found["wrong"] = [str(each) for each in reconciling.differences()]
    found["wrong"] += [f"{code}: {each}" for code, each in balances.differences().items()]
    found["wrong"] += [f"signal for {key}" for key in Signal.objects.values_list("key", flat=True)]
    return found


def _meanings() -> dict[str, str]:
    """Drawn number → what it stands for."""
    found: dict[str, str] = {}
    for order in billing.Order.objects.order_by("pk"):
        found[order.number] = f"order of {order.subject or order.purpose} for {order.client.number}"
    for payment in billing.Payment.objects.all():
        found[payment.number] = f"payment {payment.external_id}"
    for draft in billing.Correction.objects.order_by("pk"):
        found[draft.number] = f"draft {draft.cause} of {draft.corrects.number}"
        for place, part in enumerate(draft.parts.order_by("pk"), 1):  # first what holds the draft's own number
            found = {f"{draft.number}/credited/{part.pk}": f"{found[draft.number]}/credited/{place}", **found}
    return found


def _count_ids(moves: list[list[Any]]) -> None:
    """What has no number of its own is audited by the id of its row: the first of its kind is 1, the next 2…

    On PostgreSQL an id that was drawn for what was not committed is not drawn again.
    """
    ids: dict[str, set[int]] = {}
    for kind, number, *_ in moves:
        if number.isdigit():
            ids.setdefault(kind, set()).add(int(number))
    places = {kind: {one: place for place, one in enumerate(sorted(found), 1)} for kind, found in ids.items()}
    for move in moves:
        if move[1].isdigit():
            move[1] = str(places[move[0]][int(move[1])])


def differences(one: Told, other: Told) -> list[str]:
    """What the two tell differently, a line each."""
    lines = []
    for name in one:
        mine, theirs = list(one[name]), list(other[name])
        for each in one[name]:
            if each in theirs:
                mine.remove(each)
                theirs.remove(each)
        lines += [f"{name}: lacks {each}" for each in mine] + [f"{name}: has {each}" for each in theirs]
    return lines
