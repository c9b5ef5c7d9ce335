"""What holds after everything that anybody does, and what holds when enough time has passed."""

import datetime
from collections.abc import Mapping

from django.db.models import F, Max, Q, Sum

from planshift.billing import models as billing
from planshift.domain import catalog as selling
from planshift.domain import facts, periods, quote
from planshift.domain.catalog import Plan
from planshift.domain.exact import Fraction
from planshift.ledger import balances
from planshift.ledger import models as ledger
from planshift.procedures import held, knowledge, models, reconciling
from planshift.provisioning import models as hosting
from planshift.runtime import clock
from planshift.runtime.models import Run
from planshift.services import models as services


def always() -> None:
    """The laws of money and waiting, of which none may be broken for a moment."""
    assert balances.differences() == {}
    assert not ledger.Account.objects.filter(balance_minor__lt=F("floor_minor")).exists()
    _one_open_change()
    _never_more_than_paid()
    _nothing_before_payment()
    _every_wait_is_somebodys()


def agreed() -> None:
    """Every figure follows from the rows. Nothing takes a wrong one back: it costs too much to look after each step."""
    assert [str(each) for each in reconciling.differences()] == []


def moved(*, labels: tuple[str, ...]) -> Mapping[str, object]:
    """What the prices of these services depend on, by label: as long as it is the same, so are they. Six statements."""
    known = dict(services.Service.objects.filter(_chosen(labels)).values_list("number", "label"))
    latest: dict[str, list[object]] = {number: [clock.business().date()] for number in known}
    rows = services.Service.objects.filter(number__in=known)
    for number, *told in rows.values_list("number", "plan", "state", "auto_renew"):
        latest[number] += told
    for table in (services.Term, services.Allocation, models.Change):
        found = table.objects.filter(service__number__in=known).values_list("service__number")
        for number, pk in found.annotate(last=Max("pk")).order_by():
            latest[number].append((table.__name__, pk))
    for number, state in models.Change.objects.filter(service__number__in=known).values_list(
        "service__number", "state"
    ):
        latest[number].append(state)
    lines = billing.InvoiceLine.objects.filter(service__in=known).values_list("service")
    for number, pk in lines.annotate(last=Max("pk")).order_by():
        latest[number].append(pk)
    return {next(each for each in labels if known[number].startswith(each)): told for number, told in latest.items()}


def _chosen(labels: tuple[str, ...]) -> Q:
    found = Q(pk__in=[])
    for label in labels:
        found |= Q(label__startswith=label)
    return found


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


def _one_open_change() -> None:
    rows = models.Change.objects.filter(state__in=models.Change.lifecycle.open)
    open_ones = rows.values_list("service_id", flat=True)
    assert len(set(open_ones)) == len(open_ones)


def _never_more_than_paid() -> None:
    """Of no line of an invoice more is given back than was paid for it; of no client's money more than came in."""
    for line in billing.InvoiceLine.objects.filter(invoice__kind="invoice").exclude(corrections=None):
        back = -(line.corrections.aggregate(all=Sum("gross_minor"))["all"] or 0)
        assert 0 <= back <= line.gross_minor, (line.invoice.number, line.position, back, line.gross_minor)


def _nothing_before_payment() -> None:
    """What is in force was paid, or accepted (D2, D5)."""
    for row in models.Change.objects.exclude(applied_at=None).select_related("order", "acceptance"):
        if row.order is not None:
            invoiced = row.order.gross_minor == 0 or hasattr(row.order, "invoice")
            assert row.order.state == "PAID" and invoiced, row.number
        else:
            assert row.acceptance.state in ("ACCEPTED", "CREDITED"), row.number


def _every_wait_is_somebodys() -> None:
    """A run that waits has an owner, and a day on which a person sees it; what is open has a run that lives."""
    for run in Run.objects.filter(state="WAITING"):
        assert run.owner and run.due_at is not None, run.key
    living = dict(Run.objects.filter(ended_at=None).values_list("key", "owner"))
    for row in models.Change.objects.exclude(state__in=models.Change.lifecycle.final):
        assert held.run_key(row.number) in living, f"{row.number} is {row.state}, and nobody carries it on"
    for order in billing.Order.objects.filter(state="AWAITING_PAYMENT"):
        assert order.signal_key in living, f"{order.number} of {order.subject}, and nobody waits for it"
    for mail in models.OutgoingMail.objects.filter(state="QUEUED"):
        assert f"mail:{mail.number}:{mail.round}" in living, f"{mail.number} is queued, and nobody sends it"


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
