"""How is only the billing period changed?

`run` gives the course for one request, or the reason why it is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass

from planshift.domain.errors import Reason
from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, Params, rules

QUESTION = __doc__
DEFAULT = "not_offered"


@dataclass(frozen=True, slots=True)
class Switch:
    """From how many months to how many; what remains of the term and the days since the sign-up, when asked for."""

    old_months: Fraction
    new_months: Fraction
    remaining_months: Callable[[], Fraction | None]
    first_days: Callable[[], int | None]

    @property
    def longer(self) -> bool:
        """True when the new billing period is longer."""
        return self.new_months > self.old_months


@dataclass(frozen=True, slots=True)
class PeriodCourse:
    """`how`: missing_months | settled | aligned | restarted | converted | at_renewal."""

    how: str
    credit: str = "by_time"  # by_time | whole_price | none
    price: str = "present"  # of the missing months: at the present or the new billing period's price


Found = PeriodCourse | Reason


def _not_offered(*, switch: Switch) -> Found:
    return Reason("period_change_not_offered")


def _missing_months(*, switch: Switch, price: str) -> Found:
    return PeriodCourse("missing_months", price=price) if switch.longer else PeriodCourse("at_renewal")


def _settled(*, switch: Switch) -> Found:
    return PeriodCourse("settled")


def _restarted(*, switch: Switch) -> Found:
    return PeriodCourse("restarted")


def _full_credit(*, switch: Switch, days: int) -> Found:
    first_days = switch.first_days()
    early = first_days is not None and first_days < days
    return PeriodCourse("restarted", credit="whole_price") if early else PeriodCourse("at_renewal")


def _restarted_full_price(*, switch: Switch) -> Found:
    return PeriodCourse("restarted", credit="none")


def _aligned(*, switch: Switch) -> Found:
    return PeriodCourse("aligned")


def _converted(*, switch: Switch) -> Found:
    return PeriodCourse("converted")


def _longer_at_renewal(*, switch: Switch) -> Found:
    return PeriodCourse("at_renewal") if switch.longer else Reason("only_longer_periods")


def _at_renewal(*, switch: Switch) -> Found:
    return PeriodCourse("at_renewal")


def _last_month(*, switch: Switch) -> Found:
    remaining = switch.remaining_months()
    if remaining is not None and remaining > 1:
        return Reason("only_in_the_last_month")
    return PeriodCourse("at_renewal")


def _by_table(*, switch: Switch, rows: tuple[Params, ...]) -> Found:
    for row in rows:
        if row["from_months"] == switch.old_months and row["to_months"] == switch.new_months:
            return PeriodCourse(row["how"])
    return Reason("period_change_not_offered")


RULES = rules(
    Answer(name="not_offered", run=_not_offered, doc="It is not offered.", example='"not_offered"'),
    Answer(
        name="missing_months",
        run=_missing_months,
        doc="The months missing to the longer period are paid, whole months only: from 1 to 3, two. A shorter period "
        "begins with the next renewal.",
        example='"missing_months"',
        clause="D11",
        params=(
            Param(
                name="price",
                kind="choice",
                choices=("present", "new"),
                default="present",
                doc="at the monthly price of the present period or of the new one",
            ),
        ),
    ),
    Answer(name="settled", run=_settled, doc="It is settled like a change of the plan.", example='"settled"'),
    Answer(
        name="restarted",
        run=_restarted,
        doc="A new period begins now at its full price; the unused part of the old one is credited.",
        example='"restarted"',
    ),
    Answer(
        name="restarted_at_full_price",
        run=_restarted_full_price,
        doc="A new period begins now at its full price; nothing is credited.",
        example='"restarted_at_full_price"',
    ),
    Answer(
        name="full_credit_within",
        run=_full_credit,
        doc="Within the first days a new period begins now and all that was paid is credited; later it begins with the "
        "next renewal.",
        example='{ answer = "full_credit_within", days = 30 }',
        params=(Param(name="days", kind="integer", default=30, minimum=1, maximum=366, doc="the days"),),
    ),
    Answer(
        name="aligned",
        run=_aligned,
        doc="The new period is laid from the start of the present term; its rest is charged, the old rest credited.",
        example='"aligned"',
    ),
    Answer(
        name="converted",
        run=_converted,
        doc="The rest of the present term is charged at the new monthly price; the new period begins with the renewal.",
        example='"converted"',
    ),
    Answer(
        name="longer_at_renewal",
        run=_longer_at_renewal,
        doc="Only to a longer period, and with the next renewal.",
        example='"longer_at_renewal"',
    ),
    Answer(name="at_renewal", run=_at_renewal, doc="With the next renewal.", example='"at_renewal"'),
    Answer(
        name="in_last_month",
        run=_last_month,
        doc="Only in the last month of the term, for the next one.",
        example='"in_last_month"',
    ),
    Answer(
        name="by_table",
        run=_by_table,
        doc="By a table of the pairs that are offered and how each is carried out.",
        example='{ answer = "by_table", rows = [{ from_months = 1, to_months = 12, how = "restarted" }] }',
        params=(
            Param(
                name="rows",
                kind="rows",
                doc="the pairs",
                fields=(
                    Param(name="from_months", kind="integer", minimum=1, maximum=120, doc="present period in months"),
                    Param(name="to_months", kind="integer", minimum=1, maximum=120, doc="new period in months"),
                    Param(
                        name="how",
                        kind="choice",
                        choices=("missing_months", "settled", "aligned", "restarted", "converted", "at_renewal"),
                        doc="how it is carried out",
                    ),
                ),
            ),
        ),
    ),
)
