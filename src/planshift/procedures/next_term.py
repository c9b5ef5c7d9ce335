"""What is the next term of a service, and when is its renewal announced, due and given up? Reads, writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from planshift.domain.policy import document, renewal_dates
from planshift.procedures import billed_later, contracts, models, rules, work
from planshift.runtime import among, runs
from planshift.services import queries as holdings

RENEWAL = "renewal"  # the kind of its runs
UNPAID = ("AWAITING_PAYMENT", "OVERDUE")
# What a waiting renewal wakes up for.
WAKING = ("paid", "expired", "withdrawn", "deposit", "auto_renew", "taxed", "change")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the next term is priced for: the service as it is, or as a paid change leaves it."""

    plan: str
    family: str
    months: int
    additional: Mapping[str, int]
    start_on: date
    later: tuple[billed_later.Owed, ...] = ()  # what changes left to be billed with it
    made: tuple[date, int] | None = None  # day and catalog revision of the contract that a paid change of plan makes

    def to_json(self) -> dict[str, Any]:
        """As it is kept with the renewal."""
        kept: dict[str, Any] = {
            "plan": self.plan,
            "family": self.family,
            "months": self.months,
            "additional": dict(sorted(self.additional.items())),
            "start_on": str(self.start_on),
        }
        return kept | ({"later": [each.change for each in self.later]} if self.later else {})


def paid_changes(found: Sequence[holdings.Holding]) -> dict[int, models.Change]:
    """By service: the change that is paid or accepted and has not yet taken effect; one statement."""
    paid = Q(order__state="PAID") | ~Q(state__in=("AWAITING_PAYMENT", "AWAITING_ACCEPTANCE"))
    these = among.of("service_id", [each.service.id for each in found])
    open_ones = models.Change.objects.filter(paid, these, state__in=models.Change.lifecycle.open, applied_at=None)
    quotes = ("quote__service__client__seller", "lowered_from__service__client__seller")
    return {row.service_id: row for row in open_ones.select_related(*quotes)}


def bases(found: Sequence[holdings.Holding]) -> list[Basis]:
    """What the next term of each service is, with what is billed with it; two statements."""
    changes, owed = paid_changes(found), billed_later.of(services=[each.service.id for each in found])
    made = [basis_of(each, change=changes.get(each.service.id)) for each in found]
    if not owed:
        return made
    return [replace(basis, later=owed.get(each.service.id, ())) for each, basis in zip(found, made, strict=True)]


def basis_of(holding: holdings.Holding, *, change: models.Change | None) -> Basis:
    """What the next term is: of the service as it is, or of the one that a paid change makes of it."""
    row, ends_on = holding.service, holding.last.end_on
    if change is None:
        return Basis(
            plan=row.plan, family=row.family, months=row.months, additional=holding.additional, start_on=ends_on
        )
    after = work.after(kept=change.quote)
    return Basis(
        plan=after.plan,
        family=after.family,
        months=after.months,
        additional=after.additional,
        start_on=max(ends_on, after.term_end_on),
        made=contracts.made_by(change=change),
    )


def dates(policy: document.Policy, *, family: str, ends_on: date) -> renewal_dates.Dates:
    """When the renewal after the term that ends on `ends_on` is announced, suspended and given up."""
    found: renewal_dates.Dates = rules.carried_out(renewal_dates, policy=policy, family=family, term_ends_on=ends_on)
    return found


def run_key(renewal: models.Renewal) -> str:
    """The run of a renewal (with its order), and the key under which billing signals it."""
    assert renewal.order is not None
    return renewal.order.signal_key


def waits(*, renewal: models.Renewal, policy: document.Policy) -> runs.Wait:
    """Until when an unpaid renewal (with service and order) waits: for the day of suspension, then for its deadline."""
    assert renewal.order is not None
    seller = renewal.service.client.seller
    days = dates(policy, family=renewal.service.family, ends_on=renewal.start_on)
    suspended_at = rules.start_of(days.suspended_on, seller=seller)
    due_at = suspended_at if renewal.state == "AWAITING_PAYMENT" else renewal.order.expires_at
    return until(due_at)


def until(due_at: datetime) -> runs.Wait:
    """The wait for a payment until a date."""
    return runs.Wait(resume="settle", signal=WAKING, due_at=due_at, owner="client")
