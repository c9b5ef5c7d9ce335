"""What a client paid counts until it is used or given back: a renewal paid ahead, units, odd cents (D8, D9)."""

import datetime as dt

from planshift.billing import models as billing
from planshift.domain import facts
from planshift.domain.money import Money
from planshift.domain.periods import Length
from planshift.ledger import balances
from planshift.procedures import acceptance, models, reconciling
from planshift.runtime import clock
from tests.stories.conftest import Stage

MONTHLY, YEARLY = "vps.ksiegarnia", "vps1.piekarnia"  # until 21 September; until 1 May, 242 of 365 days
PLN = "PLN"


def pln(text: str) -> Money:
    return Money.of(text, PLN)


def to(stage: Stage, day: dt.date) -> None:
    clock.move_to(at=dt.datetime.combine(day, dt.time(10), dt.UTC), actor="test")
    stage.work()


def costs(stage: Stage, label: str, request: facts.Request | str) -> Money:
    return stage.quote(label, request).offer.total.net


def bought(stage: Stage, label: str, request: facts.Request | str) -> Money:
    """Ordered, paid (where the deposit does not pay), in force."""
    quote = stage.quote(label, request)
    made = stage.order(quote)
    if made.state == "AWAITING_PAYMENT":
        stage.pay(made.order)
    assert stage.change(made.number).state == "DONE"
    return quote.offer.total.net


