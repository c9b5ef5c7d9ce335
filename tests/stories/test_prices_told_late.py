"""A price that was loaded too late to be told in time is held back; quote, forecast, panel and renewal agree (D6)."""

import datetime as dt
import decimal
import re
from email import message_from_bytes, policy

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from planshift.catalog import load
from planshift.catalog import models as catalog
from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.interfaces.cli import renew
from planshift.interfaces.presenters import reasons
from planshift.procedures import models
from planshift.runtime import clock, runs
from planshift.runtime.models import Run
from planshift.services import models as services
from tests.house_rules import source
from tests.stories.conftest import Stage, sound
from tests.stories.test_answers_in_the_product import govern

pytestmark = pytest.mark.usefixtures("post")

LABEL = "archiwum"  # Professional, 961.20 net a year (1182.28 with 23 % VAT); its term ends on 1 February 2027
END = dt.date(2027, 2, 1)
AGREED = '{ answer = "full_new_price", buyer = "as_before", prices = "as_agreed", told_days = 30 }'


def listed(more: str) -> None:
    """Load the catalog with a further price of a year of Professional."""
    text = (source.ROOT / "catalogs/deposit.toml").read_text(encoding="utf-8")
    head, rest = text.split("[plans.professional]", 1)
    now = '  { period = 12, amount = "961.20" },\n'
    rest = rest.replace(now, f"{now}  {{ period = 12, {more} }},\n", 1)
    load.load_catalog(text=f"{head}[plans.professional]{rest}", name="deposit.toml", at=clock.business(), actor="test")


def to(stage: Stage, day: dt.date) -> None:
    stage.work()
    clock.move_to(at=clock.business() + (day - clock.business().date()), actor="test")
    stage.work()


def nets(stage: Stage) -> set[int]:
    """The net price of the next term, in grosze, as the panel, the service's quote and its facts say it."""
    service = stage.service(LABEL)
    card = stage.page(LABEL).card.renewal
    assert card is not None
    browser = Client()
    member = get_user_model().objects.filter(memberships__client=service.client).first()
    assert member is not None
    browser.force_login(member)
    browser.cookies["django_language"] = "en"
    shown = browser.get(f"/services/{service.number}/").content.decode().replace("\u00a0", " ")
    assert f"{card.gross.minor / 100:,.2f}" in shown
    offered = stage.quote(LABEL, facts.ChangeResources(amounts={"ip": 1})).offer.next_renewal
    assert offered is not None
    return {card.net.minor, offered.amount.net.minor - 108_00}  # a year of the further address


def letters(stage: Stage) -> list[str]:
    rows = models.OutgoingMail.objects.filter(purpose="price_change", about=stage.service(LABEL).number)
    parts = [message_from_bytes(bytes(each.raw), policy=policy.default).get_body(("plain",)) for each in rows]
    return [str(part.get_content()).replace("\u00a0", " ") for part in parts if part is not None]


def announced(stage: Stage, start_on: dt.date = END) -> int:
    row = models.Renewal.objects.select_related("order").get(service=stage.service(LABEL), start_on=start_on)
    assert row.order is not None
    return row.order.net_minor


@pytest.mark.parametrize("existing", [False, True])
def test_D6_a_price_loaded_late_holds_from_the_first_renewal_that_was_told_in_time(
    stage: Stage, existing: bool
) -> None:
    begins = dt.date(2027, 1, 15)
    if existing:
        govern(stage, LABEL, renewal=AGREED)
    to(stage, dt.date(2027, 1, 10))
    listed(f'amount = "1100.00", from = {begins}' + (f", existing_from = {begins}" if existing else ""))
    assert nets(stage) == {961_20}  # written today, the letter would be in time for 9 February
    to(stage, dt.date(2027, 1, 11))
    (letter,) = letters(stage)
    assert (
        "od 10 lutego 2027" in letter and "1182,28" in letter.replace(" ", "") and "1353,00" in letter.replace(" ", "")
    )  # 1100.00 x 1.23
    assert nets(stage) == {961_20}
    to(stage, dt.date(2027, 1, 18))
    assert announced(stage) == 961_20
    order = models.Renewal.objects.get(service=stage.service(LABEL), start_on=END).order
    assert order is not None
    stage.pay(order.number)
    assert nets(stage) == {1100_00}  # the term from February 2028
    to(stage, dt.date(2028, 1, 18))
    assert announced(stage, dt.date(2028, 2, 1)) == 1100_00 and len(letters(stage)) == 1
    sound()


def test_D6_a_price_that_begins_before_it_is_loaded_is_told_and_held_back_too(stage: Stage) -> None:
    to(stage, dt.date(2027, 1, 10))
    listed('amount = "1100.00", from = 2026-12-01')
    assert nets(stage) == {961_20}
    to(stage, dt.date(2027, 1, 11))
    assert "od 10 lutego 2027" in letters(stage)[0]
    to(stage, dt.date(2027, 1, 18))
    assert announced(stage) == 961_20 and len(letters(stage)) == 1
    sound()


