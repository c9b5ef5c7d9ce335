"""What users of other panels have complained about, and must not happen here; payments are in `test_peers_payments`.

A quotes that surprise · C renewals that collide with a change · D credit from nothing · E machines after the payment ·
F credits, VAT and corrections · G later and undone · H changed prices. Each letter has its tests, seen to below.
"""

import datetime as dt
import re

import pytest

from planshift.billing import invoices
from planshift.billing import models as billing
from planshift.billing import queries as papers
from planshift.catalog import load as catalogs
from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.ledger import models as ledger
from planshift.procedures import change, models, payment, queries
from planshift.provisioning import ports
from planshift.provisioning import queries as machines
from planshift.runtime import clock
from tests.house_rules import source
from tests.stories import test_peers_payments
from tests.stories.conftest import Stage
from tests.stories.test_acceptance import click, seen
from tests.stories.test_answers_in_the_product import govern, upgraded

EUR, PLN = "EUR", "PLN"


def fault(stage: Stage, label: str, **told: object) -> None:
    number = stage.service(label).number
    place = machines.active_environments(services=[number])[number]
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(server=place.server, account=place.account, **told)


# ── A ──
def test_A_an_upgrade_on_the_last_day_costs_a_day_and_not_a_month(stage: Stage) -> None:
    end = stage.page("pasticceria").card.term_end_on
    clock.move_to(at=dt.datetime.combine(end - dt.timedelta(days=1), dt.time(10), dt.UTC), actor="test")
    quote = stage.quote("pasticceria", "gold")
    # (135.00 - 69.00) / 12 x 1 / 31 = 0.177
    assert quote.offer.total.net == Money.of("0.18", EUR)


def test_A_two_upgrades_in_one_day_cost_what_the_one_would(stage: Stage) -> None:
    direct = stage.quote("vps1.piekarnia", "business").offer.total.net
    first = stage.order(stage.quote("vps1.piekarnia", "professional"))
    assert first.state == "DONE"
    second = stage.quote("vps1.piekarnia", "business").offer.total.net
    paid = billing.Order.objects.get(number=first.order)
    assert Money.from_minor(paid.net_minor, PLN) + second == direct


def test_A_what_was_bought_beside_the_plan_counts_on_both_sides_of_an_upgrade(stage: Stage) -> None:
    """Elsewhere an upgrade gave money back, since options were counted in the old price only."""
    alone = stage.quote("vps1.piekarnia", "professional").offer
    assert alone.total.gross > Money.of("0.00", PLN)
    beside = stage.quote("vps.warsztat", "business").offer
    assert beside.total.gross > Money.of("0.00", PLN)
    assert beside.next_renewal is not None
    # VPS Business for a year, and what was bought beside the plan and is still held
    assert beside.next_renewal.amount.net > Money.of("1825.20", PLN)


def test_A_quote_order_document_and_ledger_are_one_amount(stage: Stage) -> None:
    quote = stage.quote("pasticceria", "gold")
    made = stage.order(quote)
    stage.pay(made.order)
    order = billing.Order.objects.get(number=made.order)
    invoice = billing.Invoice.objects.get(order=order)
    booked = ledger.Transfer.objects.filter(document_number=invoice.number, credit__kind__in=("revenue", "vat"))
    assert (
        quote.offer.total.gross.minor
        == order.gross_minor
        == invoice.gross_minor
        == sum(booked.values_list("amount_minor", flat=True))
    )


# ── C ──
def test_C_an_unpaid_renewal_neither_blocks_an_upgrade_nor_keeps_its_old_price(stage: Stage) -> None:
    label = "vps.ksiegarnia"
    end = stage.page(label).card.term_end_on
    clock.move_to(at=dt.datetime.combine(end - dt.timedelta(days=5), dt.time(10), dt.UTC), actor="test")
    stage.work()
    renewal = models.Renewal.objects.get(service=stage.service(label))
    assert renewal.state == "AWAITING_PAYMENT"
    made = stage.order(stage.quote(label, "professional"))
    stage.pay(made.order)
    assert stage.change(made.number).state == "DONE"
    row = models.Renewal.objects.select_related("order").get(service=stage.service(label), state="AWAITING_PAYMENT")
    assert row.order is not None and row.order.net_minor == 89_00  # VPS Professional for a month
    renewal.refresh_from_db()
    assert renewal.state == "REPLACED"


