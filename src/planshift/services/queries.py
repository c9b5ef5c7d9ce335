"""Who has what? Readers; a client is always named, so that nobody reads another's services."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery

from planshift.catalog import models as catalog
from planshift.runtime import among, beside, bulk, shapes
from planshift.services import models

Amount = tuple[int, str, int]  # of which service, of which resource, how much


class NotFound(LookupError):
    """No such thing for this reader: what is not theirs is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A service with everything that it consists of now."""

    service: models.Service
    terms: tuple[models.Term, ...]  # in order; the last may be a renewal paid ahead
    additional: dict[str, int]
    attached: tuple[models.Service, ...]
    main_until: date | None = None  # end of the paid time of the service that this one is attached to

    @property
    def last(self) -> models.Term:
        """The term that ends last: the service is paid until then."""
        return max(self.terms, key=lambda term: term.end_on)

    def term_on(self, day: date) -> models.Term:
        """The term that holds `day`; the nearest one before or after where none does."""
        begun = [term for term in self.terms if term.start_on <= day]
        return begun[-1] if begun else self.terms[0]


def clients_of_user(*, user_id: int) -> tuple[models.Client, ...]:
    """Every client that a person may act for, the oldest membership first; one statement."""
    members = models.Membership.objects.filter(user_id=user_id).select_related("client__seller").order_by("pk")
    return tuple(member.client for member in members)


def sellers_of_staff(*, user_id: int) -> tuple[int, ...]:
    """The sellers (pk) that a person works for."""
    return tuple(
        models.StaffRole.objects.filter(user_id=user_id).order_by("seller_id").values_list("seller_id", flat=True)
    )


def client(*, number: str) -> models.Client:
    """A client by number. NotFound."""
    found = models.Client.objects.select_related("seller").filter(number=number).first()
    if found is None:
        raise NotFound(number)
    return found


def holdings(*, client: str) -> tuple[Holding, ...]:
    """All services of a client, oldest first; four statements."""
    return _holdings(models.Service.objects.filter(client__number=client).order_by("pk"))


def holding(*, number: str, client: str | None = None) -> Holding:
    """One service, of one client where `client` is given. NotFound."""
    found = models.Service.objects.filter(number=number)
    if client is not None:
        found = found.filter(client__number=client)
    for each in _holdings(found):
        return each
    raise NotFound(number)


def with_parts(service: str) -> dict[str, Subquery]:
    """What to annotate so that `holding_of` need not look for it; `service` names the column of its pk."""
    terms = models.Term.objects.filter(service=OuterRef(service)).order_by("start_on")
    additional = models.Allocation.objects.filter(service=OuterRef(service)).order_by("pk")
    return {
        "known_terms": beside.Rows(terms, "id", "start_on", "end_on", "months"),
        "known_additional": beside.Rows(additional, "resource", "amount"),
        "has_attached": Exists(_attached(Q(attached_to=OuterRef(service)))),
    }


def terms_with(read: Model, *, service: models.Service) -> tuple[models.Term, ...]:
    """The terms of a service, in order, where a row was read `with_parts`, as they were then."""
    return tuple(
        bulk.new(
            models.Term,
            id=pk,
            service=service,
            start_on=date.fromisoformat(start_on),
            end_on=date.fromisoformat(end_on),
            months=months,
        )
        for pk, start_on, end_on, months in vars(read)["known_terms"] or ()
    )


def additional_with(read: Model) -> dict[str, int]:
    """Its additional amounts by resource code, likewise."""
    return dict(vars(read)["known_additional"] or ())


def holding_of(*, service: models.Service, read: Model | None = None) -> Holding:
    """A service that is read already, without the paid time of the one that it is attached to; three statements, or
    one at most where a row was read `with_parts`."""
    if read is None:
        attached = _ATTACHED.ask(service=service.id)
        return _put_together([service], _TERMS.ask(service=service.id), _ADDITIONAL.ask(service=service.id), attached)[
            0
        ]
    beside_it = _ATTACHED.ask(service=service.id) if vars(read)["has_attached"] else []
    return Holding(
        service=service,
        terms=terms_with(read, service=service),
        additional=additional_with(read),
        attached=tuple(beside_it),
    )


def holdings_of(*, pks: Iterable[int], seller: catalog.Seller | None = None) -> tuple[Holding, ...]:
    """Services by pk, in pk order; four statements for all. All are of `seller` where it is given: their clients share
    that one object, which is cheaper than one each."""
    found = _holdings(models.Service.objects.filter(among.of("pk", pks)).order_by("pk"), with_seller=seller is None)
    if seller is not None:
        for each in found:
            if each.service.client.seller_id != seller.id:
                raise ValueError("a service of another seller")
            each.service.client.seller = seller
    return found


def ending(*, seller: int, before: date) -> QuerySet[models.Service]:
    """Services of a seller that still run and whose last term ends before a day; not yet read.

    The last term is looked up service by service: joined, the estimate of terms that end later is as old as the last
    ANALYZE, and a day on which thousands are renewed turns it into a loop over all of them for every service.
    """
    last = models.Term.objects.filter(service=OuterRef("pk")).order_by("-end_on").values("end_on")[:1]
    running = models.Service.objects.filter(client__seller_id=seller, state="ACTIVE")
    return running.alias(last_end=Subquery(last)).filter(last_end__lt=before)


def _holdings(services: QuerySet[models.Service], *, with_seller: bool = True) -> tuple[Holding, ...]:
    """Grouped by hand: prefetching makes a queryset per service and relation, which costs more than the rows."""
    until = models.Term.objects.filter(service=OuterRef("attached_to")).order_by("-end_on").values("end_on")[:1]
    owner = "client__seller" if with_seller else "client"
    return _around(list(services.annotate(main_until=Subquery(until)).select_related(owner)))


def _around(rows: list[models.Service]) -> tuple[Holding, ...]:
    pks = [row.id for row in rows]
    about = among.of("service_id", pks)
    return _put_together(rows, _terms(about), _additional(about), _attached(among.of("attached_to_id", pks)))


def _terms(about: Q) -> QuerySet[models.Term]:
    return models.Term.objects.filter(about).order_by("start_on")


def _additional(about: Q) -> QuerySet[models.Allocation, Amount]:
    found = models.Allocation.objects.filter(about).order_by("pk")
    return found.values_list("service_id", "resource", "amount")


def _attached(about: Q) -> QuerySet[models.Service]:
    return models.Service.objects.filter(about).exclude(state="ENDED").order_by("pk")


_TERMS = shapes.Shape(lambda: _terms(Q(service_id=shapes.whole("service"))))
_ADDITIONAL = shapes.Shape(lambda: _additional(Q(service_id=shapes.whole("service"))))
_ATTACHED = shapes.Shape(lambda: _attached(Q(attached_to_id=shapes.whole("service"))))


def _put_together(
    rows: list[models.Service],
    found_terms: Iterable[models.Term],
    found_additional: Iterable[Amount],
    found_attached: Iterable[models.Service],
) -> tuple[Holding, ...]:
    terms: defaultdict[int, list[models.Term]] = defaultdict(list)
    for term in found_terms:
        terms[term.service_id].append(term)
    additional: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for service, resource, amount in found_additional:
        additional[service][resource] = amount
    attached: defaultdict[int, list[models.Service]] = defaultdict(list)
    for each in found_attached:
        if each.attached_to_id is not None:
            attached[each.attached_to_id].append(each)
    return tuple(
        Holding(
            service=row,
            terms=tuple(terms[row.id]),
            additional=additional[row.id],
            attached=tuple(attached[row.id]),
            main_until=getattr(row, "main_until", None),
        )
        for row in rows
    )
