"""The life of a durable run (runtime.runs): what a procedure does next, also after a crash."""

from planshift.domain.lifecycles import machine

LIFECYCLE = machine.Lifecycle(
    name="run",
    doc="A durable run: one procedure under way. Its step records are its history.",
    states={
        "READY": "its next step may start now, or after a pause when it is retried",
        "RUNNING": "a worker has claimed it",
        "WAITING": "nothing happens until a signal comes or the date is reached; its owner is named",
        "STUCK": "it cannot go on by itself: staff retry, skip or cancel",
        "DONE": "finished",
        "CANCELLED": "ended by a person",
    },
    initial="READY",
    moves={
        ("READY", "claimed"): "RUNNING",
        ("WAITING", "claimed"): "RUNNING",
        ("WAITING", "signalled"): "READY",
        ("RUNNING", "went"): "RUNNING",
        ("RUNNING", "released"): "READY",
        ("RUNNING", "failed"): "READY",
        ("RUNNING", "lost"): "READY",
        ("RUNNING", "waits"): "WAITING",
        ("RUNNING", "stuck"): "STUCK",
        ("RUNNING", "done"): "DONE",
        ("READY", "retried"): "READY",
        ("STUCK", "retried"): "READY",
        ("STUCK", "skipped"): "READY",
        ("STUCK", "done"): "DONE",
        ("READY", "cancelled"): "CANCELLED",
        ("RUNNING", "cancelled"): "CANCELLED",
        ("WAITING", "cancelled"): "CANCELLED",
        ("STUCK", "cancelled"): "CANCELLED",
    },
    waiting={"STUCK": "staff"},
    final=frozenset({"DONE", "CANCELLED"}),
)
