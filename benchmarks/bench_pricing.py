"""How much slower than by hand is the engine? Ratios to the same lines, dates and result written inline, in one run.

What is written inline is in `inline_pricing`: each family of cases has its own formula, and its lines, dates and result
are asserted to be those of the offer, on every day. Targets: full working at most 20 x, the price alone at most 2 x:
for the shipped regulations, for each settlement, and over the worked cases of the corpus.
"""

import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from math import inf
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import inline_cases
import inline_pricing as inline

from planshift.domain import catalog_document, facts_document, quote
from planshift.domain import facts as known
from planshift.domain.catalog import Catalog
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.periods import Length, Period
from planshift.domain.policy import loader, settlement
from planshift.domain.policy.document import Policy
from planshift.interfaces.cli import corpus

ROOT = Path(__file__).parents[1]
START, END = inline.START, inline.END
DAYS = [START + timedelta(days=offset) for offset in range(0, 360, 7)]  # as many different days as there are
REPEAT = 60
FULL, ALONE = 20, 2
VAT = Fraction(23, 100)


class Family(NamedTuple):
    """One kind of change, and the same written inline."""

    name: str
    facts: known.Facts
    request: known.Request
    policy: Policy
    inline: inline.Priced

    def alone(self, on: date) -> object:
        """The price alone."""
        return quote.amount(facts=self.facts, request=self.request, policy=self.policy, on=on)

    def offer(self, on: date) -> object:
        """The offer, its working not asked for."""
        return quote.price(facts=self.facts, request=self.request, policy=self.policy, on=on)

    def whole(self, on: date) -> object:
        """The offer with its full working."""
        found = self.offer(on)
        return found.working if isinstance(found, quote.Offer) else found


def microseconds(runs: Sequence[Callable[[date], object]], days: Sequence[date] = DAYS) -> list[float]:
    """The best processor time of one call of each, over all days; in turns, so that a busy machine slows all alike."""
    best = [inf for _ in runs]
    for _ in range(REPEAT):
        for index, run in enumerate(runs):
            started = time.process_time()
            for on in days:
                run(on)
            best[index] = min(best[index], time.process_time() - started)
    return [each / len(days) * 1e6 for each in best]


def catalog(name: str) -> Catalog:
    """A demo catalog."""
    return catalog_document.parse((ROOT / "catalogs" / f"{name}.toml").read_text(encoding="utf-8"), name=name)


def shipped(name: str) -> Policy:
    """A shipped policy file."""
    return loader.load((ROOT / "policies" / f"{name}.toml").read_bytes())


def service(plan: str, **more: object) -> known.Service:
    """A service in its year 2026."""
    return known.Service(plan, Length(12), Period(START, END), **more)  # type: ignore[arg-type]


def billed(currency: str, rate: Fraction, plan: str, memory: str = "") -> tuple[known.BilledLine, ...]:
    """The year of the plan, and of four units of memory, billed and paid."""
    nothing, year = Money.zero(currency), Period(START, END)
    whole = Money.of(plan, currency)
    lines = [known.BilledLine("1", known.PLAN, whole, whole, nothing, rate, year)]
    if memory:
        whole = Money.of(memory, currency)
        component = known.resource_component("memory")
        lines.append(known.BilledLine("2", component, whole, whole, nothing, rate, year, quantity=4))
    return tuple(lines)


def easy_hard() -> Iterator[Family]:
    """The easy/hard regulation."""
    policy, listed = shipped("easy-hard"), catalog("easy-hard")
    rate = Fraction(22, 100)
    pointer, silver, gold = (listed.plans[code].prices[0].amount for code in ("host-pointer", "silver", "gold"))
    hard, easy = inline.months(pointer, gold, 10, rate), inline.months(silver, gold, 0, rate)
    to = known.ChangePlan("gold")
    yield Family("hard", known.Facts(listed, service("host-pointer")), to, policy, hard)
    paid = billed("EUR", rate, plan="36.90")
    yield Family("hard, with billed lines", known.Facts(listed, service("host-pointer"), paid), to, policy, hard)
    yield Family("easy", known.Facts(listed, service("silver")), to, policy, easy)


