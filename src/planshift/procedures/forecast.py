"""What would the renewals of a day be? Computed with the same rules as the day's run; nothing is written or locked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from planshift.billing import own_money
from planshift.billing import queries as billing
from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import announcing, collection, models, next_term, planning, rules
from planshift.services import queries as holdings

EXAMPLES = 20
Key = tuple[str, str]  # number of a client, balance
Spent = dict[Key, Money]  # one balance pays for several services only as far as it goes


@dataclass(slots=True, kw_only=True)
class Forecast:
    """One seller, one day, one currency. Amounts are exact totals of the documents that would be made."""

    seller: str
    currency: str
    announced: int = 0
    total: Taxed
    from_deposit: int = 0  # of the announced: the deposit pays by itself what account credit leaves (D4)
    drawn: Money
    from_credit: int = 0  # of the announced: account credit pays by itself, all of it or a part
    credited: Money
    suspended: int = 0  # renewals that are still unpaid when their days of grace are over
    given_up: int = 0  # renewals whose time for a late payment is over
    refused: Counter[str] = field(default_factory=Counter)  # reason → how many services
    examples: list[tuple[str, str]] = field(default_factory=list)  # (service, reason), the first of these


def of_day(*, at: datetime, known_at: datetime | None = None) -> Iterator[Forecast]:
    """What the run of the day of `at` would do, seller by seller, with memory that does not grow with their services.

    `known_at`: now, where the day is to come (see `planning.Planner`).
    Refused: `seller_without_catalog`, `seller_without_policy`.
    """
    for seller in sellers.Seller.objects.order_by("pk"):
        yield _of_seller(catalog.in_force(seller=seller), at, known_at)


def _of_seller(in_force: catalog.InForce, at: datetime, known_at: datetime | None) -> Forecast:
    seller = in_force.seller
    nothing = Money.zero(seller.currency)
    found = Forecast(
        seller=seller.code, currency=seller.currency, total=Taxed.zero(seller.currency), drawn=nothing, credited=nothing
    )
    due = announcing.due_pks(in_force=in_force, on=rules.day(seller=seller, at=at))
    spent: Spent = {}
    planner = planning.Planner(in_force=in_force, at=at, known_at=known_at)
    while some := list(islice(due, announcing.BATCH)):
        plans, others = planner.plans(holdings.holdings_of(pks=some, seller=seller))
        balances = _balances(plans, in_force)
        for each in others:
            _refused(found, each.service.number, each.refused)
        for plan in plans:
            found.announced += 1
            found.total += plan.total
            _drawn(found, plan, balances, in_force, at, spent)
    _unpaid(found, in_force, at)
    return found


def _refused(found: Forecast, service: str, refused: Refused) -> None:
    found.refused[refused.code] += 1
    if len(found.examples) < EXAMPLES:
        found.examples.append((service, refused.code))


def _balances(plans: Sequence[planning.Plan], in_force: catalog.InForce) -> Mapping[Key, Money]:
    """What the clients have of their own balances in the seller's currency; one statement."""
    found = billing.balances_of(clients={plan.service.client.number for plan in plans})
    currency = in_force.seller.currency
    return {(client, kind): balance for (client, kind, of), balance in found.items() if of == currency}


def _drawn(
    found: Forecast,
    plan: planning.Plan,
    balances: Mapping[Key, Money],
    in_force: catalog.InForce,
    at: datetime,
    spent: Spent,
) -> None:
    service, nothing = plan.holding.service, Money.zero(found.currency)
    keys = {kind: (service.client.number, kind) for kind in own_money.BALANCES}
    free = {kind: balances.get(key, nothing) - spent.get(key, nothing) for kind, key in keys.items()}
    if not plan.total.gross.minor or not any(free.values()):
        return
    decided = collection.decide(
        policy=in_force.policy, service=service, purpose="renewal", free=free, due=plan.total.gross, at=at
    )
    for kind, amount in decided.amounts.items():
        spent[keys[kind]] = spent.get(keys[kind], nothing) + amount
    if deposit := decided.amounts.get("deposit"):
        found.from_deposit += 1
        found.drawn += deposit
    if credit := decided.amounts.get("account_credit"):
        found.from_credit += 1
        found.credited += credit


def _unpaid(found: Forecast, in_force: catalog.InForce, at: datetime) -> None:
    """Renewals that are announced already and would be suspended or given up on that day."""
    today = rules.day(seller=in_force.seller, at=at)
    waiting = models.Renewal.objects.filter(
        service__client__seller=in_force.seller, state__in=next_term.UNPAID, start_on__lte=today + timedelta(days=1)
    ).exclude(order__state="PAID")
    rows = waiting.values_list("state", "service__family", "start_on", "order__expires_at")
    for state, family, start_on, expires_at in rows.order_by("pk").iterator(chunk_size=5000):
        days = next_term.dates(in_force.policy, family=family, ends_on=start_on)
        if expires_at is not None and expires_at <= at:
            found.given_up += 1
        elif state == "AWAITING_PAYMENT" and days.suspended_on <= today:
            found.suspended += 1
