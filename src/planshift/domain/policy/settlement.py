"""How is a change in the middle of a paid term settled?

`run` asks the deal for amounts and gives the lines to be paid now, those billed later, and what becomes of the term.
"""

from collections.abc import Callable
from functools import partial

from planshift.domain import money
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.policy.given import Deal, MoreTime, Outcome, Raw
from planshift.domain.policy.vocabulary import Answer, Param, chosen, rules

QUESTION = __doc__
DEFAULT = "difference"


def difference(*, deal: Deal) -> Outcome:
    """The difference of the prices for the remaining time."""
    return Outcome(deal.differences())


def credit_and_charge(*, deal: Deal) -> Outcome:
    """The unused part of the old, and the new for the remaining time: two lines."""
    return Outcome([*deal.credits(), *deal.charges()])


def new_term_less_credit(*, deal: Deal) -> Outcome:
    """A full new term less the unused part of the old one."""
    deal.end_term()
    return Outcome([*deal.credits(), *deal.full_charges()], term="restarts")


def _new_term_and_refund(*, deal: Deal) -> Outcome:
    deal.end_term()
    return Outcome([*deal.credits(), *deal.full_charges()], term="restarts", separate=True)


def _bought(deal: Deal, unit: str, rounding: str, units: Fraction | None, value_decimals: int | None) -> MoreTime:
    """The time that the unused value buys: value x units of a billing period / its price."""
    deal.end_term()
    spent = deal.credits()
    if value_decimals is not None:
        grid = Fraction(1, 10**value_decimals)
        spent = [line._replace(exact=money.round_to(line.exact, grid)) for line in spent]
    per = partial(deal.new_period, unit) if units is None else partial(Fraction, units)
    return MoreTime(unit, rounding, spent=tuple(spent), price=deal.sells(), per=per)


def _move_expiry(
    *, deal: Deal, unit: str, rounding: str, units: Fraction | None, value_decimals: int | None
) -> Outcome:
    return Outcome(term="moves", more=_bought(deal, unit, rounding, units, value_decimals))


def _new_term_plus_value_time(
    *, deal: Deal, unit: str, rounding: str, units: Fraction | None, value_decimals: int | None
) -> Outcome:
    more = _bought(deal, unit, rounding, units, value_decimals)
    return Outcome(deal.full_charges(), term="restarts", more=more)


def _new_term_plus_unused_time(*, deal: Deal, rounding: str) -> Outcome:
    deal.end_term()
    unused = deal.unused_units()
    unit = {"months": "month", "calendar_months": "month"}.get(unused.unit, "day")
    units = Fraction(unused.remaining, {"hours": 24, "minutes": 1440, "seconds": 86400}.get(unused.unit, 1))
    return Outcome(deal.full_charges(), term="restarts", more=MoreTime(unit, rounding, units))


def full_difference(*, deal: Deal) -> Outcome:
    """The full difference of the prices."""
    return Outcome(deal.differences(full=True))


def _full_new_price(*, deal: Deal) -> Outcome:
    return Outcome(deal.full_charges())


def _new_price_remaining(*, deal: Deal) -> Outcome:
    return Outcome(deal.charges())


def _billed_later(*, deal: Deal, amount: str, when: str) -> Outcome:
    found: list[Raw]
    if amount == "difference":
        found = deal.differences()
    elif amount == "full_difference":
        found = deal.differences(full=True)
    elif amount == "full_new_price":
        found = deal.full_charges()
    else:
        found = deal.charges() if amount == "new_price_remaining" else [*deal.credits(), *deal.charges()]
    return Outcome(later=found, later_at=when)


def _highest_level(*, deal: Deal) -> Outcome:
    return Outcome(later=deal.highest_charges(), later_at="next_invoice")


def _used_in_arrears(*, deal: Deal) -> Outcome:
    return Outcome(deal.used_charges(), later=deal.charges(), later_at="next_invoice")


def _new_term_nothing_credited(*, deal: Deal) -> Outcome:
    deal.end_term()
    return Outcome(deal.full_charges(), term="restarts")


def _nothing(*, deal: Deal) -> Outcome:
    return Outcome()


def _client_chooses(*, deal: Deal, options: tuple[str, ...]) -> Outcome:
    if deal.choice not in options:
        raise Refused("settlement_to_be_chosen", options=options)
    option = RULES[deal.choice]
    outcome: Outcome = option.run(deal=deal, **chosen(option).params)
    outcome.chosen = deal.choice
    return outcome


_ROUNDED = ("down", "up", "half_up", "half_even", "rest_in_days")


