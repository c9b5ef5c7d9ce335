"""Is there anything to say about what happened, and which facts does the letter need?

Looked at a moment later, on what is true then: an order that was paid in the meantime asks for nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Model

from planshift.billing import covering, invoices
from planshift.billing import models as billing
from planshift.domain import letters
from planshift.domain.money import Money
from planshift.procedures import asking_letters, models, placing, rules, unanswered
from planshift.procedures.correspondence.wording import Fact
from planshift.provisioning import models as provisioning
from planshift.services import models as services

PDF = "application/pdf"
TOP_UPS = covering.TOP_UPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A letter to write: which, to whom, about which number, with which facts. `papers`: names of PDFs → their bytes,
    made when the letter is written."""

    code: str
    client: services.Client
    about: str
    facts: Mapping[str, Fact]
    papers: Mapping[str, Callable[[], bytes]]

    def enclosures(self) -> tuple[letters.Enclosure, ...]:
        return tuple(
            letters.Enclosure(name=f"{name.replace('/', '-')}.pdf", content_type=PDF, content=made())
            for name, made in self.papers.items()
        )


def _occasion(
    code: str, client: services.Client, about: str, link: str, papers: Mapping[str, Callable[[], bytes]] | None = None,
    **facts: Fact,
) -> Occasion:  # fmt: skip
    told = {**facts, "seller": client.seller.name, "link": f"{settings.BASE_URL}{link}"}
    return Occasion(code=code, client=client, about=about, facts=told, papers=papers or {})


# 1 ── orders ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def placed(pk: int) -> Occasion | None:
    """An order that still waits for money says how to pay it."""
    order = billing.Order.objects.select_related("client__seller", "seller").get(pk=pk)
    if order.state != "AWAITING_PAYMENT" or order.gross_minor == order.covered_minor:
        return None
    if order.purpose == "change":
        row = models.Change.objects.select_related("service", "quote__service").filter(order=order).first()
        if row is None or hasattr(row, "acceptance"):  # what a decrease charges is paid out of its credit
            return None
        language = order.client.language
        words = asking_letters.what(kept=row.quote)
        return _to_pay("change_to_pay", order, service=row.service.label, what=words.get(language) or words["en"])
    if order.purpose == "renewal":
        term = models.Renewal.objects.select_related("service").filter(order=order).first()
        if term is None:
            return None
        return _to_pay("renewal_to_pay", order, service=term.service.label, ends=term.start_on, next_end=term.end_on)
    return _to_pay("topup_to_pay", order)


def _to_pay(code: str, order: billing.Order, **more: Fact) -> Occasion:
    number = order.number
    return _occasion(
        code,
        order.client,
        number,
        f"/orders/{number}/",
        {number: lambda: invoices.proforma_pdf(order=number)} if order.purpose in ("change", "renewal") else None,
        order=number,
        amount=_minor(order.gross_minor - order.covered_minor, order.currency),
        until=rules.day(seller=order.seller, at=order.expires_at),
        account=order.bank_account,
        payee=order.seller.legal_name,
        reference=order.payment_reference,
        **more,
    )


def _order_paid(pk: int) -> Occasion | None:
    """Money for a deposit or a prepaid balance; what is paid for a service is told by the change or the renewal."""
    order = billing.Order.objects.select_related("client__seller").get(pk=pk)
    if order.purpose not in TOP_UPS:
        return None
    link = "/payments/deposit/" if order.purpose == "topup" else "/prepaid/"
    amount = _minor(order.gross_minor, order.currency)
    return _occasion("topup_paid", order.client, order.number, link, order=order.number, amount=amount)


# 2 ── changes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _change(pk: int) -> models.Change:
    return models.Change.objects.select_related(
        "service", "client__seller", "quote__service", "order__seller", "acceptance"
    ).get(pk=pk)


def _about_change(code: str, row: models.Change, papers: Mapping[str, Callable[[], bytes]] | None = None,
                  **facts: Fact) -> Occasion:  # fmt: skip
    return _occasion(
        code, row.client, row.number, f"/changes/{row.number}/", papers,
        service=row.service.label, change=row.number, **facts,
    )  # fmt: skip


