"""The life of a mail that we send: from the queue to the other side's server, and what can come back."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="outgoing mail",
    doc="A mail is written into the queue together with the facts that it tells of, and sent outside any transaction. "
    "It may go out twice after a crash, each time with the same message id.",
    states={
        "QUEUED": "written; the worker sends it",
        "SENT": "the mail server took it; whether it is read, nobody knows",
        "FAILED": "the mail server refused it, or could not be reached for long",
        "BOUNCED": "it came back: the other side could not deliver it",
        "SET_ASIDE": "staff decided that it need not arrive",
    },
    initial="QUEUED",
    moves={
        ("QUEUED", "sent"): "SENT",
        ("QUEUED", "failed"): "FAILED",
        ("QUEUED", "bounced"): "BOUNCED",
        ("SENT", "bounced"): "BOUNCED",
        ("FAILED", "retried"): "QUEUED",
        ("BOUNCED", "retried"): "QUEUED",
        ("FAILED", "set_aside"): "SET_ASIDE",
        ("BOUNCED", "set_aside"): "SET_ASIDE",
    },
    waiting={"QUEUED": "system", "FAILED": "staff", "BOUNCED": "staff"},
    final=frozenset({"SET_ASIDE"}),
    open=("QUEUED", "FAILED", "BOUNCED"),
    events={
        "sent": "the mail server took it",
        "failed": "it was refused for good, or every try failed",
        "bounced": "a report came that it could not be delivered",
        "retried": "staff send it again",
        "set_aside": "staff need it no longer",
    },
)
