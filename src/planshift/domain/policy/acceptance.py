"""Must the client accept the corrective invoice of a decrease, how, and until when?

`run` gives the days on which the client is reminded, the day after which the offer to accept has lapsed, and when the
document is issued.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "not_asked"
REGIMES = ("draft_then_issue", "issue_then_confirm")
UNANSWERED = ("offered_for_next_term", "lapses")


@dataclass(frozen=True, slots=True)
class Window:
    """The time the client has: `reminders_on`, and the last day on which an acceptance counts.

    `regime`: "draft_then_issue" or "issue_then_confirm". `later`: whether the client may have the decrease with the
    next term instead, for which nothing is given back and nothing accepted.
    """

    reminders_on: tuple[date, ...]
    last_on: date
    regime: str = REGIMES[0]
    later: bool = False


def _not_asked(*, sent_on: date) -> Window | None:
    return None


def _by_reply(*, sent_on: date, days: int, reminders: tuple[int, ...], document: str, unanswered: str) -> Window | None:
    return Window(
        reminders_on=tuple(sent_on + timedelta(days=after) for after in sorted(reminders) if after < days),
        last_on=sent_on + timedelta(days=days),
        regime=document,
        later=unanswered == UNANSWERED[0],
    )


RULES = rules(
    Answer(
        name="not_asked",
        run=_not_asked,
        doc="A decrease needs no acceptance.",
        example='"not_asked"',
    ),
    Answer(
        name="by_reply",
        run=_by_reply,
        doc="The corrective invoice goes to the contact address by e-mail and is accepted by a reply. Without one it "
        "lapses after the stated days, and nothing has changed.",
        example='{ answer = "by_reply", days = 14, reminders = [3, 10], document = "draft_then_issue", '
        'unanswered = "offered_for_next_term" }',
        clause="D5",
        params=(
            Param(
                name="document",
                kind="choice",
                choices=REGIMES,
                doc="whether the client accepts a draft, which is issued then (nothing can be taken back from KSeF or "
                "SdI), or confirms a document that is issued already",
                default=REGIMES[0],
            ),
            Param(
                name="days", kind="integer", doc="days to accept, from the sending", default=14, minimum=1, maximum=90
            ),
            Param(
                name="reminders",
                kind="integers",
                doc="days after the sending on which the client is reminded",
                default=(3, 10),
                minimum=1,
                maximum=89,
            ),
            Param(
                name="unanswered",
                kind="choice",
                choices=UNANSWERED,
                doc="whether a decrease that nobody has answered is offered for the next term instead (nothing is "
                "given back then, and nothing is to be accepted), or lapses",
                default=UNANSWERED[1],
            ),
        ),
    ),
)
RESERVED = {
    "silence_accepts": "no answer within the time counts as an acceptance",
    "by_signature": "accepted on a signed paper or with a qualified signature",
}
