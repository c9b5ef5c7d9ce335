"""Account credit that staff grant, and take back as far as it is not used: with a reason, once, never money."""

import datetime as dt

import pytest

from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.interfaces.backoffice import door
from planshift.ledger import balances
from planshift.ledger import models as ledger
from planshift.procedures import goodwill
from planshift.runtime import audit, clock
from planshift.services.queries import NotFound
from tests.interfaces.api import known
from tests.stories.conftest import Stage, sound
from tests.stories.test_account_credit import LABEL, eur, lowered, sources
from tests.stories.test_account_credit_doors import SELLER, WHO
from tests.stories.test_deposit import enter, text
from tests.stories.test_undone import held

pytestmark = pytest.mark.usefixtures("post")


def move(stage: Stage, what: str, amount: str, *, key: str, note: str = "an outage", seller: str = SELLER) -> None:
    """By staff of this seller."""
    act = goodwill.grant if what == "grant" else goodwill.take_back
    who = {"sellers": (seller,), "client": stage.service(LABEL).client.number, "at": clock.business()}
    act(**who, amount=eur(amount), note=note, key=key, actor="user:7")  # type: ignore[arg-type]


def test_staff_grant_credit_with_a_reason_once_and_it_pays_an_order_and_never_becomes_money(stage: Stage) -> None:
    for _ in range(2):  # a double click
        move(stage, "grant", "30.00", key="first")
    assert held(stage, LABEL) == {"account_credit": "30.00"}
    with pytest.raises(Refused, match="key_reused"):
        move(stage, "grant", "31.00", key="first")
    (written,) = audit.history(kind="client", number=stage.service(LABEL).client.number)[-1:]
    assert (written.event, written.note, written.actor) == ("account credit granted", "an outage", "user:7")
    assert written.facts == {"amount": "30.00", "currency": "EUR"}
    spent = balances.of_seller(seller=SELLER, kind="goodwill", currency="EUR")
    assert spent == eur("30.00")  # the counter-account: the seller's expense
    up = stage.order(stage.quote(LABEL, "gold"))
    assert (up.state, sources(up.order)) == ("DONE", [("account_credit", "26.84")])
    for amount in ("3.17", "30.00"):  # more than is not used
        with pytest.raises(Refused) as refused:
            move(stage, "take back", amount, key=f"back-{amount}")
        (reason,) = refused.value.reasons
        assert reason.code == "account_credit_not_granted" and reason.facts["left"] == eur("3.16")
    for _ in range(2):
        move(stage, "take back", "3.16", key="rest")
    assert held(stage, LABEL) == {}
    assert balances.of_seller(seller=SELLER, kind="goodwill", currency="EUR") == eur("26.84")
    moved = ledger.Transfer.objects.filter(debit__kind="account_credit").values_list("credit__kind", flat=True)
    assert set(moved) == {"held", "goodwill"}
    sound()


def test_what_changes_gave_back_is_not_taken(stage: Stage) -> None:
    """26.84 of a decrease and 10.00 granted: what is used counts as the decrease's first."""
    lowered(stage)
    with pytest.raises(Refused, match="account_credit_not_granted"):
        move(stage, "take back", "0.01", key="nothing-granted")
    move(stage, "grant", "10.00", key="granted")
    assert held(stage, LABEL) == {"account_credit": "36.84"}
    with pytest.raises(Refused, match="account_credit_not_granted"):
        move(stage, "take back", "10.01", key="too-much")
    move(stage, "take back", "4.00", key="some")
    with pytest.raises(Refused, match="account_credit_not_granted"):
        move(stage, "take back", "6.01", key="again-too-much")
    move(stage, "take back", "6.00", key="all")
    assert held(stage, LABEL) == {"account_credit": "26.84"}
    sound()


