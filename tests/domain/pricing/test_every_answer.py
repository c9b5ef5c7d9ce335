"""Every answer of every dimension is carried out: priced over a set of situations, none raises, lines sum to totals."""

import re

import pytest

from planshift.domain import quote, quote_json
from planshift.domain.policy import dimensions
from planshift.domain.tax import Taxed
from tests.domain.pricing import world

SELLER = """
[seller]
currency = "EUR"
country = "PL"
zone = "Europe/Warsaw"
vat = [{ rate = "23" }]
"""
CATALOG = """
[plans.old]
rank = 1
resources.ip = { prices = [{ period = 1, amount = "2.00" }], maximum = 9, included = 1 }
prices = [{ period = 1, amount = "10.00", renewal = "12.00" }, { period = 12, amount = "100.00" }]
[plans.new]
rank = 2
setup = "7.00"
resources.ip = { prices = [{ period = 1, amount = "3.00" }], maximum = 9, included = 2 }
prices = [{ period = 1, amount = "20.00" }, { period = 12, amount = "210.00" }]
"""
SERVICE = """
[service]
plan = "{plan}"
period = {period}
{time}
resources = {{ ip = 2 }}
bought_on = 2025-01-31
changed_on = 2026-02-20
payment_method = "card"
promotional = true
prepaid_periods = 1
bill_day = 31
aligned_until = 2026-04-15
numbers = {{ domains = 3 }}
discount = {{ percent = 10, perpetual = true }}
"""
SITUATIONS = [
    # on, period, plan, time, request
    (
        "2026-02-20",
        1,
        "old",
        "start = 2026-01-31\nend = 2026-02-28",
        'change = "plan"\nto = "new"\nchoice = "new_term_less_credit"',
    ),
    ("2026-02-20", 1, "new", "start = 2026-01-31\nend = 2026-02-28", 'change = "plan"\nto = "old"'),
    ("2026-03-01T12:00:00+01:00", 12, "old", "start = 2026-01-31\nend = 2027-01-31", 'change = "plan"\nto = "new"'),
    ("2026-02-20", 1, "old", "start = 2026-01-31\nend = 2026-02-28", 'change = "plan"\nto = "new"\nperiod = 12'),
    ("2026-02-20", 1, "old", "start = 2026-01-31\nend = 2026-02-28", 'change = "resources"\nresources = { ip = 5 }'),
    ("2026-02-20", 1, "old", "start = 2026-01-31\nend = 2026-02-28", 'change = "resources"\nresources = { ip = 0 }'),
    ("2026-02-20", 1, "old", "start = 2026-01-31\nend = 2026-02-28", 'change = "period"\nperiod = 12'),
    ("2026-02-20", 12, "old", "start = 2026-01-31\nend = 2027-01-31", 'change = "period"\nperiod = 1'),
    ("", 12, "old", 'remaining = "4 months"', 'change = "plan"\nto = "new"'),
    ("", 1, "old", 'used = "1/2 term"', 'change = "plan"\nto = "new"'),
]
BASE = 'decrease = "settled"\nperiod_change = "settled"\ncurrency = "EUR"\n'


def answers() -> list[tuple[str, str, str]]:
    """Every answer with the TOML of its example."""
    return [
        (dimension.name, answer.name, answer.example)
        for dimension in dimensions.every().values()
        for answer in dimension.answers.values()
    ]


def written(dimension: str, example: str) -> str:
    """A policy that chooses one answer, with what that answer needs beside it."""
    text = "".join(line + "\n" for line in BASE.splitlines() if not line.startswith(dimension))
    text += f"{dimension} = {example}\n"
    if dimension == "timing" and "renewal" in example:
        text = text.replace('decrease = "settled"', 'decrease = "at_renewal"')
    if dimension == "notices" and "acceptance" in example:
        text += 'acceptance = "by_reply"\n'
    if example == '"after_acceptance"':
        text = text.replace(f"{dimension} = {example}\n", 'acceptance = "by_reply"\n')
    if '"by_reply"' in text:  # a decrease waits for it
        text += '[[case]]\nname = "period"\nwhen = { operation = "period" }\n'
        text += '[[case]]\nname = "down"\nwhen = { direction = "down" }\ntiming = "after_acceptance"\n'
        text += '[[case]]\nname = "other"\n'
    if dimension == "setup_fee" and "hard" not in example and "none" not in example:
        text += 'kind = "hard"\n'
    if dimension == "denominator" and "months" in example:
        text += 'time_unit = "months"\n'
    if dimension == "credit_to" and "deposit" in example:
        text += 'deposit = "refundable"\n'
    if dimension in ("collection", "failure") and "deposit" in example:
        text += 'deposit = "refundable"\n'
    if dimension == "metering" and "hourly" in example:
        text += 'timing = "at_once"\n'
    if dimension == "timing" and "at_once" in example:
        text = re.sub(r"(?m)^settlement = .*$", "", text) + 'settlement = "nothing"\n'
    return text


def facts(situation: tuple[str, int, str, str, str]) -> str:
    on, period, plan, time, request = situation
    head = f"on = {on}\n" if on else ""
    service = SERVICE.format(plan=plan, period=period, time=time)
    return head + SELLER + CATALOG + service + f"[request]\n{request}\n"


@pytest.mark.parametrize(("dimension", "name", "example"), answers(), ids=lambda value: str(value)[:40])
def test_the_answer_is_carried_out(dimension: str, name: str, example: str) -> None:
    policy = world.policy(written(dimension, example))
    chosen = list(policy.base[dimension])
    chosen = [*chosen, *(each for case in policy.cases for each in case.answers.get(dimension, ()))]
    assert name in [each.answer for each in chosen]
    offers = 0
    for situation in SITUATIONS:
        given = world.stated(facts(situation))
        result = quote.price(facts=given.facts, request=given.request, policy=policy, on=given.on)
        only = quote.amount(facts=given.facts, request=given.request, policy=policy, on=given.on)
        encoded = quote_json.encode(result)
        if isinstance(result, quote.Refusal):
            assert result.reasons
            assert only == result
            continue
        offers += 1
        assert Taxed.total((line.amount for line in result.lines), currency="EUR") == result.total
        assert isinstance(only, quote.Price)
        assert (only.net, only.tax, only.gross) == (
            result.total.net.amount,
            result.total.tax.amount,
            result.total.gross.amount,
        )
        assert encoded["working"]
    refuses_all = dimension in ("who_may_ask", "notice_period")
    assert offers or refuses_all, "no situation in which this answer gives an offer"