def deposit() -> Iterator[Family]:
    """The deposit regulation."""
    policy, listed = shipped("deposit"), catalog("deposit")
    low, high, memory = Fraction("529.20"), Fraction("961.20"), Fraction("86.40")
    up, down = inline.difference(low, high, VAT), inline.difference(high, low, VAT)
    to_high, to_low = known.ChangePlan("professional"), known.ChangePlan("standard")
    yield Family("plan up", known.Facts(listed, service("standard")), to_high, policy, up)
    facts = known.Facts(listed, service("standard"), billed("PLN", VAT, plan="529.20"))
    yield Family("plan up, with billed lines", facts, to_high, policy, inline.difference(low, high, VAT, paid=low))
    yield Family("plan down", known.Facts(listed, service("professional")), to_low, policy, down)
    facts = known.Facts(listed, service("professional"), billed("PLN", VAT, plan="961.20"))
    yield Family("plan down, with billed lines", facts, to_low, policy, inline.difference(high, low, VAT, paid=high))
    more, less = known.ChangeResources({"memory": 4}), known.ChangeResources({"memory": 2})
    facts = known.Facts(listed, service("standard", resources={"memory": 2}))
    yield Family("resource up", facts, more, policy, inline.resource(2, 4, memory, low, VAT))
    lines = billed("PLN", VAT, plan="529.20", memory="345.60")
    facts = known.Facts(listed, service("standard", resources={"memory": 4}), lines)
    back = inline.units_back(4 * memory, 4, 2, memory, low, VAT)
    yield Family("resource down, with billed lines", facts, less, policy, back)
    monthly = known.Service("standard", Length(1), Period(START, END))
    by_hand = inline.missing_months(Fraction(49), Fraction(147), 1, 3, VAT)
    yield Family("1 to 3 months", known.Facts(listed, monthly), known.ChangePeriod(Length(3)), policy, by_hand)


def settlements() -> Iterator[Family]:
    """Each settlement by itself, all other answers as they are by default."""
    listed = catalog("deposit")
    old, new = Fraction("529.20"), Fraction("961.20")
    ways: dict[str, inline.Priced] = {
        "difference": inline.difference(old, new, VAT),
        "credit_and_charge": inline.two_lines(old, new, VAT),
        "new_term_less_credit": inline.new_term(old, new, VAT),
        "new_term_and_refund": inline.new_term(old, new, VAT),
        "full_difference": inline.full(old, new, VAT, less_old=True),
        "full_new_price": inline.full(old, new, VAT),
        "new_price_remaining": inline.share(old, new, VAT),
        "highest_level_in_arrears": inline.later(inline.full(old, new, VAT)),
        "used_in_arrears": inline.used_and_later(old, new, VAT),
        "new_term_nothing_credited": inline.full(old, new, VAT, restarts=True),
        "nothing": inline.nothing(old, new),
        "move_expiry": inline.time_for_value(old, new, VAT, unit="day"),
        "new_term_plus_value_time": inline.time_for_value(old, new, VAT, unit="month"),
        "new_term_plus_unused_time": inline.unused_time(old, new, VAT),
        "billed_later": inline.later(inline.difference(old, new, VAT)),
    }
    assert {*ways, "client_chooses"} == set(settlement.RULES)
    for name, way in ways.items():
        policy = loader.load(f'format = 1\npolicy = "one"\ntitle = "One"\nsettlement = "{name}"\n'.encode())
        yield Family(name, known.Facts(listed, service("standard")), known.ChangePlan("professional"), policy, way)


