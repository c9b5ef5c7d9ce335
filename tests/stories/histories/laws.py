"""What holds after everything that anybody does, and what holds when enough time has passed."""

import datetime
from collections.abc import Mapping

from django.db.models import F, Max, OuterRef, Q, Subquery, Sum

from planshift.billing import models as billing
from planshift.domain import catalog as selling
from planshift.domain import facts, periods, quote
from planshift.domain.catalog import Plan
from planshift.domain.exact import Fraction
from planshift.ledger import balances
from planshift.ledger import models as ledger
from planshift.procedures import held, knowledge, models, reconciling
from planshift.provisioning import models as hosting
from planshift.runtime import clock, shapes
from planshift.runtime.models import Run
from planshift.services import models as services

OPEN = models.Change.lifecycle.open
# Asked after every step of every history, so each is put together once. Those that tell of a breach have no row.
BELOW_ITS_FLOOR = shapes.Shape(
    lambda: ledger.Account.objects.filter(balance_minor__lt=F("floor_minor")).values_list("code", "balance_minor")
)
CHANGES = shapes.Shape(
    lambda: models.Change.objects.exclude(state__in=models.Change.lifecycle.final).values_list(
        "service_id", "number", "state"
    )
)
GIVEN_BACK_TOO_MUCH = shapes.Shape(
    lambda: (
        billing.InvoiceLine.objects.filter(invoice__kind="invoice", corrections__isnull=False)
        .values_list("invoice__number", "position", "gross_minor")
        .annotate(left=F("gross_minor") + Sum("corrections__gross_minor"))
        .filter(Q(left__lt=0) | Q(left__gt=F("gross_minor")))
    )
)
IN_FORCE_UNPAID = shapes.Shape(
    lambda: (
        models.Change.objects.filter(applied_at__isnull=False, order__isnull=False)
        .exclude(Q(order__state="PAID") & (Q(order__gross_minor=0) | Q(order__invoice__isnull=False)))
        .values_list("number", flat=True)
    )
)
IN_FORCE_UNASKED = shapes.Shape(
    lambda: (
        models.Change.objects.filter(applied_at__isnull=False, order__isnull=True)
        .exclude(acceptance__isnull=False, acceptance__state__in=("ACCEPTED", "CREDITED"))
        .values_list("number", flat=True)
    )
)
# What account credit paid of an order, and what of its document was given back in other ways than as account credit.
CREDIT_TO_CASH = shapes.Shape(
    lambda: (
        billing.Order.objects.filter(part_payments__source="account_credit", part_payments__released_at__isnull=True)
        .annotate(
            otherwise=F("covered_minor")
            - Subquery(
                billing.PartPayment.objects.filter(
                    order=OuterRef("pk"), source="account_credit", released_at__isnull=True
                )
                .values("order")
                .annotate(all=Sum("amount_minor"))
                .values("all")
            ),
            given=Subquery(
                billing.Credited.objects.filter(correction__corrects__order=OuterRef("pk"))
                .exclude(to="account_credit")
                .values("correction__corrects__order")
                .annotate(all=Sum("amount_minor"))
                .values("all")
            ),
        )
        .filter(given__gt=F("otherwise"))
        .values_list("number", flat=True)
    )
)
PAID_OUT = shapes.Shape(
    lambda: (
        ledger.Transfer.objects.filter(debit__kind="account_credit")
        .exclude(credit__kind="held")
        .exclude(posting="account_credit_taken_back")
        .values_list("entry", "posting")
    )
)
LIVING = shapes.Shape(lambda: Run.objects.filter(ended_at=None).values_list("key", "state", "owner", "due_at"))
UNPAID = shapes.Shape(
    lambda: billing.Order.objects.filter(state="AWAITING_PAYMENT").values_list("signal_key", "number", "subject")
)
QUEUED = shapes.Shape(lambda: models.OutgoingMail.objects.filter(state="QUEUED").values_list("number", "round"))


def always() -> None:
    """The laws of money and waiting, of which none may be broken for a moment."""
    assert balances.differences() == {}
    assert BELOW_ITS_FLOOR.ask() == []
    assert GIVEN_BACK_TOO_MUCH.ask() == []  # of no line more is given back than was paid for it
    assert PAID_OUT.ask() == []  # account credit pays orders, and nothing else
    assert CREDIT_TO_CASH.ask() == []  # what it paid is given back as account credit
    assert IN_FORCE_UNPAID.ask() == []  # D2
    assert IN_FORCE_UNASKED.ask() == []  # D5
    changes = CHANGES.ask()
    open_ones = [service for service, _, state in changes if state in OPEN]
    assert len(set(open_ones)) == len(open_ones), "two open changes of one service"
    _every_wait_is_somebodys(changes)


def agreed() -> None:
    """Every figure follows from the rows. Nothing takes a wrong one back: it costs too much to look after each step."""
    found = [str(each) for each in reconciling.differences()]
    assert found == [], found


ALL_CHANGES = shapes.Shape(lambda: models.Change.objects.values_list("service__number", "number", "state"))
HELD = shapes.Shape(lambda: services.Allocation.objects.values_list("service__number", "resource", "amount"))
LAST_LINES = shapes.Shape(
    lambda: billing.InvoiceLine.objects.order_by().values_list("service").annotate(last=Max("pk"))
)
SERVICES = shapes.Shape(
    lambda: (
        services.Service.objects.order_by()
        .values_list("number", "label", "plan", "state", "auto_renew")
        .annotate(last=Max("terms__pk"))
    )
)


