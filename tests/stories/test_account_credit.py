"""A credit on the client's account (`credit_to`): credited by an accepted decrease, once; used by itself for the next
order or only for renewals, as the policy says; given back by what comes to nothing; never money."""

import pytest

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import corrections
from planshift.billing import models as billing
from planshift.billing import queries as papers
from planshift.domain import correction
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.procedures import change, forecast, models, payment, queries
from planshift.runtime import clock
from planshift.services import models as services
from tests.stories.conftest import Stage, sound
from tests.stories.test_answers_in_the_product import govern, upgraded
from tests.stories.test_decrease_beside_a_charge import CLOUD, LESS, accepted, documents
from tests.stories.test_renewal_meets_change import number, to
from tests.stories.test_undone import give_up, held, refuse

LABEL = "pasticceria"  # Silver, four months of twelve left; this regulation keeps no deposit and asks for no acceptance
ANSWERS = {"decrease": '"settled"', "credit_to": '"account_credit"'}
pytestmark = pytest.mark.usefixtures("post")


def eur(text: str) -> Money:
    return Money.of(text, "EUR")


def lowered(stage: Stage, **answers: str) -> str:
    """Silver → Gold, paid 26.84 by transfer, and back the same day: 26.84 on the account. Number of the decrease."""
    upgraded(stage, LABEL)
    govern(stage, LABEL, **ANSWERS, **answers)
    return stage.order(stage.quote(LABEL, "silver")).number


def sources(order: str) -> list[tuple[str, str]]:
    return [(part.source, part.amount.text) for part in papers.order(number=order).parts if not part.released_at]


def announced(stage: Stage, label: str = LABEL) -> models.Renewal:
    """On the last day of the term: its newest renewal, with its order."""
    end = stage.page(label).card.term_end_on
    assert end is not None
    to(stage, end)
    return models.Renewal.objects.select_related("order").filter(service=stage.service(label)).latest("pk")


def more(stage: Stage, net: str) -> None:
    """So much more of what was paid for the service is given back to the account."""
    who = {"at": clock.business(), "actor": "staff:1"}
    invoice = billing.Invoice.objects.filter(lines__service=stage.service(LABEL).number, kind="invoice").earliest("pk")
    line = invoice.lines.get(position=1)
    credit = correction.Credit(document=invoice.number, position=1, amount=eur(net), span=(line.start_on, line.end_on))
    drafts = corrections.draft(
        seller=invoice.seller, credits=[credit], reason="decrease", cause="-", key="more", regime="at_once", **who
    )
    numbers = [each.number for each in drafts]
    corrections.issue(numbers=numbers, on=clock.business().date(), **who)
    corrections.credit(numbers=numbers, to="account_credit", **who)


