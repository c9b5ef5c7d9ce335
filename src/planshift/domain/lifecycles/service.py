"""The life of a service, as far as money and time decide it. What the machines do is another life (execution)."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="service",
    doc="A service runs while its term is paid. What was not renewed is suspended first, and ended later.",
    states={
        "ACTIVE": "paid for and running",
        "SUSPENDED": "its term ended and the next one is not paid; nothing is deleted, a payment brings it back",
        "BLOCKED": "metered: the prepaid balance is below the floor; nothing is counted, a top-up brings it back (D3)",
        "ENDED": "over: not renewed in time, or given up",
    },
    initial="ACTIVE",
    moves={
        ("ACTIVE", "unpaid"): "SUSPENDED",
        ("SUSPENDED", "paid"): "ACTIVE",
        ("ACTIVE", "below_floor"): "BLOCKED",
        ("BLOCKED", "topped_up"): "ACTIVE",
        ("ACTIVE", "ended"): "ENDED",
        ("BLOCKED", "ended"): "ENDED",
        ("SUSPENDED", "ended"): "ENDED",
    },
    waiting={"SUSPENDED": "client", "BLOCKED": "client"},
    final=frozenset({"ENDED"}),
    open=("ACTIVE", "SUSPENDED", "BLOCKED"),
    events={
        "unpaid": "the term and its days of grace are over and the next one is not paid",
        "paid": "the renewal was paid after all",
        "below_floor": "its machine was stopped, since the prepaid balance is below the floor",
        "topped_up": "the prepaid balance is at the floor again, and its machine runs",
        "ended": "the service is given up",
    },
)