def test_D6_told_in_time_or_cheaper_or_never_promised_holds_at_once(stage: Stage) -> None:
    listed('amount = "1100.00", from = 2027-01-15')  # known since September
    to(stage, dt.date(2026, 12, 16))
    assert "od 15 stycznia 2027" in letters(stage)[0]
    to(stage, dt.date(2027, 1, 16))
    assert nets(stage) == {1100_00}
    listed('amount = "900.00", from = 2027-01-15')
    assert nets(stage) == {900_00}
    listed('amount = "900.00", from = 2027-01-15 }, { period = 12, amount = "1200.00", from = 2027-01-16')
    assert nets(stage) == {900_00}
    govern(stage, LABEL, renewal=AGREED.replace("as_agreed", "of_the_day").replace("30", "0"))
    assert nets(stage) == {1200_00}


def test_D6_who_could_not_be_told_keeps_the_old_price_until_somebody_mends_the_address(stage: Stage) -> None:
    client, good = stage.service(LABEL).client, stage.service(LABEL).client.email
    listed('amount = "1100.00", from = 2026-10-05')
    services.Client.objects.filter(pk=client.pk).update(email="ż@x.pl")
    to(stage, dt.date(2026, 9, 6))
    stuck = Run.objects.get(kind="price_news_batch", state="STUCK", key__contains=stage.service(LABEL).number)
    to(stage, dt.date(2027, 1, 18))
    assert announced(stage) == 961_20 and letters(stage) == []
    services.Client.objects.filter(pk=client.pk).update(email=good)
    runs.retry(key=stuck.key, actor="test", note="the address is mended")
    stage.work()
    (letter,) = letters(stage)
    assert "od 17 lutego 2027" in letter
    sound()


def test_D6_who_takes_a_plan_while_its_new_price_is_listed_renews_as_quoted(stage: Stage) -> None:
    to(stage, dt.date(2027, 1, 10))
    listed('amount = "1100.00", from = 2027-01-15')
    quote = stage.quote("vps1.piekarnia", "professional")
    assert quote.offer.next_renewal is not None and quote.offer.next_renewal.amount.net.minor == 1100_00
    change = stage.order(quote)
    stage.pay(change.order) if change.state == "AWAITING_PAYMENT" else stage.work()
    card = stage.page("vps1.piekarnia").card
    assert card.plan_code == "professional" and card.renewal is not None and card.renewal.net.minor == 1100_00
    to(stage, dt.date(2027, 1, 11))
    card = stage.page("vps1.piekarnia").card
    assert card.renewal is not None and card.renewal.net.minor == 1100_00


def test_D6_who_took_a_plan_before_an_earlier_dated_price_was_loaded_is_told_of_it_too(stage: Stage) -> None:
    """His quote said 961.20: a price that is dated before it, and loaded after it, is no price he could know."""
    to(stage, dt.date(2027, 1, 10))
    change = stage.order(stage.quote("vps1.piekarnia", "professional"))
    stage.pay(change.order) if change.state == "AWAITING_PAYMENT" else stage.work()
    card = stage.page("vps1.piekarnia").card
    assert card.plan_code == "professional" and card.renewal is not None and card.renewal.net.minor == 961_20
    to(stage, dt.date(2027, 1, 12))
    listed('amount = "1100.00", from = 2027-01-05')
    to(stage, dt.date(2027, 1, 13))
    card = stage.page("vps1.piekarnia").card
    end = card.term_end_on
    told = models.OutgoingMail.objects.filter(purpose="price_change", about=stage.service("vps1.piekarnia").number)
    assert told.count() == 1 and end is not None
    held = end < dt.date(2027, 2, 12)
    assert card.renewal is not None and card.renewal.net.minor == (961_20 if held else 1100_00)


def test_D6_a_late_price_of_another_plan_takes_nothing_back_of_a_price_that_holds(stage: Stage) -> None:
    govern(stage, LABEL, renewal=AGREED.replace("as_agreed", "of_the_day").replace("30", "0"))
    listed('amount = "1100.00", from = 2026-10-05')
    to(stage, dt.date(2026, 12, 1))
    govern(stage, LABEL, renewal=AGREED.replace("as_agreed", "of_the_day"))
    assert nets(stage) == {1100_00}
    text = catalog.CatalogRevision.objects.filter(seller__code=stage.service(LABEL).client.seller.code).latest("number")
    head, rest = text.text.split("[plans.standard]", 1)
    now = re.search(r"  \{ period = 12, amount = [^}]*\},\n", rest)
    assert now is not None
    more = '  { period = 12, amount = "999.00", from = 2026-10-05 },\n'
    rest = rest[: now.end()] + more + rest[now.end() :]
    load.load_catalog(text=f"{head}[plans.standard]{rest}", name="deposit.toml", at=clock.business(), actor="test")
    assert nets(stage) == {1100_00}
    to(stage, dt.date(2026, 12, 3))
    assert letters(stage) == []


