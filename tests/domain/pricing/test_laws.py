"""Laws of pricing, each naming the answers that it holds for; where it must not hold, a test shows it failing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planshift.domain import facts as known
from planshift.domain import quote
from planshift.domain.catalog import Catalog, Family, Plan, Price, Resource, Seller
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.periods import Length, Period, add_months
from planshift.domain.policy import dimensions, vocabulary
from planshift.domain.policy.document import Policy
from planshift.domain.tax import DatedRate, Taxed
from tests.domain.pricing import world

UTC = world.zone("UTC")
ALL = settings(max_examples=60, deadline=None)
FAMILY = Family("vps", {"en": "VPS"})

cents = st.integers(min_value=1, max_value=200_000).map(lambda number: Fraction(number, 100))
starts = st.dates(date(2023, 1, 1), date(2028, 12, 31))
months = st.sampled_from((1, 3, 6, 12))
rates = st.sampled_from((Fraction(0), Fraction(22, 100), Fraction(23, 100)))

SETTLEMENTS_KEPT = ("difference", "credit_and_charge")
UNITS = (
    'time_unit = "days"',
    'time_unit = "days"\nchange_day = "used"',
    'time_unit = "days"\ndenominator = { answer = "fixed_per_month", units = 31 }',
    'time_unit = "months"\ndenominator = "months_of_term"',
    'time_unit = "hours"',
    'time_unit = "seconds"\nrounding = "net"',
)
COMMON = 'decrease = "settled"\nequal_price = "settled"\n'


def plan(code: str, price: Fraction, length: Length, *, offered: bool = True) -> Plan:
    resource = Resource("ip", {"en": "IP"}, additional=True, prices=(Price(Length(1), Fraction(3, 2)),))
    return Plan(code, "vps", {"en": code}, (Price(length, price),), offered=offered, resources={"ip": resource})


def seller(rate: Fraction, prices: str = "net") -> Seller:
    return Seller("demo", "Demo", "", "EUR", UTC, prices=prices, vat=(DatedRate(date(2000, 1, 1), rate),))


def catalog(
    old: Fraction, new: Fraction, length: Length, *, rate: Fraction = Fraction(0), prices: str = "net"
) -> Catalog:
    plans = {"old": plan("old", old, length), "new": plan("new", new, length)}
    plans["hidden"] = plan("hidden", new + 1, length, offered=False)
    return Catalog(seller(rate, prices), {"vps": FAMILY}, plans, dated=False)


@st.composite
def situations(draw: st.DrawFn) -> tuple[known.Facts, date]:
    """A term, two prices, perhaps an additional resource, and a day in the term."""
    length = Length(draw(months))
    start = draw(starts)
    term = Period(start, add_months(start, length.count))
    on = start + timedelta(days=draw(st.integers(0, term.days - 1)))
    prices = draw(st.sampled_from(("net", "gross")))
    listed = catalog(draw(cents), draw(cents), length, rate=draw(rates), prices=prices)
    resources = {"ip": draw(st.integers(1, 5))} if draw(st.booleans()) else {}
    return known.Facts(listed, known.Service("old", length, term, resources=resources)), on


def priced(facts: known.Facts, policy: Policy, on: date, to: str = "new") -> quote.Offer:
    result = quote.price(facts=facts, request=known.ChangePlan(to), policy=policy, on=on)
    assert isinstance(result, quote.Offer), result
    return result


def policies(*settlements: str) -> Iterator[Policy]:
    for settlement in settlements:
        for unit in UNITS:
            yield world.policy(f'settlement = "{settlement}"\n{unit}\n{COMMON}')


# ── Parts sum to the whole: every settlement ─────────────────────────────────────────────────────────────────────────

EVERY = (
    "difference", "credit_and_charge", "new_term_less_credit", "new_term_and_refund", "full_difference",
    "full_new_price", "new_price_remaining", "used_in_arrears", "highest_level_in_arrears",
    "new_term_nothing_credited", "nothing", "move_expiry", "new_term_plus_value_time", "new_term_plus_unused_time",
    "billed_later",
)  # fmt: skip


@pytest.mark.parametrize("settlement", EVERY)
@given(situation=situations())
@settings(max_examples=15, deadline=None)
def test_lines_sum_to_the_totals_field_by_field(settlement: str, situation: tuple[known.Facts, date]) -> None:
    facts, on = situation
    policy = world.policy(f'settlement = "{settlement}"\n{COMMON}')
    found = quote.price(facts=facts, request=known.ChangePlan("new"), policy=policy, on=on)
    if isinstance(found, quote.Refusal):  # so little costs the new plan that the time bought passes the year 9998
        assert [reason.code for reason in found.reasons] == ["date_out_of_range"]
        return
    assert Taxed.total((line.amount for line in found.lines), currency="EUR") == found.total
    assert found.total.net + found.total.tax == found.total.gross
    for line in found.lines:
        assert line.amount.net + line.amount.tax == line.amount.gross
        assert line.amount.gross.minor is not None  # whole cents: no fraction reaches a document


# ── Up and back down at the same instant nets zero: difference and credit_and_charge, rounded per line ───────────────


def back(facts: known.Facts, offer: quote.Offer, on: date) -> known.Facts:
    """The facts after the upgrade was paid: what was billed first, and what the change billed or credited."""
    term = facts.service.term
    assert term is not None
    price = facts.catalog.plans["old"].prices[0].amount
    rate = facts.catalog.seller.tax_rate(on)
    first = billed("1", price, None, rate)
    lines = [first]
    for number, line in enumerate(offer.lines):
        amount = (line.amount.net if facts.catalog.seller.prices == "net" else line.amount.gross).amount
        if amount < 0:
            lines[0] = replace(first, credited=Money(-amount, "EUR"))
        elif amount > 0:
            lines.append(billed(str(number + 2), amount, Period(on, term.end), rate))
    service = replace(facts.service, plan="new")
    return known.Facts(facts.catalog, service, tuple(lines))


def billed(number: str, amount: Fraction, period: Period | None, rate: Fraction) -> known.BilledLine:
    money = Money(amount, "EUR")
    return known.BilledLine(number, known.PLAN, money, money, Money.zero("EUR"), rate, period)


@pytest.mark.parametrize("settlement", SETTLEMENTS_KEPT)
@given(situation=situations())
@ALL
def test_up_and_back_down_at_the_same_instant_nets_zero(settlement: str, situation: tuple[known.Facts, date]) -> None:
    facts, on = situation
    facts = replace(facts, service=replace(facts.service, resources={}))
    policy = world.policy(f'settlement = "{settlement}"\ncredit_price = "list"\n{COMMON}')
    up = quote.price(facts=facts, request=known.ChangePlan("new"), policy=policy, on=on)
    assert isinstance(up, quote.Offer)
    if up.direction != "up":
        return
    down = priced(back(facts, up, on), policy, on, to="old")
    assert abs((up.total.gross + down.total.gross).minor) == 0


def test_up_and_back_down_does_not_net_zero_where_a_full_difference_meets_a_shared_credit() -> None:
    """full_new_price charges 20.00 whatever remains; the way back down charges 10.00 more instead of giving it back."""
    facts = known.Facts(
        catalog(Fraction(10), Fraction(20), Length(1)),
        known.Service("old", Length(1), Period(date(2026, 6, 1), date(2026, 7, 1))),
    )
    policy = world.policy(f'settlement = "full_new_price"\n{COMMON}')
    on = date(2026, 6, 16)
    up = priced(facts, policy, on)
    down = priced(back(facts, up, on), policy, on, to="old")
    assert (up.total.net.text, down.total.net.text) == ("20.00", "10.00")


# ── The price is non-increasing in the change date: difference and credit_and_charge at one price list ───────────────


@pytest.mark.parametrize("policy", list(policies(*SETTLEMENTS_KEPT)), ids=lambda policy: policy.digest[:6])
@given(situation=situations(), later=st.integers(1, 400))
@settings(max_examples=20, deadline=None)
def test_an_upgrade_never_costs_more_on_a_later_day(
    policy: Policy, situation: tuple[known.Facts, date], later: int
) -> None:
    facts, on = situation
    facts = replace(facts, service=replace(facts.service, resources={}))
    term = facts.service.term
    assert term is not None
    other = min(on + timedelta(days=later), term.end - timedelta(days=1))
    first = priced(facts, policy, on)
    if first.direction == "up":
        # two lines rounded apart may differ by the cent that each is rounded by
        slack = 1 if policy.base["settlement"][0].answer == "credit_and_charge" else 0
        assert priced(facts, policy, other).total.gross.minor <= first.total.gross.minor + slack * 2


def test_a_new_term_costs_more_on_a_later_day() -> None:
    """new_term_less_credit: the later the change, the less is credited against the same full price."""
    facts = known.Facts(
        catalog(Fraction(10), Fraction(20), Length(1)),
        known.Service("old", Length(1), Period(date(2026, 6, 1), date(2026, 7, 1))),
    )
    policy = world.policy(f'settlement = "new_term_less_credit"\n{COMMON}')
    prices = [priced(facts, policy, date(2026, 6, day)).total.net.text for day in (1, 16, 30)]
    assert prices == ["10.00", "15.00", "19.67"]  # 20 - 10, 20 - 10 x 15/30, 20 - 10 x 1/30


# ── No offer for a target outside the offered ones, by any route: every answer ───────────────────────────────────────


@given(
    situation=situations(),
    asked_by=st.sampled_from(("client", "owner", "staff")),
    period=st.sampled_from((None, 1, 24)),
)
@ALL
def test_no_offer_outside_the_offered_targets(
    situation: tuple[known.Facts, date], asked_by: str, period: int | None
) -> None:
    facts, on = situation
    length = Length(period) if period else None
    policy = world.policy(COMMON)
    for target in ("hidden", "old", "nowhere", ""):
        request = known.ChangePlan(target, length, asked_by=asked_by)
        assert isinstance(quote.price(facts=facts, request=request, policy=policy, on=on), quote.Refusal)
        assert isinstance(quote.amount(facts=facts, request=request, policy=policy, on=on), quote.Refusal)


# ── Preview equals execution, and the price alone equals the offer's: every answer ───────────────────────────────────


@pytest.mark.parametrize("policy", list(policies(*SETTLEMENTS_KEPT)), ids=lambda policy: policy.digest[:6])
@given(situation=situations())
@settings(max_examples=20, deadline=None)
def test_the_same_question_has_the_same_answer_and_the_price_alone_is_the_offers(
    policy: Policy, situation: tuple[known.Facts, date]
) -> None:
    facts, on = situation
    first, second = priced(facts, policy, on), priced(facts, policy, on)
    assert first == second
    assert first.working == second.working
    only = quote.amount(facts=facts, request=known.ChangePlan("new"), policy=policy, on=on)
    assert isinstance(only, quote.Price)
    total = first.total
    assert (only.net, only.tax, only.gross) == (total.net.amount, total.tax.amount, total.gross.amount)


# ── Nothing ever credits more than was paid and not credited before: every settlement that credits ───────────────────


@pytest.mark.parametrize(
    "settlement", ["difference", "credit_and_charge", "new_term_less_credit", "new_term_and_refund"]
)
@pytest.mark.parametrize("basis", ["paid", "list"])
@given(situation=situations(), paid=cents, credited=st.integers(0, 100))
@example(situation=(known.Facts(catalog(Fraction(10), Fraction(1), Length(1)),
                                known.Service("old", Length(1), Period(date(2026, 6, 1), date(2026, 7, 1)))),
                    date(2026, 6, 1)), paid=Fraction(1, 100), credited=0)  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_nothing_credits_more_than_was_paid(
    settlement: str, basis: str, situation: tuple[known.Facts, date], paid: Fraction, credited: int
) -> None:
    facts, on = situation
    facts = replace(facts, service=replace(facts.service, resources={}))
    before = Money(paid * credited / 100, "EUR").rounded("down")
    line = known.BilledLine("1", known.PLAN, Money(paid, "EUR"), Money(paid, "EUR"), before, Fraction(0))
    facts = replace(facts, billed=(line,))
    policy = world.policy(f'settlement = "{settlement}"\ncredit_price = "{basis}"\n{COMMON}')
    found = priced(facts, policy, on)
    prices = facts.catalog.seller.prices
    back = [each.amount.net if prices == "net" else each.amount.gross for each in found.lines]
    returned = -sum((amount.amount for amount in back if amount.amount < 0), Fraction(0))
    assert returned <= line.creditable.amount


def unchecked(**answers: tuple[tuple[str, dict[str, object]], ...]) -> Policy:
    """A policy with answers that the checker would refuse: amounts finer than money."""
    base = dict(world.policy(COMMON).base)
    for name, given_answers in answers.items():
        table = dimensions.every()[name].answers
        base[name] = tuple(vocabulary.chosen(table[each], **params) for each, params in given_answers)  # type: ignore[arg-type]
    return replace(world.policy(COMMON), base=base, _resolved={})


fine = st.fractions(min_value=0, max_value=50, max_denominator=10_000)
grids = st.fractions(min_value=Fraction(1, 1000), max_value=5, max_denominator=1000)
modes = st.sampled_from(("half_up", "down", "up", "floor"))


@ALL
@example(
    flat=Fraction(0), least=Fraction(99999, 1000), unit=Fraction(1, 100), own=Fraction(1), mode="half_up", place="net"
)
@example(flat=Fraction(0), least=Fraction(0), unit=Fraction(7, 1000), own=Fraction(1), mode="up", place="each_line")
@example(flat=Fraction(1, 3), least=Fraction(0), unit=Fraction(1), own=Fraction(7, 1000), mode="up", place="each_line")
@given(flat=fine, least=fine.map(lambda amount: amount * 4), unit=grids, own=grids, mode=modes,
       place=st.sampled_from(("each_line", "net")))  # fmt: skip
def test_a_total_can_be_paid_whatever_the_fees_are(
    flat: Fraction, least: Fraction, unit: Fraction, own: Fraction, mode: str, place: str
) -> None:
    """Holds for every rounding that names no decimals, even for amounts as fine as the checker would refuse."""
    policy = unchecked(
        change_fee=(("flat", {"amount": flat}),),
        minimum_charge=(("at_least", {"amount": least}),),
        total_rounding=(("to_unit", {"unit": unit, "mode": mode}),),
        rounding=((place, {"mode": mode, "unit": own}),),
    )
    given_ = world.stated(world.change("2026-02-20", "2026-02-01", "2026-03-01") + world.plans())
    result = quote.price(facts=given_.facts, request=given_.request, policy=policy, on=given_.on)
    assert isinstance(result, quote.Offer)
    for amount in (result.total.net, result.total.tax, result.total.gross, *(line.amount.net for line in result.lines)):
        assert (amount.amount * 100).denominator == 1
