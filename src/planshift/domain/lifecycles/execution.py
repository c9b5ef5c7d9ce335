"""The life of an execution: what the machines must do for one change, from the first check to the last removal."""

from planshift.domain.lifecycles import machine

_BEFORE_THE_POINT = ("RUNNING", "AWAITING_CLIENT", "AWAITING_STAFF")
_WAITING = ("AWAITING_CLIENT", "AWAITING_STAFF", "HOLDING", "AWAITING_NOTICE")

LIFECYCLE = machine.Lifecycle(
    name="execution",
    doc="One recipe carried out on the machines. Its steps are in its journal; its waits have an owner and a date.",
    states={
        "RUNNING": "the machines are being changed",
        "AWAITING_CLIENT": "the client moves content and confirms that the new environment is in use",
        "AWAITING_STAFF": "staff do the set-up work",
        "HOLDING": "a date is waited for: the old time to live of names, the end of the hold",
        "AWAITING_NOTICE": "the client must be told before the old environment is removed",
        "UNDOING": "what was done is being taken back",
        "STUCK": "a person must decide: try again, skip or roll back",
        "DONE": "finished, and nothing is left behind",
        "FAILED": "it could not be done; everything is as it was before",
        "CANCELLED": "given up by a person; everything is as it was before",
    },
    initial="RUNNING",
    moves={
        ("RUNNING", "waits_for_client"): "AWAITING_CLIENT",
        ("RUNNING", "waits_for_staff"): "AWAITING_STAFF",
        ("RUNNING", "holds"): "HOLDING",
        ("RUNNING", "waits_for_notice"): "AWAITING_NOTICE",
        **{(state, "went_on"): "RUNNING" for state in _WAITING},
        **{(state, "undo"): "UNDOING" for state in (*_BEFORE_THE_POINT, "HOLDING", "STUCK")},
        **{(state, "got_stuck"): "STUCK" for state in ("RUNNING", *_WAITING, "UNDOING")},
        ("STUCK", "tried_again"): "RUNNING",
        ("RUNNING", "finished"): "DONE",
        ("UNDOING", "gave_up"): "FAILED",
        ("UNDOING", "cancelled"): "CANCELLED",
    },
    events={
        "waits_for_client": "the next move is the client's",
        "waits_for_staff": "the next move is the staff's",
        "holds": "the next move is a date's",
        "waits_for_notice": "the removal notice must be sent",
        "went_on": "what it waited for came, or the date was reached",
        "undo": "it cannot or shall not be finished, and the point of no return is not passed",
        "got_stuck": "an error that no retry solves, where nothing may be taken back by itself",
        "tried_again": "staff sent it on, after repairing or skipping what was stuck",
        "finished": "the last step is done",
        "gave_up": "all is taken back after an error",
        "cancelled": "all is taken back at a person's wish",
    },
    waiting={
        "AWAITING_CLIENT": "client",
        "AWAITING_STAFF": "staff",
        "HOLDING": "system",
        "AWAITING_NOTICE": "system",
        "STUCK": "staff",
    },
    final=frozenset({"DONE", "FAILED", "CANCELLED"}),
)
