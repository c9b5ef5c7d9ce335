"""For how long do a quote and an unpaid order hold?

`run` gives the last day of each, both counted from a day in the provider's time zone.
"""

from datetime import date, timedelta

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "fixed"


def _fixed(*, on: date, quote_days: int, order_days: int) -> tuple[date, date]:
    return on + timedelta(days=quote_days), on + timedelta(days=order_days)


RULES = rules(
    Answer(
        name="fixed",
        run=_fixed,
        doc="The price of a quote stands for the stated days; the order made from it waits for its payment for the "
        "stated days and then lapses, and nothing has changed.",
        example='{ answer = "fixed", quote_days = 1, order_days = 7 }',
        params=(
            Param(
                name="quote_days",
                kind="integer",
                doc="days after the day of the quote on which it can still be ordered",
                default=1,
                maximum=90,
            ),
            Param(
                name="order_days",
                kind="integer",
                doc="days after the order within which it must be paid",
                default=7,
                minimum=1,
                maximum=90,
            ),
        ),
    ),
)
RESERVED = {"recalculated_daily": "the amount of an unpaid order is computed anew every day"}
