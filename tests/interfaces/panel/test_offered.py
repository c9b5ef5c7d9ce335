"""What the panel offers can be ordered, also when it costs nothing; what it does not offer cannot."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from planshift.billing import models as billing
from planshift.billing import payments
from planshift.catalog import load
from planshift.domain.money import Money
from planshift.procedures import models
from planshift.runtime import clock
from planshift.services import models as services
from tests.house_rules import source
from tests.interfaces.panel.test_the_way import text

Enter, Number, Work = Callable[..., Client], Callable[[str], str], Callable[[], None]


def govern(service: str, name: str, **answers: str) -> None:
    """Put the shipped policy in force with other answers."""
    written = (source.ROOT / f"policies/{name}.toml").read_text(encoding="utf-8")
    for key, value in answers.items():
        written, times = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", written)
        written = written if times else written.replace("\nsettlement", f"\n{key} = {value}\nsettlement", 1)
    seller = services.Service.objects.get(number=service).client.seller.code
    load.load_policy(seller=seller, text=written, at=clock.business(), actor="test")


def pay(number: str) -> None:
    order = billing.Order.objects.get(number=number)
    at = clock.business()
    due = Money.from_minor(order.gross_minor, order.currency)
    payments.mark_transfer_received(order=number, amount=due, received_at=at, key=number, at=at, actor="staff:1")


def test_a_decrease_without_refund_costs_nothing_and_is_carried_out(
    enter: Enter, service_of: Number, work: Work, ordered: Callable[..., str]
) -> None:
    browser, service = enter("silver"), service_of("silver")
    up = models.Change.objects.select_related("order").get(number=ordered("silver", "gold"))
    assert up.order is not None
    pay(up.order.number)
    work()
    govern(service, "easy-hard", decrease='"without_refund"')
    invoices = billing.Invoice.objects.count()
    answer = browser.post(f"/services/{service}/quote/", {"plan": "silver"})
    quote = answer.headers["Location"].split("/")[2]
    assert "To pay today €0.00" in text(browser.get(f"/quotes/{quote}/"))
    answer = browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    assert answer.status_code == 302, text(answer)
    work()
    change = models.Change.objects.select_related("order").get(quote__number=quote)
    assert change.order is not None
    assert (change.state, change.order.state, change.order.gross_minor) == ("DONE", "PAID", 0)
    assert services.Service.objects.get(number=service).plan == "silver"
    assert billing.Invoice.objects.count() == invoices  # nothing to document
    assert browser.get(f"/changes/{change.number}/").status_code == 200
    assert browser.get(f"/orders/{change.order.number}/").status_code == 200


@pytest.mark.parametrize("months", [2, 7, 24, 120])
def test_H1_a_period_that_is_not_sold_is_not_quoted(enter: Enter, service_of: Number, months: int) -> None:
    browser, service = enter("auto-off"), service_of("auto-off")
    answer = browser.post(f"/services/{service}/quote/", {"months": str(months)})
    assert answer.status_code == 409
    assert "Standard is sold for these billing periods only (in months): 1, 3, 6, 12." in text(answer)
    assert models.Quote.objects.count() == 0


def test_the_periods_that_are_sold_are_quoted(enter: Enter, service_of: Number) -> None:
    browser, service = enter("auto-off"), service_of("auto-off")
    for months in (3, 6, 12):
        assert browser.post(f"/services/{service}/quote/", {"months": str(months)}).status_code == 302
    assert models.Quote.objects.count() == 3
