"""Account credit as it is seen from outside: in the panel, by the API, by staff, on paper."""

import csv
import datetime as dt
import io
import re

import pypdf
import pytest

from planshift.catalog import load
from planshift.procedures import queries
from planshift.runtime import clock
from planshift.services import models as services
from tests.house_rules import source
from tests.interfaces.api import known
from tests.stories.conftest import Stage
from tests.stories.test_account_credit import ANSWERS, LABEL, lowered
from tests.stories.test_answers_in_the_product import govern
from tests.stories.test_deposit import enter, text

pytestmark = pytest.mark.usefixtures("post")
WHO, SELLER = "silver", "demo-host-italia"


def test_the_client_sees_the_credit_what_it_pays_and_every_movement(stage: Stage) -> None:
    browser = enter(WHO)
    assert "Account credit" not in text(browser.get("/payments/").content)
    made = lowered(stage)
    assert "€26.84" in text(browser.get("/payments/").content)
    shown = text(browser.get("/payments/credit/").content)
    assert "It is used by itself for changes and renewals" in shown and "It is not paid out" in shown
    assert "Credit of a corrective invoice, to the account credit" in shown and "€26.84" in shown
    assert "Credit on your account" in text(browser.get(f"/changes/{made}/").content)
    govern(stage, LABEL, **ANSWERS, change_fee='[{ answer = "flat", amount = "10.00" }]')
    quote = stage.quote(LABEL, "gold")  # 39.04
    asked = text(browser.get(f"/quotes/{quote.number}/").content)
    assert "€26.84 of it from your account credit, €12.20 otherwise" in asked
    up = stage.order(quote)
    order = text(browser.get(f"/orders/{up.order}/").content)
    assert "of it from your account credit: €26.84" in order and "Pay €12.20 by card" in order
    today = clock.business().date()
    query = f"?from={today}&to={today}"
    told = list(csv.DictReader(io.StringIO(browser.get(f"/payments/credit/statement.csv{query}").content.decode())))
    assert [(row["code"], row["amount"], row["balance"]) for row in told] == [
        ("opening_balance", "", "0.00"),
        ("credit_to_account_credit", "26.84", "26.84"),
        ("account_credit_drawn", "-26.84", "0.00"),
    ]
    paper = pypdf.PdfReader(io.BytesIO(browser.get(f"/payments/credit/statement.pdf{query}").content))
    assert "Estratto del credito del conto" in paper.pages[0].extract_text()


def test_the_api_and_staff_see_the_balance_and_another_client_does_not(stage: Stage) -> None:
    lowered(stage, account_credit='"renewals_only"')
    client, today = stage.service(LABEL).client.number, clock.business().date()
    api = known.caller(SELLER)
    assert api.get(f"/clients/{client}/account-credit").json() == {
        "balance": "26.84",
        "currency": "EUR",
        "pays": "renewals",
    }
    found = api.get(f"/clients/{client}/account-credit/statement?from={today}&to={today + dt.timedelta(days=1)}").json()
    assert (found["opening"], found["closing"]) == ("0.00", "26.84")
    other = known.caller("demo-chmura-polska")
    assert other.get(f"/clients/{client}/account-credit").status_code == 404
    office = text(enter("personale").get(f"/staff/clients/{client}/").content)
    assert re.search(r"Account credit €26\.84", office)
    assert "It is used by itself for renewals," in text(enter(WHO).get("/payments/credit/").content)


def test_what_the_credit_pays_is_said_as_the_families_of_the_clients_services_have_it(stage: Stage) -> None:
    """The policy says another answer for a family: the client with such services reads that one."""
    lowered(stage)
    client, seller = stage.service(LABEL).client, stage.service(LABEL).client.seller
    credit = {name: f'\n[family.{name}]\naccount_credit = "renewals_only"\n' for name in ("hosting", "vps")}
    text_of = (source.ROOT / "policies/easy-hard.toml").read_text(encoding="utf-8")

    def told(*families: str) -> set[str]:
        own = text_of.replace("\n[[case]]", "".join(credit[name] for name in families) + "\n[[case]]", 1)
        load.load_policy(seller=seller.code, text=own, at=clock.business(), actor="test")
        page = queries.money(client=client.number, at=clock.business())
        api = known.caller(SELLER).get(f"/clients/{client.number}/account-credit").json()
        return {page.credit_pays, api["pays"]}

    assert told() == {"changes_and_renewals"}
    assert told("vps") == {"changes_and_renewals"}  # nothing of this client's
    assert told("hosting") == {"renewals"}
    other = client.services.exclude(pk=stage.service(LABEL).pk).first() or services.Service.objects.create(
        client=client,
        number="S-OTHER",
        label="vps.pasticceria",
        family="vps",
        plan="vps",
        months=12,
        state="ACTIVE",
        created_at=clock.business(),
    )
    services.Service.objects.filter(pk=other.pk).update(family="vps", state="ACTIVE")
    assert told("hosting") == {"renewals_and_some_changes"}
    assert told("hosting", "vps") == {"renewals"}
    services.Service.objects.filter(pk=other.pk).update(state="ENDED")
    assert told("vps") == {"changes_and_renewals"}  # what is over asks for nothing
    shown = text(enter(WHO).get("/payments/credit/").content)
    assert "It is used by itself for changes and renewals" in shown
