"""What does somebody see who orders twice, pays in another language, or comes with an old link?"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone, translation

from planshift.interfaces.panel import actions
from planshift.interfaces.presenters import amounts
from planshift.procedures import models
from tests.interfaces.panel.test_the_way import quoted, text

Enter, Number = Callable[..., Client], Callable[[str], str]


def test_an_order_from_another_tab_in_the_same_moment_leads_to_the_change(
    enter: Enter, service_of: Number, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, order = enter("silver"), actions.order
    quote = quoted(browser, service_of("silver"), "gold")

    def slower(**asked: Any) -> str:
        order(**{**asked, "key": "othertab01234567"})
        return order(**asked)

    monkeypatch.setattr(actions, "order", slower)
    answer = browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    change = models.Change.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/changes/{change.number}/")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Simulated bank"), ("it", "Banca simulata"), ("pl", "Bank symulowany")]
)
def test_the_payment_page_speaks_the_language_in_which_the_client_reads(
    enter: Enter, service_of: Number, language: str, words: str
) -> None:
    browser = enter("silver", language=language)
    quote = quoted(browser, service_of("silver"), "gold")
    browser.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})
    order = models.Change.objects.select_related("order").get().order
    assert order is not None
    target = browser.post(f"/orders/{order.number}/card/").headers["Location"]
    assert words in text(browser.get(target))


def test_an_old_login_link_says_so_and_leads_to_the_people(enter: Enter, settings: Any) -> None:
    settings.DEMO = True
    answer = Client().get("/demo/login/MQ:1xVF18:2qI71RLCd1t4hLuo3b5NF4gxt71LNXjISS/")
    assert answer.status_code == 404
    assert "This login link is no longer valid" in text(answer) and 'href="/demo/"' in answer.content.decode()
    settings.DEMO = False
    assert "login link" not in text(Client().get("/demo/login/MQ:1xVF18:2qI71RLCd1t4hLuo3b5NF4gxt71LNXjISS/"))


@pytest.mark.parametrize(
    ("at", "zone", "words"),
    [
        # midnight in Rome (UTC+1 in November) ends the 29th; the same instant is 23:00 in London
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), "Europe/Rome", "29 Nov 2026, 24:00"),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), "Europe/London", "29 Nov 2026, 23:00"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "Europe/Warsaw", "31 Dec 2026, 24:00"),
        (datetime(2026, 11, 29, 23, 0, 1, tzinfo=UTC), "Europe/Rome", "30 Nov 2026, 00:00"),
    ],
)
def test_a_deadline_at_midnight_is_the_end_of_its_day(at: datetime, zone: str, words: str) -> None:
    with timezone.override(ZoneInfo(zone)), translation.override("en"):
        assert amounts.until(at).replace("\u00a0", " ") == words


def test_a_quote_is_valid_to_the_end_of_a_day(enter: Enter, service_of: Number) -> None:
    browser = enter("silver")
    page = text(browser.get(f"/quotes/{quoted(browser, service_of('silver'), 'gold')}/"))
    assert ", 24:00" in page and ", 00:00" not in page
