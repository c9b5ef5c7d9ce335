"""What would the next terms of these services be, and what would they cost? Reads, writes nothing.

Services of one plan with the same resources, period and first day cost the same: that is computed once per batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold
from planshift.domain import documents, periods, renewing
from planshift.domain import vat as domain_vat
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.tax import Taxed
from planshift.procedures import contracts, models, next_term, paper, rules, vat
from planshift.runtime import among
from planshift.services import models as services
from planshift.services import queries as holdings

Taxing = Mapping[int, domain_vat.Case | Refused]  # of buyers abroad, by pk of the service


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A next term, priced, not yet written. `lines` and `total` are exact amounts of the document."""

    holding: holdings.Holding
    basis: next_term.Basis
    end_on: date
    lines: tuple[documents.Line, ...]
    total: Taxed
    suspended_at: datetime
    expires_at: datetime

    @property
    def service(self) -> services.Service:
        """Whose next term it is."""
        return self.holding.service


class Unpriced(NamedTuple):
    """A next term that is due and cannot be priced, with the reason."""

    service: services.Service
    start_on: date
    refused: Refused


class _Same(NamedTuple):
    """Next terms that are equal in this cost the same."""

    plan: str
    family: str
    months: int
    additional: tuple[tuple[str, int], ...]
    on: date
    treatment: str
    rate: Fraction
    contract: sold.Contract | None


class _Priced(NamedTuple):
    """What they cost, and what their lines say of it."""

    lines: tuple[renewing.Line, ...]
    words: tuple[Mapping[str, str], ...]
    total: Taxed


class _Days(NamedTuple):
    announced_on: date
    suspended_at: datetime
    expires_at: datetime


