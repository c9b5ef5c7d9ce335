"""What was paid for units and time is used or given back, whatever happened before in the term, never both or neither.

Whole lives of a service, priced by the engine, billed by the lines that orders have, credited as corrections do.
"""

from dataclasses import dataclass, field, replace
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
from planshift.domain.tax import DatedRate
from planshift.procedures import paper
from tests.domain.pricing import world

LISTED = {"a": 30, "b": 61}
IP = 7
DEPOSIT = world.shipped("deposit")
MONTH, FIRST = Length(1), Period(date(2026, 3, 10), date(2026, 4, 10))


def plan(code: str) -> Plan:
    def prices(amount: int) -> tuple[Price, ...]:
        return tuple(Price(Length(months), Fraction(amount * months)) for months in (1, 3))

    ip = Resource("ip", {"en": "IP"}, additional=True, prices=prices(IP))
    return Plan(code, "vps", {"en": code}, prices(LISTED[code]), resources={"ip": ip})


SELLER = Seller("demo", "Demo", "", "PLN", world.zone("UTC"), vat=(DatedRate(date(2000, 1, 1), Fraction(23, 100)),))
CATALOG = Catalog(SELLER, {"vps": Family("vps", {"en": "VPS"})}, {"a": plan("a"), "b": plan("b")}, dated=False)


@dataclass
class Life:
    """A service of plan "a" with `ip` addresses, paid for a month, and what becomes of it."""

    ip: int = 0
    plan: str = "a"
    length: Length = MONTH
    term: Period = FIRST
    ahead: int = 0
    on: date = date(2026, 3, 10)
    lines: list[known.BilledLine] = field(default_factory=list)
    documents: int = 0

    def __post_init__(self) -> None:
        self.bill_term(self.term)

    # ── what happens ──
    def bill_term(self, period: Period) -> None:
        self.documents += 1
        months = self.length.count
        self.bill(known.PLAN, LISTED[self.plan] * months, period)
        if self.ip:
            self.bill("resource:ip", IP * self.ip * months, period, quantity=self.ip)

    def bill(
        self, component: str, amount: Fraction | int, period: Period, *, quantity: int = 1, on_top_of: int | None = None
    ) -> None:
        money = Money(Fraction(amount), "PLN")
        line = known.BilledLine(
            f"{self.documents}/{len(self.lines)}", component, money, money, Money.zero("PLN"), Fraction(23, 100),
            period, quantity, str(self.documents), self.on, (), on_top_of,
        )  # fmt: skip
        self.lines.append(line)

    def renew(self) -> None:
        """One more term is paid ahead."""
        end = add_months(self.term.end, self.length.count * self.ahead)
        self.bill_term(Period(end, add_months(end, self.length.count)))
        self.ahead += 1

    def wait(self, days: int) -> None:
        self.on += timedelta(days=days)
        while self.on >= self.term.end:
            if not self.ahead:
                self.on = self.term.end - timedelta(days=1)
                return
            self.ahead -= 1
            self.term = Period(self.term.end, add_months(self.term.end, self.length.count))
            self.lines = [each for each in self.lines if each.period and each.period.end > self.term.start]

    def price(self, request: known.Request) -> quote.Offer | None:
        service = known.Service(
            self.plan, self.length, self.term, resources={"ip": self.ip} if self.ip else {}, prepaid_periods=self.ahead
        )
        facts = known.Facts(CATALOG, service, tuple(self.lines))
        found = quote.price(facts=facts, request=request, policy=DEPOSIT, on=self.on)
        return found if isinstance(found, quote.Offer) else None

    def change(self, request: known.Request) -> Money:
        """What it cost (negative: gave back), net; nothing where it cannot be ordered now."""
        offer = self.price(request)
        if offer is None or offer.timing == "at_renewal":
            return Money.zero("PLN")
        if offer.total.gross.amount < 0:
            if any(line.amount.gross.amount > 0 for line in offer.lines):
                return Money.zero("PLN")
            self._credited(offer)
        else:
            self._billed(offer)
        if isinstance(request, known.ChangePlan):
            self.plan = request.target
        elif isinstance(request, known.ChangeResources):
            self.ip = request.amounts["ip"]
        else:
            assert isinstance(offer.term_end, date)
            self.length, self.term, self.ahead = request.length, Period(self.term.start, offer.term_end), 0
        return offer.total.net

    def _billed(self, offer: quote.Offer) -> None:
        self.documents += 1
        for line in paper.lines(offered=offer, service="S", label="S", sold=CATALOG):
            assert line.start_on is not None and line.end_on is not None
            period = Period(line.start_on, line.end_on)
            net = line.amount.net.amount
            self.bill(line.component, net, period, quantity=line.quantity, on_top_of=line.on_top_of)

    def _credited(self, offer: quote.Offer) -> None:
        for line in offer.lines:
            assert sum(part.amount.amount for part in line.returns) == -line.amount.net.amount
            for part in line.returns:
                at = next(index for index, each in enumerate(self.lines) if each.id == part.billed_id)
                of = self.lines[at]
                credit = known.Credit(part.amount, max(self.on, of.period.start if of.period else self.on))
                assert of.credited.amount + part.amount.amount <= of.amount.amount
                self.lines[at] = replace(of, credited=of.credited + part.amount, credits=(*of.credits, credit))

    # ── what is right ──
    def by_the_list(self, per_month: int) -> Fraction:
        """A monthly price for the days that remain of the term, and for the terms that are paid ahead."""
        whole = Fraction(per_month * self.length.count)
        return whole * (self.term.end - self.on).days / self.term.days + whole * self.ahead


