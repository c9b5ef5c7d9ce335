"""The life of a payout of the deposit: asked for by the client, paid out by staff."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="payout",
    doc="The money is set aside with the request, so that it cannot be spent while it waits (D11). It leaves the books "
    "when staff have sent it, and returns to the deposit in every other case.",
    states={
        "REQUESTED": "set aside; staff send it to the client's bank account",
        "PAID_OUT": "sent",
        "REFUSED": "staff did not send it, and said why; the money is back in the deposit",
        "WITHDRAWN": "the client took it back; the money is back in the deposit",
    },
    initial="REQUESTED",
    moves={
        ("REQUESTED", "paid_out"): "PAID_OUT",
        ("REQUESTED", "refused"): "REFUSED",
        ("REQUESTED", "withdrawn"): "WITHDRAWN",
    },
    waiting={"REQUESTED": "staff"},
    final=frozenset({"PAID_OUT", "REFUSED", "WITHDRAWN"}),
    open=("REQUESTED",),
    events={
        "paid_out": "staff sent the money",
        "refused": "staff gave a reason not to",
        "withdrawn": "the client no longer wants it",
    },
)
