"""How is this client taxed? What VIES answered and where a consumer lives is kept; what follows is `domain.vat`."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from planshift.billing import buyers, rows, waking
from planshift.domain import catalog, documents, einvoices, facts, vat
from planshift.domain.errors import Refused
from planshift.procedures import ports, rules
from planshift.runtime import among, audit
from planshift.services import models as services
from planshift.services import queries as clients


def check(*, client: str, at: datetime, actor: str) -> services.VatCheck:
    """Ask VIES about the VAT number of a client's newest buyer data and keep the answer, good or bad. Outside any
    transaction.

    Refused("vat_number_missing") for a consumer, or a buyer outside the EU. Raises Transient, and Permanent("no_vies").
    """
    owner = clients.client(number=client)
    profile = owner.buyer_profiles.order_by("created_at", "pk").last()
    party = rows.profile_party(profile, email="") if profile is not None else None
    if party is None or not party.is_business or not party.tax_id or party.country not in einvoices.EU:
        raise Refused("vat_number_missing", client=client)
    number, own = "".join(einvoices.vat_number(party)), rows.seller_party(owner.seller)
    requester = "".join(einvoices.vat_number(own)) if own.country in einvoices.EU and own.tax_id else ""
    answer = ports.vies().check(number=number, requester=requester)
    with transaction.atomic():
        kept = services.VatCheck.objects.create(
            client=owner,
            number=number,
            requester=requester,
            valid=answer.valid,
            request_identifier=answer.request_identifier,
            name=answer.name[:300],
            address=answer.address[:400],
            checked_on=rules.day(seller=owner.seller, at=at),
            checked_at=at,
            checked_by=actor,
        )
        audit.record(
            kind="client",
            number=client,
            event="vat number checked",
            actor=actor,
            at=at,
            facts={"number": number, "valid": answer.valid, "request": answer.request_identifier},
        )
        waking.orders_of(clients=[client], because="taxed")
    return kept


def note_evidence(*, client: str, kind: str, country: str, at: datetime, actor: str, note: str = "") -> None:
    """Keep a piece of evidence of where a consumer lives: one of `vat.KINDS`, and a country of two letters.

    Refused: `vat_evidence_unreadable`; NotFound.
    """
    if kind not in vat.KINDS or not re.fullmatch("[A-Z]{2}", country):
        raise Refused("vat_evidence_unreadable", kind=kind[:20], country=country[:20])
    owner = clients.client(number=client)
    with transaction.atomic():
        services.CountryEvidence.objects.create(
            client=owner, kind=kind, country=country, note=note[:200], seen_at=at, seen_by=actor
        )
        audit.record(
            kind="client", number=client, event="country noted", actor=actor, at=at, facts={"kind": kind, "is": country}
        )
        waking.orders_of(clients=[client], because="taxed")


def party(
    *, client: services.Client, numbers: Sequence[str], sold: catalog.Seller, seen: buyers.Seen | None = None
) -> documents.Party:
    """The buyer who will stand on the order about these services; a client without buyer data is at home."""
    try:
        (found,) = buyers.for_orders(wanted=[buyers.Wanted(client, tuple(numbers))], seen=seen)
    except Refused:
        return documents.Party(name="", street="", postcode="", city="", country=sold.country)
    return found


def of(*, client: services.Client, party: documents.Party, sold: catalog.Seller, on: date) -> vat.Case:
    """How a supply to this buyer is taxed on a day; no statement for one at home. Refused as `vat.decide` refuses."""
    shown = _shown([client.pk]) if party.country != sold.country else _Shown()
    return shown.case(client.pk, party, sold, on)


def abroad(
    *, wanted: Sequence[tuple[services.Service, date]], sold: catalog.Seller, basis: str = buyers.AS_BEFORE
) -> dict[int, vat.Case | Refused]:
    """How the next terms (service, first day) of buyers abroad are taxed, by pk of the service; who is not in it is
    taxed at home. One statement where nobody is abroad, seven at most."""
    owners = {service.client_id for service, _ in wanted}
    profiles = services.BuyerProfile.objects.filter(among.of("client_id", owners), confirmed_at__isnull=False)
    away = set(profiles.exclude(country=sold.country).values_list("client_id", flat=True))
    asked = [(service, on) for service, on in wanted if service.client_id in away]
    if not asked:
        return {}
    parties = buyers.for_orders(
        wanted=[buyers.Wanted(service.client, (service.number,), basis) for service, _ in asked]
    )
    shown, found = _shown(away), {}
    for (service, on), buyer in zip(asked, parties, strict=True):
        try:
            case: vat.Case | Refused = shown.case(service.client_id, buyer, sold, on)
        except Refused as refused:
            case = refused
        found[service.pk] = case
    return found


def buyer(case: vat.Case) -> facts.Buyer:
    """As a fact of a quote."""
    rate = case.rate if case.treatment == "oss" else None
    country = "" if case.treatment == "standard" else case.country
    return facts.Buyer(treatment=case.treatment, country=country, tax_rate=rate, proof=case.proof)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is known of clients, by pk: the newest answer of VIES, also where it says no, and evidence of a country."""

    proofs: Mapping[int, vat.Proof] = field(default_factory=dict)
    evidence: Mapping[int, Sequence[vat.Evidence]] = field(default_factory=dict)

    def case(self, client: int, buyer: documents.Party, sold: catalog.Seller, on: date) -> vat.Case:
        return vat.decide(
            seller=sold, buyer=buyer, on=on, proof=self.proofs.get(client), evidence=self.evidence.get(client, ())
        )


def _shown(clients: Iterable[int]) -> _Shown:
    """Two statements."""
    proofs: dict[int, vat.Proof] = {}
    for row in services.VatCheck.objects.filter(client__in=clients).order_by("checked_at", "pk"):
        proofs[row.client_id] = vat.Proof(
            number=row.number,
            valid=row.valid,
            on=row.checked_on,
            request_identifier=row.request_identifier,
        )
    evidence: defaultdict[int, list[vat.Evidence]] = defaultdict(list)
    for each in services.CountryEvidence.objects.filter(client__in=clients).order_by("pk"):
        evidence[each.client_id].append(vat.Evidence(kind=each.kind, country=each.country))
    return _Shown(proofs, evidence)
