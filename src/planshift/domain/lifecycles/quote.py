"""The life of a quote: a kept price that can be ordered once, while it is valid."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="quote",
    doc="A quote is computed once and executed as kept. Changed facts or a passed date mean a new quote.",
    states={
        "OPEN": "can be ordered until it expires",
        "ORDERED": "a change was ordered from it",
        "EXPIRED": "its time has passed; a new quote gives the price of the day",
        "VOID": "staff decided the kind of the change differently; the new quote stands in its place (H3)",
    },
    initial="OPEN",
    moves={("OPEN", "ordered"): "ORDERED", ("OPEN", "expired"): "EXPIRED", ("OPEN", "voided"): "VOID"},
    waiting={"OPEN": "client"},
    final=frozenset({"ORDERED", "EXPIRED", "VOID"}),
    events={
        "ordered": "the change was ordered",
        "expired": "the date until which it was valid passed",
        "voided": "a new quote took its place",
    },
)
