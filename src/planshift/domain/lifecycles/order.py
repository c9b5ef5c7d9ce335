"""The life of an order's money. What the machines do about it is another life (execution)."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="order",
    doc="Payable until it is covered in full, expires or is withdrawn. Nothing is executed before PAID (D2).",
    states={
        "AWAITING_PAYMENT": "not yet covered in full: by transfer, card, deposit, or several of them",
        "PAID": "covered in full",
        "EXPIRED": "its time to pay has passed; what was paid in part was released",
        "WITHDRAWN": "taken back before it was invoiced; what was paid was released",
    },
    initial="AWAITING_PAYMENT",
    moves={
        ("AWAITING_PAYMENT", "paid"): "PAID",
        ("AWAITING_PAYMENT", "expired"): "EXPIRED",
        ("AWAITING_PAYMENT", "withdrawn"): "WITHDRAWN",
        ("PAID", "overtaken"): "WITHDRAWN",
    },
    waiting={"AWAITING_PAYMENT": "client"},
    final=frozenset({"EXPIRED", "WITHDRAWN"}),
    open=("AWAITING_PAYMENT",),
    events={
        "paid": "the last missing part was paid or drawn from the deposit",
        "expired": "the deadline passed",
        "withdrawn": "the client or staff took it back",
        "overtaken": "paid, and not yet invoiced, when something else had changed what it was for",
    },
)