# ── D ──
def test_D_a_quote_whose_facts_have_changed_is_refused(stage: Stage) -> None:
    stale = stage.quote("vps1.piekarnia", "business")
    assert stage.order(stage.quote("vps1.piekarnia", "professional")).state == "DONE"
    orders = billing.Order.objects.count()
    with pytest.raises(Refused, match="quote_stale"):
        stage.order(stale)
    assert billing.Order.objects.count() == orders


def test_D_down_and_up_again_mints_nothing(stage: Stage, post: object) -> None:
    label, before = "vps.warsztat", seen(stage)[1]
    down = stage.order(stage.quote(label, "standard"))
    click(stage, down.number)
    stage.work()
    assert stage.change(down.number).state == "DONE"
    up = stage.quote(label, "professional")
    credited = seen(stage)[1] - before
    assert up.offer.total.gross >= credited
    assert up.offer.total.gross - credited <= Money.of("0.02", PLN)  # each document is rounded for itself


def test_D_what_was_bought_and_given_back_at_once_gives_back_no_more(stage: Stage, post: object) -> None:
    label = "vps.warsztat"
    client = stage.service(label).client.number
    top_up = payment.top_up(
        client=client, amount=Money.of("2000.00", PLN), key="m" * 20, at=clock.business(), actor=stage.actor
    )
    stage.pay(top_up)
    before = seen(stage)[1]
    assert stage.order(stage.quote(label, facts.ChangeResources({"ip": 4}))).state == "DONE"
    down = stage.order(stage.quote(label, facts.ChangeResources({"ip": 2})))
    click(stage, down.number)
    stage.work()
    assert stage.change(down.number).state == "DONE"
    assert Money.of("-0.02", PLN) <= seen(stage)[1] - before <= Money.of("0.00", PLN)


# ── E ──
def test_E_a_machine_that_fails_is_tried_again_without_anybody(stage: Stage) -> None:
    fault(stage, "pasticceria", kind="fails", verb="apply", times=2)
    made = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(made.order)
    assert stage.change(made.number).state == "DONE"


def test_E_a_machine_that_says_yes_and_does_nothing_is_found_out(stage: Stage) -> None:
    fault(stage, "pasticceria", kind="lies", verb="apply", times=-1)
    made = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(made.order)
    assert stage.change(made.number).state == "AWAITING_STAFF" and stage.page("pasticceria").card.plan_code == "silver"


def test_E_a_downgrade_below_what_is_in_use_is_not_sold(stage: Stage) -> None:
    with pytest.raises(Refused, match="usage_too_big"):
        stage.quote("archiwum.warsztat", "standard")
    assert not models.Quote.objects.exists()


# ── F ──
def test_F_a_decrease_has_a_credit_note_with_its_vat_bound_to_the_line(stage: Stage, post: object) -> None:
    made = stage.order(stage.quote("vps.warsztat", facts.ChangeResources(amounts={"ip": 0})))
    click(stage, made.number)
    stage.work()
    note = billing.Invoice.objects.get(kind="correction")
    assert note.corrects is not None and note.corrects.kind == "invoice"
    (line,) = note.lines.all()
    # 216.00 x 273 / 365 = 161.56. 23 % of what stays, 1522.80 - 161.56 = 1361.24, is 313.09; documented: 350.24
    assert (line.net_minor, line.tax_minor, line.vat_percent) == (-161_56, -37_15, 23)
    assert line.corrects is not None and line.corrects.component == "resource:ip"
    assert (line.before_net_minor, line.corrects.net_minor) == (216_00, 216_00)


def test_F_an_issued_document_stays_as_it_is_when_the_client_changes(stage: Stage) -> None:
    made = stage.order(stage.quote("vps1.piekarnia", "professional"))
    number = billing.Invoice.objects.get(order__number=made.order).number
    client = stage.service("vps1.piekarnia").client
    before = billing.Invoice.objects.values().get(number=number), invoices.pdf(seller=client.seller.code, number=number)
    client.buyer_profiles.create(
        name="Demo, another name",
        street="ul. Demo 2",
        postcode="70-002",
        city="Szczecin",
        country="PL",
        is_business=True,
        confirmed_at=clock.business(),
        created_at=clock.business(),
    )
    after = billing.Invoice.objects.values().get(number=number), invoices.pdf(seller=client.seller.code, number=number)
    assert after == before and after[0]["buyer_party"]["name"] == "Demo Piekarnia"


