"""What the next term costs and when it begins: the same for the quote that announces it and for the renewal."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planshift.domain import facts, money, quote, renewing
from planshift.domain.errors import Refused
from planshift.domain.periods import Length
from planshift.domain.policy import month_end
from planshift.domain.policy.document import Policy
from planshift.domain.pricing import afterwards, settle
from planshift.domain.tax import Taxed
from planshift.procedures import rules
from tests.domain.pricing import world

amount = st.decimals(min_value="0.002", max_value="500", places=3).map(str)


@given(
    place=st.sampled_from(["each_line", "net"]),
    mode=st.sampled_from(money.MODES),
    tax_place=st.sampled_from(["per_rate", "per_line", "on_gross", "credits_on_gross"]),
    tax_mode=st.sampled_from(money.MODES),
    prices=st.sampled_from(["net", "gross"]),
    amounts=st.tuples(amount, amount, amount),
    quantity=st.integers(1, 7),
)
def test_H8_a_quote_announces_the_next_renewal_at_exactly_what_it_will_cost(
    place: str, mode: str, tax_place: str, tax_mode: str, prices: str, amounts: tuple[str, str, str], quantity: int
) -> None:
    policy = world.policy(
        f'rounding = {{ answer = "{place}", mode = "{mode}" }}\n'
        f'tax_rounding = {{ answer = "{tax_place}", mode = "{tax_mode}" }}\n'
    )
    plan, ip, disk = amounts
    given = world.stated(
        '[request]\nchange = "plan"\nto = "new"\n'
        f'[seller]\ncurrency = "EUR"\nprices = "{prices}"\nvat = [{{ rate = "23" }}]\n'
        '[plans.old]\nprice = "0.001"\n'
        f'[plans.new]\nprice = "{plan}"\n'
        f'resources.ip = {{ prices = [{{ period = 1, amount = "{ip}" }}], maximum = 9 }}\n'
        f'resources.disk = {{ prices = [{{ period = 1, amount = "{disk}" }}], maximum = 9 }}\n'
        f'[service]\nplan = "old"\nperiod = 1\nstart = 2026-03-01\nend = 2026-04-01\n'
    )
    sold = given.facts.catalog
    plans = dict(sold.plans)
    plans["old"] = replace(plans["old"], resources=plans["new"].resources)
    service = replace(given.facts.service, resources={"ip": quantity, "disk": 1})
    found = replace(given.facts, catalog=replace(sold, plans=plans), service=service)
    offered = quote.price(facts=found, request=given.request, policy=policy, on=dt.date(2026, 3, 16))
    assert isinstance(offered, quote.Offer) and offered.next_renewal is not None
    lines = renewing.lines(
        sold=found.catalog,
        plan="new",
        length=Length(1),
        additional=service.resources,
        on=dt.date(2026, 4, 1),
        rounding=rules.renewal_rounding(policy=policy, family=plans["new"].family, currency="EUR"),
    )
    assert [line.component for line in lines] == [facts.PLAN, "resource:disk", "resource:ip"]
    assert Taxed.total((line.amount for line in lines), currency="EUR") == offered.next_renewal.amount


def stretch(start: str, end: str, months: int) -> renewing.Stretch:
    return renewing.Stretch(start_on=dt.date.fromisoformat(start), end_on=dt.date.fromisoformat(end), months=months)


LAST = month_end.RULES["last_day"].run


@pytest.mark.parametrize(
    ("terms", "day"),
    [
        # 31 Jan, 28 Feb, 31 Mar: one chain
        ([("2026-01-31", "2026-02-28", 1)], 31),
        ([("2026-01-31", "2026-02-28", 1), ("2026-02-28", "2026-03-31", 1)], 31),
        # begun anew on 12 September: the next begins on the 12th, not on the first term's 20th
        ([("2026-08-20", "2026-09-12", 1), ("2026-09-12", "2026-10-12", 1)], 12),
        # the running term was moved to the 5th
        ([("2026-08-20", "2026-11-05", 1)], 5),
        # a gap: suspended from 28 Feb on, back on 10 March
        ([("2026-01-31", "2026-02-28", 1), ("2026-03-10", "2026-04-10", 1)], 10),
    ],
)
def test_the_next_term_begins_on_the_day_of_the_last_unbroken_chain(
    terms: list[tuple[str, str, int]], day: int
) -> None:
    assert renewing.anchor(terms=[stretch(*term) for term in terms], month_end=LAST) == day


def test_a_chain_under_another_rule_of_month_ends() -> None:
    then_on = month_end.RULES["last_day_from_then_on"].run
    assert renewing.anchor(terms=[stretch("2026-01-31", "2026-02-28", 1)], month_end=then_on) in (28, 31)
    into_next = month_end.RULES["next_month"].run  # 31 Jan + 1 is 3 March, and the 3rd from then on
    assert renewing.anchor(terms=[stretch("2026-01-31", "2026-03-03", 1)], month_end=into_next) == 3


def _of_2025() -> tuple[facts.Facts, facts.Request, Policy]:
    """One IP address more, priced since March 2026, of a contract of 2025 that keeps what was agreed."""
    given = world.stated(
        '[request]\nchange = "resources"\nresources.ip = 2\n'
        '[seller]\ncurrency = "EUR"\n'
        '[plans.old]\nprice = "10"\n'
        'resources.ip = { prices = [{ period = 1, amount = "3", from = 2026-03-01 }], maximum = 9 }\n'
        '[service]\nplan = "old"\nperiod = 1\nstart = 2026-06-01\nend = 2026-07-01\n'
    )
    known = replace(given.facts, service=replace(given.facts.service, agreed_on=dt.date(2025, 1, 1)))
    return known, given.request, world.policy('renewal = { answer = "full_new_price", prices = "as_agreed" }\n')


def test_H8_a_resource_that_was_first_priced_after_the_contract_is_renewed_at_that_price() -> None:
    known, request, policy = _of_2025()
    offered = quote.price(facts=known, request=request, policy=policy, on=dt.date(2026, 6, 16))
    assert isinstance(offered, quote.Offer) and offered.next_renewal is not None
    assert offered.next_renewal.amount.net.text == "16.00"  # 10 + 2 x 3


def test_H8_a_price_that_the_renewal_would_miss_is_a_reason_and_not_left_out() -> None:
    known, request, policy = _of_2025()
    settled = settle.settle(facts=known, request=request, policy=policy, on=dt.date(2026, 6, 16))
    assert isinstance(settled, settle.Settled)
    with pytest.raises(Refused) as refused:
        afterwards.renewal_basis(settled, known, dt.date(2026, 2, 1))
    (reason,) = refused.value.reasons
    assert (reason.code, dict(reason.facts)) == ("no_renewal_price", {"resource": "ip", "length": "1 month"})
