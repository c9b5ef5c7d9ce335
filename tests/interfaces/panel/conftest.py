"""The demo installation, loaded once a test, and its people signed in."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from planshift.procedures.demo import load
from planshift.runtime import runs
from planshift.services import models as services

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def demo(db: None) -> dt.datetime:
    """The demo people and services, as of now."""
    at = dt.datetime.now(dt.UTC)
    assert load.load(folder=ROOT, at=at)
    return at


@pytest.fixture
def enter(demo: dt.datetime) -> Callable[..., Client]:
    """enter("silver"): a browser in which this demo person is signed in, speaking English."""

    def sign_in(code: str, *, language: str = "en") -> Client:
        browser = Client(raise_request_exception=False)
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