def test_F_paying_into_the_deposit_is_no_supply_and_has_no_vat(stage: Stage) -> None:
    client = stage.service("vps.warsztat").client.number
    tax = ledger.Transfer.objects.filter(credit__kind="vat").count()
    order = payment.top_up(
        client=client, amount=Money.of("100.00", PLN), key="v" * 20, at=clock.business(), actor=stage.actor
    )
    stage.pay(order)
    assert ledger.Transfer.objects.filter(credit__kind="vat").count() == tax
    assert not billing.Invoice.objects.filter(order__number=order).exists()
    assert balances.of_client(client=client, kind="deposit", currency=PLN) == Money.of("140.00", PLN)


# ── G ──
def test_G_a_decrease_for_the_next_term_is_taken_back_before_it_and_asked_for_again(stage: Stage) -> None:
    """Elsewhere a scheduled downgrade cannot be undone, or the undone one still prices the renewal."""
    upgraded(stage)
    govern(stage, "pasticceria", decrease='"at_renewal"')
    first = stage.order(stage.quote("pasticceria", "silver"))
    assert (first.state, stage.page("pasticceria").card.plan_code) == ("AWAITING_TERM_END", "gold")
    end = stage.page("pasticceria").card.term_end_on
    assert end is not None
    clock.move_to(at=dt.datetime.combine(end - dt.timedelta(days=20), dt.time(10), dt.UTC), actor="test")
    stage.work()
    client = stage.service("pasticceria").client

    def due() -> int:
        return billing.Order.objects.get(purpose="renewal", state="AWAITING_PAYMENT", client=client).net_minor

    assert due() == 69_00  # of what it becomes
    change.withdraw(client=client.number, number=first.number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert (stage.change(first.number).state, due()) == ("WITHDRAWN", 135_00)
    second = stage.order(stage.quote("pasticceria", "silver"))
    assert (second.state, due()) == ("AWAITING_TERM_END", 69_00)
    stage.pay(billing.Order.objects.get(purpose="renewal", state="AWAITING_PAYMENT", client=client).number)
    assert stage.page("pasticceria").card.plan_code == "gold"  # paid for until the boundary
    clock.move_to(at=dt.datetime.combine(end, dt.time(10), dt.UTC), actor="test")
    stage.work()
    assert (stage.change(second.number).state, stage.page("pasticceria").card.plan_code) == ("DONE", "silver")
    assert balances.differences() == {}


def test_every_complaint_has_a_test() -> None:
    names = [*globals(), *vars(test_peers_payments)]
    letters = {name.split("_")[1] for name in names if re.match("test_[A-H]_", name)}
    assert letters == set("ABCDEFGH")


# ── H ──
def test_H_a_new_price_list_changes_no_order_that_stands_and_no_term_that_is_paid(stage: Stage) -> None:
    made = stage.order(stage.quote("pasticceria", "gold"))
    due = papers.order(number=made.order).missing
    before = billing.Invoice.objects.count()
    sold = (source.ROOT / "catalogs" / "easy-hard.toml").read_text(encoding="utf-8")
    listed, today = 'price = "135.00"\nperiod = 12\n', clock.business().date()
    both = f'[{{ period = 12, amount = "135.00" }}, {{ period = 12, amount = "199.00", from = {today} }}]'
    assert listed in sold
    text = sold.replace(listed, f"prices = {both}\n")
    catalogs.load_catalog(text=text, name="dearer", at=clock.business(), actor="test")
    stage.work()
    assert papers.order(number=made.order).missing == due
    assert billing.Invoice.objects.count() == before
    stage.pay(made.order)
    done = stage.change(made.number)
    assert done.state == "DONE" and stage.page("pasticceria").card.plan_code == "gold"
    page = queries.service(
        client=stage.service("officina.demo").client.number,
        number=stage.service("officina.demo").number,
        at=clock.business(),
    )
    assert page.card.plan_code == "gold"
    again = stage.quote("ristorante", "gold")
    # the new price for a whole year: 199.00 - 69.00
    assert again.offer.total.net == Money.of("130.00", EUR)
