"""What do the page and the terminal say of a server that lists its accounts, or does not?"""

import json
from collections.abc import Callable

import pytest
from django.test import Client

from planshift.interfaces.cli import drift as command
from planshift.procedures.queries import drift as reading
from planshift.provisioning import comparing, drift, models, ports
from planshift.runtime import clock, runs
from planshift.runtime.runs import queries
from tests.interfaces.backoffice.test_back_office import ITALIAN, text
from tests.interfaces.backoffice.test_drift import OURS, look, stranger, unknown

Enter = Callable[..., Client]


@pytest.fixture
def server(demo: object) -> models.Server:
    """Where a demo service lives, whose accounts are simulated."""
    found = models.Environment.objects.select_related("server")
    return found.filter(service__client__email="silver@demo.example", state="ACTIVE").latest("pk").server


def fault(server: models.Server, times: int = -1) -> ports.Simulation:
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(kind="fails", server=server.code, verb="listed", times=times)
    return simulation


def silent(server: models.Server) -> int:
    (asked,) = (each for each in reading.report(sellers=OURS).servers if each.server == server.code)
    return asked.silent


def night() -> list[str]:
    """Work through one; how the looks at the servers ended."""
    runs.start(kind="drift", key="drift:2026-11-22", subject="2026-11-22")
    runs.drain(skip_backoff=True)
    return sorted({each.state for each in queries.search(kind="drift_server", limit=1000)})


def test_a_list_that_fails_is_told_until_it_comes_and_is_no_stuck_work(
    enter: Enter, server: models.Server, capsys: pytest.CaptureFixture[str]
) -> None:
    simulation = fault(server)
    assert night() == ["DONE"]
    assert silent(server) == 1
    page = text(enter(ITALIAN).get("/staff/drift/"))
    assert "every server held" not in page and "compared, 1 did not answer" in page
    assert command.main(["--kept", "--seller", OURS[0]]) == 1
    assert "0 differences, " in (out := capsys.readouterr().out) and ", 1 did not answer" in out
    simulation.clear_faults()
    assert command.main(["--seller", OURS[0]]) == 0
    assert silent(server) == 0
    assert "every server held" in text(enter(ITALIAN).get("/staff/drift/"))


def test_a_list_that_fails_twice_is_asked_for_a_third_time(server: models.Server) -> None:
    stranger(server.environments.filter(service__client__email="silver@demo.example").latest("pk"))
    fault(server, times=2)
    assert night() == ["DONE"]
    assert (silent(server), unknown()) == (0, [(server.code, "old-shop")])


def test_a_server_whose_kind_lists_nothing_owes_no_answer(server: models.Server) -> None:
    drift.keep_names(comparing.Names(server.pk, trouble=comparing.UNLISTED), at=clock.business())
    assert silent(server) == 0
    assert models.ListCheck.objects.get(server=server).trouble == ""


def test_a_server_of_a_driver_that_is_not_here_stops_no_look(server: models.Server) -> None:
    models.Server.objects.filter(pk=server.pk).update(driver="elsewhere")
    server.refresh_from_db()
    assert comparing.names(server) == comparing.Names(server.pk, trouble="unsupported")
    assert night() == ["DONE"]
    assert look() == []  # nor one at the terminal
    assert silent(server) > 1  # its list, and each environment on it


def test_many_unknown_accounts_have_pages_and_a_true_count(
    enter: Enter, server: models.Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reading, "UNKNOWN", 2)
    at = clock.business()
    for name in ("a", "b", "c"):
        models.UnknownAccount.objects.create(server=server, name=name, found_at=at, seen_at=at)
    browser = enter(ITALIAN)
    first, second = (browser.get(f"/staff/drift/?page={number}").content.decode() for number in (1, 2))
    assert first.count("/dismiss/") == 2 and 'href="?page=2"' in first
    assert second.count("/dismiss/") == 1 and 'href="?page=1"' in second and 'href="?page=3"' not in second
    assert command.main(["--kept", "--seller", OURS[0], "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert ([each["account"] for each in told["unknown_accounts"]], told["unknown_total"]) == (["c", "b", "a"], 3)


def test_a_name_that_is_longer_than_we_can_keep_is_kept_with_a_mark(server: models.Server) -> None:
    theirs = {row.external_id for row in models.Environment.objects.filter(server__code=server.code)}
    for _ in range(2):
        drift.keep_names(comparing.Names(server.pk, frozenset({*theirs, "x" * 201, "y" * 200})), at=clock.business())
    assert sorted(unknown()) == [(server.code, "x" * 199 + "…"), (server.code, "y" * 200)]
    assert models.UnknownAccount.objects.count() == 2  # the second look found the same