class Planner:
    """Plans the next terms of one seller's services as of one instant. `known_at`: the letters about new prices are
    those of then, which is earlier where somebody asks what will be."""

    def __init__(self, *, in_force: catalog.InForce, at: datetime, known_at: datetime | None = None) -> None:
        self.in_force, self.at = in_force, at
        self.today = rules.day(seller=in_force.seller, at=at)
        self._told_by = rules.day(seller=in_force.seller, at=known_at or at)
        self._prices: dict[_Same, _Priced | Refused] = {}
        self._known_days: dict[tuple[str, date], _Days] = {}
        self._ends: dict[tuple[object, ...], date] = {}
        self._concluded: Mapping[int, contracts.Agreed] = {}

    def plans(self, found: Sequence[holdings.Holding]) -> tuple[list[Plan], list[Unpriced]]:
        """The next terms of services whose day has come and whose next term is not announced yet, and those that cannot
        be priced (as in `renewing.lines` and, for a buyer abroad, `vat.decide`). A constant number of statements."""
        due = self._due(found)
        taxed = self._taxing(due)
        self._concluded = contracts.concluded(
            [holding for holding, _ in due],
            sold=self.in_force.catalog,
            policy=self.in_force.policy,
            seller=self.in_force.seller,
            today=self._told_by,
        )
        plans: list[Plan] = []
        others: list[Unpriced] = []
        for holding, basis in due:
            try:
                plans.append(self._plan(holding, basis, taxed.get(holding.service.id)))
            except Refused as refused:
                others.append(Unpriced(holding.service, basis.start_on, refused))
        return plans, others

    def _due(self, found: Sequence[holdings.Holding]) -> list[tuple[holdings.Holding, next_term.Basis]]:
        announced = set(
            models.Renewal.objects.filter(among.of("service_id", [each.service.id for each in found]))
            .exclude(state="REPLACED")
            .values_list("service_id", "start_on")
        )
        return [
            (each, basis)
            for each, basis in zip(found, next_term.bases(found), strict=True)
            if (each.service.id, basis.start_on) not in announced and self._has_come(basis)
        ]

    def _has_come(self, basis: next_term.Basis) -> bool:
        """Has the policy's day come on which this term is announced? Never where it is metered."""
        family = self.in_force.catalog.families.get(basis.family)
        if family is not None and family.metered:
            return False
        return self._days(basis).announced_on <= self.today

    def _taxing(self, due: Sequence[tuple[holdings.Holding, next_term.Basis]]) -> Taxing:
        """How the next terms of buyers abroad are taxed; by family, for the policy says whose data count."""
        found: dict[int, domain_vat.Case | Refused] = {}
        for family in dict.fromkeys(basis.family for _, basis in due):
            found |= vat.abroad(
                wanted=[(each.service, basis.start_on) for each, basis in due if basis.family == family],
                sold=self.in_force.catalog.seller,
                basis=rules.buyer(policy=self.in_force.policy, family=family),
            )
        return found

    def _plan(self, holding: holdings.Holding, basis: next_term.Basis, case: domain_vat.Case | Refused | None) -> Plan:
        if isinstance(case, Refused):
            raise case
        home = self.in_force.catalog.seller.tax_rate(basis.start_on)
        treatment, rate = ("standard", home) if case is None else (case.treatment, case.rate)
        additional = tuple(sorted(basis.additional.items()))
        contract = self._contract(holding, basis)
        same = _Same(basis.plan, basis.family, basis.months, additional, basis.start_on, treatment, rate, contract)
        priced, words, total = self._priced(same)
        for owed in basis.later:
            total += owed.total
        end_on, days = self._end(holding, basis), self._days(basis)
        return Plan(
            holding=holding,
            basis=basis,
            end_on=end_on,
            lines=(
                *(line for owed in basis.later for line in owed.lines),
                *(
                    paper.renewal_line(
                        service=holding.service.number,
                        label=holding.service.label,
                        component=line.component,
                        words=said,
                        quantity=line.quantity,
                        amount=line.amount,
                        rate=rate,
                        treatment=treatment,
                        start_on=basis.start_on,
                        end_on=end_on,
                    )
                    for line, said in zip(priced, words, strict=True)
                ),
            ),
            total=total,
            suspended_at=days.suspended_at,
            expires_at=days.expires_at,
        )

    def _contract(self, holding: holdings.Holding, basis: next_term.Basis) -> sold.Contract | None:
        """The contract that is renewed, by the newest price that it is not older than; a paid change of plan makes
        another."""
        since = self._concluded.get(holding.service.id)
        if since is None:
            return None
        sold, policy = self.in_force.catalog, self.in_force.policy
        if basis.made is not None:
            on, revision = basis.made
            since = contracts.of_change(on=on, revision=revision, sold=sold, policy=policy, family=basis.family)
        since = since._replace(on=max((day for day in sold.begins if day <= since.on), default=date.min))
        return contracts.of(since=since, policy=policy, family=basis.family)

    def _priced(self, same: _Same) -> _Priced:
        known = self._prices.get(same)
        if known is None:
            try:
                known = self._price(same)
            except Refused as refused:
                known = refused
            self._prices[same] = known
        if isinstance(known, Refused):
            raise known
        return known

    def _price(self, same: _Same) -> _Priced:
        currency = self.in_force.seller.currency
        lines = renewing.lines(
            sold=self.in_force.catalog,
            plan=same.plan,
            length=periods.Length(same.months),
            additional=dict(same.additional),
            on=same.on,
            rounding=rules.renewal_rounding(policy=self.in_force.policy, family=same.family, currency=currency),
            treatment=same.treatment,
            rate=same.rate,
            contract=same.contract,
        )
        words = tuple(
            paper.renewal_words(component=line.component, name=line.name, quantity=line.quantity) for line in lines
        )
        return _Priced(lines, words, Taxed.total((line.amount for line in lines), currency=currency))

    def _days(self, basis: next_term.Basis) -> _Days:
        key = (basis.family, basis.start_on)
        if key not in self._known_days:
            seller = self.in_force.seller
            days = next_term.dates(self.in_force.policy, family=basis.family, ends_on=basis.start_on)
            self._known_days[key] = _Days(
                days.announced_on,
                rules.start_of(days.suspended_on, seller=seller),
                max(rules.start_of(days.ended_on, seller=seller), self.at + timedelta(days=1)),
            )
        return self._known_days[key]

    def _end(self, holding: holdings.Holding, basis: next_term.Basis) -> date:
        terms = tuple((term.start_on, term.end_on, term.months) for term in holding.terms)
        key = (basis.family, basis.months, basis.start_on, terms)
        if key not in self._ends:
            self._ends[key] = rules.next_end(
                policy=self.in_force.policy,
                family=basis.family,
                terms=tuple(renewing.Stretch(start_on=first, end_on=last, months=n) for first, last, n in terms),
                start_on=basis.start_on,
                months=basis.months,
            )
        return self._ends[key]