def test_D6_the_dry_run_of_the_renewals_names_the_price_that_is_held(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    to(stage, dt.date(2027, 1, 10))
    renew.main(["--on", "2027-01-18", "--dry-run"])
    before = capsys.readouterr().out
    listed('amount = "1100.00", from = 2027-01-15')
    renew.main(["--on", "2027-01-18", "--dry-run"])
    assert capsys.readouterr().out == before and "net 961.20" in before


def test_D6_the_dry_run_of_a_later_day_counts_on_the_letter_of_tomorrow(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    def net() -> decimal.Decimal:
        renew.main(["--on", "2027-01-18", "--dry-run"])
        return decimal.Decimal(re.findall(r"net ([0-9.]+)", capsys.readouterr().out)[1])  # of the Polish seller

    before = net()
    listed('amount = "1100.00", from = 2026-08-01')
    assert net() - before == decimal.Decimal("138.80")  # 1100.00 - 961.20, one service


@pytest.mark.parametrize("days", [0, 10, 60])
def test_D6_a_letter_names_the_day_for_good_whatever_the_policy_says_later(stage: Stage, days: int) -> None:
    to(stage, dt.date(2027, 1, 10))
    listed('amount = "1100.00", from = 2027-01-15')
    to(stage, dt.date(2027, 1, 11))
    (letter,) = letters(stage)
    assert "od 10 lutego 2027" in letter
    govern(stage, LABEL, renewal=AGREED.replace("as_agreed", "of_the_day").replace("30", str(days)))
    assert nets(stage) == {961_20}  # its term begins on 1 February
    to(stage, dt.date(2027, 1, 18))
    assert announced(stage) == 961_20 and len(letters(stage)) == 1
    sound()


def test_D6_a_longer_time_to_tell_does_not_hold_back_what_was_told_in_time(stage: Stage) -> None:
    listed('amount = "1100.00", from = 2027-01-15')
    to(stage, dt.date(2026, 12, 16))
    assert "od 15 stycznia 2027" in letters(stage)[0]
    govern(stage, LABEL, renewal=AGREED.replace("as_agreed", "of_the_day").replace("30", "90"))
    assert nets(stage) == {1100_00}


def dearer(was: str, now: str) -> None:
    """Load the catalog with the price of a year of Professional changed where it stands."""
    text = (source.ROOT / "catalogs/deposit.toml").read_text(encoding="utf-8")
    head, rest = text.split("[plans.professional]", 1)
    assert was in rest
    rest = rest.replace(was, now, 1)
    load.load_catalog(text=f"{head}[plans.professional]{rest}", name="deposit.toml", at=clock.business(), actor="test")


def test_D6_a_price_that_rises_where_it_stands_is_refused_since_nobody_would_be_told(stage: Stage) -> None:
    loaded = catalog.CatalogRevision.objects.count()
    with pytest.raises(Refused) as refused:
        dearer('{ period = 12, amount = "961.20" }', '{ period = 12, amount = "1100.00" }')
    assert refused.value.code == "price_raised_in_place"
    (told,) = reasons.sentences(refused.value)
    assert "professional" in told and "961.20" in told and "1100.00" in told
    assert catalog.CatalogRevision.objects.count() == loaded and nets(stage) == {961_20}
    dearer('{ period = 12, amount = "961.20" }', '{ period = 12, amount = "900.00" }')  # cheaper waits for nobody
    assert nets(stage) == {900_00}


def test_D6_a_price_that_is_put_in_the_place_of_another_is_refused_too(stage: Stage) -> None:
    """Without the former price nothing holds for who is a client already: he would pay the first price that is left."""
    to(stage, dt.date(2027, 1, 10))
    with pytest.raises(Refused, match="price_raised_in_place"):
        dearer('amount = "961.20" }', 'amount = "1100.00", from = 2027-01-20 }')
    assert nets(stage) == {961_20}


def test_D6_a_price_that_was_listed_for_a_day_does_not_rise_any_more(stage: Stage) -> None:
    listed('amount = "1000.00", from = 2027-01-15')
    to(stage, dt.date(2026, 12, 16))
    assert "1230,00" in letters(stage)[0].replace(" ", "")  # 1000.00 x 1.23
    with pytest.raises(Refused, match="price_raised_in_place"):
        listed('amount = "1100.00", from = 2027-01-15')
    to(stage, dt.date(2027, 1, 18))
    assert announced(stage) == 1000_00
    sound()


def test_D6_where_clients_are_told_nothing_and_promised_nothing_the_list_of_the_day_counts(stage: Stage) -> None:
    govern(stage, LABEL, renewal=AGREED.replace("as_agreed", "of_the_day").replace("30", "0"))
    dearer('{ period = 12, amount = "961.20" }', '{ period = 12, amount = "1100.00" }')
    assert nets(stage) == {1100_00}
