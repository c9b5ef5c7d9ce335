"""Where the policy leaves the settlement to the client, every door offers each with its price and takes the choice."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from planshift.catalog import load
from planshift.interfaces.cli import quote as command
from planshift.procedures import models
from planshift.runtime import clock
from planshift.services import models as services
from tests.house_rules import source
from tests.interfaces.api.known import caller

Enter, Number = Callable[..., Client], Callable[[str], str]
CHOICES = 'settlement = { answer = "client_chooses", options = ["difference", "full_difference"] }'
KEY = "0123456789abcdef"


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("\xa0", " "))


def written() -> str:
    shipped = (source.ROOT / "policies/easy-hard.toml").read_text(encoding="utf-8")
    changed, times = re.subn(r"(?m)^settlement = .*$", CHOICES, shipped, count=1)
    assert times == 1
    return changed


@pytest.fixture
def number(service_of: Number) -> str:
    """The service of a client of a seller whose policy lets clients choose."""
    found = service_of("silver")
    seller = services.Service.objects.get(number=found).client.seller
    load.load_policy(seller=seller.code, text=written(), at=clock.business(), actor="test")
    return found


def test_the_panel_shows_every_settlement_with_its_price_and_keeps_the_quote_of_the_chosen_one(
    enter: Enter, number: str
) -> None:
    browser = enter("silver")
    assert "See the ways to settle it : Gold" in text(browser.get(f"/services/{number}/plans/"))
    page = text(browser.post(f"/services/{number}/quote/", {"plan": "gold"}))
    # (135.00 - 69.00) x 4 / 12 = 22.00 and 66.00 in full, x 1.22
    assert "How do you want to settle it?" in page and "€26.84" in page and "€80.52" in page
    assert models.Quote.objects.count() == 0
    for wrong in ("nothing", "client_chooses", "../x", "x" * 50):
        assert browser.post(f"/services/{number}/quote/", {"plan": "gold", "choice": wrong}).status_code == 409, wrong
    made = browser.post(f"/services/{number}/quote/", {"plan": "gold", "choice": "full_difference"})
    assert made.status_code == 302 and "€80.52" in text(browser.get(made.headers["Location"]))
    ordered = browser.post(f"{made.headers['Location']}order/", {"key": KEY})
    assert ordered.status_code == 302, text(ordered)
    order = models.Change.objects.select_related("order").get().order
    assert order is not None and order.gross_minor == 80_52


def test_staff_make_the_quote_of_either_settlement(enter: Enter, number: str) -> None:
    staff = enter("personale")
    page = text(staff.get(f"/staff/services/{number}/"))
    assert "Pay the full difference of the prices" in page and "€26.84" in page and "€80.52" in page
    assert staff.post(f"/staff/services/{number}/quote/", {"plan": "gold"}).status_code == 409
    made = staff.post(f"/staff/services/{number}/quote/", {"plan": "gold", "choice": "difference"})
    assert made.status_code == 302 and models.Quote.objects.get().gross_minor == 26_84


def test_the_api_names_the_choices_and_takes_one(number: str) -> None:
    api, asked = caller(), {"operation": "plan", "plan": "gold"}
    seen = api.post("/quotes/preview", {"service": number, "request": asked}).json()
    assert [(each["choice"], each["offer"]["gross"]) for each in seen["choices"]] == [
        ("difference", "26.84"),
        ("full_difference", "80.52"),
    ]
    refused = api.post("/quotes", {"service": number, "request": asked})
    assert refused.status_code == 409 and "settlement_to_be_chosen" in refused.content.decode()
    made = api.post("/quotes", {"service": number, "request": {**asked, "choice": "full_difference"}})
    assert made.status_code == 201 and made.json()["offer"]["settlement"] == "full_difference"
    options = {each["plan"]: each for each in api.get(f"/services/{number}/options").json()["options"]}
    assert options["gold"]["orderable"] and len(options["gold"]["choices"]) == 2


def test_the_command_takes_the_choice(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(written(), encoding="utf-8")
    arguments = ["--policy", str(policy), "--catalog", str(source.ROOT / "catalogs/easy-hard.toml"), "--plan", "silver",
                 "--to", "gold", "--term-start", "2026-01-01", "--on", "2026-09-01"]  # fmt: skip
    assert command.main([*arguments, "--choice", "full_difference"]) == 0
    assert "66.00" in capsys.readouterr().out
    assert command.main(arguments) == 1


def test_a_choice_where_nobody_chooses_is_refused(enter: Enter, service_of: Number) -> None:
    asked = {"plan": "gold", "choice": "difference"}
    refused = enter("silver").post(f"/services/{service_of('silver')}/quote/", asked)
    assert refused.status_code == 409 and "Nobody chooses here how the change is settled" in text(refused)
    assert models.Quote.objects.count() == 0
