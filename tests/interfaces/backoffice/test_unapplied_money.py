"""Money that matched no order, in the hands of staff: named, assigned, moved, returned; asked back, done once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from planshift.billing import models as billing
from planshift.billing import payments
from planshift.billing import queries as money
from planshift.domain.money import Money
from planshift.procedures import models, reconciling
from planshift.runtime import audit, clock, runs
from planshift.services import models as services
from tests.billing.test_opened import taken_over

Enter, Ordered = Callable[..., Client], Callable[[str, str], str]
STAFF, POLISH = "personale", "obsluga"
KEY = "0123456789abcdef"


def text(answer: Any) -> str:
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", plain.replace("\xa0", " ").replace("&#x27;", "'"))


@pytest.fixture
def left(enter: Enter, ordered: Ordered) -> str:
    """A payment of the Italian seller of which 3.16 is left over: 30.00 came for an order of 26.84."""
    order = billing.Order.objects.get(change__number=ordered("silver", "gold"))
    enter(STAFF).post(f"/staff/orders/{order.number}/received/", {"key": KEY, "amount": "30.00"})
    return billing.Payment.objects.get(order_number=order.number).number


def decide(browser: Client, payment: str, decision: str, **more: str) -> Any:
    form = {"decision": decision, "note": "as the client asked", "key": KEY, "confirmed": "1", **more}
    return browser.post(f"/staff/payments/{payment}/decide/", form)


def unapplied_of(payment: str) -> int:
    return billing.Payment.objects.get(number=payment).unapplied_minor


def test_the_payment_has_a_page_that_asks_back_before_anything_is_done(enter: Enter, left: str) -> None:
    browser = enter(STAFF)
    assert f"/staff/payments/{left}/" in browser.get("/staff/orders/").content.decode()
    page = text(browser.get(f"/staff/payments/{left}/"))
    assert "€3.16 of €30.00" in page and "Return it" in page
    assert "Move it to the deposit" not in page  # this seller keeps none
    assert "This client has no open order" in page
    asked = decide(browser, left, "return", confirmed="")
    assert asked.status_code == 200 and "Was €3.16 of payment" in text(asked)
    assert unapplied_of(left) == 316


def test_returned_once_however_often_the_form_is_sent(enter: Enter, left: str) -> None:
    browser = enter(STAFF)
    without = decide(browser, left, "return", note=" ")
    assert without.status_code == 409 and "Please give a reason." in text(without)
    for _ in range(2):
        assert decide(browser, left, "return").status_code == 302
    assert unapplied_of(left) == 0
    owner = services.Client.objects.get(email="silver@demo.example").number
    assert money.balances_of(clients=[owner])[owner, "unapplied", "EUR"].minor == 0
    page = text(browser.get(f"/staff/payments/{left}/"))
    assert "Nothing is left to decide" in page and "as the client asked" in page
    late = decide(browser, left, "return", key=KEY[::-1])
    assert late.status_code == 409 and "has less left" in text(late)


def test_it_pays_an_open_order_of_the_same_client_only(enter: Enter, left: str, ordered: Ordered) -> None:
    browser = enter(STAFF)
    foreign = billing.Order.objects.get(change__number=ordered("pointer", "gold")).number
    runs.drain()
    answer = decide(browser, left, "assign", target=foreign)
    assert answer.status_code == 409 and "belongs to another client" in text(answer)
    polish = billing.Order.objects.get(change__number=ordered("short", "professional")).number
    assert decide(browser, left, "assign", target=polish).status_code == 404
    assert unapplied_of(left) == 316


def nameless(amount: str) -> str:
    """Money that came to the Polish demo seller with a word that says nothing."""
    seller = services.Client.objects.select_related("seller").get(email="deposit@demo.example").seller
    at, zloty = clock.business(), Money.of(amount, "PLN")
    made = payments.record(
        gateway="bank", external_id="b-1", amount=zloty, reference="?", received_at=at, at=at, actor="t", seller=seller
    )
    return made.number


def test_a_nameless_payment_gets_its_client_then_moves_to_the_deposit(enter: Enter) -> None:
    payment, browser = nameless("10.00"), enter(POLISH)
    page = text(browser.get(f"/staff/payments/{payment}/"))
    assert "Nobody knows yet whose it is." in page and "Return it" not in page
    early = decide(browser, payment, "to_deposit")
    assert early.status_code == 409 and "is not assigned to a client yet" in text(early)
    stranger = services.Client.objects.get(email="silver@demo.example").number  # of the other seller
    other = decide(browser, payment, "identify", target=stranger)
    assert other.status_code == 409 and f"There is no client {stranger}." in text(other)
    owner = services.Client.objects.get(email="deposit@demo.example").number
    assert decide(browser, payment, "identify", target=owner.lower(), key=KEY[::-1]).status_code == 302
    assert billing.Payment.objects.get(number=payment).client_id is not None
    before = money.balances_of(clients=[owner])[owner, "deposit", "PLN"]
    for _ in range(2):
        assert decide(browser, payment, "to_deposit", key="f" * 16).status_code == 302
    after = money.balances_of(clients=[owner])
    assert after[owner, "deposit", "PLN"] - before == Money.of("10.00", "PLN")
    assert unapplied_of(payment) == 0


def test_it_pays_what_the_client_still_owes_and_the_change_goes_on(enter: Enter, ordered: Ordered) -> None:
    change = ordered("auto-off", "professional")
    order = billing.Order.objects.get(change__number=change)
    payment, browser = nameless("900.00"), enter(POLISH)
    decide(browser, payment, "identify", target=order.client.number)
    page = browser.get(f"/staff/payments/{payment}/").content.decode()
    assert f'<option value="{order.number}">' in page
    assert decide(browser, payment, "assign", target=order.number, key="a" * 16).status_code == 302
    order.refresh_from_db()
    assert order.state == "PAID"
    assert unapplied_of(payment) == 90_000 - order.gross_minor
    runs.drain()
    assert models.Change.objects.get(number=change).state == "DONE"


@pytest.mark.parametrize("form", [{"decision": "steal"}, {"decision": ""}, {"key": ""}, {"key": "x'"}])
def test_odd_forms_do_nothing(enter: Enter, left: str, form: dict[str, str]) -> None:
    assert decide(enter(STAFF), left, **{"decision": "return", **form}).status_code == 409
    assert unapplied_of(left) == 316


def test_staff_of_another_seller_and_clients_find_no_such_payment(enter: Enter, left: str) -> None:
    for code in (POLISH, "silver"):
        browser = enter(code)
        assert browser.get(f"/staff/payments/{left}/").status_code == 404
        assert decide(browser, left, "return").status_code == 404
    assert unapplied_of(left) == 316


def test_money_on_the_wrong_invoice_issued_elsewhere_is_taken_back_once(enter: Enter) -> None:
    """Assigned to one of two invoices from an earlier system, taken back with a reason, put on the other."""
    owner = services.Client.objects.filter(services__label__startswith="vps1.piekarnia").get()
    for number in ("F 1/2026", "F 2/2026"):
        taken_over(number, of=owner)
    payments.record(
        gateway="bank", external_id="W-1", amount=Money.of("123.00", "PLN"), reference=owner.number,
        received_at=clock.business(), at=clock.business(), actor="test", seller=owner.seller,
    )  # fmt: skip
    paid = billing.Payment.objects.get(external_id="W-1").number
    browser = enter(POLISH)
    assert decide(browser, paid, "assign", target="F 1/2026").status_code == 302
    page = text(browser.get(f"/staff/payments/{paid}/"))
    assert "F 1/2026" in page and unapplied_of(paid) == 0
    back = {"target": "F 1/2026", "key": "1123456789abcdef"}
    asked = decide(browser, paid, "take_back", confirmed="", **back)
    assert asked.status_code == 200 and "123.00" in text(asked) and "F 1/2026" in text(asked)
    assert decide(browser, paid, "take_back", **{**back, "note": " "}).status_code == 409
    assert decide(enter(STAFF), paid, "take_back", **back).status_code == 404  # another seller's
    browser = enter(POLISH)
    assert [decide(browser, paid, "take_back", **back).status_code for _ in range(2)] == [302, 302]
    assert unapplied_of(paid) == 123_00 and billing.OpeningBalance.objects.get(key="F12026").settled_minor == 0
    assert decide(browser, paid, "take_back", **{**back, "key": "2123456789abcdef"}).status_code == 409
    (event,) = [each for each in audit.history(kind="billing.payment", number=paid) if each.event == "taken-back"]
    assert event.note == "as the client asked" and event.facts["document"] == "F 1/2026"
    assert decide(browser, paid, "assign", target="F 2/2026", key="3123456789abcdef").status_code == 302
    assert unapplied_of(paid) == 0 and list(reconciling.differences()) == []