def moved(*, labels: tuple[str, ...]) -> Mapping[str, object]:
    """What the prices of these services depend on, by label: as long as it is the same, so are they."""
    rows = [row for asked in (ALL_CHANGES, HELD, LAST_LINES) for row in asked.ask()]
    today = clock.business().date()
    return {
        next(each for each in labels if label.startswith(each)): (
            today,
            told,
            [row for row in rows if row[0] == number],
        )
        for number, label, *told in SERVICES.ask()
        if label.startswith(labels)
    }


def whatever_happened_a_change_costs_the_difference(*, label: str) -> int:
    """For the time that is paid: at one price list nobody has paid more or less than it for what a service holds. Each
    line and each correction is rounded to its cent. A longer billing period is paid at other prices than the list's.
    Returns how many prices were compared."""
    row = services.Service.objects.select_related("client").get(label__startswith=label)
    changes = models.Change.objects.filter(service=row)
    odd = billing.Correction.objects.filter(client=row.client_id, reason__in=("price_lowered", "renewal_as_before"))
    if row.state != "ACTIVE" or changes.filter(operation="period").exists() or odd.exists():
        return 0
    if changes.filter(state__in=models.Change.lifecycle.open).exists():
        return 0
    at = clock.business()
    known = knowledge.of(service=row.number, at=at)
    sold, on, holding = known.facts.catalog, known.at_day, known.holding
    if holding.term_on(on).end_on <= on:
        return 0
    compared = 0
    for target in sorted({"standard", "professional", "business"} - {row.plan}):
        offer = quote.price(
            facts=known.facts, request=facts.ChangePlan(target=target), policy=known.rules.policy, on=at
        )
        right = Fraction(0)
        for term in holding.terms:
            length = periods.Length(term.months)
            listed = [_by_the_list(sold.plans[plan], holding.additional, length, on) for plan in (target, row.plan)]
            left = max((term.end_on - max(term.start_on, on)).days, 0)
            right += (listed[0] - listed[1]) * left / (term.end_on - term.start_on).days
        if isinstance(offer, quote.Offer) and offer.timing != "at_renewal":
            papers = billing.InvoiceLine.objects.filter(service=row.number).count()
            found = offer.total.net.amount
            assert abs(found - right) <= Fraction(papers + 4, 100), (row.number, target, float(found), float(right))
            compared += 1
    return compared


def _by_the_list(plan: Plan, additional: Mapping[str, int], length: periods.Length, on: datetime.date) -> Fraction:
    price = plan.price(length, on)
    assert price is not None
    total = price.amount
    for code, amount in additional.items():
        if amount:
            each = selling.price_on(plan.resources[code].prices, length, on)
            assert each is not None
            total += each.amount * amount
    return total


def _every_wait_is_somebodys(changes: list[tuple[int, str, str]]) -> None:
    """A run that waits has an owner, and a day on which a person sees it; what is open has a run that lives."""
    living = set()
    for key, state, owner, due_at in LIVING.ask():
        living.add(key)
        assert state != "WAITING" or (owner and due_at is not None), key
    for _, number, state in changes:
        assert held.run_key(number) in living, f"{number} is {state}, and nobody carries it on"
    for key, number, subject in UNPAID.ask():
        assert key in living, f"{number} of {subject}, and nobody waits for it"
    for number, turn in QUEUED.ask():
        assert f"mail:{number}:{turn}" in living, f"{number} is queued, and nobody sends it"


def at_rest() -> None:
    """When the workers have done all that is due: nothing is ready, nothing is stuck, nothing waits for the past."""
    assert not Run.objects.filter(state="READY").exists()
    stuck = [(run.key, run.step, run.reason) for run in Run.objects.filter(state="STUCK")]
    assert stuck == []
    late = Run.objects.filter(state="WAITING", due_at__lte=clock.business())
    assert [(run.key, run.step, run.due_at) for run in late] == []


def in_the_end(*, begun_before: datetime.datetime) -> None:
    """Every wait has ended: what was open then is over."""
    changes = models.Change.objects.exclude(state__in=models.Change.lifecycle.final)
    # what begins with the next term waits for that, however long the present one is (D9)
    not_over = services.Term.objects.filter(end_on__gt=begun_before.date()).values("service")
    changes = changes.exclude(state="AWAITING_TERM_END", service__in=not_over)
    assert [(row.number, row.state) for row in changes.filter(ordered_at__lte=begun_before)] == []
    asked = models.Acceptance.objects.exclude(state__in=models.Acceptance.lifecycle.final)
    assert [(str(row), row.trouble) for row in asked] == []
    orders = billing.Order.objects.filter(state="AWAITING_PAYMENT", expires_at__lte=clock.business())
    assert [(row.number, row.subject, row.expires_at) for row in orders] == []
    works = hosting.Execution.objects.exclude(state__in=hosting.Execution.lifecycle.final)
    assert [(row.number, row.state) for row in works] == []
    drafts = billing.Correction.objects.exclude(state__in=billing.Correction.lifecycle.final)
    assert [(row.number, row.state) for row in drafts.exclude(undoes__isnull=False)] == []
