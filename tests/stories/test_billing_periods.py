"""Only the billing period changes (D11): a longer one is paid for at once, a shorter one begins with its own term."""

import datetime as dt

import pytest

from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.periods import Length
from planshift.procedures import change
from planshift.runtime import clock
from tests.stories.conftest import Stage
from tests.stories.test_renewal_meets_change import renewals, terms, to

MONTHLY, YEARLY = "vps.ksiegarnia", "vps1.piekarnia"


@pytest.mark.parametrize("months", [3, 6, 12])
def test_D11_every_longer_period_is_ordered_paid_and_carried_out(stage: Stage, months: int) -> None:
    """Also twelve months, whose month is cheaper (44.10) than the present one (49.00): it is no decrease."""
    start, _, _ = terms(stage, MONTHLY)[-1]
    quote = stage.quote(MONTHLY, facts.ChangePeriod(length=Length(months)))
    assert (quote.offer.timing, quote.offer.direction) == ("after_payment", "up")
    assert quote.offer.total.net == Money.of("49.00", "PLN") * (months - 1)  # the missing months, at the present price
    assert [notice.code for notice in quote.offer.notices] == []
    ordered = stage.order(quote)
    assert ordered.state == "AWAITING_PAYMENT"  # auto-renewal is off: the deposit is not drawn by itself (D4)
    stage.pay(ordered.order)
    assert stage.change(ordered.number).state == "DONE"
    assert stage.service(MONTHLY).months == months
    assert terms(stage, MONTHLY)[-1] == (start, quote.offer.term_end, months)


def test_D11_a_shorter_period_begins_with_its_own_term_and_prices_nothing_before(stage: Stage) -> None:
    end = terms(stage, YEARLY)[-1][1]
    before = stage.quote(YEARLY, "professional").offer.total
    scheduled = stage.order(stage.quote(YEARLY, facts.ChangePeriod(length=Length(1))))
    assert (scheduled.state, scheduled.can_withdraw) == ("AWAITING_TERM_END", True)
    assert ("next_term", "waiting") in [(step.code, step.status) for step in scheduled.steps]
    assert stage.service(YEARLY).months == 12
    client = stage.service(YEARLY).client.number
    change.withdraw(client=client, number=scheduled.number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert stage.quote(YEARLY, "professional").offer.total == before  # D9: taken back, as if never ordered
    again = stage.order(stage.quote(YEARLY, facts.ChangePeriod(length=Length(1))))
    to(stage, end - dt.timedelta(days=10))
    (renewal,) = renewals(stage, YEARLY)  # paid from the deposit by itself (D4)
    assert (renewal.state, renewal.months, stage.service(YEARLY).months) == ("RENEWED", 1, 12)
    with pytest.raises(Refused, match="next_term_paid"):
        change.withdraw(client=client, number=again.number, at=clock.business(), actor=stage.actor)
    to(stage, end)
    assert (stage.service(YEARLY).months, stage.change(again.number).state) == (1, "DONE")
    assert terms(stage, YEARLY)[-1][:1] == (end,) and terms(stage, YEARLY)[-1][2] == 1


def test_additional_resources_that_a_plan_change_names_are_carried_out_as_they_were_priced(stage: Stage) -> None:
    label = "vps.warsztat"
    request = facts.ChangePlan(target="business", amounts={"ip": 4})
    quote = stage.quote(label, request)
    plain = stage.quote(label, "business")
    assert quote.offer.total.net.amount > plain.offer.total.net.amount
    ordered = stage.order(quote)
    stage.pay(ordered.order)
    assert stage.change(ordered.number).state == "DONE"
    page = stage.page(label)
    assert (page.card.plan_code, page.card.additional.get("ip")) == ("business", 4)
