"""A next term was paid at the price of a change that came to nothing: what is given back of it?

What the term costs more than that of the service as it is, line by line, at the prices of the day on which the renewal
was announced. Where it costs less (a decrease that could not be made) it stays as paid: nobody is asked for more.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from planshift.billing import chains, corrections
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain import correction, documents, periods, renewing
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.procedures import contracts, models, rules, work
from planshift.services import queries as holdings

REASON: correction.Why = "renewal_as_before"
AT_HOME = ("standard", "zero")  # VAT codes of a line that is taxed as at home


def correct(*, change: models.Change, at: datetime, actor: str) -> None:
    """Issue the corrections of all terms that were paid at the price of a locked change that is given up. Once."""
    seller, credits = change.client.seller, list(_too_much(change))
    if not credits:
        return
    drafts = corrections.draft(
        seller=seller,
        credits=credits,
        reason=REASON,
        cause=change.number,
        key=f"{change.number}/renewals",
        regime="at_once",
        at=at,
        actor=actor,
    )
    today = rules.day(seller=seller, at=at)
    corrections.issue(numbers=[each.number for each in drafts], on=today, at=at, actor=actor)


def _too_much(change: models.Change) -> Iterator[correction.Credit]:
    """What of each line of the invoices of such renewals is given back."""
    holding = holdings.holding(number=change.service.number)
    row, after = change.service, work.after(kept=change.quote)
    sold = _basis(after.plan, after.family, after.additional)
    if sold == _basis(row.plan, row.family, holding.additional):
        return
    found = models.Renewal.objects.filter(service=row, state="RENEWED", created_at__gte=change.ordered_at)
    for renewal in found.select_related("order", "catalog", "policy", "service").order_by("start_on"):
        if {key: renewal.basis.get(key) for key in sold} == sold and renewal.order is not None:
            document = billing.order(number=renewal.order.number).invoice
            if document:
                yield from _credits(change, renewal, document, holding)


def _basis(plan: str, family: str, additional: Mapping[str, int]) -> dict[str, object]:
    return {"plan": plan, "family": family, "additional": {code: n for code, n in sorted(additional.items()) if n}}


def _credits(
    change: models.Change, renewal: models.Renewal, document: str, holding: holdings.Holding
) -> Sequence[correction.Credit]:
    """What the whole term costs less, taken from the lines that cost less or are not there as things are."""
    (issued,) = chains.of_numbers(seller=change.client.seller.code, numbers=[document])
    base, now = issued.method.base, issued.now
    lines = {
        each.position: each.line for each in issued.lines if each.span == (renewal.start_on, renewal.end_on)
    }  # of the term itself: what was billed with it is another matter
    right = _as_it_is(change, renewal, holding, next(iter(lines.values()))) if lines else {}
    nothing = Money.zero(issued.currency)
    less = {at: base(now[at]) - right.get(line.component, nothing) for at, line in lines.items()}
    paid = Money.total((base(now[at]) for at in lines), currency=issued.currency)
    left = paid - Money.total(right.values(), currency=issued.currency)
    found = []
    for position in sorted(less, key=lambda at: (-less[at].amount, at)):
        part = min(less[position], left)
        if part.amount > 0:
            found.append(
                correction.Credit(document=document, position=position, amount=part, prices=issued.method.prices)
            )
            left -= part
    return found


def _as_it_is(
    change: models.Change, renewal: models.Renewal, holding: holdings.Holding, like: documents.Line
) -> Mapping[str, Money]:
    """By component: the term of the service as it is, taxed as `like`, in the seller's prices. Where its plan was sold
    no more when the renewal was announced, the prices of the quote count."""
    seller, row = change.client.seller, change.service
    policy = catalog.policy_of(revision=renewal.policy_id or change.quote.policy_id)

    def priced(revision: int) -> Sequence[renewing.Line]:
        sold = catalog.catalog_of(revision=revision)
        day = rules.day(seller=seller, at=renewal.created_at)
        since = contracts.concluded([holding], sold=sold, policy=policy, seller=seller, today=day).get(row.pk)
        return renewing.lines(
            sold=sold,
            plan=row.plan,
            length=periods.Length(renewal.months),
            additional=holding.additional,
            on=renewal.start_on,
            rounding=rules.renewal_rounding(policy=policy, family=row.family, currency=seller.currency),
            treatment="standard" if like.vat_code in AT_HOME else like.vat_code,
            rate=Fraction(like.vat_percent) / 100,
            contract=contracts.of(since=since, policy=policy, family=row.family),
        )

    try:
        found = priced(renewal.catalog_id or change.quote.catalog_id)
    except Refused:
        found = priced(change.quote.catalog_id)
    return {line.component: line.amount.gross if seller.prices == "gross" else line.amount.net for line in found}
