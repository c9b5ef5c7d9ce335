"""When is the next term announced, and what happens when it is not paid?

`run` gives the days of one renewal from the day on which the running term ends (exclusive).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "announced_ahead"


@dataclass(frozen=True, slots=True)
class Dates:
    """When a renewal is announced, when an unpaid service is suspended, and when it is given up."""

    announced_on: date
    suspended_on: date
    ended_on: date


def _announced_ahead(*, term_ends_on: date, announce_days: int, grace_days: int, keep_days: int) -> Dates:
    suspended = term_ends_on + timedelta(days=grace_days)
    return Dates(term_ends_on - timedelta(days=announce_days), suspended, suspended + timedelta(days=keep_days))


RULES = rules(
    Answer(
        name="announced_ahead",
        run=_announced_ahead,
        doc="The next term is announced, with a pro forma, the stated days before the running one ends. A service "
        "whose next term is not paid is suspended after the days of grace, and given up after it was kept for the "
        "stated days.",
        example='{ answer = "announced_ahead", announce_days = 28, grace_days = 0, keep_days = 30 }',
        clause="H8",
        params=(
            Param(
                name="announce_days",
                kind="integer",
                doc="days before the end of the term on which the next one is announced",
                default=28,
                minimum=1,
                maximum=180,
            ),
            Param(
                name="grace_days",
                kind="integer",
                doc="days after the end of the term for which an unpaid service still runs",
                default=0,
                maximum=60,
            ),
            Param(
                name="keep_days",
                kind="integer",
                doc="days for which a suspended service can be brought back by paying",
                default=30,
                minimum=1,
                maximum=365,
            ),
        ),
    ),
)
RESERVED = {"billed_in_arrears": "the next term is invoiced after it ended"}
