"""Which code carries out the answers for this pair? Compiled once per resolution, then only called."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

from planshift.domain import money
from planshift.domain.exact import Fraction
from planshift.domain.policy import acceptance, dimensions, document, given, time_unit, vocabulary
from planshift.domain.policy.rounding import Rounder

GATES = (
    "unpaid_documents",
    "renewal_issued",
    "cut_off",
    "minimum_remaining",
    "hold_after_change",
    "notice_period",
    "who_may_ask",
    "usage_fit",
    "other_family",
    "capacity",
)


class Rounding(NamedTuple):
    """How lines are rounded, credits where they differ (mode, step), and how many of the smallest amounts that both
    can give make one unit of the currency."""

    lines: Rounder
    credits: tuple[str, Fraction] | None
    per: int
    coarse: bool  # whether a rounded credit can be more than the exact one by more than the smallest unit


class Rules:
    """The executors of one resolution, each with its parameters bound: `rules.time_unit(start, end, zone)`."""

    def __init__(self, resolved: document.Resolved) -> None:
        self.resolved = resolved
        self.chosen: dict[str, vocabulary.Chosen] = {}
        self._clauses = resolved.clauses
        self._run: dict[str, Callable[..., Any]] = {}
        for name, dimension in dimensions.every().items():
            if not dimension.many:
                chosen = resolved.one(name)
                self.chosen[name] = chosen
                self._run[name] = bound(dimension, chosen)
        self.gates = {name: self._run[name] for name in GATES if self._run[name] is not given.passes}
        self.fees = tuple(bound(dimensions.every()["change_fee"], chosen) for chosen in resolved.several("change_fee"))
        self.notices = tuple(
            (chosen.answer, bound(dimensions.every()["notices"], chosen)) for chosen in resolved.several("notices")
        )
        self._roundings: dict[str, Rounding] = {}
        self.divisors: dict[Any, Any] = {}  # of a billing period, where the day of the change does not matter
        self._note()

    def _note(self) -> None:
        """What the answers say that is asked of every change."""
        answer = self.answer
        self.settled_by = answer("settlement")
        self.course_down = self._run["decrease"]()
        self.later_instead = self.chosen["acceptance"].params.get("unanswered") == acceptance.UNANSWERED[0]
        self.tax_place, self.tax_mode = self._run["tax_rounding"]()
        self.tax_on_gross, self.tax_per_rate = self.tax_place.endswith("on_gross"), self.tax_place == "per_rate"
        self.unit = answer("time_unit")
        self.by_day = answer("change_day") != "by_instant" and self.unit not in ("hours", "minutes", "seconds")
        self.day_on_new = answer("change_day") == "on_new"
        self.exact_units = answer("partial_unit") == "exact"
        self.by_own_period = answer("denominator") == "own_period" and self.unit not in time_unit.MONTHS
        self.fixed_divisor = answer("denominator") != "calendar_month_of_change"
        self.on_request = answer("counted_from") == "request"
        self.on_sellers_clock = answer("time_zone") == "seller"
        self.term_kept = answer("term_end") == "kept"
        self.no_windows = self._are(early_window="none", near_renewal="as_usual")
        self.gives_back_all = answer("credit_share") == "all"
        self.by_time = answer("unused_value") == "by_time"
        self.unbounded = answer("negative_result") == "given_back"
        # Whether a price depends on how much time remains.
        self.by_remaining = answer("credit_price") == "monthly_when_short" or answer("charge_price") not in (
            "list", "discounted", "regular", "less_percent"
        )  # fmt: skip
        rounding = self.chosen["rounding"]
        # Whether a line can come on top of those of the settlement: a fee, or what a floor or a coarser grid adds
        self.may_cost_more = bool(self.fees) or not self._are(promotion_penalty="nothing", old_setup="kept")
        self.may_be_raised = not self._are(minimum_charge="none", total_rounding="no") or (
            rounding.answer == "net" and rounding.params.get("unit") is not None
        )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        try:
            run = self.__dict__["_run"][name]
        except KeyError:
            raise AttributeError(name) from None
        setattr(self, name, run)
        found: Callable[..., Any] = run
        return found

    def answer(self, dimension: str) -> str:
        """The name of the answer to a dimension."""
        return self.chosen[dimension].answer

    def clause(self, dimension: str) -> str:
        """The clause of the provider's regulation that the answer keeps, as its policy says; "" where it says none."""
        return str(self._clauses.get(dimension, ""))

    def rounding_in(self, currency: str) -> Rounding:
        """How amounts of a currency are rounded."""
        found = self._roundings.get(currency)
        if found is None:
            step = Fraction(1, 10 ** money.decimals_of(currency=currency))
            lines: Rounder = self._run["rounding"](currency_step=step)
            credits: tuple[str, Fraction] | None = self._run["credit_rounding"](currency_step=step)
            per = lines.per if credits is None else max(lines.per, credits[1].denominator)
            coarse = lines.step > step or (credits is not None and credits[1] > step)
            found = self._roundings[currency] = Rounding(lines, credits, per, coarse)
        return found

    def _are(self, **answers: str) -> bool:
        return all(self.answer(name) == answer for name, answer in answers.items())


def bound(dimension: vocabulary.Dimension, chosen: vocabulary.Chosen) -> Callable[..., Any]:
    """The executor of a chosen answer with its parameters."""
    run = dimension.answers[chosen.answer].run
    return partial(run, **chosen.params) if chosen.params else run


@lru_cache(maxsize=4096)
def rules(resolved: document.Resolved) -> Rules:
    """The compiled rules of a resolution (hashed by identity: one object per policy, family and case)."""
    return Rules(resolved)
