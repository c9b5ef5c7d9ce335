"""Is something taxed as the day on which its tax falls due would have it? What differs is for staff, with what was
decided; they say that they have seen it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db import transaction

from planshift.billing import models as billing
from planshift.catalog import queries as catalog
from planshift.domain import documents
from planshift.domain import vat as domain_vat
from planshift.domain.catalog import Seller
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.procedures import models, paper, rules, vat
from planshift.runtime import audit, locks
from planshift.services import models as services
from planshift.services.queries import NotFound

What = Literal["order", "invoice", "renewal", "correction"]
Decided = Literal["kept", "priced_anew", "as_documented"]
Taxed = frozenset[tuple[str, Fraction]]  # VAT codes, each with its rate in percent


@dataclass(frozen=True, slots=True)
class Differs:
    """How it was taxed, and how it would be taxed now."""

    was: list[dict[str, str]]  # treatment, rate
    now: dict[str, str]  # treatment, rate, country, proof; or unknown: the code of the reason


def of_change(*, change: models.Change, sold: Seller, charged: Taxed, treatment: str, at: datetime) -> Differs | None:
    """A change whose quote taxed its lines as `charged`, looked at on the day of payment; its buyer is the order's.
    `sold` is the seller as in the catalog in force."""
    assert change.order is not None
    seller = change.client.seller
    buyer = documents.Party.from_json(change.order.buyer_party)
    try:
        case: domain_vat.Case | Refused = vat.of(
            client=change.client, party=buyer, sold=sold, on=rules.day(seller=seller, at=at)
        )
    except Refused as refused:
        case = refused
    if isinstance(case, Refused) or case.treatment != treatment:
        return _differs(charged, case)
    return _differs(charged, case) if {rate for _, rate in charged} - {case.rate * 100} else None


def of_renewal(*, renewal: models.Renewal) -> Differs | None:
    """A renewal (with order and service), against how it would be announced now: taxed on the first day of its term."""
    assert renewal.order is not None
    service, seller = renewal.service, renewal.service.client.seller
    in_force = catalog.in_force(seller=seller)
    sold = in_force.catalog.seller
    basis = rules.buyer(policy=in_force.policy, family=str(renewal.basis.get("family", service.family)))
    case = vat.abroad(wanted=[(service, renewal.start_on)], sold=sold, basis=basis).get(service.pk)
    if case is None:
        home = sold.tax_rate(renewal.start_on)
        case = domain_vat.Case(treatment="standard", country=sold.country, rate=home, why="domestic")
    lines = billing.OrderLine.objects.filter(order=renewal.order, start_on=renewal.start_on)
    return _compared(_taxed(lines), case)


def of_correction(*, correction: billing.Correction, client: services.Client, on: date) -> Differs | None:
    """A correction, which keeps the tax of the document that it corrects, against that of its own day."""
    sold = catalog.in_force(seller=client.seller).catalog.seller
    buyer = documents.Party.from_json(correction.corrects.buyer_party)
    lines = billing.InvoiceLine.objects.filter(pk__in=correction.lines.values("line"))
    try:
        case: domain_vat.Case | Refused = vat.of(client=client, party=buyer, sold=sold, on=on)
    except Refused as refused:
        case = refused
    return _compared(_taxed(lines), case)


def _compared(taxed: Taxed, case: domain_vat.Case | Refused) -> Differs | None:
    if not taxed:
        return None
    if isinstance(case, Refused):
        return _differs(taxed, case)
    code = paper.vat_code(treatment=case.treatment, rate=case.rate)
    return None if taxed == {(code, case.rate * 100)} else _differs(taxed, case)


def _taxed(lines: Iterable[billing.OrderLine | billing.InvoiceLine]) -> Taxed:
    return frozenset((line.vat_code, Fraction(line.vat_percent)) for line in lines if line.gross_minor > 0)


def _differs(taxed: Taxed, case: domain_vat.Case | Refused) -> Differs:
    was = [{"treatment": code, "rate": _percent(rate)} for code, rate in sorted(taxed)]
    if isinstance(case, Refused):
        return Differs(was, {"unknown": case.code})
    now = {"treatment": case.treatment, "rate": _percent(case.rate * 100), "country": case.country}
    return Differs(was, now | ({"proof": case.proof} if case.proof else {}))


def _percent(rate: Fraction) -> str:
    """22 or 7.7."""
    return format((Decimal(rate.numerator) / Decimal(rate.denominator)).normalize(), "f")


def note(
    *,
    client: services.Client,
    what: What,
    about: str,
    differs: Differs,
    decided: Decided,
    at: datetime,
    actor: str,
    document: str = "",
) -> None:
    """Put a difference into the queue of staff, once. The caller's transaction."""
    facts: Mapping[str, Any] = {"was": differs.was, "now": differs.now, "decided": decided}
    row, made = models.TaxDifference.objects.get_or_create(
        what=what,
        about=about,
        defaults={"client": client, "seller": client.seller, "document": document, "found_at": at, **facts},
    )
    if made:
        audit.record(
            kind=row._meta.label_lower,
            object_id=row.pk,
            number=about,
            event="tax differs",
            actor=actor,
            at=at,
            facts={"what": what, **facts},
        )


def seen(*, sellers: tuple[str, ...], pk: int, note: str, at: datetime, actor: str) -> None:
    """Staff have seen it, and say what they did about it. Twice is once. Refused("note_needed"); NotFound."""
    with transaction.atomic():
        found = locks.lock(models.TaxDifference.objects.filter(pk=pk, seller__code__in=sellers))
        if not found:
            raise NotFound(str(pk))
        (row,) = found
        if not note.strip():
            raise Refused("note_needed", number=row.about)
        if row.seen_at is not None:
            return
        row.seen_at, row.seen_by, row.note = at, actor, note.strip()[:500]
        row.save(update_fields=["seen_at", "seen_by", "note"])
        audit.record(
            kind=row._meta.label_lower,
            object_id=row.pk,
            number=row.about,
            event="seen",
            actor=actor,
            at=at,
            note=row.note,
        )
