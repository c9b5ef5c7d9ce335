"""The ways in: login page, demo links, language, health, headers."""

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import Client

from planshift.interfaces import entrance
from planshift.procedures import queries


@pytest.mark.django_db
def test_login_page_loads_no_inline_script_or_style_and_says_so(client: Client) -> None:
    answer = client.get("/account/login/")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert "<style" not in answer.content.decode() and " style=" not in answer.content.decode()


def test_demo_link_signs_in_and_speaks_the_persons_language(client: Client, demo: object, settings) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = True
    person = next(each for each in queries.demo_people() if each.language == "pl" and not each.staff)
    answer = client.get(entrance.demo_path(user_id=person.user_id))
    assert answer.status_code == 302
    assert answer.cookies["django_language"].value == "pl"
    assert "Moje usługi" in client.get("/services/").content.decode()
    listed = client.get("/demo/").content.decode()
    assert person.name in listed and "Demo Host Italia" in listed


def test_demo_link_is_dead_on_a_real_installation(client: Client, demo: object, settings) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = True
    person = queries.demo_people()[0]
    settings.DEMO = False
    assert client.get(entrance.demo_path(user_id=person.user_id)).status_code == 404
    assert client.get("/demo/").status_code == 404
    assert client.get("/services/").status_code == 302


def test_demo_link_of_somebody_who_is_no_demo_person_is_dead(client: Client, demo: object, settings) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = True
    real = get_user_model().objects.create(username="real", email="real@example.org")
    assert client.get(entrance.demo_path(user_id=real.pk)).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "1:abc", "999999", "%00", "ü"])
def test_made_up_demo_tokens_lead_nowhere(client: Client, settings, token: str) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = True
    assert client.get(f"/demo/login/{token}/").status_code == 404
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_language_switch_does_not_redirect_to_another_host(client: Client) -> None:
    answer = client.post("/language/", {"language": "pl", "next": "https://elsewhere.example/"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
    assert client.get("/language/").status_code == 405


@pytest.mark.django_db
def test_health(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_health_without_a_database_is_503(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def cursor() -> None:
        raise OperationalError("no answer")

    monkeypatch.setattr("planshift.interfaces.entrance.connection.cursor", cursor)
    assert client.get("/healthz").status_code == 503


@pytest.mark.django_db
def test_unknown_addresses_get_the_page_of_404_in_style(client: Client) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Page not found" in answer.content.decode()
