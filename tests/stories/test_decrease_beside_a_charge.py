"""A decrease that also charges something, and one whose credit goes elsewhere than to the deposit: ordered, accepted
and carried out as quoted, or refused with words before anything is ordered (D5, D8, H12)."""

import pytest

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import corrections
from planshift.billing import models as billing
from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import acceptance, models, placing, queries, views
from planshift.runtime import clock, runs
from tests.stories.conftest import Stage, sound
from tests.stories.test_answers_in_the_product import govern, upgraded
from tests.stories.test_undone import held

CLOUD = "vps.warsztat"
LESS = facts.ChangeResources(amounts={"memory": 2})


pytestmark = pytest.mark.usefixtures("post")


def parts(page: views.QuotePage) -> tuple[Taxed, Taxed]:
    """What is given back (below zero) and what is charged beside it."""
    currency = page.offer.currency
    return tuple(  # type: ignore[return-value]
        Taxed.total((line.amount for line in lines), currency=currency)
        for lines in (placing.credited(page.offer), placing.charged(page.offer))
    )


def accepted(stage: Stage, number: str, label: str) -> None:
    client = stage.service(label).client.number
    acceptance.accept(client=client, number=number, at=clock.business(), actor=stage.actor)
    stage.work()


def documents(change: str) -> dict[str, list[tuple[int, int, int]]]:
    """Net, tax and gross of the invoice of a change's order, and of its corrective documents."""
    figures = ("net_minor", "tax_minor", "gross_minor")
    return {
        "invoice": list(billing.Invoice.objects.filter(order__change__number=change).values_list(*figures)),
        "correction": list(billing.Invoice.objects.filter(correction__cause=change).values_list(*figures)),
    }


@pytest.mark.parametrize(
    "answers",
    [{"settlement": '"credit_and_charge"'}, {"change_fee": '[{ answer = "flat", amount = "10.00" }]'}],
    ids=["two lines", "fee"],
)
def test_D5_the_charge_is_paid_out_of_the_credit_and_the_rest_goes_to_the_deposit(
    stage: Stage, post: SimulatedMail, answers: dict[str, str]
) -> None:
    govern(stage, CLOUD, **answers)
    before = Money.of(held(stage, CLOUD).get("deposit", "0.00"), "PLN")
    quote = stage.quote(CLOUD, LESS)
    credit, charge = parts(quote)
    assert quote.orderable and credit.gross.amount < 0 < charge.gross.amount
    assert quote.offer.total == credit + charge and quote.offer.total.gross.amount < 0
    rate = quote.offer.lines[0].tax_rate
    assert charge == Taxed.of_net(charge.net, rate)  # an invoice of its own, taxed as that
    made = stage.order(quote)
    assert made.state == "AWAITING_ACCEPTANCE" and billing.Order.objects.filter(change__number=made.number).count() == 0
    client = stage.service(CLOUD).client.number
    accepting = queries.accepting(client=client, change=made.number, at=clock.business())
    assert accepting is not None
    assert (accepting.credit, accepting.charged) == (-quote.offer.total.gross, charge.gross)
    sent = models.OutgoingMail.objects.filter(about=made.number).latest("pk")
    assert accepting.credit.text in sent.text and charge.gross.text in sent.text  # told what is left, and why
    assert held(stage, CLOUD).get("deposit", "0.00") == before.text  # D5: until acceptance the old deposit
    accepted(stage, made.number, CLOUD)
    assert stage.change(made.number).state == "DONE"
    assert documents(made.number) == {
        "invoice": [(charge.net.minor, charge.tax.minor, charge.gross.minor)],
        "correction": [(credit.net.minor, credit.tax.minor, credit.gross.minor)],
    }
    assert held(stage, CLOUD) == {"deposit": (before - quote.offer.total.gross).text}
    order = billing.Order.objects.get(change__number=made.number)
    assert (order.state, [part.source for part in order.part_payments.all()]) == ("PAID", ["deposit"])
    stage.days(2)
    assert held(stage, CLOUD) == {"deposit": (before - quote.offer.total.gross).text}  # exactly once
    sound()


