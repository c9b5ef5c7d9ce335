"""Who may read the figures, and are they there?"""

import datetime as dt

import pytest
from django.test import Client
from pytest_django import Settings

from planshift.runtime import clock, runs
from planshift.runtime.models import Run, StepRecord
from planshift.runtime.runs import definitions

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
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


def test_lag_steps_signals_and_mails_are_told_without_a_word_about_anybody(
    client: Client,
) -> None:
    with clock.stopped(at=NOW):
        definitions.define("chore", steps={"do": lambda run: runs.Done()}, first="do")
        runs.start(kind="chore", key="chore:1", subject="C-1001")
        runs.drain()
        runs.start(kind="chore", key="chore:2", subject="C-1001")
        runs.signal(key="chore:2", name="paid")
    wait = runs.Wait(resume="do", owner="client", due_at=NOW + dt.timedelta(seconds=30))
    runs.start_waiting(kind="chore", subjects=[("chore:3", "C-1001", wait)])
    Run.objects.filter(key="chore:2").update(not_before=clock.system() - dt.timedelta(seconds=90))
    with clock.stopped(at=NOW + dt.timedelta(seconds=90)):
        text = client.get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
    told = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert 90 <= float(told["planshift_oldest_ready_seconds"]) < 95  # the machine's time, which never stands
    assert told["planshift_oldest_due_seconds"] == "60.0"  # 90 after the start, 30 of them were agreed
    assert told["planshift_signals_waiting"] == "1.0"
    assert told["planshift_steps_total"] == f"{float(StepRecord.objects.get().pk)}"
    assert [told[f'planshift_mails{{state="{state}"}}'] for state in ("QUEUED", "FAILED", "BOUNCED")] == ["0.0"] * 3
    assert told['planshift_runs{kind="chore",state="DONE"}'] == "1.0"
    assert "C-1001" not in text
