"""A paid change turns out to be simpler: what is given back, and what do the machines do instead? (H3)

After payment staff may only lower the price, by a correction, and only while nothing is done that cannot be taken back.
The change goes on under a new quote, priced on the same facts, policy and catalog as the one that was paid.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from planshift.billing import correction_queries, corrections
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain import correction, facts, quote
from planshift.domain.errors import Refused
from planshift.domain.policy import failure
from planshift.procedures import held, keeping, knowledge, models, placing, rules
from planshift.provisioning import executions
from planshift.runtime import moves, numbers, runs

REASON: correction.Why = "price_lowered"
# In the first of them it is paid, and its run, which makes the invoice, has not looked yet.
GOING_ON = ("AWAITING_PAYMENT", "AWAITING_TERM_END", "AWAITING_EXECUTION", "AWAITING_STAFF")
OVER = ("DONE", "FAILED", "CANCELLED")  # of an execution


def lower(*, change: models.Change, kept: models.Quote, kind: str, note: str, at: datetime, actor: str) -> str:
    """Make the paid `change` (locked, of the quote `kept`) a `kind` change that costs less. Its run corrects the
    invoice and gives the difference back where the policy's `failure` sends money. Returns the new quote's number.

    A change whose payment has come, and whose run has not seen it yet, is invoiced as it was paid, then corrected.
    Refused: `kind_after_payment` (in force, being given up, or lowered already), `point_of_no_return_passed`,
    `kind_raises_price`, `kind_not_cheaper`, and what the policy says against the other kind.
    """
    if change.applied_at is not None or change.lowered_from_id is not None:
        raise Refused("kind_after_payment")
    now = _priced(change, kept, decided=placing.offer_of(kept).kind)
    then = _priced(change, kept, decided=kind, note=note)
    if then.total.gross > now.total.gross:
        raise Refused("kind_raises_price", difference=then.total.gross - now.total.gross)
    if then.total.gross == now.total.gross:
        raise Refused("kind_not_cheaper")
    work = change.execution
    if change.state not in GOING_ON or change.undo_at is not None:
        raise Refused("kind_after_payment")
    if work is not None and (work.state == "DONE" or work.point_of_no_return_at is not None):
        raise Refused("point_of_no_return_passed", number=change.number)
    if work is not None and work.state not in OVER:  # `change` begins anew once that is taken back
        executions.cancel(number=work.number, note=note, at=at, actor=actor)
    made = _quote(kept, then, at=at, actor=actor)
    change.lowered_from, change.quote, change.kind = kept, made, kind
    change.save(update_fields=["lowered_from", "quote", "kind"])
    _credits(now, then, document="", prices="net")  # every line of it can be lowered
    runs.signal(key=held.run_key(change.number), name="retry")
    return made.number


def _priced(change: models.Change, kept: models.Quote, *, decided: str, note: str = "") -> quote.Offer:
    """The change as it was priced, as `decided`. Its own invoice and itself are left out of the facts."""
    known = knowledge.of(service=kept.service.number, at=kept.created_at).facts
    assert change.order is not None
    own = billing.order(number=change.order.number).invoice
    billed = None if known.billed is None else tuple(line for line in known.billed if line.document != own)
    found = quote.price(
        facts=replace(
            known,
            catalog=catalog.catalog_of(revision=kept.catalog_id),
            billed=billed,
            standing=replace(known.standing, open_change="", unpaid_documents=()),
            decided=facts.Decided(decided, note),
        ),
        request=keeping.from_json(kept.request, kind=object),  # type: ignore[arg-type]  # a Request was kept
        policy=catalog.policy_of(revision=kept.policy_id),
        on=kept.created_at,
    )
    if isinstance(found, quote.Refusal):
        raise Refused.for_reasons(found.reasons)
    return found


def _quote(kept: models.Quote, offered: quote.Offer, *, at: datetime, actor: str) -> models.Quote:
    """The new quote, ordered already: the client asked for nothing dearer."""
    number = f"Q-{at.year}-{numbers.take(series=f'quote/{at.year}', count=1)[0]:06}"
    made = models.Quote.objects.create(
        number=number,
        service=kept.service,
        client=kept.client,
        policy_id=kept.policy_id,
        catalog_id=kept.catalog_id,
        request=kept.request,
        offer=keeping.to_json(offered),
        facts_digest=kept.facts_digest,
        currency=offered.currency,
        gross_minor=offered.total.gross.minor,
        created_at=at,
        expires_at=kept.expires_at,
        made_by=actor,
        replaces=kept,
    )
    moves.move(made, "ordered", actor=actor, at=at)
    return made


def quote_paid(change: models.Change) -> models.Quote:
    """The quote that the order of a change was placed with; not the present one where its price was lowered since."""
    return change.lowered_from or change.quote


def owes(change: models.Change) -> bool:
    """Was the price of a paid change lowered, and the difference not yet given back?"""
    if change.lowered_from_id is None:
        return False
    made = correction_queries.of_causes(causes=[change.number]).get(change.number, ())
    return not any(each.reason == REASON and each.state == "CREDITED" for each in made)


def correct(task: runs.Work) -> runs.Outcome:
    """The invoice of the change is corrected line by line to the lower price."""
    change = held.change(task.subject)
    assert change.order is not None
    seller = change.client.seller
    drafts = corrections.draft(
        seller=seller,
        credits=_credits(
            placing.offer_of(quote_paid(change)),
            placing.offer_of(change.quote),
            document=billing.order(number=change.order.number).invoice,
            prices="gross" if seller.prices == "gross" else "net",
        ),
        reason=REASON,
        cause=change.number,
        key=f"{change.number}/{change.quote.number}",
        regime="at_once",
        at=task.at,
        actor=task.actor,
    )
    today = rules.day(seller=seller, at=task.at)
    corrections.issue(numbers=[each.number for each in drafts], on=today, at=task.at, actor=task.actor)
    return runs.Go("give_difference")


def give_difference(task: runs.Work) -> runs.Outcome:
    """What it costs less goes where the policy in force at the order says; then the change goes on."""
    change = held.change(task.subject)
    policy = catalog.policy_of(revision=change.quote.policy_id)
    to = rules.carried_out(failure, policy=policy, family=change.service.family)
    made = correction_queries.of_causes(causes=[change.number]).get(change.number, ())
    numbers = [each.number for each in made if each.reason == REASON]
    corrections.credit(numbers=numbers, to=to, at=task.at, actor=task.actor)
    return runs.Go("begin_again")


def _credits(
    now: quote.Offer, then: quote.Offer, *, document: str, prices: correction.Prices
) -> list[correction.Credit]:
    """What each line of the invoice, which are those of `now` in their order, costs less in `then`."""
    left = Counter[tuple[str, str]]()
    for line in then.lines:
        left[line.role, line.component] += getattr(line.amount, prices).minor
    found = []
    for position, line in enumerate(now.lines, start=1):
        before = getattr(line.amount, prices)
        after = left.pop((line.role, line.component), 0)
        if after > before.minor:
            raise Refused("kind_after_payment")  # a line would cost more, though all together cost less
        if after < before.minor:
            less = before - type(before).from_minor(after, before.currency)
            found.append(correction.Credit(document=document, position=position, amount=less, prices=prices))
    if left:
        raise Refused("kind_after_payment")
    return found


STEPS = {"lower": correct, "give_difference": give_difference}
