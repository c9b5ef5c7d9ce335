"""The demo installation for tests of the doors: its people signed in, the worker at hand, changes ordered."""

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from planshift.domain import facts
from planshift.procedures import change, placing, queries
from planshift.runtime import clock, runs
from planshift.services import models as services
from tests.harness import demo as rows


@pytest.fixture
def demo(db: None) -> dt.datetime:
    """The demo people and services, as of now or a moment ago."""
    return rows.plant(at=dt.datetime.now(dt.UTC), exactly=False)


@pytest.fixture
def enter(demo: dt.datetime) -> Callable[..., Client]:
    """enter("silver"): a browser in which this demo person is signed in, speaking English; an error is a 500."""

    def sign_in(code: str, *, language: str = "en", csrf: bool = False) -> Client:
        browser = Client(raise_request_exception=False, enforce_csrf_checks=csrf)
        browser.force_login(get_user_model().objects.get(email=f"{code}@demo.example"))
        browser.cookies["django_language"] = language
        return browser

    return sign_in


@pytest.fixture
def service_of(demo: dt.datetime) -> Callable[[str], str]:
    """The number of a demo person's first service."""

    def number(code: str) -> str:
        found = services.Service.objects.filter(client__email=f"{code}@demo.example").order_by("pk")
        return found.values_list("number", flat=True)[0]

    return number


@pytest.fixture
def work(demo: dt.datetime) -> Callable[[], None]:
    """Let the worker do everything that is due."""

    def drain() -> None:
        runs.drain()

    return drain


@pytest.fixture
def ordered(demo: dt.datetime) -> Callable[..., str]:
    """ordered("silver", "gold"): the number of a change that this demo person ordered, with everything due done."""

    def order(code: str, plan: str) -> str:
        service = services.Service.objects.filter(client__email=f"{code}@demo.example").order_by("pk")[0]
        owner, at = service.client.number, clock.business()
        quote = change.offer(
            client=owner, service=service.number, request=facts.ChangePlan(target=plan), at=at, actor="user:1"
        )
        asked = queries.quote(client=owner, number=quote, at=at).offer.notices
        ticked = {each.code: placing.Acknowledged(language="en", text=each.code) for each in asked}
        made = change.order(client=owner, quote=quote, acknowledged=ticked, key=uuid.uuid4().hex, at=at, actor="user:1")
        runs.drain()
        return made

    return order
