"""A change and a renewal of the same service meet (D9): paid, unpaid, both at once, on the last day, after the term."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from planshift.billing import models as billing
from planshift.billing import payments
from planshift.billing import queries as papers
from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.periods import Length
from planshift.ledger import balances
from planshift.procedures import change, models, next_term, payment
from planshift.procedures.queries import works
from planshift.runtime import clock
from planshift.services import models as services
from planshift.services import queries as holdings
from planshift.services import register
from tests.stories.conftest import Stage

SILVER, GOLD = 69_00, 135_00  # net per year


def to(stage: Stage, day: dt.date) -> None:
    clock.move_to(at=clock.business() + (day - clock.business().date()) * 1, actor="test")
    stage.work()


def pay_both(*orders: str) -> None:
    """Every order is paid before any worker looks."""
    for order in orders:
        at = clock.business()
        due = papers.order(number=order).missing
        payments.mark_transfer_received(
            order=order, amount=due, received_at=at, key=f"bank-{order}", at=at, actor="staff:1"
        )


def renewals(stage: Stage, label: str) -> list[models.Renewal]:
    found = models.Renewal.objects.filter(service=stage.service(label)).select_related("order").order_by("pk")
    return list(found)


def open_renewal(stage: Stage, label: str) -> models.Renewal:
    return models.Renewal.objects.select_related("order").get(
        service=stage.service(label), state__in=("AWAITING_PAYMENT", "OVERDUE")
    )


def applied(number: str) -> bool:
    return models.Change.objects.get(number=number).applied_at is not None


def number(renewal: models.Renewal) -> str:
    assert renewal.order is not None
    return renewal.order.number


def terms(stage: Stage, label: str) -> list[tuple[dt.date, dt.date, int]]:
    found = services.Term.objects.filter(service=stage.service(label)).order_by("start_on")
    return [(term.start_on, term.end_on, term.months) for term in found]


def invoiced(stage: Stage, label: str) -> list[int]:
    """Net amounts of all invoices of a service's client after the first, in order."""
    client = stage.service(label).client
    return list(billing.Invoice.objects.filter(client=client).order_by("pk").values_list("net_minor", flat=True))[1:]


def unapplied(stage: Stage, label: str) -> list[tuple[int, str]]:
    rows = billing.Payment.objects.filter(client=stage.service(label).client, unapplied_minor__gt=0).order_by("pk")
    return [(row.unapplied_minor, row.why_unapplied) for row in rows]


def test_D9_a_renewal_paid_first_ends_the_unpaid_change_and_the_next_quote_counts_the_paid_year(stage: Stage) -> None:
    end = stage.page("pasticceria").card.term_end_on
    to(stage, end - dt.timedelta(days=2))
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    cents = papers.order(number=ordered.order).total
    assert cents.net < Money.of("1.00", "EUR")  # 66.00 for the two days that remain
    stage.pay(number(open_renewal(stage, "pasticceria")))
    lapsed = stage.change(ordered.number)
    assert (lapsed.state, papers.order(number=ordered.order).state) == ("LAPSED", "WITHDRAWN")
    stage.pay(ordered.order, cents.gross)  # too late: it buys nothing, staff see it
    assert unapplied(stage, "pasticceria") == [(cents.gross.minor, "order_withdrawn")]
    assert stage.page("pasticceria").card.plan_code == "silver"
    assert invoiced(stage, "pasticceria") == [SILVER]
    assert [end_on for _, end_on, _ in terms(stage, "pasticceria")] == [end, end.replace(year=end.year + 1)]
    again = stage.quote("pasticceria", "gold")
    assert again.offer.total.net == cents.net + Money.of("66.00", "EUR")  # the whole next year as well
    assert balances.differences() == {}


def test_D9_a_quote_made_before_the_renewal_was_paid_is_stale(stage: Stage) -> None:
    to(stage, stage.page("pasticceria").card.term_end_on - dt.timedelta(days=2))
    quote = stage.quote("pasticceria", "gold")
    pay_both(number(open_renewal(stage, "pasticceria")))  # no worker has seen it yet
    with pytest.raises(Refused) as refused:
        stage.order(quote)
    assert [reason.code for reason in refused.value.reasons] == ["quote_stale"]