def _time(default: str) -> tuple[Param, ...]:
    return (
        Param(name="unit", kind="choice", choices=("month", "day"), default=default, doc="the unit of the time bought"),
        Param(name="rounding", kind="choice", choices=_ROUNDED, default="down", doc="what becomes of a begun unit"),
        Param(
            name="units",
            kind="fraction",
            default=None,
            minimum=1,
            maximum=100000,
            doc="the units by which the new price is divided; not given: its own billing period",
        ),
        Param(
            name="value_decimals",
            kind="integer",
            default=None,
            maximum=9,
            doc="decimal places to which the unused value is rounded first, half up; not given: it stays exact",
        ),
    )


_SIMPLE: tuple[tuple[str, Callable[..., Outcome], str, str], ...] = (
    ("difference", difference, "The difference of the prices for the remaining time: (new - old) x remaining / term. "
     "The renewal date is kept.", "H7"),
    ("credit_and_charge", credit_and_charge, "Two lines: the unused part of the old price is credited, the new price "
     "is charged for the remaining time. The renewal date is kept.", ""),
    ("new_term_less_credit", new_term_less_credit, "A full new term begins now: its price less the unused part of "
     "the old one.", ""),
    ("new_term_and_refund", _new_term_and_refund, "A full new term begins now and is charged in full; the unused part "
     "of the old one is given back in a movement of its own.", ""),
    ("full_difference", full_difference, "The full difference of the prices, whatever time remains.", ""),
    ("full_new_price", _full_new_price, "The full price of the new plan, whatever time remains.", ""),
    ("new_price_remaining", _new_price_remaining, "The new price (not the difference) for the remaining time.", ""),
    ("highest_level_in_arrears", _highest_level, "Billed after the calendar month at the highest level used in it, for "
     "the whole month.", ""),
    ("used_in_arrears", _used_in_arrears, "For services billed afterwards: the old price for the used time now, the "
     "new price for the rest on the next invoice.", ""),
    ("new_term_nothing_credited", _new_term_nothing_credited, "A full new term begins now; nothing is credited.", ""),
    ("nothing", _nothing, "The change costs nothing and gives nothing back.", "H12"),
)  # fmt: skip

# Settlements after which the old term does not go on: all that the service has is settled, not only what changes.
RESTARTS = frozenset(
    (
        "new_term_less_credit",
        "new_term_and_refund",
        "new_term_nothing_credited",
        "move_expiry",
        "new_term_plus_value_time",
        "new_term_plus_unused_time",
    )
)

_OPTIONS = (
    *(name for name, *_ in _SIMPLE),
    "move_expiry",
    "new_term_plus_value_time",
    "new_term_plus_unused_time",
    "billed_later",
)

RULES = rules(
    *(Answer(name=name, run=run, doc=doc, example=f'"{name}"', clause=clause) for name, run, doc, clause in _SIMPLE),
    Answer(
        name="move_expiry",
        run=_move_expiry,
        doc="No money moves: the unused value buys time at the new price, and the term ends when that is used up.",
        example='{ answer = "move_expiry", unit = "day" }',
        params=_time("day"),
    ),
    Answer(
        name="new_term_plus_value_time",
        run=_new_term_plus_value_time,
        doc="A full new term begins now and is charged in full; the unused value becomes time at the new price on top.",
        example='{ answer = "new_term_plus_value_time", unit = "month" }',
        params=_time("month"),
    ),
    Answer(
        name="new_term_plus_unused_time",
        run=_new_term_plus_unused_time,
        doc="A full new term begins now and is charged in full; the unused time is added to it, day for day.",
        example='"new_term_plus_unused_time"',
        params=(
            Param(name="rounding", kind="choice", choices=_ROUNDED, default="down", doc="what becomes of a begun unit"),
        ),
    ),
    Answer(
        name="billed_later",
        run=_billed_later,
        doc="Nothing now: the stated amount stands on the invoice of the next term, beside that term’s own price.",
        example='{ answer = "billed_later", amount = "difference", when = "expiry" }',
        params=(
            Param(
                name="amount",
                kind="choice",
                choices=("difference", "credit_and_charge", "new_price_remaining", "full_difference", "full_new_price"),
                default="difference",
                doc="what is billed",
            ),
            Param(
                name="when",
                kind="choice",
                choices=("next_invoice", "expiry"),
                default="next_invoice",
                doc="what the client is told: with the next invoice, or at the end of the term",
            ),
        ),
    ),
    Answer(
        name="client_chooses",
        run=_client_chooses,
        doc="The client chooses one of the listed settlements with the request.",
        example='{ answer = "client_chooses", options = ["new_term_less_credit", "new_term_plus_value_time"] }',
        params=(
            Param(name="options", kind="choices", choices=_OPTIONS, doc="settlements, each with its own defaults"),
        ),
    ),
)
