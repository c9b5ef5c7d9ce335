"""Account credit: given back by corrections, it pays later orders, exactly, never below zero, and is never paid out."""

import pytest
from django.db import IntegrityError, transaction

from planshift.billing import corrections, deposits, drawing, invoices, models, orders, payments, queries
from planshift.domain.errors import Refused
from planshift.ledger import balances
from planshift.ledger import models as ledger
from planshift.services import models as services
from tests.billing.people import AT, WEEK, client, credit, italian, order, pln, polish
from tests.billing.test_corrections import ON, WHO, drafted, invoiced, kept, state

pytestmark = pytest.mark.django_db


def given_back(who: services.Client, *, to: str = "account_credit", times: int = 1) -> list[str]:
    """8.00 net of an invoice over 22.00 net, paid by transfer, is corrected."""
    draft = drafted(invoiced(who), "8.00", regime="at_once")
    corrections.issue(numbers=draft, on=ON, **WHO)
    for _ in range(times):
        corrections.credit(numbers=draft, to=to, **WHO)
    return draft


def test_a_correction_is_credited_once_gross_also_where_the_seller_keeps_no_deposit() -> None:
    draft = given_back(client(italian()), times=2)
    assert (state(draft), kept()) == (["CREDITED"], {"account_credit": "9.76"})  # 8.00 + 1.76
    newest = queries.postings_of_client(client="C-1001")[0]
    assert (newest.posting, newest.amount.text) == ("credit_to_account_credit", "9.76")
    assert [(row.to, row.amount_minor) for row in models.Credited.objects.all()] == [("account_credit", 976)]


def test_credit_pays_a_part_and_a_transfer_the_rest() -> None:
    who = client(polish())
    credit(who, "9.84")
    placed = order(who)  # 27.06
    drawing.draw_for(order=placed.number, source="account_credit", amount=pln("9.84"), **WHO)
    assert queries.order(number=placed.number).missing == pln("17.22")
    payments.mark_transfer_received(
        order=placed.number, amount=pln("17.22"), received_at=AT, key="k", at=AT, actor="staff:ola"
    )
    issued = invoices.issue(order=placed.number, on=ON, **WHO)
    assert issued is not None
    assert [(part["source"], part["amount_minor"]) for part in issued.settled] == [
        ("account_credit", 984),
        ("bank", 1722),
    ]
    assert kept() == {}


@pytest.mark.parametrize("ends", ["expired", "withdrawn"])
def test_an_order_that_ends_gives_the_credit_back(ends: str) -> None:
    who = client(polish())
    credit(who, "9.84")
    placed = order(who)
    drawing.draw_for(order=placed.number, source="account_credit", amount=pln("9.84"), **WHO)
    payments.record(gateway="bank", external_id="1", amount=pln("1.00"), reference=placed.number, received_at=AT, **WHO)
    assert kept() == {"held": "10.84"}
    if ends == "expired":
        orders.expire(order=placed.number, at=WEEK, actor="sweep")
    else:
        orders.withdraw(order=placed.number, **WHO)
    assert kept() == {"account_credit": "9.84", "unapplied": "1.00"}
    assert balances.differences() == {}


def test_it_never_falls_below_zero() -> None:
    who = client(polish())
    credit(who, "9.84")
    placed = order(who)
    with pytest.raises(Refused, match="account_credit_too_low"):
        drawing.draw_for(order=placed.number, source="account_credit", amount=pln("9.85"), **WHO)
    with pytest.raises(Refused, match="deposit_too_low"):  # it is no deposit
        drawing.draw_for(order=placed.number, source="deposit", amount=pln("0.01"), **WHO)
    account = ledger.Account.objects.filter(kind="account_credit")
    with pytest.raises(IntegrityError, match="ledger_balance_not_below_floor"), transaction.atomic():
        account.update(balance_minor=-1)
    assert kept() == {"account_credit": "9.84"}


def test_a_top_up_is_never_paid_from_it() -> None:
    who = client(polish())
    credit(who, "60.00")
    topup = deposits.top_up_order(client=who, amount=pln("50.00"), expires_at=WEEK, at=AT, actor="client:C-1001")
    with pytest.raises(Refused, match="topup_from_deposit"):
        drawing.draw_for(order=topup.number, source="account_credit", **WHO)
    assert kept() == {"account_credit": "60.00"}


def paid_partly_by_credit(who: services.Client) -> models.Invoice:
    """An invoice over 27.06: 20.00 from account credit, 7.06 by transfer."""
    credit(who, "20.00")
    placed = order(who, signal_key="")
    drawing.draw_for(order=placed.number, source="account_credit", amount=pln("20.00"), **WHO)
    payments.record(
        gateway="bank", external_id=placed.number, amount=pln("7.06"), reference=placed.number, received_at=AT, **WHO
    )
    issued = invoices.issue(order=placed.number, on=ON, **WHO)
    assert issued is not None
    return issued


@pytest.mark.parametrize(("to", "place"), [("as_paid", "unapplied"), ("deposit", "deposit")])
def test_what_credit_paid_comes_back_as_credit_wherever_the_rest_goes(to: str, place: str) -> None:
    invoice = paid_partly_by_credit(client(polish()))
    for key, amount in (("a", "11.00"), ("b", "11.00")):  # 13.53 each: 7.06 + 6.47, then 13.53
        draft = drafted(invoice, amount, key=key, regime="at_once")
        corrections.issue(numbers=draft, on=ON, **WHO)
        corrections.credit(numbers=draft, to=to, **WHO)
    assert kept() == {place: "7.06", "account_credit": "20.00"}
    given = models.Credited.objects.order_by("pk").values_list("to", "amount_minor")
    before = ("account_credit", 2000)  # what the client had from another invoice
    assert list(given) == [before, (place, 706), ("account_credit", 647), ("account_credit", 1353)]
    assert balances.differences() == {}


def test_a_charge_is_paid_out_of_the_credit_in_the_same_moment() -> None:
    who = client(polish())
    draft = drafted(invoiced(who, ["50.00"]), "40.00", regime="at_once")  # 49.20 gross
    corrections.issue(numbers=draft, on=ON, **WHO)
    charge = order(who, signal_key="")  # 27.06
    corrections.credit(numbers=draft, to="account_credit", pays=charge.number, **WHO)
    seen = queries.order(number=charge.number)
    assert (seen.state, [(part.source, part.amount) for part in seen.parts]) == (
        "PAID",
        [("account_credit", pln("27.06"))],
    )
    assert kept() == {"account_credit": "22.14", "held": "27.06"}
