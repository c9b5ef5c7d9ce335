"""The ways in: login page, demo links, language, health, headers."""

import pytest
from django.test import Client

from planshift.interfaces import entrance
from planshift.procedures import queries
from tests.interfaces.panel import samples


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch, django_user_model):  # type: ignore[no-untyped-def]
    user = django_user_model.objects.create(pk=1, username="rossi", email="rossi@demo.example")
    monkeypatch.setattr(queries, "demo_people", lambda: samples.PEOPLE[:1])
    monkeypatch.setattr(queries, "client_of", lambda *, user_id: samples.CLIENT)
    monkeypatch.setattr(queries, "services_of", lambda *, client, at: samples.CARDS)
    return user


@pytest.mark.django_db
def test_login_page_loads_no_inline_script_or_style_and_says_so(client: Client) -> None:
    answer = client.get("/account/login/")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert "<style" not in answer.content.decode() and " style=" not in answer.content.decode()


@pytest.mark.django_db
def test_demo_link_signs_in_and_speaks_the_persons_language(client: Client, people, settings) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = True
    answer = client.get(entrance.demo_path(user_id=1))
    assert answer.status_code == 302
    assert answer.cookies["django_language"].value == "it"
    assert client.get("/services/").status_code == 200


@pytest.mark.django_db
def test_demo_link_is_dead_on_a_real_installation(client: Client, people, settings) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = False
    assert client.get(entrance.demo_path(user_id=1)).status_code == 404
    assert client.get("/demo/").status_code == 404
    assert client.get("/services/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["x", "1:abc", "999999", "%00", "ü"])
def test_made_up_demo_tokens_lead_nowhere(client: Client, people, settings, token: str) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = True
    assert client.get(f"/demo/login/{token}/").status_code == 404
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_demo_link_of_somebody_who_is_no_demo_person_is_dead(
    client: Client, people, settings, django_user_model
) -> None:  # type: ignore[no-untyped-def]
    settings.DEMO = True
    django_user_model.objects.create(pk=7, username="real", email="real@example.org")
    assert client.get(entrance.demo_path(user_id=7)).status_code == 404


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
def test_unknown_addresses_get_the_page_of_404_in_style(client: Client) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Page not found" in answer.content.decode()