def _change_paid(pk: int) -> Occasion | None:
    """Only where the work takes its time: what is done within the minute is told as done."""
    row = _change(pk)
    if row.order is None or row.state not in ("AWAITING_EXECUTION", "AWAITING_STAFF", "AWAITING_TERM_END"):
        return None
    amount = _minor(row.order.gross_minor, row.order.currency)
    if not amount.minor:
        return None
    return _about_change("payment_received", row, order=row.order.number, amount=amount, promised=row.promised_on)


def _in_force(pk: int) -> Occasion | None:
    row = _change(pk)
    return _carried_out("change_in_force", row) if row.state == "AWAITING_RETIREMENT" else None


def _done(pk: int) -> Occasion | None:
    row = _change(pk)
    told = models.OutgoingMail.objects.filter(about=row.number, purpose="change_in_force").exists()
    return _about_change("change_retired", row) if told else _carried_out("change_done", row)


def _carried_out(code: str, row: models.Change) -> Occasion:
    number = _invoice(row.order)
    renewal = placing.offer_of(row.quote).next_renewal
    asked = getattr(row, "acceptance", None)
    credit = _minor(asked.credit_minor, asked.currency) if asked is not None else None
    facts: dict[str, Fact] = {"invoice": number, "renewal": renewal.amount.gross if renewal is not None else None}
    if code == "change_done":
        facts["credit"] = credit
    return _about_change(code, row, _papers(row.order, number), **facts)


def _lapsed(pk: int) -> Occasion:
    row = _change(pk)
    asked = getattr(row, "acceptance", None)
    later = unanswered.begins_on(change=row, asked=asked) if asked is not None else None
    return _about_change("change_lapsed", row, later=later)


def _undone(pk: int) -> Occasion:
    return _about_change("change_undone", _change(pk))


def _clients_move(pk: int) -> Occasion | None:
    execution = provisioning.Execution.objects.get(pk=pk)
    change = models.Change.objects.filter(execution=execution).values_list("pk", flat=True).first()
    if execution.state != "AWAITING_CLIENT" or change is None:
        return None
    row = _change(change)
    until = execution.waiting_until
    return _about_change(
        "your_move", row, until=rules.day(seller=row.client.seller, at=until) if until is not None else None
    )


def _files_kept(pk: int) -> Occasion | None:
    """The change is taken back, and what was written on the new server is nowhere else: it waits there (H11)."""
    execution = provisioning.Execution.objects.get(pk=pk)
    change = models.Change.objects.filter(execution=execution).values_list("pk", flat=True).first()
    if execution.error.get("what") != "files_not_back" or change is None:
        return None
    files, names = execution.error.get("files"), execution.error.get("names", [])
    return _about_change("files_kept", _change(change), files=str(files) if files else None, names=", ".join(names))


def notice(pk: int) -> Occasion:
    """A notice that the client was given in the panel goes by mail too (H10)."""
    given = models.Notice.objects.select_related("change").get(pk=pk)
    return _about_change(given.code, _change(given.change_id))


# 3 ── terms and services ──────────────────────────────────────────────────────────────────────────────────────────────
def _renewal(pk: int) -> models.Renewal:
    return models.Renewal.objects.select_related("service__client__seller", "order__seller", "order__client").get(pk=pk)


def _renewed(pk: int) -> Occasion:
    row = _renewal(pk)
    number = _invoice(row.order)
    client = row.service.client
    return _occasion(
        "renewed", client, row.service.number, f"/services/{row.service.number}/", _papers(row.order, number),
        service=row.service.label,
        next_end=row.end_on,
        amount=_minor(row.order.gross_minor, row.order.currency) if row.order is not None else None,
        drawn=_drawn(row, language=client.language),
        invoice=number,
    )  # fmt: skip


def _drawn(row: models.Renewal, *, language: str) -> str | None:
    """What paid it by itself: the deposit, account credit, or both."""
    if row.order is None:
        return None
    parts = row.order.part_payments.filter(released_at=None).values_list("source", "amount_minor")
    used = [minor for source, minor in parts if source == "account_credit"]
    told = [_USED.get(language, _USED["en"]).format(_minor(sum(used), row.order.currency))] if used else []
    if row.collection.get("drawn") and len(parts) > len(used):
        told.append(_DRAWN.get(language, _DRAWN["en"]))
    return " ".join(told) or None