def ip(amount: int) -> known.ChangeResources:
    return known.ChangeResources({"ip": amount})


steps = st.one_of(
    st.tuples(st.just("ip"), st.integers(0, 5)),
    st.tuples(st.just("plan"), st.sampled_from("ab")),
    st.tuples(st.just("renew"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 20)),
)
with_periods = st.one_of(steps, st.tuples(st.just("period"), st.just(3)))
Step = tuple[str, int | str]
BELOW: list[Step] = [
    ("wait", 15), ("renew", 0), ("wait", 15), ("period", 3), ("wait", 2), ("ip", 4), ("plan", "b"), ("ip", 3)
]  # fmt: skip


def lived(held: int, done: list[Step]) -> Life:
    life = Life(ip=held)
    for what, value in done:
        if what == "ip":
            life.change(ip(int(value)))
        elif what == "plan":
            life.change(known.ChangePlan(str(value)))
        elif what == "period":
            life.change(known.ChangePeriod(Length(int(value))))
        elif what == "wait":
            life.wait(int(value))
        elif life.ahead < 2:
            life.renew()
    return life


@given(held=st.integers(0, 3), done=st.lists(steps, max_size=9))
@example(held=0, done=[("wait", 8), ("renew", 0)])
@example(held=0, done=[("wait", 8), ("renew", 0), ("plan", "b"), ("wait", 20), ("wait", 10)])
@example(held=0, done=[("wait", 8), ("ip", 5), ("plan", "b")])
@example(held=2, done=[("ip", 4), ("ip", 3)])
@example(
    held=2, done=[("ip", 5), ("ip", 3), ("ip", 5), ("plan", "b"), ("ip", 1), ("renew", 0), ("ip", 4), ("wait", 20)]
)
@settings(max_examples=150, deadline=None)
def test_whatever_happened_before_a_change_costs_the_difference_for_the_time_that_is_paid(
    held: int, done: list[Step]
) -> None:
    """At one price list nobody has paid more or less than it for what is held; each line is rounded to its cent."""
    life = lived(held, done)
    slack = Fraction(len(life.lines) + sum(len(each.credits) for each in life.lines) + 2, 100)
    for units in range(6):
        offer = life.price(ip(units))
        right = life.by_the_list(IP * (units - life.ip))
        assert (offer is None) == (units == life.ip)
        if offer is not None:
            assert abs(offer.total.net.amount - right) <= slack, (units, offer.total.net, float(right))
    other = "b" if life.plan == "a" else "a"
    offer = life.price(known.ChangePlan(other))
    assert offer is not None
    right = life.by_the_list(LISTED[other] - LISTED[life.plan])
    assert abs(offer.total.net.amount - right) <= slack, (other, offer.total.net, float(right))


