"""What came over the bank, and what could the unexplained be? For staff; `sellers` are the codes of those that the
reader works for. The number of statements does not depend on the number of lines.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, F, Q

from planshift.billing import models as bills
from planshift.billing import opened, statements
from planshift.domain.money import Money
from planshift.procedures.views import bank as views

SIZE = 25
FURTHEST = 400  # pages
SUGGESTED = 3
_LOOKED_AT = 200  # open orders


def page(*, sellers: tuple[str, ...], number: int) -> views.Bank:
    """What waits for staff, and a page of lines, the newest first."""
    number = max(1, min(number, FURTHEST))
    every = bills.StatementLine.objects.filter(seller__code__in=sellers).select_related(
        "seller", "match__payment__client"
    )
    every = every.prefetch_related(
        "match__payment__opening_payments__balance__invoice", "match__payment__opening_payments__release"
    )
    rows = list(every.order_by("-pk")[(number - 1) * SIZE : number * SIZE + 1])
    credit = list(every.filter(match__kind="payment", match__payment__unapplied_minor__gt=0).order_by("pk")[:SIZE])
    debits = list(every.filter(direction="debit", match__isnull=True).order_by("pk")[:SIZE])
    orders, returns = _for_credits(credit), _for_debits(debits)
    return views.Bank(
        credits=tuple(_line(each, orders[each.pk]) for each in credit),
        debits=tuple(_line(each, returns[each.pk]) for each in debits),
        lines=tuple(_line(each) for each in rows[:SIZE]),
        statements=_statements(sellers),
        page=number,
        more=len(rows) > SIZE,
    )


def _statements(sellers: tuple[str, ...]) -> tuple[views.StatementRow, ...]:
    found = bills.Statement.objects.filter(seller__code__in=sellers).select_related("seller")
    return tuple(
        views.StatementRow(
            number=each.number,
            seller=each.seller.name,
            bank_number=each.bank_number,
            file=each.file,
            format=each.format,
            imported_at=each.imported_at,
            new=each.told,
        )
        for each in found.annotate(told=Count("lines")).order_by("-pk")[:10]
    )


def _line(row: Any, suggestions: Iterable[views.Suggestion] = ()) -> views.Line:
    match = getattr(row, "match", None)
    payment = match.payment if match else None
    return views.Line(
        number=row.number,
        seller=row.seller.name,
        direction=row.direction,
        reversal=row.reversal,
        booked_on=row.booked_on,
        amount=Money.from_minor(row.amount_minor, row.currency),
        party=row.party,
        party_account=row.party_account,
        text=row.text,
        bank_reference=row.bank_reference,
        kind=match.kind if match else "",
        payment=payment.number if payment else "",
        client=payment.client.number if payment and payment.client else "",
        order=(payment.order_number or _settled(payment)) if payment else "",
        unapplied=Money.from_minor(payment.unapplied_minor, payment.currency) if payment else None,
        why_unapplied=payment.why_unapplied if payment else "",
        note=match.note if match else "",
        suggestions=tuple(suggestions),
    )


def _settled(payment: Any) -> str:
    put = (each for each in payment.opening_payments.all() if not hasattr(each, "release"))
    return ", ".join(each.balance.invoice.number for each in put)


# credits ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _for_credits(rows: list[Any]) -> Mapping[int, list[views.Suggestion]]:
    """Open orders that each credit could pay: of the client that it names, of this amount, of who paid from this
    account before, of a client with the payer's name."""
    found: dict[int, list[views.Suggestion]] = {row.pk: [] for row in rows}
    if not rows:
        return found
    paid_before = _clients_by_account(rows)
    known = {client for clients in paid_before.values() for client in clients}
    known |= {row.match.payment.client_id for row in rows if row.match.payment.client_id}
    names = Q(pk__in=[])
    for row in rows:
        for name in _spellings(row.party):
            names |= Q(client__name__iexact=name)
    orders: list[Any] = list(
        bills.Order.objects.filter(state="AWAITING_PAYMENT", seller__in={row.seller_id for row in rows})
        .annotate(lacking=F("gross_minor") - F("covered_minor"))
        .filter(names | Q(client__in=known) | Q(lacking__in={row.match.payment.unapplied_minor for row in rows}))
        .select_related("client")
        .order_by("expires_at", "pk")[:_LOOKED_AT]
    )
    orders += opened.candidates(
        sellers={row.seller_id for row in rows},
        clients=known,
        names={name for row in rows for name in _spellings(row.party)},
        amounts={row.match.payment.unapplied_minor for row in rows},
        limit=_LOOKED_AT,
    )
    for row in rows:
        listed = [each for order in orders if (each := _could_pay(row, order, paid_before))]
        listed.sort(key=lambda each: (-len(each.because), not each.fits))
        found[row.pk] = listed[:SUGGESTED]
    return found