def test_D9_H8_a_change_paid_first_replaces_the_unpaid_renewal_at_the_new_price(stage: Stage) -> None:
    end = stage.page("pasticceria").card.term_end_on
    to(stage, end - dt.timedelta(days=2))
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    silver = open_renewal(stage, "pasticceria")
    stage.pay(ordered.order)
    gold = open_renewal(stage, "pasticceria")
    assert gold.order is not None and silver.order is not None
    assert (silver.order.net_minor, gold.order.net_minor) == (SILVER, GOLD)
    assert papers.order(number=silver.order.number).state == "WITHDRAWN"
    stage.pay(number(gold))
    assert stage.page("pasticceria").card.plan_code == "gold"
    assert [row.state for row in renewals(stage, "pasticceria")] == ["REPLACED", "RENEWED"]
    assert invoiced(stage, "pasticceria")[1:] == [GOLD]


@pytest.mark.parametrize("change_run_is_older", [False, True])
@pytest.mark.parametrize("renewal_paid_first", [False, True])
def test_D9_both_paid_before_any_worker_looks_ends_the_same_way(
    stage: Stage, change_run_is_older: bool, renewal_paid_first: bool
) -> None:
    end = stage.page("pasticceria").card.term_end_on
    to(stage, end - dt.timedelta(days=32 if change_run_is_older else 2))
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    if change_run_is_older:
        to(stage, end - dt.timedelta(days=28))
    silver = number(open_renewal(stage, "pasticceria"))
    pay_both(*((silver, ordered.order) if renewal_paid_first else (ordered.order, silver)))
    stage.work()
    assert stage.change(ordered.number).state == "DONE"
    gold = open_renewal(stage, "pasticceria")
    assert gold.order is not None and gold.order.net_minor == GOLD
    # 69.00 + 22 % = 84.18 paid for Silver count towards Gold: 164.70 - 84.18
    assert papers.order(number=number(gold)).missing == Money.of("80.52", "EUR")
    assert papers.order(number=silver).state == "WITHDRAWN" and not unapplied(stage, "pasticceria")
    stage.pay(number(gold))
    assert invoiced(stage, "pasticceria")[1:] == [GOLD]  # Silver's year was never invoiced
    assert terms(stage, "pasticceria")[-1][1] == end.replace(year=end.year + 1)
    assert balances.differences() == {}


def test_D4_D9_a_deposit_that_comes_pays_the_change_first_and_then_the_renewal_at_its_price(stage: Stage) -> None:
    label = "vps.kawiarnia"  # auto-renewal on, too little in the deposit
    end = stage.page(label).card.term_end_on
    to(stage, end - dt.timedelta(days=14))
    basic = open_renewal(stage, label)
    ordered = stage.order(stage.quote(label, "professional"))
    assert ordered.state == "AWAITING_PAYMENT"
    top_up = payment.top_up(
        client=stage.service(label).client.number,
        amount=Money.of("5000.00", "PLN"),
        key="d" * 20,
        at=clock.business(),
        actor=stage.actor,
    )
    stage.work()
    stage.pay(top_up)
    assert stage.change(ordered.number).state == "DONE"
    replaced, renewed = renewals(stage, label)
    assert (replaced.pk, replaced.state, renewed.state) == (basic.pk, "REPLACED", "RENEWED")
    assert renewed.order is not None and basic.order is not None and renewed.order.net_minor > basic.order.net_minor
    assert invoiced(stage, label) == [papers.order(number=ordered.order).total.net.minor, renewed.order.net_minor]
    assert terms(stage, label)[-1][0] == end and balances.differences() == {}


