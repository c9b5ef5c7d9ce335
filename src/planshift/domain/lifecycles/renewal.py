"""The life of one renewal: the next term is offered, paid for, or let go."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="renewal",
    doc="A renewal is priced when it is announced, at the full price of what the service then is (H8, D6).",
    states={
        "AWAITING_PAYMENT": "announced; the service still runs",
        "OVERDUE": "the term is over and the renewal is not paid: the service is suspended",
        "RENEWED": "paid; the service runs on",
        "REPLACED": "a change was paid before it became a term: it is announced anew at the new price",
        "LAPSED": "never paid; the service has ended",
    },
    initial="AWAITING_PAYMENT",
    moves={
        ("AWAITING_PAYMENT", "paid"): "RENEWED",
        ("AWAITING_PAYMENT", "overdue"): "OVERDUE",
        ("AWAITING_PAYMENT", "replaced"): "REPLACED",
        ("OVERDUE", "paid"): "RENEWED",
        ("OVERDUE", "replaced"): "REPLACED",
        ("OVERDUE", "lapsed"): "LAPSED",
        ("AWAITING_PAYMENT", "service_ended"): "LAPSED",
        ("OVERDUE", "service_ended"): "LAPSED",
    },
    waiting={"AWAITING_PAYMENT": "client", "OVERDUE": "client"},
    final=frozenset({"RENEWED", "REPLACED", "LAPSED"}),
    events={
        "paid": "its order is covered in full",
        "overdue": "the term and its days of grace passed without payment",
        "service_ended": "the service ended with what it was attached to",
        "replaced": "the service is, or becomes, another than it was priced for",
        "lapsed": "the time for a late payment passed too",
    },
)