def test_not_accepted_nothing_is_charged(stage: Stage) -> None:
    govern(stage, CLOUD, settlement='"credit_and_charge"')
    before, made = held(stage, CLOUD), stage.order(stage.quote(CLOUD, LESS))
    client = stage.service(CLOUD).client.number
    acceptance.refuse(client=client, number=made.number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert (stage.change(made.number).state, held(stage, CLOUD)) == ("REFUSED", before)
    assert documents(made.number) == {"invoice": [], "correction": []}
    sound()


@pytest.mark.parametrize("step", ["covering.put", "invoices.issue", "placing.order_of"])
def test_a_crash_beside_the_credit_neither_loses_nor_repeats_anything(
    stage: Stage, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    govern(stage, CLOUD, settlement='"credit_and_charge"')
    before = Money.of(held(stage, CLOUD).get("deposit", "0.00"), "PLN")
    quote = stage.quote(CLOUD, LESS)
    made = stage.order(quote)
    package = "procedures" if step.startswith("placing") else "billing"
    path, _, name = f"planshift.{package}.{step}".rpartition(".")
    module = __import__(path, fromlist=[name])
    real, calls = getattr(module, name), []

    def dies(*args: object, **named: object) -> object:
        done = real(*args, **named)
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("the worker died")
        return done

    monkeypatch.setattr(f"{path}.{name}", dies)
    accepted(stage, made.number, CLOUD)
    assert len(calls) == 2 and stage.change(made.number).state == "DONE"
    assert held(stage, CLOUD) == {"deposit": (before - quote.offer.total.gross).text}
    assert [len(each) for each in documents(made.number).values()] == [1, 1]
    sound()


@pytest.mark.parametrize("settlement", ["difference", "credit_and_charge"])
def test_a_refund_goes_back_the_way_it_was_paid_less_what_is_charged(stage: Stage, settlement: str) -> None:
    label = "pasticceria"
    upgraded(stage, label)
    govern(stage, label, decrease='"settled"', credit_to='"refund"', settlement=f'"{settlement}"')
    quote = stage.quote(label, "silver")
    credit, charge = parts(quote)
    assert bool(charge.gross.amount) is (settlement == "credit_and_charge")
    made = stage.order(quote)
    assert made.state == "DONE"  # this regulation asks for no acceptance
    assert held(stage, label) == {"unapplied": (-quote.offer.total.gross).text}
    waiting = billing.Payment.objects.filter(unapplied_minor__gt=0)
    assert {row.why_unapplied for row in waiting} == {"given_back"}
    assert sum(-gross for _, _, gross in documents(made.number)["correction"]) == -credit.gross.minor
    assert stage.service(label).plan == "silver"
    sound()


def test_H12_what_is_given_back_nowhere_is_lost_and_the_change_costs_nothing(stage: Stage) -> None:
    label = "pasticceria"
    upgraded(stage, label)
    govern(stage, label, decrease='"settled"', credit_to='"nowhere"')
    quote = stage.quote(label, "silver")
    assert quote.orderable and quote.offer.total.gross.amount < 0 and quote.offer.credit_to == "nowhere"
    documents_before = billing.Invoice.objects.count()
    made = stage.order(quote)
    assert (made.state, stage.service(label).plan) == ("DONE", "silver")
    assert billing.Order.objects.get(number=made.order).gross_minor == 0
    assert (held(stage, label), billing.Invoice.objects.count()) == ({}, documents_before)
    sound()


def test_the_charge_is_paid_out_of_the_account_credit_too(stage: Stage) -> None:
    label = "pasticceria"
    upgraded(stage, label)
    govern(stage, label, decrease='"settled"', credit_to='"account_credit"', settlement='"credit_and_charge"')
    quote = stage.quote(label, "silver")
    credit, charge = parts(quote)
    made = stage.order(quote)
    assert (made.state, held(stage, label)) == ("DONE", {"account_credit": (-quote.offer.total.gross).text})
    papers = documents(made.number)
    assert papers["invoice"] == [(charge.net.minor, charge.tax.minor, charge.gross.minor)]
    assert sum(gross for _, _, gross in papers["correction"]) == credit.gross.minor  # of Silver and of the raise
    order = billing.Order.objects.get(change__number=made.number)
    assert [part.source for part in order.part_payments.all()] == ["account_credit"]
    sound()


def test_D5_a_charge_that_the_client_paid_meanwhile_is_invoiced_and_the_whole_credit_goes_back(
    stage: Stage, post: SimulatedMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The credit was refused after the order of the charge was placed; until staff look, the client pays that order."""
    govern(stage, CLOUD, change_fee='[{ answer = "flat", amount = "10.00" }]')
    before = Money.of(held(stage, CLOUD).get("deposit", "0.00"), "PLN")
    quote = stage.quote(CLOUD, LESS)
    credit, charge = parts(quote)
    made = stage.order(quote)
    real = corrections.credit

    def refused(**given: object) -> None:
        raise Refused("credit_without_document", missing=charge.gross)

    monkeypatch.setattr(corrections, "credit", refused)
    accepted(stage, made.number, CLOUD)
    (order,) = billing.Order.objects.filter(change__number=made.number)
    assert order.state == "AWAITING_PAYMENT"
    stage.pay(order.number, charge.gross)
    monkeypatch.setattr(corrections, "credit", real)
    runs.retry(key=f"change:{made.number}", actor="staff:1", note="mended")
    stage.work()
    assert stage.change(made.number).state == "DONE"
    assert [each.state for each in billing.Order.objects.filter(change__number=made.number)] == ["PAID"]
    assert billing.Order.objects.filter(subject=made.number).count() == 1
    assert len(documents(made.number)["invoice"]) == 1
    assert Money.of(held(stage, CLOUD)["deposit"], "PLN") == before - credit.gross
    sound()
