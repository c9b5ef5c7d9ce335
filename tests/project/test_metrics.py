"""Who may read the figures, and are they there?"""

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def test_this_machine_may_read_and_a_proxy_may_not(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404


def test_with_a_token_only_who_has_it_may_read(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "a-long-token"
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404
    right = client.get("/metrics", REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer a-long-token"})
    wrong = client.get("/metrics", REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer another-token"})
    assert (right.status_code, wrong.status_code) == (200, 404)


def test_requests_and_runs_are_counted(client: Client) -> None:
    client.get("/account/login/")
    text = client.get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
    assert 'planshift_requests_total{method="GET",route="account/login/",status="200"}' in text
    assert "planshift_workers_alive 0.0" in text
    assert "planshift_oldest_due_seconds 0.0" in text