def test_what_is_refused_leaves_nothing(stage: Stage) -> None:
    for how, code in (
        ({"amount": "0.00"}, "account_credit_amount"),
        ({"amount": "5.00", "note": " "}, "note_needed"),
    ):
        with pytest.raises(Refused, match=code):
            move(stage, "grant", key="k", **how)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        move(stage, "grant", "5.00", key="k", seller="demo-chmura-polska")
    client = stage.service(LABEL).client.number
    zloty = {"amount": Money.of("5.00", "PLN"), "note": "n", "key": "k", "at": clock.business(), "actor": "user:7"}
    with pytest.raises(Refused, match="account_credit_currency"):
        goodwill.grant(sellers=(SELLER,), client=client, **zloty)  # type: ignore[arg-type]
    assert held(stage, LABEL) == {}


def test_staff_do_it_on_the_clients_page_and_the_client_reads_it_in_plain_words(stage: Stage) -> None:
    client = stage.service(LABEL).client.number
    office, page = enter("personale"), f"/staff/clients/{client}/"
    assert "Take credit back" not in text(office.get(page).content)
    form = {"amount": "10", "note": "an outage", "key": door.new_key(), "decision": "grant"}
    for _ in range(2):
        assert office.post(f"{page}credit/", form).status_code == 302
    assert "Can be taken back: €10.00." in text(office.get(page).content)
    back = form | {"decision": "take_back", "amount": "4,00", "key": door.new_key()}
    assert office.post(f"{page}credit/", back | {"note": ""}).status_code == 409
    assert office.post(f"{page}credit/", back | {"amount": "11"}).status_code == 409
    assert office.post(f"{page}credit/", back | {"decision": "pay_out"}).status_code == 409
    assert office.post(f"{page}credit/", back).status_code == 302
    assert held(stage, LABEL) == {"account_credit": "6.00"}
    # staff of another seller and the client find no such page
    assert enter("obsluga").post(f"{page}credit/", form | {"key": door.new_key()}).status_code == 404
    browser = enter(WHO)
    assert browser.post(f"{page}credit/", form | {"key": door.new_key()}).status_code == 404
    shown = text(browser.get("/payments/credit/").content)
    assert "Credit granted by the provider" in shown and "Credit taken back by the provider" in shown
    assert "Credit granted by the provider" in text(browser.get("/payments/").content)
    for language, words in (("pl", "Środki przyznane przez dostawcę"), ("it", "Credito concesso dal fornitore")):
        browser.cookies["django_language"] = language
        assert words in browser.get("/payments/credit/").content.decode()
    sound()


def test_the_api_grants_and_takes_back_for_the_seller_alone_once_per_key(stage: Stage) -> None:
    client, today = stage.service(LABEL).client.number, clock.business().date()
    api = known.caller(SELLER)
    body = {"amount": "10.00", "currency": "EUR", "reason": "an outage"}

    def send(what: str, token: str = api.token, key: str = "one", **more: str):  # type: ignore[no-untyped-def]
        return api.browser.post(
            f"/api/v1/clients/{client}/account-credit/{what}",
            body | more,
            content_type="application/json",
            headers={"authorization": f"Bearer {token}", "idempotency-key": key},
        )

    for _ in range(2):
        assert send("grants").json()["balance"] == "10.00"
    assert send("grants", amount="11.00").status_code == 409  # key_reused
    assert send("take-backs", key="two", amount="10.01").status_code == 409
    assert send("take-backs", key="two", amount="4.00").json()["balance"] == "6.00"
    assert send("grants", known.caller(SELLER, client=client).token, key="three").status_code == 403
    assert send("grants", known.caller("demo-chmura-polska").token, key="four").status_code == 404
    found = api.get(f"/clients/{client}/account-credit/statement?from={today}&to={today + dt.timedelta(days=1)}").json()
    assert [(each["code"], each["amount"]) for each in found["movements"]] == [
        ("account_credit_granted", "10.00"),
        ("account_credit_taken_back", "-4.00"),
    ]
    sound()