def test_D4_D9_a_renewal_draws_no_deposit_while_a_change_waits_and_draws_once_it_is_taken_back(stage: Stage) -> None:
    label = "vps1.piekarnia"  # auto-renewal on, 500.00 in the deposit
    row = stage.service(label)
    end = stage.page(label).card.term_end_on
    to(stage, end - dt.timedelta(days=20))
    services.Service.objects.filter(pk=row.pk).update(auto_renew=False)
    ordered = stage.order(stage.quote(label, "professional"))
    services.Service.objects.filter(pk=row.pk).update(auto_renew=True)
    to(stage, end - dt.timedelta(days=14))
    announced = open_renewal(stage, label)
    assert announced.collection["because"] == ["change_not_paid"]
    change.withdraw(client=row.client.number, number=ordered.number, at=clock.business(), actor=stage.actor)
    stage.work()
    announced.refresh_from_db()
    assert announced.collection["because"] != ["change_not_paid"]


def test_D9_a_change_of_the_last_day_lapses_with_the_term_and_cannot_be_paid_on_a_suspended_service(
    stage: Stage,
) -> None:
    end = stage.page("pasticceria").card.term_end_on
    to(stage, end - dt.timedelta(days=1))
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    due = papers.order(number=ordered.order)
    assert due.expires_at.astimezone(dt.UTC).date() == end - dt.timedelta(days=1)  # midnight in Rome
    stage.days(1)
    assert stage.change(ordered.number).state == "LAPSED" and stage.service("pasticceria").state == "SUSPENDED"
    stage.days(4)
    stage.pay(ordered.order, due.total.gross)
    assert unapplied(stage, "pasticceria") == [(due.total.gross.minor, "too_late")]
    assert stage.page("pasticceria").card.plan_code == "silver"
    (overdue,) = renewals(stage, "pasticceria")
    assert overdue.state == "OVERDUE"
    stage.pay(number(overdue))
    assert stage.service("pasticceria").state == "ACTIVE" and invoiced(stage, "pasticceria") == [SILVER]


