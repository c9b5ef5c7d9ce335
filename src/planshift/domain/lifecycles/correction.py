"""The life of a corrective document: from a computed draft to money given back, in both regimes of acceptance."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="correction",
    doc="A draft has no number and can be dropped. Where the client is asked before the document is issued, refusal "
    "costs nothing; where it is issued first, a counter-correction takes it back. Money moves once (D5, D8).",
    states={
        "DRAFT": "computed and kept; not yet sent, not yet issued",
        "AWAITING_ACCEPTANCE": "the client is asked to accept the draft",
        "ACCEPTED": "the client accepted the draft; it is to be issued",
        "AWAITING_CONFIRMATION": "issued; the client is asked to confirm it",
        "ISSUED": "issued, and accepted where that is needed; what it gives back is to be credited",
        "CREDITED": "issued, and what it gives back was credited",
        "REFUSED": "the client did not accept the draft; nothing was issued",
        "LAPSED": "the client did not answer in time; nothing was issued",
        "VOIDED": "dropped before it was issued",
        "REVERSED": "issued, then taken back by a counter-correction before anything was credited",
    },
    initial="DRAFT",
    moves={
        ("DRAFT", "asked"): "AWAITING_ACCEPTANCE",
        ("DRAFT", "issued"): "ISSUED",
        ("DRAFT", "issued_to_confirm"): "AWAITING_CONFIRMATION",
        ("DRAFT", "voided"): "VOIDED",
        ("AWAITING_ACCEPTANCE", "accepted"): "ACCEPTED",
        ("AWAITING_ACCEPTANCE", "refused"): "REFUSED",
        ("AWAITING_ACCEPTANCE", "lapsed"): "LAPSED",
        ("AWAITING_ACCEPTANCE", "voided"): "VOIDED",
        ("ACCEPTED", "issued"): "ISSUED",
        ("ACCEPTED", "voided"): "VOIDED",
        ("AWAITING_CONFIRMATION", "accepted"): "ISSUED",
        ("AWAITING_CONFIRMATION", "reversed"): "REVERSED",
        ("ISSUED", "credited"): "CREDITED",
        ("ISSUED", "reversed"): "REVERSED",
    },
    waiting={
        "DRAFT": "system",
        "AWAITING_ACCEPTANCE": "client",
        "ACCEPTED": "system",
        "AWAITING_CONFIRMATION": "client",
        "ISSUED": "system",
    },
    final=frozenset({"CREDITED", "REFUSED", "LAPSED", "VOIDED", "REVERSED"}),
    events={
        "asked": "the draft was sent to the client with the request to accept it (D7)",
        "issued": "it got its number and is frozen",
        "issued_to_confirm": "it got its number and was sent to the client with the request to confirm it",
        "accepted": "the client accepted it",
        "refused": "the client refused it",
        "lapsed": "the time to accept it passed",
        "voided": "what it was made for came to nothing",
        "reversed": "a counter-correction was issued",
        "credited": "what it gives back was booked",
    },
)
