"""Of what must the client take note before the order?

Each answer is one notice; a policy lists those that it uses, and each says for itself to which changes it applies.
`run` says whether it applies to a change of this kind and direction, with or without attached services.
"""

from collections.abc import Callable

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
MANY = True


def _hard(*, kind: str, direction: str, attached: bool) -> bool:
    return kind == "hard"


def _hard_with_attached(*, kind: str, direction: str, attached: bool) -> bool:
    return kind == "hard" and attached


def _down(*, kind: str, direction: str, attached: bool) -> bool:
    return direction == "down"


def _notice(name: str, doc: str, applies: Callable[..., bool], clause: str = "H9") -> Answer:
    return Answer(name=name, run=applies, doc=doc, example=f'["{name}"]', clause=clause)


RULES = rules(
    _notice("new_address", "Hard: the service gets a new IP address and new access credentials.", _hard),
    _notice("new_environment", "Hard: a new web space or a new instance of the service is activated.", _hard),
    _notice("data_lost", "Hard: data bound to the old server, such as statistics, are reset or lost.", _hard),
    _notice("content_transfer", "Hard: moving the content to the new service is the client's duty.", _hard),
    _notice("old_data_removed", "Hard: after the hand-over of the new credentials the old data may be removed.", _hard),
    _notice("backups", "Hard: copies and back-ups are to be made by the client beforehand.", _hard),
    _notice("no_recovery", "Hard: recovery of data after the deletion is not guaranteed.", _hard),
    _notice("site_interruption", "Hard: the web site may be interrupted while DNS changes spread.", _hard, "H11"),
    _notice("attached_end", "Hard, where services are attached: these end with the old plan.",
            _hard_with_attached, "H10"),
    _notice("decrease_after_acceptance", "Down: nothing changes before the correction is accepted.", _down, "D5"),
)  # fmt: skip
