"""Who has what: the writers. Clients and services come in here; a change takes effect here."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.contrib.auth import models as auth
from django.db.models import Model

from planshift.catalog import models as catalog
from planshift.domain import letters, periods
from planshift.domain.errors import Refused
from planshift.runtime import among, audit, bulk, moves, numbers, shapes, writing
from planshift.services import models, queries


def add_client(
    *,
    seller: catalog.Seller,
    name: str,
    email: str,
    language: str,
    buyer: Mapping[str, object],
    at: datetime,
    actor: str,
) -> models.Client:
    """A new client with buyer data confirmed for invoicing (`buyer`: name, street, postcode, city, country, tax_id,
    is_business). Numbered C-… Refused: `mail_address_bad`."""
    if not letters.is_address(email):
        raise Refused("mail_address_bad", address=email)
    number = numbers.take(series="client", count=1)[0]
    client = models.Client.objects.create(
        seller=seller, number=f"C-{1000 + number}", name=name, email=email, language=language, created_at=at
    )
    models.BuyerProfile.objects.create(client=client, created_at=at, confirmed_at=at, **buyer)
    audit.record(kind="client", number=client.number, event="added", actor=actor, at=at)
    return client


def add_member(*, client: models.Client, user: auth.User, at: datetime, actor: str) -> None:
    """Let a person act for a client. Doing it twice changes nothing."""
    _, made = models.Membership.objects.get_or_create(client=client, user=user)
    if made:
        audit.record(
            kind="client", number=client.number, event="member added", actor=actor, at=at, facts={"user": user.pk}
        )


def add_service(
    *,
    client: models.Client,
    label: str,
    family: str,
    plan: str,
    months: int,
    start_on: date,
    auto_renew: bool,
    at: datetime,
    actor: str,
    additional: Mapping[str, int] | None = None,
    attached_to: models.Service | None = None,
) -> models.Service:
    """A service that exists already, with its present term of `months` from `start_on` (seller's calendar)."""
    number = numbers.take(series="service", count=1)[0]
    service = models.Service.objects.create(
        client=client,
        number=f"S-{1000 + number}",
        label=label,
        family=family,
        plan=plan,
        months=months,
        auto_renew=auto_renew,
        attached_to=attached_to,
        created_at=at,
    )
    models.Term.objects.create(
        service=service, start_on=start_on, end_on=periods.add_months(start_on, months), months=months
    )
    models.Allocation.objects.bulk_create(
        models.Allocation(service=service, resource=resource, amount=amount)
        for resource, amount in (additional or {}).items()
    )
    audit.record(kind="service", number=service.number, event="added", actor=actor, at=at)
    return service


class Before(NamedTuple):
    """A service as it was read under its lock: additional amounts by resource, and its terms in order."""

    service: models.Service
    additional: Mapping[str, int]
    terms: Sequence[models.Term]

    def term_on(self, day: date) -> models.Term:
        """The term that holds `day`, or the last one that began before it, else the one that ends last.
        Refused("service_without_term")."""
        if not self.terms:
            raise Refused("service_without_term", service=self.service.number)
        begun = [term for term in self.terms if term.start_on <= day]
        return begun[-1] if begun else max(self.terms, key=lambda term: term.end_on)


def before(service: models.Service, *, read: Model | None = None) -> Before:
    """What a change starts from; two statements, none where a row was `read` with its parts since `service` was locked
    by the caller."""
    if read is not None:
        return Before(service, queries.additional_with(read), queries.terms_with(read, service=service))
    return Before(service, additional_of(service), tuple(_TERMS.ask(service=service.id)))


_TERMS = shapes.Shape(lambda: models.Term.objects.filter(service_id=shapes.whole("service")).order_by("start_on"))
_ADDITIONAL = shapes.Shape(
    lambda: models.Allocation.objects.filter(service_id=shapes.whole("service")).values_list("resource", "amount")
)


def apply_change(
    *,
    service: models.Service,
    plan: str,
    family: str,
    additional: Mapping[str, int],
    months: int,
    effective_on: date,
    term_start_on: date,
    term_end_on: date,
    cause: str,
    at: datetime,
    actor: str,
    before: Before,
) -> None:
    """A change takes effect (H8, D6): plan, additional resources, billing period, and the term that holds
    `effective_on` (a later one that is paid ahead stays). The next renewal is priced from these.

    `service` must be locked by the caller, who has read `before` since then.
    """
    was = {"plan": service.plan, "months": service.months, "additional": dict(before.additional)}
    service.plan, service.family, service.months = plan, family, months
    writing.change(service, "plan", "family", "months")
    held = {resource: amount for resource, amount in additional.items() if amount > 0}
    if held != dict(before.additional):
        vars(service).pop("known_additional", None)  # no longer so
        models.Allocation.objects.filter(service=service).delete()
        models.Allocation.objects.bulk_create(
            models.Allocation(service=service, resource=resource, amount=amount) for resource, amount in held.items()
        )
    _change_term(before, effective_on, term_start_on, term_end_on, months)
    audit.record(
        kind="service",
        number=service.number,
        event="changed",
        actor=actor,
        at=at,
        facts={
            "cause": cause,
            "before": was,
            "after": {"plan": plan, "months": months, "additional": dict(additional)},
            "term_end_on": term_end_on.isoformat(),
        },
    )


class Extension(NamedTuple):
    """The next term of a service: [start_on, end_on), counted as `months`."""

    service: models.Service
    start_on: date
    end_on: date
    months: int


def extend(*, service: models.Service, start_on: date, end_on: date, months: int, at: datetime, actor: str) -> None:
    """The next term of one service is paid (see `extend_many`)."""
    extend_many(extensions=[Extension(service, start_on, end_on, months)], at=at, actor=actor)


def extend_many(*, extensions: Sequence[Extension], at: datetime, actor: str) -> None:
    """The next terms are paid: the services run on (H8). Suspended ones are reinstated. The services must be locked.

    Refused("terms_overlap") for days that are sold already; then nothing is written.
    """
    if not extensions:
        return
    taken = models.Term.objects.filter(
        among.of("service_id", [each.service.id for each in extensions]),
        end_on__gt=min(each.start_on for each in extensions),
    )
    wanted = {each.service.id: each for each in extensions}
    for term in taken:
        new = wanted[term.service_id]
        if term.start_on < new.end_on and term.end_on > new.start_on:
            raise Refused("terms_overlap", service=new.service.number, start=term.start_on, end=term.end_on)
    bulk.insert(
        models.Term,
        (
            {
                "service_id": each.service.id,
                "start_on": each.start_on,
                "end_on": each.end_on,
                "months": each.months,
            }
            for each in extensions
        ),
    )
    audit.write(
        audit.entry(
            kind="service",
            number=each.service.number,
            event="renewed",
            actor=actor,
            at=at,
            facts={"start_on": each.start_on.isoformat(), "end_on": each.end_on.isoformat()},
        )
        for each in extensions
    )
    moves.move_many(
        [each.service for each in extensions if each.service.state == "SUSPENDED"], "paid", actor=actor, at=at
    )


def hold_from(
    *, service: models.Service, since: datetime, amounts: Mapping[str, int], cause: str, at: datetime
) -> None:
    """A metered service holds `amounts` from `since` on (D3). The history only grows, and only forward: an instant
    before the last row is moved up to it. `service` must be locked."""
    last = models.HeldFrom.objects.filter(service=service).order_by("-since", "-pk").first()
    models.HeldFrom.objects.create(
        service=service,
        since=since if last is None else max(since, last.since),
        amounts={code: amount for code, amount in amounts.items() if amount},
        cause=cause,
        written_at=at,
    )


def end(*, service: models.Service, cause: str, at: datetime, actor: str) -> None:
    """The service is over. Twice is once. `service` must be locked."""
    if service.state != "ENDED":
        moves.move(service, "ended", actor=actor, at=at, note=cause)


def set_auto_renew(*, service: models.Service, on: bool, at: datetime, actor: str) -> None:
    """The client's consent to renew and to draw the deposit by itself (D4)."""
    if service.auto_renew == on:
        return
    service.auto_renew = on
    service.save(update_fields=["auto_renew"])
    audit.record(
        kind="service",
        number=service.number,
        event="auto-renewal on" if on else "auto-renewal off",
        actor=actor,
        at=at,
    )


def additional_of(service: models.Service) -> dict[str, int]:
    """Additional amounts by resource code; no statement where they were read as the service was locked
    (`known_additional`)."""
    if (known := vars(service).get("known_additional")) is not None:
        return dict(known)
    return dict(_ADDITIONAL.ask(service=service.id))


def _change_term(before: Before, on: date, start_on: date, end_on: date, months: int) -> None:
    """The term that holds `on` ends on `end_on`; where the term begins anew, it ends there and a new one follows.

    A later term that is paid ahead and lies wholly inside becomes part of it. Refused("terms_overlap") for one that
    would be cut: what is paid is never sold twice.
    """
    service, term = before.service, before.term_on(on)
    begins = max(start_on, term.start_on)
    for later in [each for each in before.terms if term.start_on < each.start_on < end_on]:
        if later.end_on > end_on or later.start_on < begins:
            raise Refused("terms_overlap", service=service.number, start=later.start_on, end=later.end_on)
        later.delete()
    if start_on > term.start_on:
        models.Term.objects.filter(pk=term.pk).update(end_on=start_on)
        models.Term.objects.create(service=service, start_on=start_on, end_on=end_on, months=months)
    elif term.end_on != end_on:
        models.Term.objects.filter(pk=term.pk).update(end_on=end_on, months=months)


def term_on(service: models.Service, *, day: date) -> models.Term:
    """The term that holds `day`, or the last one that began before it. Refused("service_without_term")."""
    found = models.Term.objects.filter(service=service, start_on__lte=day).order_by("-start_on").first()
    return found if found is not None else current_term(service)


def current_term(service: models.Service) -> models.Term:
    """The term that ends last. Raises Refused("service_without_term") for a service that has none."""
    term = models.Term.objects.filter(service=service).order_by("-end_on").first()
    if term is None:
        raise Refused("service_without_term", service=service.number)
    return term