def test_a_decrease_credits_the_account_and_the_next_upgrade_takes_it_first_and_then_the_renewal(stage: Stage) -> None:
    upgraded(stage, LABEL)
    govern(stage, LABEL, **ANSWERS)
    quote = stage.quote(LABEL, "silver")
    assert quote.orderable and quote.offer.credit_to == "account_credit"
    assert (quote.offer.total.gross, quote.offer.balance_left) == (eur("-26.84"), eur("26.84"))
    # 69.00 + 15.18 less the credit
    assert quote.offer.next_invoice == eur("57.34")
    made = stage.order(quote)
    assert (made.state, made.steps[-2].code, held(stage, LABEL)) == (
        "DONE",
        "credited_to_account",
        {"account_credit": "26.84"},
    )
    assert documents(made.number)["correction"] == [(-2200, -484, -2684)]
    again = stage.quote(LABEL, "gold")
    assert (again.offer.balance_used, again.offer.balance_left) == (eur("26.84"), eur("0.00"))
    assert again.pays_by_itself and dict(again.drawn) == {"account_credit": eur("26.84")}
    up = stage.order(again)
    assert up.state == "DONE" and sources(up.order) == [("account_credit", "26.84")]
    kept = models.Change.objects.get(number=up.number).collection
    assert kept["drawn"] and kept["account_credit"] == {"balance": "26.84 EUR", "used": "26.84 EUR", "because": []}
    (invoice,) = billing.Invoice.objects.filter(order__number=up.order)
    assert [(part["source"], part["amount_minor"]) for part in invoice.settled] == [("account_credit", 2684)]
    assert held(stage, LABEL) == {}
    down = stage.order(stage.quote(LABEL, "silver"))  # what credit paid comes back as credit
    assert (down.state, held(stage, LABEL)) == ("DONE", {"account_credit": "26.84"})
    renewal = announced(stage)
    assert sources(number(renewal)) == [("account_credit", "26.84")]  # set aside; the rest waits for the client
    assert renewal.collection["account_credit"]["used"] == "26.84 EUR" and not renewal.collection["drawn"]
    page = queries.order(client=stage.service(LABEL).client.number, number=number(renewal), at=clock.business())
    assert (page.due, page.from_credit) == (eur("57.34"), eur("26.84"))
    stage.pay(number(renewal))
    assert models.Renewal.objects.get(pk=renewal.pk).state == "RENEWED"
    (invoice,) = billing.Invoice.objects.filter(order__number=number(renewal))
    assert [(part["source"], part["amount_minor"]) for part in invoice.settled] == [
        ("account_credit", 2684),
        ("bank", 5734),
    ]
    assert held(stage, LABEL) == {}
    stage.days(2)
    sound()


def test_renewals_only_leaves_a_change_to_a_payment_and_says_why(stage: Stage) -> None:
    lowered(stage, account_credit='"renewals_only"')
    quote = stage.quote(LABEL, "gold")
    assert (quote.offer.balance_used, quote.pays_by_itself, dict(quote.drawn)) == (eur("0.00"), False, {})
    up = stage.order(quote)
    assert (up.state, sources(up.order)) == ("AWAITING_PAYMENT", [])
    kept = models.Change.objects.get(number=up.number).collection["account_credit"]
    assert kept == {"balance": "26.84 EUR", "used": "0.00 EUR", "because": ["account_credit_for_renewals"]}
    client = stage.service(LABEL).client.number
    page = queries.order(client=client, number=up.order, at=clock.business())
    assert "account_credit_for_renewals" in [reason.code for reason in page.draw_reasons] and not page.can_draw
    with pytest.raises(Refused, match="deposit_empty"):
        payment.draw(client=client, order=up.order, key="k" * 20, at=clock.business(), actor=stage.actor)
    change.withdraw(client=client, number=up.number, at=clock.business(), actor=stage.actor)
    assert sources(number(announced(stage))) == [("account_credit", "26.84")]
    sound()


def test_what_is_set_aside_for_an_order_that_ends_unpaid_is_credit_again(stage: Stage) -> None:
    lowered(stage)
    dearer = stage.quote("studio-tecnico", "gold")  # another client's: nothing is taken from this account
    assert dict(dearer.drawn) == {}
    govern(stage, LABEL, **ANSWERS, change_fee='[{ answer = "flat", amount = "10.00" }]')
    up = stage.order(stage.quote(LABEL, "gold"))  # 22.00 + 10.00 + 7.04 = 39.04
    assert (up.state, sources(up.order)) == ("AWAITING_PAYMENT", [("account_credit", "26.84")])
    assert held(stage, LABEL) == {"held": "26.84"}
    client = stage.service(LABEL).client.number
    change.withdraw(client=client, number=up.number, at=clock.business(), actor=stage.actor)
    assert held(stage, LABEL) == {"account_credit": "26.84"}
    lapsing = stage.order(stage.quote(LABEL, "gold"))
    stage.days(9)
    assert (stage.change(lapsing.number).state, held(stage, LABEL)) == ("LAPSED", {"account_credit": "26.84"})
    sound()


