"""Which answers contradict each other? Each rule looks at all the answers that hold together for some change.

Every family and every case is laid over the base, as pricing does it; a clash is reported where the later one of the
clashing answers stands.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from planshift.domain.exact import Fraction
from planshift.domain.policy import document, lines, reading, settlement, time_unit, values, vocabulary

NO_MONEY = ("move_expiry", "nothing")
NOTHING_NOW = frozenset(("nothing", "move_expiry", "billed_later", "highest_level_in_arrears"))
NO_CREDIT = (
    "new_price_remaining",
    "full_new_price",
    "full_difference",
    "new_term_nothing_credited",
    "new_term_plus_unused_time",
    "highest_level_in_arrears",
    "used_in_arrears",
)
CREDITS_ITSELF = ("restarted", "full_credit_within", "aligned", "by_table")  # answers of period_change
# Answers that only some operations ask for
ASKED_OF: Mapping[str, frozenset[str]] = {
    "period_change": frozenset(("period",)),
    "mixed_resources": frozenset(("resources",)),
    "setup_fee": frozenset(("plan",)),
    "equal_price": frozenset(("plan",)),
    "other_family": frozenset(("plan",)),
}
OPERATION = {
    "period": "the billing period changes",
    "resources": "resources change",
    "plan": "the plan changes",
}
ELAPSED = ("days", "hours", "minutes", "seconds")
PER_DAY = {"hours": 24, "minutes": 1440, "seconds": 86400}  # units in a day
KIND_OF = {**dict.fromkeys(time_unit.MONTHS, "months"), "days_30_360": "30_360"}
# The fewest and the most units that a fixed divisor may name, in months or in days. A billing period is an hour at
# least and ten years at most.
PLAUSIBLE: Mapping[str, Mapping[str, tuple[Fraction, Fraction]]] = {
    "fixed": {
        "months": (Fraction(1), Fraction(120)),
        "days": (Fraction(1, 24), Fraction(3660)),
        "30_360": (Fraction(1), Fraction(3600)),
    },
    "fixed_per_month": {
        "months": (Fraction(1), Fraction(1)),
        "days": (Fraction(28), Fraction(31)),
        "30_360": (Fraction(30), Fraction(30)),
    },
    "fixed_per_year": {
        "months": (Fraction(12), Fraction(12)),
        "days": (Fraction(360), Fraction(366)),
        "30_360": (Fraction(360), Fraction(360)),
    },
}


@dataclass(frozen=True, slots=True)
class These:
    """The answers that hold together, in which layer each was stated, and for which directions they hold."""

    resolved: document.Resolved
    levels: Mapping[str, int]
    directions: frozenset[str]
    operations: frozenset[str]
    settlements: frozenset[str]  # all that may be carried out: several where the client chooses

    def answer(self, dimension: str) -> str:
        """The name of the one answer to a dimension."""
        return self.resolved.one(dimension).answer

    def beside(self, dimension: str, other: str) -> bool:
        """True when the policy states `other` knowing `dimension`: in the same layer, or in a later one."""
        return other in self.levels and self.levels[other] >= self.levels.get(dimension, 0)

    def given(self, dimension: str, param: str) -> bool:
        """True when the chosen answer has this parameter, and the policy gives it."""
        return self.resolved.one(dimension).params.get(param) is not None


@dataclass(frozen=True, slots=True)
class Clash:
    """Answers of these `dimensions` cannot hold together when `sentence` says so (None: they can)."""

    dimensions: tuple[str, ...]
    sentence: Callable[[These], str | None]


def find(policy: document.Policy, positions: reading.Positions, report: values.Report) -> None:
    """Report every clash of every combination of layers, each once per place."""
    seen: set[tuple[lines.Path, str]] = set()
    for family, case, cells in _combinations(policy):
        resolved = policy.resolved(family=family, case=case)
        if resolved.kind == "refused":
            continue
        levels = _levels(family, case, positions)
        directions = frozenset(direction for _operation, direction in cells)
        operations = frozenset(operation for operation, _direction in cells)
        written = tuple(_written(resolved))
        settlements = frozenset(each.one("settlement").answer for each in written)
        for each in written:
            these = These(each, levels, directions, operations, settlements)
            for clash in CLASHES:
                sentence = clash.sentence(these)
                place = _place(clash.dimensions, family, case, positions)
                if sentence is not None and (place, sentence) not in seen:
                    seen.add((place, sentence))
                    report(values.Problem(place, sentence))


def _written(resolved: document.Resolved) -> Iterator[document.Resolved]:
    """The answers; where the client chooses the settlement, as if each that is listed stood there."""
    chosen = resolved.one("settlement")
    if chosen.answer != "client_chooses":
        yield resolved
        return
    for name in chosen.params.get("options", ()):
        if name in settlement.RULES and name != "client_chooses":
            option = vocabulary.chosen(settlement.RULES[name])
            yield replace(resolved, answers={**resolved.answers, "settlement": (option,)})


def _combinations(policy: document.Policy) -> Iterator[tuple[str, int | None, tuple[reading.Cell, ...]]]:
    """Every family with every case that decides some change of it, and the operations and directions left to it."""
    if not policy.cases:
        every = tuple(product(document.OPERATIONS, document.DIRECTIONS))
        yield from ((family, None, every) for family in ("", *policy.families))
    yield from reading.decided(policy)


def _levels(family: str, case: int | None, positions: reading.Positions) -> dict[str, int]:
    """For each dimension that the policy states: in which layer last (0 base, 1 family, 2 case)."""
    layers: dict[tuple[str, str | int | None], int] = {("base", None): 0, ("family", family): 1, ("case", case): 2}
    levels: dict[str, int] = {}
    for layer, key, name in positions:
        if (layer, key) in layers:
            levels[name] = max(levels.get(name, 0), layers[layer, key])
    return levels


def _place(dimensions: tuple[str, ...], family: str, case: int | None, positions: reading.Positions) -> lines.Path:
    """Where the last layer that answers one of the dimensions does so; the case or the file when none does."""
    for layer, key in (("case", case), ("family", family), ("base", None)):
        for name in dimensions:
            if (path := positions.get((layer, key, name))) is not None:
                return path
    return ("case", case) if case is not None else ()


def _no_acceptance(these: These) -> str | None:
    if these.answer("timing") != "after_acceptance":
        return None
    if these.answer("acceptance") == "not_asked":
        return "the change waits for an acceptance that “acceptance” does not ask for"
    if these.directions != {"down"}:
        return (
            'only a decrease leaves a corrective invoice to accept: say so in a case with when = { direction = "down" }'
        )
    if "period" in these.operations and these.answer("period_change") != "not_offered":
        return (
            "a change of the billing period is paid for or begins with the next term: there is nothing to accept. "
            'Give it a case of its own before this one, with when = { operation = "period" }'
        )
    if these.answer("decrease") != "settled":
        return "the change waits for the acceptance of a correction, but by “decrease” nothing is given back"
    return None


def _late_reminder(these: These) -> str | None:
    chosen = these.resolved.one("acceptance")
    late = [day for day in chosen.params.get("reminders", ()) if day >= chosen.params["days"]]
    if late:
        return f"a reminder on day {late[0]} comes when the {chosen.params['days']} days to accept are over"
    return None


def _backwards(these: These) -> str | None:
    chosen = these.resolved.one("promise")
    if chosen.params.get("least", 0) > chosen.params.get("most", 0):
        return f"at least {chosen.params['least']} and at most {chosen.params['most']} business days cannot both hold"
    return None


def _no_deposit(these: These) -> str | None:
    if these.answer("deposit") != "none":
        return None
    if these.answer("collection") != "by_payment":
        return "orders are to be paid from a deposit, but “deposit” says that there is none"
    if these.answer("credit_to") == "deposit":
        return "what is given back goes to a deposit, but “deposit” says that there is none"
    if these.answer("failure") == "deposit":
        return "the money of a change that failed goes to a deposit, but “deposit” says that there is none"
    return None


def _metered_by_order(these: These) -> str | None:
    if these.answer("metering") != "none" and these.answer("timing") != "at_once":
        return "a metered service is changed without an order: “timing” must be “at_once” where “metering” is “hourly”"
    return None


def _at_once_without_meter(these: These) -> str | None:
    if these.answer("timing") == "at_once" and these.answer("metering") == "none" and these.settlements - NOTHING_NOW:
        return (
            "a service that is not metered begins to change at once only where nothing is to be paid now (settlement = "
            '“nothing”, “move_expiry”, “billed_later”, …): say timing = "after_payment"'
        )
    return None


def _announces_nothing(these: These) -> str | None:
    announced = any(notice.answer == "decrease_after_acceptance" for notice in these.resolved.several("notices"))
    if announced and these.answer("acceptance") == "not_asked":
        return "the notice “decrease_after_acceptance” announces what “acceptance” does not ask for"
    return None


def _setup_on_easy(these: These) -> str | None:
    if these.resolved.kind == "easy" and these.answer("setup_fee") in ("always", "of_new_plan"):
        return (
            "an easy change has no set-up fee (H4): write “hard_only”, a “change_fee”, or make the change hard "
            '(kind = "hard")'
        )
    return None


def _no_money_moves(these: These) -> str | None:
    settled, one = these.answer("settlement"), min(these.settlements)
    if settled not in NO_MONEY:
        return None
    if these.settlements <= set(NO_MONEY):
        for name in ("credit_to", "credit_share", "negative_result", "credit_rounding"):
            if these.beside("settlement", name):
                return f"under the settlement “{one}” no money is given back: “{name}” would have no effect"
    if these.answer("minimum_charge") != "none":
        return f"under the settlement “{settled}” nothing is charged: a minimum charge would have no effect"
    return None


def _nothing_credited(these: These) -> str | None:
    settled = min(these.settlements)
    if not these.settlements <= set(NO_CREDIT) or these.answer("period_change") in CREDITS_ITSELF:
        return None
    for name, idle in (("credit_share", "all"), ("unused_value", "by_time")):
        if these.answer(name) != idle and these.beside("settlement", name):
            return f"under the settlement “{settled}” nothing unused is credited: “{name}” would have no effect"
    return None


def _never_asked(name: str) -> Callable[[These], str | None]:
    """For an answer that a case gives, though the changes left to it never ask for it."""

    def sentence(these: These) -> str | None:
        wanted = ASKED_OF[name]
        if these.levels.get(name) != 2 or these.operations & wanted:
            return None
        return f"“{name}” is asked only when {OPERATION[min(wanted)]}: in this case it would have no effect"

    return sentence


def _two_ends(these: These) -> str | None:
    settled = these.answer("settlement")
    if settled in settlement.RESTARTS and these.answer("term_end") != "kept":
        return f"the settlement “{settled}” sets the end of the term itself: “term_end” cannot set another"
    return None


def _two_next_terms(these: These) -> str | None:
    settled = these.answer("settlement")
    if settled in settlement.RESTARTS and these.answer("near_renewal") == "next_period_too":
        return f"the settlement “{settled}” sells a full new term already: “next_period_too” would sell it twice"
    return None


def _no_refund_left(these: These) -> str | None:
    if these.answer("settlement") == "new_term_and_refund" and these.answer("negative_result") == "floored":
        return "a refund that counts as zero is none: write “new_term_nothing_credited”"
    return None


def _least_off_the_grid(these: These) -> str | None:
    least, total = these.resolved.one("minimum_charge"), these.resolved.one("total_rounding")
    if least.answer != "none" and total.answer != "no" and least.params["amount"] % total.params["unit"]:
        return "the minimum charge must be a multiple of the unit to which the total is rounded"
    return None


def _nothing_to_send(these: These) -> str | None:
    if these.answer("negative_result") == "floored" and these.beside("negative_result", "credit_to"):
        return "a result below zero counts as zero: nothing is left for “credit_to”"
    return None


def _grid_of_net(these: These) -> str | None:
    """Where gross amounts are rounded, the net amount is what is left of them: it lies on no grid of its own."""
    place = these.answer("tax_rounding")
    if place not in ("on_gross", "credits_on_gross"):
        return None
    for name in ("rounding", "credit_rounding"):
        if these.given(name, "unit") or these.given(name, "decimals"):
            return (
                f"under “{place}” the gross amount is rounded, the net is the rest: “{name}” can ask for no grid of it"
            )
    for name, idle in (("total_rounding", "no"), ("minimum_charge", "none")):
        if these.answer(name) != idle:
            return f"under “{place}” the net amount is what is left of the gross: “{name}” cannot be kept to the cent"
    return None


def _nothing_unused(these: These) -> str | None:
    if these.answer("unused_value") == "nothing" and these.answer("credit_share") != "all":
        return "the unused part is worth nothing: there is no share of it to give back"
    return None


def _units_apart(these: These) -> str | None:
    unit, chosen = these.answer("time_unit"), these.resolved.one("denominator")
    if chosen.answer == "months_of_term" and unit not in time_unit.MONTHS:
        return f'the remaining {unit} cannot be divided by a number of months: say time_unit = "months"'
    if chosen.answer in ("average_month", "calendar_month_of_change") and unit not in ELAPSED:
        return f"remaining {unit} cannot be divided by the days of real months: “{chosen.answer}” needs days or hours"
    if chosen.answer in PLAUSIBLE:
        low, high = (each * PER_DAY.get(unit, 1) for each in PLAUSIBLE[chosen.answer][KIND_OF.get(unit, "days")])
        if not low <= chosen.params["units"] <= high:
            per = chosen.answer.removeprefix("fixed").removeprefix("_per_") or "billing period"
            there = f"{low}" if low == high else f"{low} to {high}"
            return f"“time_unit” measures {unit}: “units” must be {there} in a {per}, not {chosen.params['units']}"
    return None


def _divides_no_day(these: These) -> str | None:
    unit = these.answer("time_unit")
    if these.answer("change_day") == "by_instant" and unit in ("calendar_months", "started_calendar_months",
                                                              "days_30_360"):  # fmt: skip
        return f"{unit} are counted by whole days: the change cannot divide its day “by_instant”"
    if unit in ("hours", "minutes", "seconds") and these.answer("change_day") in ("used", "both"):
        return f"{unit} are counted from the instant of the change: its day cannot be “{these.answer('change_day')}”"
    if unit == "started_calendar_months" and these.answer("partial_unit") != "exact":
        return "a begun calendar month counts whole already: “partial_unit” would have no effect"
    return None


def _two_grids(these: These) -> str | None:
    for name, prefix in (("rounding", ""), ("rounding", "rate_"), ("credit_rounding", "")):
        if these.given(name, f"{prefix}decimals") and these.given(name, f"{prefix}unit"):
            return f"“{prefix}decimals” and “{prefix}unit” cannot both be given in “{name}”"
    return None


def _never_near(these: These) -> str | None:
    if these.answer("near_renewal") == "as_usual":
        return None
    if not these.given("near_renewal", "under_days") and not these.given("near_renewal", "under_months"):
        return "say how near: “under_days” or “under_months” is missing"
    return None


CLASHES = (
    Clash(("timing", "acceptance", "decrease", "period_change"), _no_acceptance),
    Clash(("acceptance",), _late_reminder),
    Clash(("promise",), _backwards),
    Clash(("collection", "credit_to", "failure", "deposit"), _no_deposit),
    Clash(("metering", "timing"), _metered_by_order),
    Clash(("timing", "metering"), _at_once_without_meter),
    Clash(("notices", "acceptance"), _announces_nothing),
    Clash(("setup_fee",), _setup_on_easy),
    Clash(("settlement", "credit_to", "credit_share", "negative_result", "credit_rounding", "minimum_charge"),
          _no_money_moves),
    Clash(("settlement", "term_end"), _two_ends),
    Clash(("settlement", "near_renewal"), _two_next_terms),
    Clash(("settlement", "negative_result"), _no_refund_left),
    Clash(("minimum_charge", "total_rounding"), _least_off_the_grid),
    Clash(("credit_share", "unused_value", "settlement"), _nothing_credited),
    *(Clash((name,), _never_asked(name)) for name in ASKED_OF),
    Clash(("credit_to", "negative_result"), _nothing_to_send),
    Clash(("credit_share", "unused_value"), _nothing_unused),
    Clash(("denominator", "time_unit"), _units_apart),
    Clash(("change_day", "partial_unit", "time_unit"), _divides_no_day),
    Clash(("rounding", "credit_rounding"), _two_grids),
    Clash(("tax_rounding", "rounding", "credit_rounding", "total_rounding", "minimum_charge"), _grid_of_net),
    Clash(("near_renewal",), _never_near),
)  # fmt: skip
