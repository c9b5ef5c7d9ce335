"""The life of an ordered change: the thread that ties money and machines together."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="change",
    doc="Nothing moves before payment (D2), or before the client accepted the corrective invoice (D5, D8). A service "
    "has at most one change in an open state (one index, no check in code); while only the old environment is still "
    "kept, the next change may begin.",
    states={
        "AWAITING_PAYMENT": "ordered; the order is not yet covered",
        "AWAITING_ACCEPTANCE": "a decrease: the client has not yet accepted its corrective invoice",
        "AWAITING_EXECUTION": "paid or accepted; the machines, or people, carry it out",
        "AWAITING_STAFF": "paid or accepted, but it could not be carried out: a person decides how it goes on",
        "AWAITING_RETIREMENT": "in force; the old environment is kept for a while, then removed (H5, H10)",
        "DONE": "carried out in full",
        "WITHDRAWN": "taken back before it was paid or accepted; nothing has changed",
        "LAPSED": "not paid or not accepted in time, or the next term was paid first; nothing has changed",
        "UNDONE": "given up after it could not be carried out; its documents were taken back",
        "REFUSED": "the client did not accept the corrective invoice; nothing has changed",
    },
    initial="AWAITING_PAYMENT",
    moves={
        ("AWAITING_PAYMENT", "paid"): "AWAITING_EXECUTION",
        ("AWAITING_PAYMENT", "withdrawn"): "WITHDRAWN",
        ("AWAITING_PAYMENT", "lapsed"): "LAPSED",
        ("AWAITING_PAYMENT", "overtaken"): "LAPSED",
        ("AWAITING_PAYMENT", "needs_acceptance"): "AWAITING_ACCEPTANCE",
        ("AWAITING_ACCEPTANCE", "accepted"): "AWAITING_EXECUTION",
        ("AWAITING_ACCEPTANCE", "refused"): "REFUSED",
        ("AWAITING_ACCEPTANCE", "withdrawn"): "WITHDRAWN",
        ("AWAITING_ACCEPTANCE", "lapsed"): "LAPSED",
        ("AWAITING_EXECUTION", "applied"): "AWAITING_RETIREMENT",
        ("AWAITING_EXECUTION", "done"): "DONE",
        ("AWAITING_EXECUTION", "failed"): "AWAITING_STAFF",
        ("AWAITING_STAFF", "retried"): "AWAITING_EXECUTION",
        ("AWAITING_STAFF", "undone"): "UNDONE",
        ("AWAITING_RETIREMENT", "done"): "DONE",
    },
    waiting={
        "AWAITING_PAYMENT": "client",
        "AWAITING_ACCEPTANCE": "client",
        "AWAITING_EXECUTION": "system",
        "AWAITING_STAFF": "staff",
        "AWAITING_RETIREMENT": "system",
    },
    final=frozenset({"DONE", "WITHDRAWN", "LAPSED", "REFUSED", "UNDONE"}),
    open=("AWAITING_PAYMENT", "AWAITING_ACCEPTANCE", "AWAITING_EXECUTION", "AWAITING_STAFF"),
    events={
        "paid": "the order is covered in full",
        "withdrawn": "the client or staff took it back",
        "overtaken": "the next term was paid first: the price no longer holds, a new quote counts that term too",
        "lapsed": "the order expired unpaid, or no acceptance came in time",
        "needs_acceptance": "it gives money back: the client is asked to accept the corrective invoice",
        "accepted": "the client accepted the corrective invoice",
        "refused": "the client refused the corrective invoice",
        "applied": "the point of no return is passed: plan and renewal price have changed",
        "done": "everything that was promised is done",
        "failed": "the machines could not do it",
        "retried": "staff start it again",
        "undone": "staff gave it up; what was documented is taken back",
    },
)