_USED = {
    "en": "{} of it was used from your account credit.",
    "pl": "Z tego {} pobrano z salda konta.",
    "it": "Di questi, {} sono stati usati dal credito del conto.",
}
_DRAWN = {
    "en": "The amount was drawn from your deposit by itself, since auto-renewal is on.",
    "pl": "Kwota została pobrana z Salda Kaucji sama, ponieważ włączone jest automatyczne przedłużanie.",
    "it": "L’importo è stato prelevato da sé dal deposito, perché il rinnovo automatico è attivo.",
}


def _overdue(pk: int) -> Occasion | None:
    row = _renewal(pk)
    if row.state != "OVERDUE" or row.order is None or row.order.state != "AWAITING_PAYMENT":
        return None
    return _to_pay("overdue", row.order, service=row.service.label, ends=row.start_on)


def _ended(pk: int) -> Occasion:
    row = _renewal(pk)
    return _occasion(
        "ended", row.service.client, row.service.number, "/services/", service=row.service.label, ends=row.start_on
    )


def _power(code: str, state: str) -> "Told":
    def told(pk: int) -> Occasion | None:
        row = services.Service.objects.select_related("client__seller").get(pk=pk)
        about = _occasion(code, row.client, row.number, "/prepaid/", service=row.label)
        return about if row.state == state else None

    return told


# 4 ── payouts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _payout(pk: int) -> Occasion:
    row = billing.Payout.objects.select_related("client__seller").get(pk=pk)
    amount = _minor(row.amount_minor, row.currency)
    if row.state == "PAID_OUT":
        return _occasion(
            "paid_out", row.client, row.number, "/payments/deposit/",
            payout=row.number, amount=amount, account=row.iban[-4:],
        )  # fmt: skip
    return _occasion(
        "payout_refused", row.client, row.number, "/payments/deposit/",
        payout=row.number, amount=amount, reason=row.note or None,
    )  # fmt: skip


# 5 ── whose it is ─────────────────────────────────────────────────────────────────────────────────────────────────────
_OF: tuple[tuple[type[Model], str], ...] = (  # rows that are told → where their seller's code is
    (billing.Order, "seller__code"),
    (billing.Payout, "client__seller__code"),
    (models.Change, "client__seller__code"),
    (models.Notice, "change__client__seller__code"),
    (models.Renewal, "service__client__seller__code"),
    (provisioning.Execution, "service__client__seller__code"),
    (services.Service, "client__seller__code"),
)
SELLERS = {model._meta.label_lower: (model, way) for model, way in _OF}  # by kind of row, as the audit writes it


def seller(*, kind: str, pk: int) -> str:
    """The code of the seller of what a letter is about."""
    model, way = SELLERS[kind]
    code: str = model._default_manager.values_list(way, flat=True).get(pk=pk)
    return code


# 6 ── what is told at all ─────────────────────────────────────────────────────────────────────────────────────────────
Told = Callable[[int], Occasion | None]
MOVES: Mapping[tuple[str, str], Told] = {
    ("billing.order", "paid"): _order_paid,
    ("procedures.change", "paid"): _change_paid,
    ("procedures.change", "applied"): _in_force,
    ("procedures.change", "done"): _done,
    ("procedures.change", "lapsed"): _lapsed,
    ("procedures.change", "overtaken"): _lapsed,
    ("procedures.change", "undone"): _undone,
    ("provisioning.execution", "waits_for_client"): _clients_move,
    ("provisioning.execution", "got_stuck"): _files_kept,
    ("procedures.renewal", "paid"): _renewed,
    ("procedures.renewal", "overdue"): _overdue,
    ("procedures.renewal", "lapsed"): _ended,
    ("services.service", "below_floor"): _power("blocked", "BLOCKED"),
    ("services.service", "topped_up"): _power("unblocked", "ACTIVE"),
    ("billing.payout", "paid_out"): _payout,
    ("billing.payout", "refused"): _payout,
}


def _minor(amount: int, currency: str) -> Money:
    return Money.from_minor(amount, currency)


def _invoice(order: billing.Order | None) -> str | None:
    if order is None:
        return None
    found = billing.Invoice.objects.filter(order=order, kind="invoice").values_list("number", flat=True)
    return found.first()


def _papers(order: billing.Order | None, number: str | None) -> Mapping[str, Callable[[], bytes]]:
    if order is None or number is None:
        return {}
    seller = order.seller.code
    return {number: lambda: invoices.pdf(seller=seller, number=number)}