def _clients_by_account(rows: list[Any]) -> Mapping[tuple[int, str], set[int]]:
    accounts = {row.party_account for row in rows if row.party_account}
    before: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    seen = bills.LineMatch.objects.filter(
        kind="payment",
        line__seller__in={row.seller_id for row in rows},
        line__party_account__in=accounts,
        payment__client__isnull=False,
    )
    for seller, account, client in seen.values_list(
        "line__seller_id", "line__party_account", "payment__client_id"
    ).distinct():
        before[seller, account].add(client)
    return before


def _could_pay(row: Any, order: Any, paid_before: Mapping[tuple[int, str], set[int]]) -> views.Suggestion | None:
    payment = row.match.payment
    if order.seller_id != row.seller_id or order.currency != payment.currency:
        return None
    if payment.client_id not in (None, order.client_id):
        return None
    fits = order.lacking == payment.unapplied_minor
    reasons: dict[views.Because, bool] = {
        "client": payment.client_id is not None,
        "amount": fits,
        "account": order.client_id in paid_before.get((row.seller_id, row.party_account), ()),
        "name": order.client.name.casefold() in {name.casefold() for name in _spellings(row.party)},
    }
    because = tuple(reason for reason, holds in reasons.items() if holds)
    if not because:
        return None
    return views.Suggestion(
        order=order.number,
        payment=payment.number,
        client=order.client.number,
        client_name=order.client.name,
        missing=Money.from_minor(order.lacking, order.currency),
        because=because,
        fits=fits,
    )


def _spellings(party: str) -> set[str]:
    """A name as the bank has it, and with the family name first or last."""
    words = party.split()
    return {" ".join(words), " ".join([*words[1:], *words[:1]]), " ".join([*words[-1:], *words[:-1]])} - {""}


# debits ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _for_debits(rows: list[Any]) -> Mapping[int, list[views.Suggestion]]:
    """Payments that each debit may have given back: from the account that it went to, with this amount returned or
    left over."""
    found: dict[int, list[views.Suggestion]] = {row.pk: [] for row in rows}
    accounts = {row.party_account for row in rows if row.party_account}
    if not accounts:
        return found
    seen = bills.LineMatch.objects.filter(
        kind="payment", line__seller__in={row.seller_id for row in rows}, line__party_account__in=accounts
    ).select_related("line", "payment__client")
    came = list(seen.order_by("-pk")[:_LOOKED_AT])
    unseen = statements.returns_not_seen_of(payments={each.payment.number for each in came if each.payment})
    for row in rows:
        for each in came:
            payment: Any = each.payment
            same = (each.line.seller_id, each.line.party_account) == (row.seller_id, row.party_account)
            if not same or payment.currency != row.currency:
                continue
            left = payment.client_id is not None and payment.unapplied_minor == row.amount_minor
            if not left and row.amount_minor not in unseen.get(payment.number, ()):
                continue
            found[row.pk].append(
                views.Suggestion(
                    order="",
                    payment=payment.number,
                    client=payment.client.number if payment.client else "",
                    client_name=payment.client.name if payment.client else "",
                    missing=None,
                    because=("amount", "account"),
                    fits=True,
                )
            )
        del found[row.pk][SUGGESTED:]
    return found
