"""A new price: from when does it hold for existing contracts, and who is told of it before? (D6, H8)"""

import datetime as dt
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.catalog import load
from planshift.ledger import balances
from planshift.procedures import knowledge, models, ports, reconciling
from planshift.runtime import clock, runs
from planshift.runtime.models import Run
from planshift.services import models as services
from tests.house_rules import source
from tests.stories.conftest import Stage
from tests.stories.test_answers_in_the_product import govern

LABEL = "pasticceria"  # Silver, 69.00 net a year; 84.18 with 22 % VAT
DAY = dt.date(2026, 10, 1)
LATER = dt.date(2027, 3, 1)
AGREED = '{ answer = "full_new_price", buyer = "current", prices = "as_agreed", told_days = 30 }'
LISTED = '{ answer = "full_new_price", buyer = "current", prices = "of_the_day", told_days = 30 }'


@pytest.fixture(autouse=True)
def post(tmp_path: Path) -> Iterator[SimulatedMail]:
    made = SimulatedMail(folder=tmp_path)
    before = (ports._out[:], ports._in[:])
    ports.bind_mail(out=made, mailbox=made)
    yield made
    ports._out[:], ports._in[:] = before


def listed(silver: str, gold: str = "") -> None:
    """Load the catalog with further prices of a year of Silver (now 69.00) and of Gold (now 135.00)."""
    text = (source.ROOT / "catalogs/easy-hard.toml").read_text(encoding="utf-8")
    for plan, now, more in (("silver", "69.00", silver), ("gold", "135.00", gold)):
        head, rest = text.split(f"[plans.{plan}]", 1)
        assert f'price = "{now}"\nperiod = 12\n' in rest
        more = f", {{ period = 12, {more} }}" if more else ""
        rest = rest.replace(
            f'price = "{now}"\nperiod = 12\n', f'prices = [{{ period = 12, amount = "{now}" }}{more}]\n', 1
        )
        text = f"{head}[plans.{plan}]{rest}"
    load.load_catalog(text=text, name="easy-hard.toml", at=clock.business(), actor="test")


def to(stage: Stage, day: dt.date) -> None:
    clock.move_to(at=clock.business() + (day - clock.business().date()) * 1, actor="test")
    stage.work()


def page(stage: Stage, path: str) -> str:
    browser = Client(raise_request_exception=False)
    member = get_user_model().objects.filter(memberships__client=stage.service(LABEL).client).first()
    assert member is not None
    browser.force_login(member)
    browser.cookies["django_language"] = "en"
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def renewed_at(stage: Stage) -> int:
    """Announce the renewal; its net in cents."""
    end = stage.page(LABEL).card.term_end_on
    assert end is not None and end > DAY
    to(stage, end - dt.timedelta(days=10))
    row = models.Renewal.objects.select_related("order").get(service=stage.service(LABEL), start_on=end)
    assert row.order is not None
    return row.order.net_minor


def sound() -> None:
    assert balances.differences() == {} and list(reconciling.differences()) == []


@pytest.mark.parametrize(
    ("answer", "price", "net"),
    [
        (LISTED, f'amount = "75.00", from = {DAY}', 75_00),
        (AGREED, f'amount = "75.00", from = {DAY}', 69_00),  # kept for as long as it is renewed
        (AGREED, f'amount = "75.00", from = {DAY}, existing_from = {DAY}', 75_00),
        (AGREED, f'amount = "75.00", from = {DAY}, existing_from = {LATER}', 69_00),
        (LISTED, f'amount = "75.00", from = {DAY}, existing_from = {LATER}', 69_00),
    ],
)
def test_H8_the_price_of_an_existing_contract_is_the_policys_and_everybody_names_the_same(
    stage: Stage, answer: str, price: str, net: int
) -> None:
    govern(stage, LABEL, renewal=answer)
    listed(price)
    number = stage.service(LABEL).number
    end = stage.page(LABEL).card.term_end_on
    assert end is not None and DAY < end < LATER
    card = stage.page(LABEL).card.renewal
    assert card is not None and card.net.minor == net
    gross = f"{net * 122 / 10000:.2f}"  # 84.18 or 91.50
    assert gross in page(stage, f"/services/{number}/")
    assert renewed_at(stage) == net
    order = models.Renewal.objects.get(service=stage.service(LABEL), start_on=end).order
    assert order is not None
    stage.pay(order.number)
    sound()


def test_H8_another_plan_is_another_contract_and_the_quote_says_its_renewal(stage: Stage) -> None:
    govern(stage, LABEL, renewal=AGREED)
    to(stage, DAY)
    listed(f'amount = "75.00", from = {DAY}', f'amount = "150.00", from = {DAY}')
    quote = stage.quote(LABEL, "gold")
    assert quote.offer.next_renewal is not None and quote.offer.next_renewal.amount.net.minor == 150_00
    stage.pay(stage.order(quote).order)
    assert stage.page(LABEL).card.plan_code == "gold"
    card = stage.page(LABEL).card.renewal
    assert card is not None and card.net.minor == 150_00
    assert renewed_at(stage) == 150_00
    sound()