def test_the_rest_is_paid_by_transfer_and_a_change_that_is_given_up_returns_each_to_where_it_came_from(
    stage: Stage,
) -> None:
    lowered(stage)
    govern(stage, LABEL, **ANSWERS, change_fee='[{ answer = "flat", amount = "10.00" }]')
    refuse(stage, LABEL)
    up = stage.order(stage.quote(LABEL, "gold"))
    stage.pay(up.order)
    assert (stage.change(up.number).state, sources(up.order)) == (
        "AWAITING_STAFF",
        [("account_credit", "26.84"), ("bank", "12.20")],
    )
    kept = models.Change.objects.get(number=up.number).collection
    assert kept["account_credit"]["used"] == "26.84 EUR"  # still told after the payment
    give_up(stage, up.number)
    assert stage.change(up.number).state == "UNDONE"
    assert held(stage, LABEL) == {"account_credit": "26.84", "unapplied": "12.20"}
    sound()


def test_a_renewal_that_nobody_consented_to_is_not_completed_by_credit_alone(stage: Stage) -> None:
    """69.00 + 15.18 = 84.18 is on the account: with automatic renewal off the client decides."""
    lowered(stage)
    more(stage, "47.00")  # 57.34
    services.Service.objects.filter(pk=stage.service(LABEL).pk).update(auto_renew=False)
    renewal = announced(stage)
    assert (renewal.state, sources(number(renewal))) == ("OVERDUE", [])  # its term would begin today
    assert renewal.collection["account_credit"] == {
        "balance": "84.18 EUR",
        "used": "0.00 EUR",
        "because": ["account_credit_needs_consent"],
    }
    client = stage.service(LABEL).client.number
    page = queries.order(client=client, number=number(renewal), at=clock.business())
    assert (page.can_draw, page.credit, page.lacks) == (True, eur("84.18"), eur("0.00"))
    for _ in range(2):  # a double click
        payment.draw(client=client, order=number(renewal), key="k" * 20, at=clock.business(), actor=stage.actor)
    stage.work()
    assert models.Renewal.objects.get(pk=renewal.pk).state == "RENEWED" and held(stage, LABEL) == {}
    sound()


def test_with_consent_credit_pays_the_whole_renewal_by_itself_as_the_forecast_said(stage: Stage) -> None:
    lowered(stage)
    more(stage, "47.00")
    end = stage.page(LABEL).card.term_end_on
    assert end is not None and stage.service(LABEL).auto_renew
    day = clock.business() + (end - clock.business().date())
    told = {each.seller: each for each in forecast.of_day(at=day)}[stage.service(LABEL).client.seller.code]
    assert (told.from_credit, told.credited, told.from_deposit) == (1, eur("84.18"), 0)
    row = announced(stage)
    assert (row.state, sources(number(row)), held(stage, LABEL)) == ("RENEWED", [("account_credit", "84.18")], {})
    assert row.collection["drawn"] and row.collection["account_credit"]["used"] == "84.18 EUR"
    sound()


def test_D5_accepted_first_then_credited_once_and_used_before_the_deposit(stage: Stage, post: SimulatedMail) -> None:
    """The seller with a deposit and acceptance: the credit waits for the acceptance, and pays before the deposit."""
    govern(stage, CLOUD, credit_to='"account_credit"')
    before = held(stage, CLOUD)
    quote = stage.quote(CLOUD, LESS)
    made = stage.order(quote)
    client = stage.service(CLOUD).client.number
    accepting = queries.accepting(client=client, change=made.number, at=clock.business())
    assert accepting is not None and (made.state, accepting.to) == ("AWAITING_ACCEPTANCE", "account_credit")
    sent = models.OutgoingMail.objects.filter(about=made.number).latest("pk")
    assert "as a credit that pays later orders" in sent.text or "na saldo konta" in sent.text
    assert held(stage, CLOUD) == before
    accepted(stage, made.number, CLOUD)
    credit = -quote.offer.total.gross
    assert stage.change(made.number).state == "DONE"
    assert held(stage, CLOUD) == before | {"account_credit": credit.text}
    stage.days(2)
    assert held(stage, CLOUD) == before | {"account_credit": credit.text}  # exactly once
    sound()
