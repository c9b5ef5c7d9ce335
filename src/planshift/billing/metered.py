"""What is drawn for metered days, and on which paper does a metered month stand? (D3)

Both are written for many services at once, in a constant number of statements. The callers hold the services' locks.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from planshift.billing import booking, models, numbering, owed, rows, vat_proofs
from planshift.catalog import models as catalog
from planshift.domain import documents, einvoices, metering, postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.runtime import among, audit, bulk


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One counted and priced day of one meter. `before` is the gross of the month that earlier draws took."""

    meter: models.Meter  # with service and client
    on: dt.date
    price_list: int
    policy: int
    hours: int
    day_used: tuple[metering.Used, ...]
    used: tuple[metering.Used, ...]  # of the month so far
    so_far: Taxed
    draw: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The invoice of one month of one meter, ready to be issued. `sold_on` is its tax point."""

    meter: models.Meter  # with service and client
    month: dt.date
    lines: tuple[documents.Line, ...]
    total: Taxed
    buyer: documents.Party
    sold_on: dt.date


# 1 ── draws ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def draw_many(*, days: Sequence[Day], seller: catalog.Seller, at: dt.datetime, actor: str) -> list[models.Draw]:
    """Write and book one day's draws of one seller's meters: what the prepaid balance covers is drawn from it, the rest
    is owed. A service drawn for that day already breaks a unique constraint (IntegrityError): callers lock and look."""
    if not days:
        return []
    currency = seller.currency
    numbers = list(dict.fromkeys(day.meter.client.number for day in days))
    locked = booking.lock(
        [account for number in numbers for account in owed.accounts(client=number, currency=currency)]
    )
    free = {
        number: owed.stored(client=number, kind="prepaid", currency=currency, locked=locked).minor for number in numbers
    }
    made, kept = [], _Kept()
    for day in days:
        covered = min(free[day.meter.client.number], day.draw.minor)
        free[day.meter.client.number] -= covered
        made.append(_draw(day, covered, currency, at, kept))
    booking.book_many(
        [
            entry
            for day, row in zip(days, made, strict=True)
            for entry in _drawn(day.meter.service.number, day.meter.client.number, row, seller, at, actor)
        ],
        locked=locked,
    )
    bulk.create(made)
    for on in dict.fromkeys(day.on for day in days):
        pks = [day.meter.pk for day in days if day.on == on]
        models.Meter.objects.filter(among.of("pk", pks)).update(drawn_until=on + dt.timedelta(days=1))
    return made


class _Kept(dict[int, list[list[str | int]]]):
    """Units as they are kept, made once for days that share them."""

    def of(self, used: tuple[metering.Used, ...]) -> list[list[str | int]]:
        if id(used) not in self:
            self[id(used)] = [each.to_json() for each in used]
        return self[id(used)]


def _draw(day: Day, covered: int, currency: str, at: dt.datetime, kept: _Kept) -> models.Draw:
    return bulk.new(
        models.Draw,
        service_id=day.meter.service_id,
        client_id=day.meter.client_id,
        price_list_id=day.price_list,
        policy_id=day.policy,
        on=day.on,
        hours=day.hours,
        day_used=kept.of(day.day_used),
        used=kept.of(day.used),
        currency=currency,
        net_minor=day.so_far.net.minor,
        tax_minor=day.so_far.tax.minor,
        gross_minor=day.so_far.gross.minor,
        draw_minor=day.draw.minor,
        balance_minor=covered,
        owed_minor=day.draw.minor - covered,
        drawn_at=at,
    )


def _drawn(
    service: str, client: str, row: models.Draw, seller: catalog.Seller, at: dt.datetime, actor: str
) -> list[booking.Entry]:
    parts = (
        (postings.metered_drawn, row.balance_minor, "drawn"),
        (postings.metered_owed, row.owed_minor, "owed"),
    )
    return [
        booking.entry(
            make(client=client, amount=Money.from_minor(minor, row.currency)),
            key=f"{service}/{row.on}/{name}",
            seller=seller,
            at=at,
            actor=actor,
        )
        for make, minor, name in parts
        if minor
    ]


# 2 ── invoices ────────────────────────────────────────────────────────────────────────────────────────────────────────
def issue_many(
    *, papers: Sequence[Paper], seller: catalog.Seller, on: dt.date, at: dt.datetime, actor: str
) -> list[models.Invoice]:
    """Issue the invoices of whole metered months, dated `on`: each over exactly what was drawn for it, else
    ValueError. What of it is still owed stands on it as due. Refused("invoice_date_in_future")."""
    if not papers:
        return []
    if on > booking.day(seller=seller, at=at):
        raise Refused("invoice_date_in_future", on=on)
    made = [_postings(paper, seller) for paper in papers]
    accounts = [a for of in made for p in of for t in p.transfers for a in (t.debit, t.credit)]
    numbers = {paper.meter.client.number for paper in papers}
    accounts += [a for number in sorted(numbers) for a in owed.accounts(client=number, currency=seller.currency)]
    locked = booking.lock(accounts)  # accounts come before series
    due = _due(papers, locked, seller.currency)
    proofs = _proofs(papers)
    series, taken = numbering.documents(seller=seller, on=on, count=len(papers))
    invoices = bulk.create(
        _invoice(paper, series, number, seller, on, at, actor, due[paper.meter.pk], proofs)
        for paper, number in zip(papers, taken, strict=True)
    )
    bulk.insert(
        models.InvoiceLine,
        (
            {"invoice_id": invoice.pk, **rows.columns(line, position=position)}
            for paper, invoice in zip(papers, invoices, strict=True)
            for position, line in enumerate(paper.lines, start=1)
        ),
    )
    models.MeteredInvoice.objects.bulk_create(
        models.MeteredInvoice(service_id=paper.meter.service_id, month=paper.month, invoice=invoice)
        for paper, invoice in zip(papers, invoices, strict=True)
    )
    booking.book_many(_entries(papers, made, invoices, seller, at, actor), locked=locked)
    audit.write(
        audit.entry(
            kind="billing.invoice",
            object_id=invoice.pk,
            number=invoice.number,
            event="issued",
            actor=actor,
            at=at,
            facts={
                "service": paper.meter.service.number,
                "month": paper.month.isoformat(),
                "gross": invoice.gross_minor,
                "currency": invoice.currency,
            },
        )
        for paper, invoice in zip(papers, invoices, strict=True)
    )
    return invoices


def _postings(paper: Paper, seller: catalog.Seller) -> list[postings.Posting]:
    client = paper.meter.client.number
    return [
        postings.invoice_issued(seller=seller.code, client=client, net=paper.total.net, tax=paper.total.tax),
        postings.metered_invoiced(client=client, amount=paper.total.gross),
    ]


def _entries(
    papers: Sequence[Paper],
    made: Sequence[Sequence[postings.Posting]],
    invoices: Sequence[models.Invoice],
    seller: catalog.Seller,
    at: dt.datetime,
    actor: str,
) -> list[booking.Entry]:
    return [
        booking.entry(
            posting,
            key=f"{paper.meter.service.number}/{paper.month:%Y-%m}/{posting.name}",
            seller=seller,
            at=at,
            actor=actor,
            document=invoice.number,
        )
        for paper, postings_of, invoice in zip(papers, made, invoices, strict=True)
        for posting in postings_of
    ]


def _proofs(papers: Sequence[Paper]) -> Mapping[int, str]:
    """By pk of the meter, the consultation of VIES that a paper without VAT leans on."""
    without = [paper for paper in papers if any(line.vat_code == vat_proofs.CODE for line in paper.lines)]
    return vat_proofs.newest(
        wanted={paper.meter.pk: (paper.meter.client_id, vat_proofs.number_of(paper.buyer)) for paper in without}
    )


def _due(papers: Sequence[Paper], locked: booking.Locked, currency: str) -> Mapping[int, int]:
    """What of each paper's draws is still owed, by pk of the meter. Raises ValueError where the draws do not sum to the
    paper."""
    owing = {
        paper.meter.client_id: owed.stored(
            client=paper.meter.client.number, kind="owed", currency=currency, locked=locked
        ).minor
        for paper in papers
    }
    open_parts = owed.unsettled(owing=owing) if any(owing.values()) else {}
    of_service = {paper.meter.service_id: paper for paper in papers}
    months = {paper.month for paper in papers}
    found = models.Draw.objects.filter(
        service__in=list(of_service), on__gte=min(months), on__lt=metering.next_month(max(months))
    )
    due: defaultdict[int, int] = defaultdict(int)
    drawn: defaultdict[int, int] = defaultdict(int)
    if open_parts:
        for pk, service, on in found.filter(pk__in=list(open_parts)).values_list("pk", "service_id", "on"):
            if metering.month_of(on) == of_service[service].month:
                due[of_service[service].meter.pk] += open_parts[pk]
    for month in months:
        inside = found.filter(on__gte=month, on__lt=metering.next_month(month))
        for service, minor in inside.values_list("service").annotate(total=Sum("draw_minor")).order_by():
            if of_service[service].month == month:
                drawn[of_service[service].meter.pk] = int(minor)
    for paper in papers:
        if drawn[paper.meter.pk] != paper.total.gross.minor:
            raise ValueError(f"{paper.meter.service.number} {paper.month}: draws do not sum to {paper.total.gross}")
    return due


def _invoice(
    paper: Paper,
    series: str,
    number: str,
    seller: catalog.Seller,
    on: dt.date,
    at: dt.datetime,
    actor: str,
    due: int,
    proofs: Mapping[int, str],
) -> models.Invoice:
    client, total = paper.meter.client, paper.total
    party = rows.seller_party(seller)
    settled: list[dict[str, Any]] = []
    if total.gross.minor > due:
        settled = [{"source": "prepaid", "amount_minor": total.gross.minor - due, "on": paper.sold_on.isoformat()}]
    return models.Invoice(
        number=number,
        series=series,
        seller=seller,
        client=client,
        kind="invoice",
        legal_form=einvoices.legal_form(
            seller=party, buyer=paper.buyer, vat_codes={line.vat_code for line in paper.lines}, on=on
        ),
        issued_on=on,
        sold_on=min(paper.sold_on, on),
        due_on=on if due else None,
        issued_at=at,
        issued_by=actor,
        language=client.language,
        currency=total.currency,
        net_minor=total.net.minor,
        tax_minor=total.tax.minor,
        gross_minor=total.gross.minor,
        seller_party=party.to_json(),
        buyer_party=vat_proofs.on(party=paper.buyer.to_json(), consultation=proofs.get(paper.meter.pk, "")),
        bank_account=seller.bank_account,
        payment_reference=client.number if due else "",
        settled=settled,
    )
