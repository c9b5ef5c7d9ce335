"""Is the price alone always that of the offer with its full working, to the last unit, and every refusal the same?"""

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planshift.domain import facts as known
from planshift.domain import facts_document, periods, quote
from planshift.domain.catalog import Catalog
from planshift.domain.money import Money
from planshift.domain.periods import Length, Moment, Period
from planshift.domain.policy import loader
from planshift.domain.policy.document import Policy
from planshift.interfaces.cli import corpus
from tests.domain.pricing import world

DIRECTORY = Path(__file__).parents[2] / "regulations" / "cases"
FILES = [
    path
    for directory in (DIRECTORY, *(DIRECTORY / name for name in corpus.MORE))
    for path in sorted(directory.glob("*.toml"))
    if "about" in tomllib.loads(path.read_text(encoding="utf-8"))
]
SHIPPED = ("easy-hard", "deposit")
RATES = (Fraction(0), Fraction(22, 100), Fraction(23, 100))


def same(facts: known.Facts, request: known.Request, policy: Policy, on: Moment | None) -> bool:
    """Asserts that both ways say the same; whether that is an offer."""
    whole = quote.price(facts=facts, request=request, policy=policy, on=on)
    only = quote.amount(facts=facts, request=request, policy=policy, on=on)
    if isinstance(whole, quote.Refusal):
        assert only == whole
        return False
    assert isinstance(only, quote.Price)
    total = whole.total
    assert (only.net, only.tax, only.gross) == (total.net.amount, total.tax.amount, total.gross.amount)
    assert (only.direction, only.kind) == (whole.direction, whole.kind)
    return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_every_worked_case_on_any_day_of_its_term(path: Path, data: st.DataObject) -> None:
    """Under its own policy and under both shipped ones."""
    text = path.read_text(encoding="utf-8")
    stated, rule = facts_document.parse(text), tomllib.loads(text)["about"]["policy"]
    own = loader.load((path.parent / "policies" / f"{rule}.toml").read_bytes())
    on, term = stated.on, stated.facts.service.term
    if on is not None and term is not None:
        first, last = periods.day_of(term.start), periods.day_of(term.end)
        on = on + timedelta(days=data.draw(st.integers((first - periods.day_of(on)).days - 1, (last - first).days)))
    facts = stated.facts
    treatment = data.draw(st.sampled_from(("standard", "reverse_charge")))
    facts = replace(facts, buyer=replace(facts.buyer, treatment=treatment))
    offered = same(facts, stated.request, own, on)
    assert offered or on != stated.on
    for name in SHIPPED:
        same(in_currency_of(facts, world.shipped(name)), stated.request, world.shipped(name), on)


def in_currency_of(facts: known.Facts, policy: Policy) -> known.Facts:
    """The same facts where nothing was billed: in the policy's currency, so that it does not refuse all."""
    if facts.billed is not None or facts.service.unused_value is not None:
        return facts
    listed = facts.catalog
    seller = replace(listed.seller, currency=policy.currency)
    return replace(facts, catalog=Catalog(seller, listed.families, listed.plans, listed.digest, listed.dated))


@st.composite
def lines(draw: st.DrawFn, currency: str, service: known.Service, term: Period) -> tuple[known.BilledLine, ...]:
    """What was billed and paid for the plan, in one line or two, and for each additional resource."""
    found = []
    components = [known.PLAN, *map(known.resource_component, service.resources)]
    for component in components:
        for index in range(draw(st.integers(1, 2))):
            amount = Money.from_minor(draw(st.integers(1, 200_000)), currency)
            paid = draw(st.sampled_from((amount, Money.zero(currency))))
            credited = Money.from_minor(draw(st.integers(0, paid.minor)), currency)
            period = draw(st.sampled_from((None, term)))
            issued, rate = draw(st.sampled_from((None, term.start))), draw(st.sampled_from(RATES))
            found.append(
                known.BilledLine(f"{component}-{index}", component, amount, paid, credited, rate,
                                 period, quantity=draw(st.integers(1, 4)), issued_on=issued)
            )  # fmt: skip
    return tuple(found)


@pytest.mark.parametrize("name", SHIPPED)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_the_shipped_policies_over_their_catalogs_on_any_day(name: str, data: st.DataObject) -> None:
    policy, listed = world.shipped(name), world.catalog(name)
    plans = sorted(listed.plans)
    old, new = data.draw(st.sampled_from(plans)), data.draw(st.sampled_from(plans))
    length = data.draw(st.sampled_from([Length(count) for count in (1, 3, 6, 12)]))
    start = data.draw(st.dates(date(2024, 1, 1), date(2028, 12, 31)))
    term = Period(start, periods.add_months(start, length.count * data.draw(st.integers(1, 2))))
    extra = sorted(code for code, resource in listed.plans[old].resources.items() if resource.additional)
    chosen = data.draw(st.sets(st.sampled_from(extra))) if extra else set()
    discount = data.draw(st.sampled_from((None, known.Discount(Fraction(1, 7), perpetual=True))))
    service = known.Service(
        old, length, term,
        resources={code: 2 * listed.plans[old].resources[code].step for code in sorted(chosen)},
        prepaid_periods=data.draw(st.integers(0, 1)), discount=discount,
    )  # fmt: skip
    billed = data.draw(lines(listed.seller.currency, service, term)) if data.draw(st.booleans()) else None
    standing = known.Standing(unpaid_documents=data.draw(st.sampled_from(((), (), (), ("FV/1",)))))
    facts = known.Facts(listed, service, billed, standing=standing)
    on = start + timedelta(days=data.draw(st.integers(-1, term.days)))
    asked_by = data.draw(st.sampled_from(("client", "staff")))
    same(facts, known.ChangePlan(new, asked_by=asked_by), policy, on)
    same(facts, known.ChangePeriod(data.draw(st.sampled_from((Length(1), Length(3), Length(12))))), policy, on)
    if extra:
        code = data.draw(st.sampled_from(extra))
        amount = listed.plans[old].resources[code].step * data.draw(st.integers(0, 4))
        same(facts, known.ChangeResources({code: amount}), policy, on)


@pytest.mark.parametrize("place", ["on_gross", "credits_on_gross"])
def test_a_credit_of_two_tax_rates_is_given_back_once(place: str) -> None:
    """15 of 30 days: 30.00 + 30.00 billed at 20 % and at 10 %, half of both is 15.00 + 15.00 = 30.00 net, tax 3.00 +
    1.50; charged are 15 days of 20.00 = 10.00 and 2.00. When each part was taxed on the whole line it gave 60.00."""
    facts = world.stated(
        'on = 2026-06-16\n[seller]\ncurrency = "EUR"\nvat = [{ rate = "20" }]\n'
        + world.plans("60", "20")
        + world.change("", "2026-06-01", "2026-07-01")
        + '[[billed]]\namount = "30.00"\ntax = 20\n[[billed]]\namount = "30.00"\ntax = 10\n'
    )
    policy = world.policy(
        f'settlement = "credit_and_charge"\ncredit_price = "paid"\ntax_rounding = "{place}"\n'
        'decrease = "settled"\ncredit_to = "refund"\n'
    )
    offer = quote.price(facts=facts.facts, request=facts.request, policy=policy, on=facts.on)
    assert isinstance(offer, quote.Offer)
    assert [(line.role, line.amount.net.text, line.amount.tax.text) for line in offer.lines] == [
        ("credit", "-15.00", "-1.50"), ("credit", "-15.00", "-3.00"), ("charge", "10.00", "2.00"),
    ]  # fmt: skip
    assert same(facts.facts, facts.request, policy, facts.on)
