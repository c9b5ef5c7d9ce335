"""One person, several clients: the switch is remembered, and nothing of a client that is not theirs is there."""

from collections.abc import Callable

from django.contrib.auth import get_user_model
from django.test import Client

from planshift.services import models as services

Enter, Number = Callable[..., Client], Callable[[str], str]


def join(code: str, other: str) -> str:
    """The demo person `code` may act for the client of `other` too; returns that client's number."""
    client = services.Client.objects.get(email=f"{other}@demo.example")
    services.Membership.objects.create(user=get_user_model().objects.get(email=f"{code}@demo.example"), client=client)
    return client.number


def test_the_switch_leads_to_the_other_client_and_is_remembered(enter: Enter, service_of: Number) -> None:
    number, browser = join("silver", "deposit"), enter("silver")
    first = browser.get("/services/").content.decode()
    assert "pasticceria.demo.example" in first and "Act for" in first and "Demo Piekarnia" in first
    assert browser.get(f"/services/{service_of('deposit')}/").status_code == 404  # theirs, but not the client chosen
    answer = browser.post("/clients/choose/", {"client": number})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/services/")
    for _ in range(2):  # every later page
        page = browser.get("/services/").content.decode()
        assert "vps1.piekarnia.demo.example" in page and "pasticceria.demo.example" not in page
    assert browser.get(f"/services/{service_of('deposit')}/").status_code == 200
    assert browser.get(f"/services/{service_of('silver')}/").status_code == 404


def test_nobody_switches_to_a_client_that_is_not_theirs(enter: Enter, service_of: Number) -> None:
    join("silver", "deposit")
    browser, foreign = enter("silver"), services.Client.objects.get(email="pointer@demo.example").number
    for number in (foreign, "", "C-0", "' OR 1=1"):
        assert browser.post("/clients/choose/", {"client": number}).status_code == 404
    assert "pasticceria.demo.example" in browser.get("/services/").content.decode()
    assert browser.get("/clients/choose/").status_code == 405


def test_a_membership_that_ended_is_not_served_from_the_session(enter: Enter) -> None:
    number, browser = join("silver", "deposit"), enter("silver")
    browser.post("/clients/choose/", {"client": number})
    services.Membership.objects.filter(client__number=number, user__email="silver@demo.example").delete()
    page = browser.get("/services/").content.decode()
    assert "pasticceria.demo.example" in page and "vps1.piekarnia" not in page


def test_who_has_one_client_sees_no_switch(enter: Enter) -> None:
    assert "Act for" not in enter("silver").get("/services/").content.decode()
