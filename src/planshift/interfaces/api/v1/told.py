"""How do the views look as JSON? Words in the language in force, amounts as decimal strings."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote as escaped

from planshift.domain import money, quote_json
from planshift.domain import quote as quotes
from planshift.domain.exact import Fraction
from planshift.domain.tax import Taxed
from planshift.interfaces.api.v1 import problems
from planshift.interfaces.presenters import amounts, movements, settlements, timeline
from planshift.interfaces.presenters import notices as wording
from planshift.procedures import views


def service(client: str, card: views.ServiceCard) -> dict[str, Any]:
    """A service (shapes.Service)."""
    return {
        "number": card.number,
        "client": client,
        "name": card.name,
        "family": card.family_code,
        "plan": card.plan_code,
        "state": card.state,
        "term_start": card.term_start_on,
        "term_end": card.term_end_on,
        "period_months": card.period_months,
        "auto_renew": card.auto_renew,
        "currency": card.currency,
        "additional": dict(card.additional),
        "next_renewal": taxed(card.renewal),
        "open_change": card.open_change.number if card.open_change else "",
    }


def option(each: views.Option, names: views.Names) -> dict[str, Any]:
    """A target plan (shapes.Option)."""
    return {
        "plan": each.plan_code,
        "name": amounts.words(each.plan),
        "family": amounts.words(each.family),
        "current": each.current,
        "must_shrink": [
            {"resource": amounts.words(need.resource), "used": number(need.used), "allowed": number(need.allowed)}
            for need in each.shrink
        ],
        **_priced(each, names),
    }


def period(each: views.PeriodOption, names: views.Names) -> dict[str, Any]:
    """A billing period (shapes.Period)."""
    return {"months": each.months, "current": each.current, **_priced(each, names)}


def _priced(each: views.Option | views.PeriodOption, names: views.Names) -> dict[str, Any]:
    return {
        "orderable": each.orderable,
        "list_price": each.price.text if each.price else None,
        "offer": quote_json.encode(each.offer) if each.offer else None,
        "reasons": [problems.reason(reason, names) for reason in (*each.reasons, *each.not_orderable)],
        "choices": choices(each.choices, names),
    }


def choices(found: Sequence[views.Choice], names: views.Names) -> list[dict[str, Any]]:
    """The settlements that the client may choose (shapes.Choice)."""
    return [
        {
            "choice": each.code,
            "title": settlements.title(each.code),
            "orderable": each.orderable,
            "offer": quote_json.encode(each.offer) if each.offer else None,
            "reasons": [problems.reason(reason, names) for reason in (*each.reasons, *each.not_orderable)],
        }
        for each in found
    ]


def resource(row: views.ResourceRow) -> dict[str, Any]:
    """A resource of the plan (shapes.Resource)."""
    return {
        "code": row.code,
        "name": amounts.words(row.name),
        "unit": amounts.words(row.unit),
        "included": number(row.included),
        "additional": number(row.additional),
        "minimum": number(row.minimum),
        "maximum": None if row.maximum is None else number(row.maximum),
        "step": number(row.step),
        "price": row.price.text if row.price else None,
        "used": None if row.used is None else number(row.used),
        "used_as_of": row.used_as_of,
    }


def quote(kept: views.KeptQuote) -> dict[str, Any]:
    """A kept quote (shapes.Quote)."""
    return {
        "number": kept.number,
        "service": kept.service,
        "state": kept.state,
        "made_at": kept.made_at,
        "valid_until": kept.valid_until,
        "orderable": not kept.not_orderable,
        "not_orderable": [problems.reason(each, kept.names) for each in kept.not_orderable],
        "change": kept.change,
        "notices": notices(kept.offer, kept.names),
        "offer": quote_json.encode(kept.offer),
    }


def notices(offer: quotes.Offer, names: views.Names) -> list[dict[str, str]]:
    """What the client must know before ordering (shapes.Notice)."""
    return [{"code": each.code, **wording.text(each.code, each.facts, names)._asdict()} for each in offer.notices]


def listed(row: views.ListedChange) -> dict[str, Any]:
    """A change in a list (shapes.ListedChange)."""
    return {name: getattr(row, name) for name in row.__slots__}


def change(client: str, page: views.ChangePage, order: views.OrderPage | None) -> dict[str, Any]:
    """A change (shapes.Change) with the payment of its order."""
    return {
        "number": page.number,
        "client": client,
        "service": page.service.number,
        "quote": page.quote,
        "order": page.order,
        "state": page.state,
        "final": page.final,
        "operation": page.operation,
        "kind": page.kind,
        "direction": page.direction,
        "ordered_at": page.ordered_at,
        "promised_on": page.promised_on,
        "overdue": page.overdue,
        "total": taxed(page.total),
        "payment": payment(order) if order else None,
        "steps": [_step(step, shown) for step, shown in zip(page.steps, timeline.show(page.steps), strict=True)],
        "duties": timeline.duties(page.duties),
        "credentials": page.credentials,
        "new_address": page.new_address,
        "hold_until": page.hold_until,
        "can_withdraw": page.can_withdraw,
        "can_switch_over": page.can_switch_over,
        "invoices": [invoice(client, each) for each in page.invoices],
        "next_renewal": taxed(page.next_renewal),
        "renews_on": page.renews_on,
    }


def acceptance(each: views.Accepting) -> dict[str, Any]:
    """A request to accept (accepting_shapes.Acceptance)."""
    return {
        "change": each.change,
        "client": each.client,
        "service": each.service,
        "state": each.state,
        "can_answer": each.can_answer,
        "credit": each.credit.text,
        "credit_to": each.to,
        "currency": each.credit.currency,
        "papers": [_paper(paper) for paper in each.papers],
        "asked_at": each.asked_at,
        "last_on": each.last_on,
        "next_term_on": each.next_term_on,
    }


def _paper(paper: views.CorrectivePaper) -> dict[str, Any]:
    return {
        "number": paper.number,
        "issued": paper.issued,
        "state": paper.state,
        "corrects": paper.corrects,
        "difference": taxed(paper.difference),
        "lines": [
            {
                "text": amounts.words(line.text),
                "start_on": line.start_on,
                "end_on": line.end_on,
                "before": taxed(line.before),
                "after": taxed(line.after),
                "difference": taxed(line.difference),
            }
            for line in paper.lines
        ],
    }


def _step(step: views.TimelineStep, shown: timeline.Shown) -> dict[str, Any]:
    return {
        "code": step.code,
        "title": shown.title,
        "status": step.status,
        "at": step.at,
        "due_at": step.due_at,
        "owner": step.owner.partition(":")[0],
    }


def order(client: str, page: views.OrderPage) -> dict[str, Any]:
    """An order (money_shapes.Order)."""
    return {
        "number": page.number,
        "client": client,
        "state": page.state,
        "placed_at": page.placed_at,
        "service": page.service.number if page.service else "",
        "change": page.change,
        "lines": [
            {
                "text": amounts.words(line.text),
                "quantity": line.quantity,
                "start": line.start_on,
                "end": line.end_on,
                "vat_percent": number(line.vat_percent),
                "amount": taxed(line.amount),
            }
            for line in page.lines
        ],
        "total": taxed(page.total),
        "paid": page.paid.text,
        "drawn_by_itself": page.drawn_by_itself,
        "from_account_credit": page.from_credit.text,
        "payment": payment(page),
        "invoices": [invoice(client, each) for each in page.invoices],
    }


def payment(page: views.OrderPage) -> dict[str, Any] | None:
    """How an open order can be paid (shapes.Payment); None once it cannot or need not be."""
    if page.transfer is None:
        return None
    return {
        "due": page.due.text,
        "currency": page.due.currency,
        "due_at": page.due_at,
        "payee": page.transfer.payee,
        "account": page.transfer.account,
        "reference": page.transfer.reference,
        "can_draw": page.can_draw,
        "why_not_from_deposit": [problems.reason(reason) for reason in page.draw_reasons],
    }


def deposit(page: views.MoneyPage) -> dict[str, Any]:
    """A client's deposit (money_shapes.Deposit)."""
    return {
        "balance": page.deposit.text if page.deposit is not None else None,
        "currency": page.deposit.currency if page.deposit is not None else None,
        "open_orders": [
            {
                "number": each.number,
                "due": each.due.text,
                "currency": each.due.currency,
                "due_at": each.due_at,
                "change": each.change,
            }
            for each in page.open_orders
        ],
        "movements": [_movement(row) for row in page.postings.rows if isinstance(row, views.Posting)],
        "next": page.postings.next,
    }


def _movement(row: views.Posting) -> dict[str, Any]:
    return {
        "at": row.at,
        "account": row.account,
        "code": row.code,
        "title": movements.title(row),
        "amount": row.amount.text,
        "currency": row.amount.currency,
        "reference": row.reference,
    }


def invoices(client: str, page: views.Page) -> list[dict[str, Any]]:
    """A page of documents."""
    return [invoice(client, row) for row in page.rows if isinstance(row, views.InvoiceRow)]


def invoice(client: str, row: views.InvoiceRow) -> dict[str, Any]:
    """An issued document (shapes.Invoice)."""
    return {
        "number": row.number,
        "kind": row.kind,
        "issued_on": row.issued_on,
        "total": taxed(row.total),
        "order": row.order,
        "unpaid": (row.missing or money.Money.zero(row.total.currency)).text,
        "pdf": f"/api/v1/clients/{client}/invoices/{escaped(row.number)}/pdf",
    }


def taxed(amount: Taxed | None) -> dict[str, str] | None:
    """Net, tax and gross, or nothing."""
    return quote_json.taxed(amount) if amount is not None else None


def number(value: Any) -> str:
    """An amount of a resource as a plain decimal."""
    return money.decimal_text(Fraction(value), decimals=0)