@given(held=st.integers(0, 3), done=st.lists(with_periods, max_size=9), more=st.integers(1, 4))
@example(held=0, done=[("ip", 2), ("period", 3)], more=1)
@settings(max_examples=150, deadline=None)
def test_up_and_back_down_at_one_instant_nets_zero(held: int, done: list[Step], more: int) -> None:
    """Units exactly; a plan within the cent that each line of the way up is rounded by. (After a longer billing period
    what was paid for the first month is not what the list asks for its days: a plan's way up and down levels that.)"""
    life = lived(held, done)
    before = life.ip
    raised = life.change(ip(before + more))
    assert raised.amount >= 0
    one_less = life.change(ip(before + more - 1))
    assert raised + one_less + (life.change(ip(before)) if more > 1 else Money.zero("PLN")) == Money.zero("PLN")
    if life.plan == "a" and life.length == Length(1):
        up = life.change(known.ChangePlan("b"))
        down = life.price(known.ChangePlan("a"))
        assert down is not None and abs((up + down.total.net).amount) <= Fraction(len(down.lines) + 1, 100)


@given(held=st.integers(0, 3), done=st.lists(with_periods, max_size=9))
@example(held=2, done=[("wait", 13), ("period", 3), ("plan", "b"), ("ip", 1)])  # the plan change gave 0.06 back
@example(held=3, done=[*BELOW, ("wait", 11)])  # and here 0.22, of which the fourth unit bore its part on its own line
@example(  # and the third after the fourth
    held=3,
    done=[("wait", 21), ("period", 3), ("wait", 2), ("ip", 4), ("wait", 5), ("plan", "b"), ("ip", 3), ("ip", 2)],
)
@settings(max_examples=100, deadline=None)
def test_giving_up_every_unit_gives_back_all_that_is_not_used_and_no_line_more_than_was_paid(
    held: int, done: list[Step]
) -> None:
    life = lived(held, done)
    if not life.ip:
        return
    left = Fraction(0)
    for line in life.lines:
        if line.component == "resource:ip" and line.period is not None:
            days = (line.period.end - max(line.period.start, life.on)).days
            left += line.amount.amount * max(days, 0) / line.period.days
            for credit in line.credits:
                assert isinstance(credit.since, date)
                time = (line.period.end - credit.since).days
                left -= credit.amount.amount * Fraction(min(max(days, 0), time), time)
    offer = life.price(ip(0))
    assert offer is not None
    # units that came and went leave a part of a cent, which belongs to nobody
    slack = Fraction(1 + sum(len(each.credits) for each in life.lines), 100)
    assert abs(-offer.total.net.amount - left) <= slack, (offer.total.net, float(left))


@pytest.mark.parametrize(
    ("rules", "second"),
    [
        ("", "-5.00"),  # 20.00 for 2 units, half of the time is left: 5.00 for each
        ('credit_share = { answer = "percent", percent = 50 }', "-2.50"),
    ],
)
def test_the_second_of_two_units_gives_back_what_the_first_did(rules: str, second: str) -> None:
    """Where a part is kept, the rest of the unit that is gone is not given back with the next one."""
    given_back = second.removeprefix("-")
    text = (
        'on = 2026-06-16\n[seller]\ncurrency = "EUR"\n[plans.old]\nprice = "0"\nperiod = 1\n'
        '[plans.old.resources.ip]\nprice = "10.00"\n[service]\nplan = "old"\nstart = 2026-06-01\nend = 2026-07-01\n'
        'resources = { ip = 1 }\n[[billed]]\ncomponent = "resource:ip"\namount = "20.00"\nquantity = 2\n'
        f'start = 2026-06-01\nend = 2026-07-01\ncredits = [{{ amount = "{given_back}", from = 2026-06-16 }}]\n'
        '[request]\nchange = "resources"\nresources = { ip = 0 }\n'
    )
    assert world.net(world.offer(f'decrease = "settled"\ncredit_price = "paid"\n{rules}', text)) == second
