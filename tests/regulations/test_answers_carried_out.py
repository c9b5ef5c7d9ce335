"""The checker accepts no answer that no code carries out: choosing another answer shows, and its code is what runs.

Every answer of every dimension that prices something is chosen over the same situations. What the client is told must
differ between any two answers of one dimension; and with its code replaced by code that raises, nothing is told.
What procedures carry out (orders, waits, papers) is looked at in tests/stories/test_answers_in_the_product.py.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from planshift.domain import quote, quote_json
from planshift.domain.facts_document import Stated
from planshift.domain.policy import dimensions
from planshift.domain.pricing import compiled, prepared
from tests.domain.pricing import test_every_answer as base
from tests.domain.pricing import world

# Carried out by procedures, never by the price.
BY_PROCEDURES = frozenset(
    ("acceptance", "collection", "content_transfer", "cut_over", "deposit", "documents", "failure", "interruption",
     "metering", "renewal",
     "renewal_dates", "retention", "validity")
)  # fmt: skip
# Two names for one thing where both may stand: a term paid in advance gives back nothing and charges nothing; a set-up
# fee for every change may stand at hard changes only (the checker sees to it).
SAME = {
    ("decrease", "without_refund", "new_limits_old_price"),
    ("setup_fee", "of_new_plan", "of_new_plan_when_hard"),
}

PLANS = base.SELLER + base.CATALOG
PLAN = '[request]\nchange = "plan"\nto = "new"\n'
DOWN = '[request]\nchange = "plan"\nto = "old"\n'
TERM = "period = 1\nstart = 2026-01-31\nend = 2026-02-28\n"
YEAR = "period = 12\nstart = 2026-01-31\nend = 2027-01-31\n"
SERVICE = '[service]\nplan = "old"\n'
ON = 'on = "2026-02-10"\n'
BILLED = (
    '[[billed]]\namount = "60.00"\nissued_on = 2026-01-31\nstart = 2026-01-31\nend = 2027-01-31\n'
    '[[billed]]\namount = "45.00"\nissued_on = 2026-02-01\nstart = 2026-01-31\nend = 2027-01-31\n'
)
SIDEWAYS = PLANS.replace('{ period = 1, amount = "20.00" }', '{ period = 1, amount = "10.00" }')
TWO_RESOURCES = PLANS.replace(
    "resources.ip = {",
    'resources.disk = { prices = [{ period = 1, amount = "1.00" }], maximum = 9, included = 1 }\nresources.ip = {',
)
FAMILIES = "[families.a]\n[families.b]\n" + PLANS.replace("[plans.old]", '[plans.old]\nfamily = "a"').replace(
    "[plans.new]", '[plans.new]\nfamily = "b"'
)
RANKS = PLANS.replace("rank = 1", "rank = 3").replace(
    '{ period = 1, amount = "20.00" }', '{ period = "30 days", amount = "9.95" }, { period = 1, amount = "20.00" }'
)

# Dimension → what else the policy says, and situations in which its answers part.
STAGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "direction": (
        "",
        (ON + RANKS + SERVICE + TERM + PLAN, ON + RANKS + SERVICE + TERM + PLAN + 'period = "30 days"\n',
         ON + PLANS + SERVICE + YEAR + PLAN + "period = 1\n"),
    ),
    "settlement": (
        'negative_result = "up_to_new_term"\n',
        (ON + PLANS + SERVICE + YEAR + PLAN + "period = 1\n",
         ON + PLANS + SERVICE + YEAR + PLAN + 'period = 1\nchoice = "credit_and_charge"\n'),
    ),
    "counted_from": (
        "",
        (ON + PLANS + SERVICE + TERM + PLAN + "paid_at = 2026-02-14\nready_at = 2026-02-17\n",),
    ),
    "time_zone": (
        "",
        ('on = "2026-02-10T02:00:00+01:00"\n' + PLANS + SERVICE + TERM + 'time_zone = "America/New_York"\n' + PLAN,),
    ),
    "partial_unit": (
        'time_unit = "days"\nchange_day = "by_instant"\n',
        tuple(
            f'on = "{on}"\n' + PLANS + SERVICE + "period = 1\nstart = 2026-01-31T08:00:00+01:00\n"
            "end = 2026-03-01T20:00:00+01:00\n" + PLAN
            for on in ("2026-02-10T14:00:00+01:00", "2026-02-10T23:00:00+01:00")
        ),
    ),
    "change_day": (
        'settlement = "credit_and_charge"\ntime_unit = "months"\nunused_value = "less_used_months"\n',
        (ON + PLANS + SERVICE + YEAR + PLAN,),
    ),
    "month_end": (
        'near_renewal = { answer = "next_period_too", under_days = 60 }\n',
        (ON + PLANS + SERVICE + TERM + PLAN,
         'on = "2026-01-20"\n' + PLANS + SERVICE + "period = 1\nstart = 2025-12-31\nend = 2026-01-31\n" + PLAN),
    ),
    "unused_value": ("", (ON + PLANS + SERVICE + YEAR + "bought_on = 2026-01-31\n" + PLAN,)),
    "setup_fee": ('kind = "hard"\n', (ON + PLANS + SERVICE + TERM + PLAN,)),
    "fee_waiver": (
        'change_fee = [{ answer = "flat", amount = "5.00" }]\n',
        (ON + PLANS + SERVICE + TERM + "announced_on = 2025-12-01\nbought_on = 2024-01-31\n" + PLAN,
         ON + PLANS + SERVICE + TERM + "bought_on = 2026-01-31\n" + PLAN),
    ),
    "payment_discount": ("", (ON + PLANS + SERVICE + TERM + 'payment_method = "prepaid"\n' + PLAN,)),
    "old_setup": (
        "",
        (ON + PLANS + SERVICE + YEAR + BILLED + '[[billed]]\ncomponent = "setup"\namount = "12.00"\n' + PLAN,),
    ),
    "equal_price": ("", (ON + SIDEWAYS + SERVICE + TERM + PLAN + "resources = { ip = 2 }\n",
                         ON + SIDEWAYS + SERVICE + TERM + "discount = { percent = 10 }\n" + PLAN)),
    "resource_decrease": (
        "",
        (ON + TWO_RESOURCES + SERVICE + TERM + "resources = { ip = 3, disk = 3 }\n"
         '[request]\nchange = "resources"\nresources = { ip = 1 }\n',
         ON + TWO_RESOURCES + SERVICE + TERM + "resources = { ip = 3, disk = 3 }\n"
         '[request]\nchange = "resources"\nresources = { disk = 1 }\n'),
    ),
    "mixed_resources": (
        "",
        (ON + TWO_RESOURCES + SERVICE + TERM + "resources = { ip = 3, disk = 3 }\n"
         '[request]\nchange = "resources"\nresources = { ip = 1, disk = 5 }\n',),
    ),
    "credit_distribution": (
        'settlement = "credit_and_charge"\ncredit_share = { answer = "percent", percent = 50 }\n',
        (ON + PLANS + SERVICE.replace("old", "new") + YEAR + BILLED + DOWN,),
    ),
    "account_credit": ("", (ON + PLANS + SERVICE + TERM + '[standing]\naccount_credit = "3.00"\n' + PLAN,)),
    "unpaid_documents": ("", (ON + PLANS + SERVICE + TERM + '[standing]\nunpaid_documents = ["FV1"]\n' + PLAN,)),
    "renewal_issued": (
        "",
        (ON + PLANS + SERVICE + TERM + '[standing]\nrenewal_issued = "R1"\n' + PLAN,
         ON + PLANS + SERVICE + TERM + '[standing]\nrenewal_issued = "R1"\nrenewal_paid = true\n' + PLAN),
    ),
    "cut_off": ("", ('on = "2026-02-27"\n' + PLANS + SERVICE + TERM + PLAN,)),
    "hold_after_change": ("", (ON + PLANS + SERVICE + TERM + "changed_on = 2026-02-09\n" + PLAN,)),
    "who_may_ask": (
        "",
        (ON + PLANS + SERVICE + TERM + 'payment_method = "transfer"\n' + PLAN,
         ON + PLANS + SERVICE + TERM + PLAN + 'asked_by = "owner"\n',
         ON + PLANS + SERVICE + TERM + PLAN + 'asked_by = "staff"\n'),
    ),
    "usage_fit": (
        "",
        (ON + PLANS + SERVICE + TERM + "[usage]\nas_of = 2026-02-09\namounts = { ip = 7 }\n" + PLAN,),
    ),
    "other_family": ("", (ON + FAMILIES + SERVICE + TERM + PLAN,)),
    "capacity": ("", (ON + PLANS + SERVICE + TERM + "[capacity]\nas_of = 2026-02-09\nfree = { new = 0 }\n" + PLAN,)),
    "early_window": ("", (ON + PLANS + SERVICE + YEAR + "bought_on = 2026-01-31\n" + PLAN,
                          'on = "2026-02-01"\n' + PLANS + SERVICE + YEAR + "bought_on = 2026-01-31\n" + PLAN)),
    "near_renewal": ("", ('on = "2026-02-27"\n' + PLANS + SERVICE + TERM + PLAN,)),
    "period_change": (
        "",
        (ON + PLANS + SERVICE + TERM + 'bought_on = 2026-01-31\n[request]\nchange = "period"\nperiod = 12\n',),
    ),
    "notices": ('kind = "hard"\n', (ON + PLANS + SERVICE + TERM + '[[service.attached]]\nname = "mail"\n' + PLAN,)),
}  # fmt: skip
# Parameters with which an answer says something else than the one beside it.
WRITTEN = {
    ("denominator", "fixed_per_year"): '{ answer = "fixed_per_year", units = 366 }',
    ("charge_price", "less_percent"): '{ answer = "less_percent", percent = "25" }',
    ("resource_decrease", "all_but"): '{ answer = "all_but", resources = ["disk"] }',
}


def answers() -> list[tuple[str, str]]:
    """Every answer that the price carries out."""
    return [
        (dimension.name, answer)
        for dimension in dimensions.every().values()
        for answer in dimension.answers
        if dimension.name not in BY_PROCEDURES
    ]


def situations(dimension: str) -> tuple[Stated, ...]:
    texts = (*(base.facts(each) for each in base.SITUATIONS), *STAGES.get(dimension, ("", ()))[1])
    return tuple(map(stated, texts))


stated = functools.cache(world.stated)  # most situations are those of every dimension


def policy_text(dimension: str, answer: str) -> str:
    example = WRITTEN.get((dimension, answer), dimensions.every()[dimension].answers[answer].example)
    more = "" if answer in ("move_expiry", "nothing") else STAGES.get(dimension, ("", ()))[0]  # they give nothing back
    text = base.written(dimension, example)
    stated = {line.split(" = ")[0] for line in more.splitlines()}
    head, case, rest = text.partition("[[case]]")
    kept = [line for line in head.splitlines() if line.split(" = ")[0] not in stated]
    return "\n".join(kept) + "\n" + more + case + rest


def told(dimension: str, answer: str) -> tuple[str, ...]:
    """What the client is told in every situation, without the names of answers and the working."""
    policy = world.policy(policy_text(dimension, answer))
    found = []
    for given in situations(dimension):
        result = quote.price(facts=given.facts, request=given.request, policy=policy, on=given.on)
        encoded: dict[str, Any] = quote_json.encode(result)
        found.append(json.dumps({**encoded, "working": "", "settlement": ""}, sort_keys=True, default=str))
    return tuple(found)


@functools.cache
def kept(dimension: str, answer: str) -> tuple[str, ...]:
    return told(dimension, answer)


@contextmanager
def counted(dimension: str, answer: str) -> Iterator[list[int]]:
    """Count the calls of an answer's code, by whatever road it is reached."""
    chosen, calls = dimensions.every()[dimension].answers[answer], [0]
    own = chosen.run

    @functools.wraps(own)
    def run(*positional: Any, **named: Any) -> Any:
        calls[0] += 1
        return own(*positional, **named)

    compiled.rules.cache_clear()
    prepared._known.clear()
    object.__setattr__(chosen, "run", run)
    try:
        yield calls
    finally:
        object.__setattr__(chosen, "run", own)
        compiled.rules.cache_clear()
        prepared._known.clear()


@pytest.mark.parametrize("dimension", dict.fromkeys(dimension for dimension, _ in answers()))
def test_choosing_another_answer_shows(dimension: str) -> None:
    names = list(dimensions.every()[dimension].answers)
    alike = {
        (dimension, one, other)
        for index, one in enumerate(names)
        for other in names[index + 1 :]
        if kept(dimension, one) == kept(dimension, other)
    }
    assert alike == {each for each in SAME if each[0] == dimension}


@pytest.mark.parametrize(("dimension", "answer"), answers())
def test_the_code_of_an_answer_runs(dimension: str, answer: str) -> None:
    with counted(dimension, answer) as calls:
        told(dimension, answer)
    idle = answer == dimensions.every()[dimension].default and not calls[0]
    assert calls[0] or idle, "its code never runs"
    if idle:  # it does nothing, and the engine need not ask it: that nothing is done shows
        others = [name for name in dimensions.every()[dimension].answers if name != answer]
        assert all(kept(dimension, answer) != kept(dimension, other) for other in others)
