"""From the question to the next renewal, for both regulations: pages, postings, machines."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from planshift.billing import models as billing
from planshift.billing import queries as papers
from planshift.catalog import load
from planshift.catalog import models as catalog
from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import change, models, payment, queries, retrying, service, views
from planshift.provisioning import ports
from planshift.provisioning import queries as machines
from planshift.runtime import clock, runs
from tests.house_rules import source
from tests.stories.conftest import Stage


def limits(stage: Stage, label: str) -> dict[str, int]:
    number = stage.service(label).number
    return dict(machines.active_environments(services=[number])[number].limits)


def test_H4_an_easy_upgrade_from_question_to_renewal(stage: Stage) -> None:
    quote = stage.quote("pasticceria", "gold")
    # (135.00 - 69.00) x 4 / 12 = 22.00; 22 % VAT 4.84
    assert (quote.offer.total.net, quote.offer.total.gross) == (Money.of("22.00", "EUR"), Money.of("26.84", "EUR"))
    assert [line.role for line in quote.offer.lines] == ["difference"]  # no set-up (H4)
    before = limits(stage, "pasticceria")
    ordered = stage.order(quote)
    assert ordered.state == "AWAITING_PAYMENT"
    assert limits(stage, "pasticceria") == before and stage.page("pasticceria").card.plan_code == "silver"
    stage.pay(ordered.order)
    done = stage.change(ordered.number)
    assert (done.state, done.next_renewal and done.next_renewal.net) == ("DONE", Money.of("135.00", "EUR"))
    assert limits(stage, "pasticceria") == {"disk": 60, "mailboxes": 50, "databases": 10}
    # quote = order = invoice = ledger
    (invoice,) = done.invoices
    order = papers.order(number=ordered.order)
    assert quote.offer.total == order.total == invoice.total
    booked = {each.posting: each.amount for each in papers.postings_of_order(number=ordered.order)}
    assert Money.of("26.84", "EUR") in booked.values()
    assert balances.differences() == {}


def test_D2_an_order_paid_in_part_lapses_by_itself_and_its_money_stays_the_clients(stage: Stage) -> None:
    """Its run gives the part payment back and looks at the deposit: payments are locked before accounts."""
    ordered = stage.order(stage.quote("vps.ksiegarnia", "professional"))
    stage.pay(ordered.order, Money.of("1.00", "PLN"))
    stage.days(8)
    assert stage.change(ordered.number).state == "LAPSED"
    (payment,) = billing.Payment.objects.filter(order_number=ordered.order)
    assert payment.unapplied_minor == 100
    assert balances.differences() == {}


def test_D2_nothing_changes_before_payment_then_it_changes_by_itself(stage: Stage) -> None:
    quote = stage.quote("vps.ksiegarnia", "professional")
    before = limits(stage, "vps.ksiegarnia")
    ordered = stage.order(quote)
    stage.days(2)
    assert stage.change(ordered.number).state == "AWAITING_PAYMENT" and limits(stage, "vps.ksiegarnia") == before
    stage.pay(ordered.order, Money.of("1.00", "PLN"))  # a part is not enough
    assert stage.change(ordered.number).state == "AWAITING_PAYMENT" and limits(stage, "vps.ksiegarnia") == before
    stage.pay(ordered.order)
    assert stage.change(ordered.number).state == "DONE"
    assert limits(stage, "vps.ksiegarnia")["memory"] == 8


def test_D4_auto_renewal_and_enough_deposit_pay_and_execute_by_themselves(stage: Stage) -> None:
    quote = stage.quote("vps1.piekarnia", "professional")
    assert quote.pays_by_itself and quote.deposit == Money.of("500.00", "PLN")
    ordered = stage.order(quote)
    order = queries.order(
        client=stage.service("vps1.piekarnia").client.number, number=ordered.order, at=clock.business()
    )
    assert (ordered.state, order.state, order.drawn_by_itself) == ("DONE", "PAID", True)
    left = Money.of("500.00", "PLN") - quote.offer.total.gross
    assert order.deposit == left


@pytest.mark.parametrize(
    ("label", "why"), [("vps.ksiegarnia", ["auto_renewal_off"]), ("vps.kawiarnia", ["deposit_too_small"])]
)
def test_D4_otherwise_the_order_waits_and_says_why(stage: Stage, label: str, why: list[str]) -> None:
    ordered = stage.order(stage.quote(label, "professional"))
    client = stage.service(label).client.number
    order = queries.order(client=client, number=ordered.order, at=clock.business())
    assert (ordered.state, [reason.code for reason in order.draw_reasons]) == ("AWAITING_PAYMENT", why)
    assert not papers.order(number=ordered.order).parts  # nothing was drawn


def test_D4_a_waiting_order_is_paid_once_the_missing_condition_comes(stage: Stage) -> None:
    waits_for_consent = stage.order(stage.quote("vps.ksiegarnia", "professional"))
    row = stage.service("vps.ksiegarnia")
    service.set_auto_renew(
        client=row.client.number, service=row.number, on=True, at=clock.business(), actor=stage.actor
    )
    stage.work()
    assert stage.change(waits_for_consent.number).state == "DONE"
    waits_for_money = stage.order(stage.quote("vps.kawiarnia", "professional"))
    client = stage.service("vps.kawiarnia").client.number
    top_up = payment.top_up(
        client=client, amount=Money.of("200.00", "PLN"), key="a" * 20, at=clock.business(), actor=stage.actor
    )
    stage.work()
    assert stage.change(waits_for_money.number).state == "AWAITING_PAYMENT"
    stage.pay(top_up)
    assert stage.change(waits_for_money.number).state == "DONE"


def test_D6_the_next_renewal_has_the_new_price_and_the_buyer_of_the_last_settlement(stage: Stage) -> None:
    ordered = stage.order(stage.quote("vps1.piekarnia", "professional"))
    assert ordered.state == "DONE"
    row = stage.service("vps1.piekarnia")
    row.client.buyer_profiles.create(  # changed in the profile, but not confirmed for invoicing
        name="Demo Piekarnia, new name",
        street="ul. Demo 2",
        postcode="70-002",
        city="Szczecin",
        country="PL",
        is_business=True,
        created_at=clock.business(),
    )
    end = stage.page("vps1.piekarnia").card.term_end_on
    days = (end - dt.date(2026, 9, 1)).days - 10
    clock.move_to(at=clock.business() + dt.timedelta(days=days), actor="test")
    stage.work()
    renewal = models.Renewal.objects.select_related("order").get(service=row)
    assert renewal.order is not None
    assert renewal.order.net_minor == 961_20  # VPS Professional for 12 months
    assert renewal.order.buyer_party["name"] == "Demo Piekarnia"


def test_D11_paying_into_the_deposit_renews_and_changes_nothing(stage: Stage) -> None:
    client = stage.service("vps.warsztat").client.number
    before = [(card.number, card.plan_code, card.term_end_on) for card in _cards(client)]
    order = payment.top_up(
        client=client, amount=Money.of("1000.00", "PLN"), key="b" * 20, at=clock.business(), actor=stage.actor
    )
    stage.work()
    stage.pay(order)
    assert [(card.number, card.plan_code, card.term_end_on) for card in _cards(client)] == before
    assert queries.money(client=client, at=clock.business()).deposit == Money.of("1040.00", "PLN")
    assert not billing.Invoice.objects.filter(order__number=order).exists()  # a deposit is no supply


def _cards(client: str) -> tuple[views.ServiceCard, ...]:
    return queries.services_of(client=client, at=clock.business())


def test_H5_a_hard_upgrade_hands_over_holds_and_removes_in_that_order(stage: Stage) -> None:
    quote = stage.quote("studio-tecnico", "gold")
    # (135.00 - 36.90) x 6 / 12 + 10.00 = 59.05
    assert quote.offer.total.net == Money.of("59.05", "EUR")
    ordered = stage.order(quote)
    stage.pay(ordered.order)
    moving = stage.change(ordered.number)
    assert (moving.state, moving.credentials, moving.can_switch_over) == ("AWAITING_EXECUTION", "ready", True)
    assert stage.page("studio-tecnico").card.plan_code == "host-pointer"  # in force only at the point of no return
    client = stage.service("studio-tecnico").client.number
    seen = change.reveal_credentials(client=client, number=ordered.number, at=clock.business(), actor=stage.actor)
    assert seen.secret
    with pytest.raises(Refused, match="credentials_shown"):
        change.reveal_credentials(client=client, number=ordered.number, at=clock.business(), actor=stage.actor)
    change.switch_over(client=client, number=ordered.number, at=clock.business(), actor=stage.actor)
    stage.work()
    kept = stage.change(ordered.number)
    assert kept.state == "AWAITING_RETIREMENT" and stage.page("studio-tecnico").card.plan_code == "gold"
    assert kept.next_renewal is not None and kept.next_renewal.net == Money.of("135.00", "EUR")  # H8
    number = stage.service("studio-tecnico").number
    stage.days(13)
    assert [each.state for each in machines.environments(service=number)] == ["OLD", "ACTIVE"]
    stage.days(3)
    assert [each.state for each in machines.environments(service=number)] == ["RETIRED", "ACTIVE"]
    assert stage.change(ordered.number).state == "DONE"


def test_H9_without_every_notice_there_is_no_order(stage: Stage) -> None:
    quote = stage.quote("studio-tecnico", "gold")
    client = stage.service("studio-tecnico").client.number
    with pytest.raises(Refused, match="notices_not_acknowledged"):
        change.order(
            client=client, quote=quote.number, acknowledged={}, key="c" * 20, at=clock.business(), actor=stage.actor
        )
    assert not models.Change.objects.exists() and not billing.Order.objects.filter(purpose="change").exists()
    ordered = stage.order(quote)
    kept = models.Acknowledgement.objects.filter(change__number=ordered.number)
    assert sorted(kept.values_list("notice", flat=True)) == sorted(each.code for each in quote.offer.notices)


def test_H12_a_cheaper_plan_is_not_offered_by_any_route(stage: Stage) -> None:
    with pytest.raises(Refused, match="decrease_not_offered"):
        stage.quote("officina.demo", "host-pointer")
    assert not models.Quote.objects.exists()


def test_H1_a_plan_that_does_not_exist_or_is_the_present_one_is_refused(stage: Stage) -> None:
    for target in ("silver", "no-such-plan", "standard"):
        with pytest.raises(Refused):
            stage.quote("pasticceria", target)
    assert not models.Quote.objects.exists()


def test_a_service_has_one_open_change_and_the_database_says_so(stage: Stage) -> None:
    first, second = stage.quote("pasticceria", "gold"), stage.quote("pasticceria", "gold")
    ordered = stage.order(first)
    with pytest.raises(Refused, match="change_open"):
        stage.order(second)
    row = models.Change.objects.get(number=ordered.number)
    kept = models.Quote.objects.get(number=second.number)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Change.objects.create(
            number="CH-X",
            service=row.service,
            client=row.client,
            quote=kept,
            operation="plan",
            direction="up",
            kind="easy",
            ordered_by="x",
            ordered_at=START_OF_TEST,
        )


START_OF_TEST = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)


def test_a_double_click_orders_once_and_two_tabs_are_told(stage: Stage) -> None:
    quote = stage.quote("pasticceria", "gold")
    first = stage.order(quote, key="k" * 20)
    assert stage.order(quote, key="k" * 20).number == first.number
    with pytest.raises(Refused, match="quote_ordered"):
        stage.order(quote, key="t" * 20)
    assert models.Change.objects.count() == 1 and billing.Order.objects.filter(purpose="change").count() == 1


def test_an_expired_quote_is_refused_and_the_sweep_says_so(stage: Stage) -> None:
    quote = stage.quote("pasticceria", "gold")
    stage.days(2)
    with pytest.raises(Refused, match="quote_expired"):
        stage.order(quote)
    assert models.Quote.objects.get(number=quote.number).state == "EXPIRED"


def test_an_unpaid_order_lapses_and_late_money_waits_for_staff(stage: Stage) -> None:
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    due = papers.order(number=ordered.order).missing
    stage.days(9)
    assert stage.change(ordered.number).state == "LAPSED"
    assert stage.page("pasticceria").card.plan_code == "silver"
    stage.pay(ordered.order, due)
    assert stage.change(ordered.number).state == "LAPSED" and stage.page("pasticceria").card.plan_code == "silver"
    client = stage.service("pasticceria").client.number
    assert balances.of_client(client=client, kind="unapplied", currency="EUR") == due
    assert balances.differences() == {}


def test_a_withdrawn_change_releases_what_was_drawn(stage: Stage) -> None:
    ordered = stage.order(stage.quote("vps.ksiegarnia", "professional"))
    client = stage.service("vps.ksiegarnia").client.number
    stage.pay(ordered.order, Money.of("5.00", "PLN"))
    change.withdraw(client=client, number=ordered.number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert stage.change(ordered.number).state == "WITHDRAWN"
    assert balances.of_client(client=client, kind="deposit", currency="PLN") == Money.of("300.00", "PLN")
    assert balances.of_client(client=client, kind="unapplied", currency="PLN") == Money.of("5.00", "PLN")
    stage.order(stage.quote("vps.ksiegarnia", "professional"))  # and the next one may begin


def test_a_paid_change_that_the_machine_refuses_waits_for_a_person(stage: Stage) -> None:
    row = stage.service("pasticceria")
    place = machines.active_environments(services=[row.number])[row.number]
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(kind="refuses", server=place.server, account=place.account, verb="apply", times=1)
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(ordered.order)
    stuck = stage.change(ordered.number)
    assert stuck.state == "AWAITING_STAFF" and stage.page("pasticceria").card.plan_code == "silver"
    simulation.clear_faults()
    retrying.retry(number=ordered.number, note="the disk was replaced", at=clock.business(), actor="staff:1")
    stage.work()
    assert stage.change(ordered.number).state == "DONE" and stage.page("pasticceria").card.plan_code == "gold"


def test_a_renewal_is_collected_from_the_deposit_by_itself_at_the_new_price(stage: Stage) -> None:
    stage.order(stage.quote("vps1.piekarnia", facts.ChangeResources(amounts={"ip": 1})))
    end = stage.page("vps1.piekarnia").card.term_end_on
    client = stage.service("vps1.piekarnia").client.number
    top_up = payment.top_up(
        client=client, amount=Money.of("900.00", "PLN"), key="d" * 20, at=clock.business(), actor=stage.actor
    )
    stage.work()
    stage.pay(top_up)
    clock.move_to(at=dt.datetime.combine(end - dt.timedelta(days=13), dt.time(10), dt.UTC), actor="test")
    stage.work()
    page = stage.page("vps1.piekarnia")
    assert page.card.term_end_on == end.replace(year=end.year + 1)
    renewed = models.Renewal.objects.select_related("order").get(service__number=page.card.number)
    assert renewed.state == "RENEWED" and renewed.order is not None
    assert renewed.order.net_minor == 529_20 + 108_00  # VPS Standard and one address for 12 months


def test_an_unpaid_renewal_suspends_and_a_payment_brings_it_back(stage: Stage) -> None:
    row = stage.service("vps.libreria")
    stage.work()
    renewal = models.Renewal.objects.select_related("order").get(service=row)
    assert renewal.order is not None and renewal.state == "AWAITING_PAYMENT"
    stage.days(6)
    assert stage.page("vps.libreria").card.state == "SUSPENDED"
    stage.pay(renewal.order.number)
    page = stage.page("vps.libreria")
    assert (page.card.state, page.card.term_end_on) == ("ACTIVE", renewal.end_on)


def test_a_renewal_that_cannot_be_priced_stops_for_staff_and_holds_nobody_up(stage: Stage) -> None:
    sold = (source.ROOT / "catalogs" / "easy-hard.toml").read_text(encoding="utf-8")
    at = sold.index("[plans.silver]")
    changed = sold[:at] + sold[at:].replace("period = 12", "period = 24", 1)  # Silver is no longer sold for a year
    load.load_catalog(text=changed, name="catalog", at=clock.business(), actor="test")
    silver, gold = stage.service("pasticceria"), stage.service("officina.demo")
    end = stage.page("officina.demo").card.term_end_on
    clock.move_to(at=dt.datetime.combine(end - dt.timedelta(days=20), dt.time(10), dt.UTC), actor="test")
    stage.work()
    assert models.Renewal.objects.filter(service=gold).count() == 1
    assert not models.Renewal.objects.filter(service=silver).exists()
    (stuck,) = [each for each in runs.queries.search(states=("STUCK",)) if each.subject == silver.number]
    assert "no_renewal_price" in stuck.reason
    both = 'prices = [{ period = 12, amount = "69.00" }, { period = 24, amount = "69.00" }]\n'
    back = sold[:at] + sold[at:].replace('price = "69.00"\nperiod = 12\n', both, 1)  # what was listed stays
    load.load_catalog(text=back, name="catalog", at=clock.business(), actor="test")
    runs.retry(key=stuck.key, actor="staff:1", note="the price is back")
    stage.work()
    assert models.Renewal.objects.get(service=silver).order is not None


def test_what_was_kept_cannot_be_edited_not_even_in_the_database(stage: Stage) -> None:
    quote = stage.quote("studio-tecnico", "gold")
    stage.order(quote)
    kept = models.Quote.objects.get(number=quote.number)
    attempts = {
        "procedures_quote": lambda: models.Quote.objects.filter(pk=kept.pk).update(gross_minor=1),
        "procedures_acknowledgement": lambda: models.Acknowledgement.objects.update(text="other"),
        "catalog_catalogrevision": lambda: catalog.CatalogRevision.objects.update(text="other"),
        "catalog_policyrevision": lambda: catalog.PolicyRevision.objects.update(number=9),
    }
    for table, attempt in attempts.items():
        with pytest.raises(IntegrityError, match=table), transaction.atomic():
            attempt()
    assert models.Quote.objects.get(pk=kept.pk).gross_minor == 72_04