def cases() -> Iterator[tuple[str, float, float]]:
    """Each worked case of the corpus: its name, the price alone, its lines inline."""
    directory = ROOT / "tests" / "regulations" / "cases"
    whole = corpus.load(directory)
    rest = [corpus.load(directory / name, figures=whole.figures) for name in corpus.MORE]
    for each in (whole, *rest):
        for name in each.expected:
            text = (each.directory / f"{name}.toml").read_text(encoding="utf-8")
            stated = facts_document.parse(text)
            rule = tomllib.loads(text)["about"]["policy"]
            policy = loader.load((each.directory / "policies" / f"{rule}.toml").read_bytes())
            yield name, *of_case(stated, policy)


def of_case(stated: facts_document.Stated, policy: Policy) -> tuple[float, float]:
    """The price alone of a case, and its lines inline, in microseconds."""
    facts, request, on = stated.facts, stated.request, stated.on
    offer = quote.price(facts=facts, request=request, policy=policy, on=on)
    assert isinstance(offer, quote.Offer)
    by_hand = inline_cases.of_offer(offer, facts)
    times = microseconds(
        [lambda _: quote.amount(facts=facts, request=request, policy=policy, on=on), lambda _: by_hand()], DAYS[:8]
    )
    return times[0], times[1]


def show(name: str, taken: float, baseline: float, target: int | None) -> bool:
    """Print a figure; whether its target is missed."""
    ratio = taken / baseline
    verdict = "" if target is None else f"   target <= {target} x  {'ok' if ratio <= target else 'MISSED'}"
    print(f"  {name:<40}{baseline:9.1f} us inline{taken:9.1f} us {ratio:7.2f} x{verdict}")
    return target is not None and ratio > target


def stated(offer: quote.Offer) -> inline.Result:
    """What an offer states, as the inline record: a value that became time is a line there."""
    lines = [(line.role, line.amount.net.amount, line.start, line.end) for line in (*offer.lines, *offer.later_lines)]
    if offer.value_used is not None:
        lines.insert(0, ("spent", offer.value_used.amount, offer.effective, offer.term_end))
    total, renewal = offer.total, offer.next_renewal
    assert renewal is not None
    return inline.Result(
        tuple(inline.Line(*line) for line in lines),
        total.net.amount, total.tax.amount, total.gross.amount, offer.direction, offer.kind,
        offer.term_end, renewal.on, renewal.amount.net.amount,
    )  # fmt: skip


def families(title: str, found: Iterator[Family]) -> int:
    """Print the figures of families; how many targets are missed."""
    print(title)
    missed = 0
    for family in found:
        for on in DAYS:
            price, whole, by_hand = family.alone(on), family.offer(on), family.inline(on)
            assert isinstance(price, quote.Price) and isinstance(whole, quote.Offer), (price, whole)
            assert price.gross == by_hand.gross, (family.name, on, price.gross, by_hand.gross)
            assert stated(whole) == by_hand, (family.name, on, stated(whole), by_hand)
        baseline, alone = microseconds([family.inline, family.alone])
        missed += show(family.name, alone, baseline, ALONE)
    return missed


def main() -> int:
    """Print the figures; exit status 1 when a target is missed."""
    print("full working, the easy/hard regulation")
    hard = next(easy_hard())
    baseline, whole, offer = microseconds([hard.inline, hard.whole, hard.offer])
    missed = show("offer with full working", whole, baseline, FULL)
    show("offer, working not asked for", offer, baseline, None)
    missed += families("the price alone, easy/hard regulation", easy_hard())
    missed += families("the price alone, deposit regulation", deposit())
    missed += families("the price alone, each settlement", settlements())
    found = list(cases())
    print(f"the price alone, {len(found)} worked cases of the corpus, against their lines inline")
    missed += show("all", fmean(alone for _, alone, _ in found), fmean(by_hand for *_, by_hand in found), ALONE)
    within = sum(alone <= ALONE * by_hand for _, alone, by_hand in found)
    print(f"  {within} of {len(found)} cases by themselves within {ALONE} x; the slowest:")
    for name, alone, by_hand in sorted(found, key=lambda case: case[1] / case[2])[-3:]:
        show(name[:40], alone, by_hand, None)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