def test_H8_more_of_it_is_the_same_contract(stage: Stage) -> None:
    """Two other quotes of the same day: the plan that was agreed, at another price than the list's."""
    govern(stage, LABEL, renewal=AGREED)
    to(stage, DAY)
    listed("", f'amount = "150.00", from = {DAY + dt.timedelta(days=5)}')
    stage.pay(stage.order(stage.quote(LABEL, "gold")).order)
    stage.days(10)  # Gold costs 150.00 since five days, for whoever takes it now
    assert renewed_at(stage) == 135_00
    sound()


def test_H8_a_change_that_is_paid_after_a_new_price_renews_at_what_its_quote_said(stage: Stage) -> None:
    govern(stage, LABEL, renewal=AGREED)
    listed("", f'amount = "150.00", from = {DAY}')
    to(stage, DAY - dt.timedelta(days=3))
    quote = stage.quote(LABEL, "gold")
    assert quote.offer.next_renewal is not None and quote.offer.next_renewal.amount.net.minor == 135_00
    ordered = stage.order(quote)
    stage.days(4)
    stage.pay(ordered.order)  # one day after the new price has begun
    assert stage.page(LABEL).card.plan_code == "gold"
    card = stage.page(LABEL).card.renewal
    assert card is not None and card.net.minor == 135_00
    known = knowledge.of(service=stage.service(LABEL).number, at=clock.business()).facts
    assert known.service.agreed_on == DAY - dt.timedelta(days=3)
    assert renewed_at(stage) == 135_00
    sound()


def test_H8_a_change_that_begins_with_the_next_term_costs_what_its_quote_said(stage: Stage) -> None:
    govern(stage, LABEL, renewal=AGREED, decrease='"at_renewal"')
    stage.pay(stage.order(stage.quote(LABEL, "gold")).order)
    listed(f'amount = "75.00", from = {DAY}')
    quote = stage.quote(LABEL, "silver")
    assert quote.offer.timing == "at_renewal"
    assert quote.offer.next_renewal is not None and quote.offer.next_renewal.amount.net.minor == 69_00
    stage.order(quote)
    assert renewed_at(stage) == 69_00  # announced in a later year
    sound()


def letters(stage: Stage) -> list[tuple[str, str]]:
    found = models.OutgoingMail.objects.filter(purpose="price_change").order_by("pk")
    told = []
    for row in found:
        part = message_from_bytes(bytes(row.raw), policy=policy.default).get_body(("plain",))
        assert part is not None
        told.append((row.about, str(part.get_content()).replace("\u00a0", " ")))
    return told


def test_H8_a_higher_price_is_told_once_so_many_days_before_it_holds(stage: Stage) -> None:
    govern(stage, LABEL, renewal=LISTED)
    day = dt.date(2026, 10, 15)
    listed(f'amount = "75.00", from = {day}')
    number = stage.service(LABEL).number
    to(stage, day - dt.timedelta(days=31))
    assert letters(stage) == []
    stage.days(1)
    (text,) = [text for about, text in letters(stage) if about == number]  # Silver is told, once
    assert "dal 15 ottobre 2026" in text and "84,18 €" in text and "91,50 €" in text
    stage.days(3)
    assert [about for about, _ in letters(stage)].count(number) == 1


def test_one_bad_address_holds_up_no_other_letter_and_staff_see_it_once(stage: Stage) -> None:
    govern(stage, LABEL, renewal=LISTED)
    day = dt.date(2026, 10, 15)
    listed(f'amount = "75.00", from = {day}', f'amount = "150.00", from = {day}')
    first = stage.service(LABEL)
    other, good = stage.service("ristorante"), first.client.email  # Silver too
    assert other.client_id != first.client_id
    services.Client.objects.filter(pk=first.client_id).update(email="ż@x.pl")
    to(stage, day - dt.timedelta(days=30))
    assert other.number in {about for about, _ in letters(stage)}
    stage.days(2)
    assert first.number not in {about for about, _ in letters(stage)}
    (stuck,) = Run.objects.filter(kind__startswith="price_news", state="STUCK")
    assert stuck.key == f"price_news_batch:price_change:{first.number}:{day}" and "mail_address_bad" in stuck.reason
    services.Client.objects.filter(pk=first.client_id).update(email=good)
    runs.retry(key=stuck.key, actor="test", note="the address is mended")
    stage.days(1)
    assert [about for about, _ in letters(stage)].count(first.number) == 1
    assert [about for about, _ in letters(stage)].count(other.number) == 1
    assert not Run.objects.filter(kind__startswith="price_news", state="STUCK").exists()


def test_a_lower_price_and_a_price_that_is_not_for_existing_contracts_are_not_told(stage: Stage) -> None:
    govern(stage, LABEL, renewal=AGREED)
    day = dt.date(2026, 9, 20)
    listed(f'amount = "75.00", from = {day}', f'amount = "100.00", from = {day}, existing_from = {day}')
    stage.days(3)
    assert letters(stage) == []
