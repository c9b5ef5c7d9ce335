"""How do invoices issued elsewhere come in? Under their own number, frozen, corrected later like ours."""

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from planshift.billing import opening as documents_in
from planshift.billing import rows
from planshift.domain import documents, opening
from planshift.domain.exact import Fraction
from planshift.domain.importing import arithmetic
from planshift.domain.importing.entries import Entry
from planshift.domain.importing.report import Problem
from planshift.domain.importing.shapes import Buyer, InvoiceIn, LineIn
from planshift.procedures.importing.context import Context, chunks
from planshift.services import models as services


def wrong(context: Context) -> Iterator[Problem]:
    """What of these records does not fit this installation."""
    fresh, seller = context.fresh, context.seller
    today = context.at.astimezone(ZoneInfo(seller.time_zone)).date()
    patterns = (seller.invoice_pattern, seller.correction_pattern)
    clients, held = _named(context)
    taken: set[str] = set()
    for some in chunks(each.record.number for each in fresh):
        taken |= documents_in.taken(seller=seller, numbers=some)
    for entry in fresh:
        record: InvoiceIn = entry.record
        if record.number in taken:
            yield entry.problem("import_number_taken", "number", value=record.number)
        elif opening.taken_by_series(number=record.number, patterns=patterns):
            yield entry.problem("import_number_of_series", "number", value=record.number)
        if record.currency != seller.currency:
            yield entry.problem("import_other_currency", "currency", value=record.currency, expected=seller.currency)
        if record.issued_on > today:
            yield entry.problem("import_future", "issued_on", value=record.issued_on)
        client = clients.get(record.client)
        if client is None:
            yield entry.problem("import_client_unknown", "client", value=record.client)
        for index, line in enumerate(record.lines):
            if line.service is None:
                continue
            service = held.get(line.service)
            if service is None:
                yield entry.problem("import_service_unknown", "lines", index, "service", value=line.service)
            elif client is not None and service.client_id != client.pk:
                yield entry.problem("import_service_of_other", "lines", index, "service", value=line.service)


def numbers(fresh: Sequence[Entry]) -> list[str]:
    """Their own: an invoice issued elsewhere is never renumbered."""
    return [each.record.number for each in fresh]


def write(context: Context, *, numbers: Sequence[str]) -> None:
    """In the caller's transaction."""
    clients, held = _named(context)
    parties = _parties(context, clients)
    documents_in.register(
        seller=context.seller,
        invoices=[_invoice(entry.record, clients[entry.record.client], held, parties) for entry in context.fresh],
        at=context.at,
        actor=context.actor,
    )


def _named(context: Context) -> tuple[Mapping[str, services.Client], Mapping[str, services.Service]]:
    fresh = context.fresh
    lines = (line for each in fresh for line in each.record.lines)
    return context.clients(each.record.client for each in fresh), context.services(
        line.service for line in lines if line.service
    )


def _parties(context: Context, clients: Mapping[str, services.Client]) -> Mapping[int, documents.Party]:
    """The newest buyer data of each client, for papers that do not say theirs."""
    newest: dict[int, documents.Party] = {}
    emails = {client.pk: client.email for client in clients.values()}
    for profile in services.BuyerProfile.objects.filter(client__in=emails).order_by("created_at", "pk"):
        newest[profile.client_id] = rows.profile_party(profile, email=emails[profile.client_id])
    return newest


def _invoice(
    record: InvoiceIn,
    client: services.Client,
    held: Mapping[str, services.Service],
    parties: Mapping[int, documents.Party],
) -> opening.Invoice:
    return opening.Invoice(
        number=record.number,
        client=client.number,
        issued_on=record.issued_on,
        sold_on=record.sold_on or record.issued_on,
        paid_on=record.paid_on or record.issued_on,
        language=record.language or client.language,
        currency=record.currency,
        buyer=_party(record.buyer, client.email) if record.buyer else parties[client.pk],
        lines=tuple(_line(each, record.currency, held) for each in record.lines),
        e_invoice_number=record.e_invoice_number,
    )


def _party(buyer: Buyer, email: str) -> documents.Party:
    return documents.Party(
        name=buyer.name,
        street=buyer.street,
        postcode=buyer.postcode,
        city=buyer.city,
        country=buyer.country,
        tax_id=buyer.tax_id,
        email=email,
        is_business=buyer.is_business,
        legal=buyer.legal,
    )


def _line(given: LineIn, currency: str, held: Mapping[str, services.Service]) -> opening.Line:
    amount = arithmetic.taxed(given, currency=currency)
    kind: documents.LineKind = "credit" if amount.gross.minor < 0 else "charge"
    if given.component == "setup":
        kind = "setup"
    elif given.component == "fee":
        kind = "fee"
    line = documents.Line(
        kind=kind,
        text=dict.fromkeys(documents.LANGUAGES, given.text),
        amount=amount,
        vat_percent=Fraction(given.vat_percent),
        vat_code=given.vat_code,
        service=held[given.service].number if given.service else "",
        component=given.component,
        quantity=given.quantity,
        start_on=given.start_on,
        end_on=given.end_on,
    )
    return opening.Line(line=line, paid=arithmetic.paid(given, currency=currency))