def given_back(stage: Stage, label: str, request: facts.Request | str) -> Money:
    quote = stage.quote(label, request)
    made = stage.order(quote)
    client = stage.service(label).client.number
    acceptance.accept(client=client, number=made.number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert stage.change(made.number).state == "DONE"
    total, steps = quote.offer.total, quote.offer.working
    assert [step.result for step in steps if step.code == "total"] == [total.gross.amount]
    assert sum(step.result for step in steps if step.code == "tax") == total.tax.amount
    return total.gross


def ips(amount: int) -> facts.ChangeResources:
    return facts.ChangeResources({"ip": amount})


def renewed(stage: Stage) -> None:
    """Eight days before its term ends, on 13 September, the monthly service is paid until 21 October."""
    to(stage, dt.date(2026, 9, 13))
    row = models.Renewal.objects.select_related("order").get(service=stage.service(MONTHLY), state="AWAITING_PAYMENT")
    assert row.order is not None
    stage.pay(row.order.number)


def in_balance() -> None:
    assert balances.differences() == {}
    assert [str(each) for each in reconciling.differences()] == []


def test_D9_a_renewal_paid_ahead_is_not_charged_again(stage: Stage) -> None:
    to(stage, dt.date(2026, 9, 13))
    assert costs(stage, MONTHLY, "professional") == pln("10.32")  # (89 - 49) x 8/31
    renewed(stage)
    assert costs(stage, MONTHLY, "professional") == pln("50.32")  # (89 - 49) x (8/31 + 1)
    bought(stage, MONTHLY, "professional")
    lines = billing.InvoiceLine.objects.filter(service=stage.service(MONTHLY).number, component="plan").order_by("-pk")
    of_each_term = [(line.start_on, line.end_on, line.net_minor) for line in lines[:2]]
    first, second, third = dt.date(2026, 9, 13), dt.date(2026, 9, 21), dt.date(2026, 10, 21)
    assert of_each_term == [(second, third, 40_00), (first, second, 10_32)]
    assert costs(stage, MONTHLY, "standard") == pln("-50.32")
    assert costs(stage, MONTHLY, "business") == pln("100.65")  # (169 - 89) x 8/31 + 80 = 100.645
    to(stage, second)
    assert costs(stage, MONTHLY, "standard") == pln("-40.00")
    assert costs(stage, MONTHLY, "business") == pln("80.00")
    in_balance()


def test_D8_what_was_paid_for_two_terms_is_given_back_for_both(stage: Stage) -> None:
    renewed(stage)
    before = balances_of(stage, MONTHLY)
    paid = bought(stage, MONTHLY, ips(2))
    assert paid == pln("25.16")  # 2 x 10 x (8/31 + 1)
    bought(stage, MONTHLY, "professional")
    assert given_back(stage, MONTHLY, ips(1)) == pln("-15.48")  # 12.58, of the tax of 5.79 leaving 2.89
    to(stage, dt.date(2026, 9, 21))
    assert costs(stage, MONTHLY, ips(0)) == pln("-10.00")
    assert costs(stage, MONTHLY, ips(2)) == pln("10.00")
    assert balances_of(stage, MONTHLY) == before + pln("15.48")
    in_balance()


def balances_of(stage: Stage, label: str) -> Money:
    client = stage.service(label).client.number
    return balances.of_clients(clients=[client], kinds=("deposit",))[client, "deposit", PLN]


def test_D1_units_keep_their_worth_when_the_plan_changes_and_are_not_charged_again(stage: Stage) -> None:
    assert bought(stage, YEARLY, ips(5)) == pln("358.03")  # 5 x 108 x 242/365
    bought(stage, YEARLY, "business")
    assert costs(stage, YEARLY, ips(0)) == pln("-358.03")
    assert costs(stage, YEARLY, ips(4)) == pln("-71.61")
    back = stage.quote(YEARLY, "professional").offer
    assert back.total.net == pln("-572.85")  # 529.20 x 242/365 + 859.27 paid, less 961.20 x 242/365: no address in it
    assert [line.component for line in back.lines if line.amount.net.amount] == ["plan"]


def test_D11_units_keep_their_worth_when_the_billing_period_changes(stage: Stage) -> None:
    assert bought(stage, MONTHLY, ips(2)) == pln("12.90")  # 2 x 10 x 20/31
    assert bought(stage, MONTHLY, facts.ChangePeriod(length=Length(3))) == pln("138.00")  # 2 x (49 + 2 x 10)
    assert costs(stage, MONTHLY, ips(0)) == pln("-52.90")
    assert costs(stage, MONTHLY, ips(1)) == pln("-26.45")


def test_D5_units_given_up_one_by_one_give_back_what_was_paid_to_the_cent(stage: Stage) -> None:
    """An older address, used for two days and given up, has no part in it; the working tells what is given back."""
    bought(stage, YEARLY, ips(1))
    to(stage, dt.date(2026, 9, 3))
    given_back(stage, YEARLY, ips(0))
    quote = stage.quote(YEARLY, ips(2))
    paid = quote.offer.total.gross
    assert bought(stage, YEARLY, ips(2)) == pln("142.03")  # 2 x 108 x 240/365; 71.015 each
    first = given_back(stage, YEARLY, ips(1))
    second = stage.quote(YEARLY, ips(0)).offer
    assert [len(line.returns) for line in second.lines] == [1]
    assert second.total.net == pln("-71.01")
    assert next(step for step in second.working if step.code == "total").result == second.total.gross.amount
    assert given_back(stage, YEARLY, ips(0)) == second.total.gross == -paid - first
    in_balance()


def test_D5_the_newest_of_several_units_is_given_up_first_and_each_once(stage: Stage) -> None:
    """Two and two addresses, given up one by one: each gives back what was paid for it."""
    bought(stage, YEARLY, ips(2))
    to(stage, dt.date(2026, 9, 2))
    bought(stage, YEARLY, ips(4))  # 2 x 108 x 241/365 = 142.62
    given_back(stage, YEARLY, ips(3))
    assert costs(stage, YEARLY, ips(2)) == pln("-71.31")  # the other of the same two
    bought(stage, YEARLY, ips(5))
    assert costs(stage, YEARLY, ips(3)) == pln("-142.62")
    assert costs(stage, YEARLY, ips(0)) == pln("-356.55")  # 143.21 x 241/242 + 71.31 + 142.62
