"""What does the client get back of an accepted decrease, where, and what is paid out of it? (D5, D8)

    credit → charge

Steps of the run of the change, after the machine was read back. A decrease may charge something beside its credit (a
fee, the lower plan as a line of its own): that order is placed, covered and invoiced here, so that nobody has to pay
for what the credit pays.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from planshift.billing import corrections, crediting, invoices
from planshift.domain.money import Money
from planshift.procedures import decrease_papers, held, models, placing, rules
from planshift.runtime import moves, runs

# Where billing puts what the policy gives back (`credit_to`).
_WHERE: Mapping[str, crediting.Where] = {
    "deposit": "deposit",
    "account_credit": "account_credit",
    "refund": "as_paid",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """Gross: what is `left` for the client of the credit once it has paid what is `charged`; `to`: deposit,
    account_credit, refund."""

    left: Money
    charged: Money
    to: str


def back(asked: models.Acceptance) -> Back:
    """Of a request to accept (with change and quote)."""
    priced = placing.offer_of(asked.change.quote)
    charged = Money.total((line.amount.gross for line in placing.charged(priced)), currency=asked.currency)
    return Back(
        left=Money.from_minor(asked.credit_minor, asked.currency) - charged, charged=charged, to=priced.credit_to
    )


def owes(change: models.Change) -> bool:
    """Whether the limits of an accepted decrease are down and its credit is still to be booked."""
    asked: models.Acceptance | None = getattr(change, "acceptance", None)
    return asked is not None and asked.state == "ACCEPTED"


def credit(task: runs.Work) -> runs.Outcome:
    """After the machine was read back: gross, a posting of its own, exactly once (D5, D8). What the decrease charges is
    paid out of it in the same moment; its order is placed first."""
    change = held.change(task.subject)
    if not owes(change) or change.applied_at is None:
        return runs.Go("follow")
    priced = placing.offer_of(change.quote)
    gone = change.order is None or change.order.state in change.order.lifecycle.final
    if placing.charged(priced) and gone:  # one that the client paid meanwhile stays: then the whole credit goes back
        change.order = placing.order_of(
            kept=change.quote,
            priced=priced,
            subject=change.number,
            signal_key=held.run_key(change.number),
            at=task.at,
            actor=task.actor,
        )
        change.save(update_fields=["order"])
        return runs.Go("credit")
    corrections.credit(
        numbers=[row.number for row in decrease_papers.papers(change=change.number)],
        to=_WHERE[priced.credit_to],
        pays=change.order.number if change.order is not None else "",
        at=task.at,
        actor=task.actor,
    )
    moves.move(change.acceptance, "credited", actor=task.actor, at=task.at, credited_at=task.at)
    return runs.Go("charge")


def charge(task: runs.Work) -> runs.Outcome:
    """The invoice of what the decrease charged; none where it charged nothing."""
    change = held.change(task.subject)
    if change.order is not None:
        on = rules.day(seller=change.client.seller, at=task.at)
        invoices.issue(order=change.order.number, on=on, at=task.at, actor=task.actor)
    return runs.Go("follow")


STEPS = {"credit": credit, "charge": charge}