def test_H8_a_renewal_announced_while_a_hard_change_is_carried_out_is_priced_on_its_target(stage: Stage) -> None:
    label = "studio-tecnico"
    end = stage.page(label).card.term_end_on
    to(stage, end - dt.timedelta(days=30))
    ordered = stage.order(stage.quote(label, "gold"))
    stage.pay(ordered.order)
    assert not applied(ordered.number)
    to(stage, end - dt.timedelta(days=27))
    announced = open_renewal(stage, label)
    assert announced.order is not None and announced.order.net_minor == GOLD
    client = stage.service(label).client.number
    change.switch_over(client=client, number=ordered.number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert stage.page(label).card.plan_code == "gold"
    assert open_renewal(stage, label).pk == announced.pk  # priced right already: not announced twice


def test_H8_an_announced_renewal_is_replaced_as_soon_as_a_hard_change_is_paid(stage: Stage) -> None:
    label = "studio-tecnico"
    to(stage, stage.page(label).card.term_end_on - dt.timedelta(days=20))
    old = open_renewal(stage, label)
    ordered = stage.order(stage.quote(label, "gold"))
    stage.pay(ordered.order)
    assert not applied(ordered.number)  # the machines are still at it
    new = open_renewal(stage, label)
    assert new.order is not None and (new.pk != old.pk, new.order.net_minor) == (True, GOLD)
    assert papers.order(number=number(old)).state == "WITHDRAWN"


def test_an_overdue_renewal_that_a_change_has_made_wrong_is_replaced(stage: Stage) -> None:
    label = "studio-tecnico"
    end = stage.page(label).card.term_end_on
    to(stage, end - dt.timedelta(days=1))
    ordered = stage.order(stage.quote(label, "gold"))
    stage.pay(ordered.order)
    announced = open_renewal(stage, label)
    models.Renewal.objects.filter(pk=announced.pk).update(basis={**announced.basis, "plan": "host-pointer"})
    stage.days(2)
    newest = open_renewal(stage, label)
    assert newest.pk != announced.pk and newest.state == "OVERDUE" and newest.basis["plan"] == "gold"


def test_D11_a_month_that_is_paid_ahead_is_not_paid_twice(stage: Stage) -> None:
    label = "vps.ksiegarnia"
    start, end, months = terms(stage, label)[-1]
    assert months == 1
    to(stage, end - dt.timedelta(days=10))
    monthly = open_renewal(stage, label)
    assert monthly.order is not None
    stage.pay(number(monthly))
    quote = stage.quote(label, facts.ChangePeriod(length=Length(3)))
    # three months less the running one and the one paid ahead: one, at the monthly price
    assert quote.offer.total.net.minor == monthly.order.net_minor and quote.offer.months_charged == 1
    (line,) = quote.offer.lines
    assert line.start == monthly.end_on  # the invoice names the month that is bought
    stage.pay(stage.order(quote).order)
    assert [(first, last, count) for first, last, count in terms(stage, label) if first >= start] == [
        (start, quote.offer.term_end, 3)
    ]


def test_D11_when_the_longer_period_is_paid_already_nothing_is_charged(stage: Stage) -> None:
    label = "vps.ksiegarnia"
    for _ in range(2):
        last = terms(stage, label)[-1]
        services.Term.objects.create(
            service=stage.service(label),
            start_on=last[1],
            end_on=(last[1] + dt.timedelta(days=35)).replace(day=last[1].day),
            months=1,
        )
    quote = stage.quote(label, facts.ChangePeriod(length=Length(3)))
    assert (quote.offer.total.gross.minor, quote.offer.timing) == (0, "at_renewal")


def test_no_day_of_a_service_is_sold_twice_the_database_refuses_it(stage: Stage) -> None:
    row = stage.service("pasticceria")
    ((start, end, _),) = terms(stage, "pasticceria")
    day = dt.timedelta(days=1)
    for first, last in ((start - day, start + day), (end - day, end + day), (start + day, end - day)):
        with pytest.raises(IntegrityError, match="never overlap"), transaction.atomic():
            services.Term.objects.create(service=row, start_on=first, end_on=last, months=1)
    beside = services.Term.objects.create(service=row, start_on=end, end_on=end + day, months=1)
    with pytest.raises(IntegrityError, match="never overlap"), transaction.atomic():
        services.Term.objects.filter(pk=beside.pk).update(start_on=end - day)
    with pytest.raises(Refused) as refused:
        register.extend(
            service=row, start_on=end - day, end_on=end + 2 * day, months=1, at=clock.business(), actor="test"
        )
    assert [reason.code for reason in refused.value.reasons] == ["terms_overlap"]


def test_one_service_that_cannot_be_announced_stops_no_other_and_is_seen_by_its_own_staff(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, whole = stage.service("pasticceria"), stage.service("ristorante")
    at = clock.business()
    ends_on = at.date() + dt.timedelta(days=20)
    for row in (broken, whole):
        services.Term.objects.filter(service=row).update(
            end_on=ends_on, start_on=ends_on.replace(year=ends_on.year - 1)
        )
    basis_of = next_term.basis_of

    def failing(holding: holdings.Holding, *, change: models.Change | None) -> next_term.Basis:
        if holding.service.pk == broken.pk:
            raise KeyError("nothing foresaw this")
        return basis_of(holding, change=change)

    monkeypatch.setattr(next_term, "basis_of", failing)
    stage.days(2)
    assert [row.order.net_minor for row in renewals(stage, "ristorante") if row.order] == [SILVER]
    assert renewals(stage, "pasticceria") == []
    own, other = broken.client.seller.code, stage.service("vps1.piekarnia").client.seller.code
    (stuck,) = works.works(sellers=(own,), every_seller=False, at=clock.business()).stuck
    assert (stuck.run.kind, stuck.run.subject, stuck.can) == (
        "renewal_announcement",
        broken.number,
        frozenset({"retry", "skip", "cancel"}),
    )
    assert works.works(sellers=(other,), every_seller=False, at=clock.business()).stuck == ()
