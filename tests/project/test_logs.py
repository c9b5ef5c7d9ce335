"""Does a secret ever reach the log, and does every request leave one line?"""

import json
import logging
import re

import pytest
from django.test import Client

from planshift.project import logs


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("GET /x?token=abc&page=2", "GET /x?token=***&page=2"),
        ("connect to postgresql://planshift:hunter2@db:5432/x", "connect to postgresql://planshift:***@db:5432/x"),
        ("/demo/login/MQ:1vXabc:0123456789abcdef0123456789abcdef/ not found", "/demo/login/***/ not found"),
        ("/services/S-1001/change/ took 12 ms", "/services/S-1001/change/ took 12 ms"),
        ("invoice FV/2026/11/0007 issued", "invoice FV/2026/11/0007 issued"),
    ],
)
def test_secrets_in_a_text(text: str, written: str) -> None:
    assert logs.clean(text) == written


def test_secrets_under_a_name_at_any_depth() -> None:
    event = {"event": "x", "password": "p", "headers": {"Cookie": "c", "Accept": "a"}, "more": [{"api_key": "k"}]}
    assert logs.scrub(None, "info", event) == {
        "event": "x",
        "password": "***",
        "headers": {"Cookie": "***", "Accept": "a"},
        "more": [{"api_key": "***"}],
    }


def test_a_traceback_is_scrubbed_too() -> None:
    try:
        raise ValueError("cannot reach postgresql://me:hunter2@db/x")
    except ValueError as problem:
        found = (ValueError, problem, problem.__traceback__)
    record = logging.LogRecord("planshift.x", logging.ERROR, __file__, 1, "failed", (), found)
    written = logs.formatter().format(record)
    assert "hunter2" not in written
    assert "cannot reach postgresql://me:***@db/x" in written


@pytest.mark.django_db
def test_a_request_leaves_one_line_with_its_id_and_route(client: Client) -> None:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(logs.formatter().format(record))

    kept = Kept()
    logging.getLogger("planshift.request").addHandler(kept)
    try:
        answer = client.get("/account/login/?next=/x&token=abc", headers={"X-Request-ID": "from-the-proxy.1"})
        bad = client.get("/account/login/", headers={"X-Request-ID": "bad id\n{}"})
    finally:
        logging.getLogger("planshift.request").removeHandler(kept)
    assert answer["X-Request-ID"] == "from-the-proxy.1"
    assert re.fullmatch("[0-9a-f]{32}", bad["X-Request-ID"])
    first = json.loads(lines[0])
    assert {key: first[key] for key in ("event", "method", "route", "status", "request_id", "user")} == {
        "event": "request",
        "method": "GET",
        "route": "account/login/",
        "status": 200,
        "request_id": "from-the-proxy.1",
        "user": None,
    }
    assert len(lines) == 2
    assert "abc" not in lines[0]
