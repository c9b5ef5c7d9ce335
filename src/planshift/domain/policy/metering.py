"""Is the service metered from a prepaid balance?

`run` gives the terms of it, or None. Amounts are gross, in the currency of the policy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"
HOURS = ("started", "full")


@dataclass(frozen=True, slots=True)
class Terms:
    """How hours count, and what the balance decides. `warnings`: from the highest to the lowest."""

    floor: Fraction
    check_every_hours: int = 24
    hours: str = HOURS[0]
    warnings: tuple[Fraction, ...] = ()

    def goes_on(self, balance: Fraction) -> bool:
        """Whether the service may run at this balance: at the floor it may, below it may not (D3)."""
        return balance >= self.floor

    def warning(self, *, balance: Fraction, told: Fraction | None) -> Fraction | None:
        """The threshold that the client is to be told of now; None where nothing new was crossed since `told`."""
        lowest = self._lowest(balance)
        return lowest if lowest is not None and (told is None or lowest < told) else None

    def still_told(self, *, balance: Fraction, told: Fraction | None) -> Fraction | None:
        """What remains of `told` at a balance that may have risen: thresholds that it reached again are armed again."""
        lowest = self._lowest(balance)
        return None if told is None or lowest is None else max(told, lowest)

    def checked_last(self, *, at: datetime, zone: ZoneInfo) -> datetime:
        """The latest instant, not after `at`, at which the balance is due to be checked: days begin at midnight in
        `zone`, and so does the count of hours within one; of several days, every such day since 1 January 1970."""
        today, days = at.astimezone(zone).date(), -(-self.check_every_hours // 24)
        today -= timedelta(days=(today - date(1970, 1, 1)).days % days)
        midnight = datetime.combine(today, time(), tzinfo=zone).astimezone(UTC)
        step = timedelta(hours=self.check_every_hours)
        return midnight if days > 1 else midnight + (at.astimezone(UTC) - midnight) // step * step

    def _lowest(self, balance: Fraction) -> Fraction | None:
        return min((each for each in self.warnings if balance < each), default=None)


def _none() -> Terms | None:
    return None


def _hourly(
    *, floor: Fraction, check_every_hours: int, hours: str, warnings: Sequence[Mapping[str, Fraction]]
) -> Terms | None:
    below = {row["below"] for row in warnings}
    return Terms(floor, check_every_hours, hours, tuple(sorted(below, reverse=True)))


RULES = rules(
    Answer(name="none", run=_none, doc="The service is paid per term, not metered.", example='"none"'),
    Answer(
        name="hourly",
        run=_hourly,
        doc="Resources are counted by the hour. Once a day the month so far, rounded as an invoice, less what was "
        "already drawn is drawn from a prepaid balance, which is checked at the stated interval. Below the floor the "
        "service is blocked, and nothing is counted, until the balance is topped up.",
        example='{ answer = "hourly", floor = "10.00", check_every_hours = 24, hours = "started", '
        'warnings = [{ below = "50.00" }, { below = "25.00" }] }',
        clause="D3",
        params=(
            Param(name="floor", kind="money", doc="the balance below which the service is blocked"),
            Param(
                name="check_every_hours",
                kind="integer",
                doc="hours between two checks of the balance, counted from midnight; more than 24 are rounded up to "
                "whole days",
                default=24,
                minimum=1,
                maximum=720,
            ),
            Param(
                name="hours",
                kind="choice",
                choices=HOURS,
                doc="what counts where amounts change within an hour: `started`: the most that was held in it; `full`: "
                "only what was held all through it",
                default=HOURS[0],
            ),
            Param(
                name="warnings",
                kind="rows",
                doc="balances at which the client is warned, once each time the balance falls below one",
                default=(),
                fields=(Param(name="below", kind="money", doc="the client is warned below this balance"),),
            ),
        ),
    ),
)
