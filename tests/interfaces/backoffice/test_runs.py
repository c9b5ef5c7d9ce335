"""Staff find a run by what it is about, see what it did, and decide about it with a reason."""

import re
from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planshift.procedures import models
from planshift.provisioning import models as machines
from planshift.runtime import clock, moves, runs
from planshift.runtime.models import AuditEntry, Run
from tests.interfaces.backoffice.test_back_office import ITALIAN, POLISH, make_stuck, text

Enter, Ordered = Callable[..., Client], Callable[[str, str], str]


def found(browser: Client, **asked: str) -> list[str]:
    """Keys of the runs that the search shows, in its order."""
    answer = browser.get("/staff/runs/search/", asked)
    assert answer.status_code == 200
    return re.findall(r'mono tiny faint">([^<]+)</span>', answer.content.decode())


def pay(number: str) -> None:
    """The change goes on to the machines, without money."""
    moves.move(models.Change.objects.get(number=number), "paid", actor="test", at=clock.business())
    runs.signal(key=f"change:{number}", name="paid")


def test_a_run_is_found_by_client_service_change_and_key(enter: Enter, ordered: Ordered) -> None:
    number, other, browser = ordered("silver", "gold"), ordered("pointer", "gold"), enter(ITALIAN)
    row = models.Change.objects.select_related("client", "service").get(number=number)
    for asked in (number, f"change:{number}", row.client.number, row.service.number):
        keys = found(browser, q=asked, kind="change")
        assert keys == [f"change:{number}"], asked
    assert found(browser, kind="change") == [f"change:{other}", f"change:{number}"]  # the newest first
    assert found(browser, kind="change", state="DONE") == []
    assert "No such run" in text(browser.get("/staff/runs/search/", {"q": "C-9999"}))
    for odd in ("\x00x", "' OR 1=1 --", "9" * 200, "ż"):
        assert found(browser, q=odd, kind=odd, state=odd, page=odd) == []


def test_only_the_stuck_are_shown_when_asked(enter: Enter, ordered: Ordered) -> None:
    ordered("pointer", "gold")
    key, browser = make_stuck(ordered("silver", "gold")), enter(ITALIAN)
    assert found(browser, stuck="1") == [key] == found(browser, state="STUCK")
    assert "ValueError: no such plan" in text(browser.get("/staff/runs/search/", {"stuck": "1"}))


def test_runs_of_another_seller_are_not_found(enter: Enter, ordered: Ordered) -> None:
    number = ordered("silver", "gold")
    execution = machines.Execution.objects.filter(service__client__email="silver@demo.example").latest("pk")
    other = enter(POLISH)
    assert found(other, q=number) == [] == found(other, q=execution.service.number)
    assert not [key for key in found(other) if number in key or execution.number in key]
    assert other.get(f"/staff/runs/of/change:{number}/").status_code == 404
    assert other.get("/staff/runs/of/change:CH-1-1/").status_code == 404


def test_the_list_is_paged(enter: Enter, demo: object) -> None:
    at = clock.system()
    Run.objects.bulk_create(
        Run(key=f"sweep:{n}", kind="sweep", version=1, subject=str(n), step="quotes", started_at=at, since=at)
        for n in range(30)
    )
    browser = enter(ITALIAN)
    first, second = found(browser, kind="sweep"), found(browser, kind="sweep", page="2")
    assert first == [f"sweep:{n}" for n in range(29, 4, -1)] and second[:5] == [f"sweep:{n}" for n in range(4, -1, -1)]
    assert (
        "?q=&amp;kind=sweep&amp;state=&amp;stuck=&amp;page=2"
        in browser.get("/staff/runs/search/?kind=sweep").content.decode()
    )


def test_more_runs_need_no_more_statements(enter: Enter, ordered: Ordered) -> None:
    browser, counts = enter(ITALIAN), []
    browser.get("/staff/runs/search/")
    for code in ("silver", "pointer", "first-day"):
        ordered(code, "gold")
        clock.forget()
        with CaptureQueriesContext(connection) as seen:
            assert found(browser, kind="change")
        counts.append(len(seen))
    assert counts[0] == counts[1] == counts[2]


def test_a_run_tells_its_steps_attempts_and_last_error_in_words(enter: Enter, ordered: Ordered) -> None:
    number, browser = ordered("silver", "gold"), enter(ITALIAN)
    key = make_stuck(number)
    page = text(browser.get(f"/staff/runs/of/{key}/"))
    assert "Change of a service" in page and "It is stuck: please decide" in page
    assert "ValueError: no such plan" in page and "Payment awaited" in page
    assert "Client: Payment, Order lapsed, Taken back" in page  # of the history: whom and what it waited for
    assert "settle" not in page
    assert browser.post("/staff/runs/decide/", {"run": key, "decision": "retry", "note": ""}).status_code == 409
    form = {"run": key, "page": key, "decision": "retry", "note": "plan loaded"}
    answer = browser.post("/staff/runs/decide/", form)
    assert answer.headers["Location"] == f"/staff/runs/of/{key}/"
    runs.drain()
    page = text(browser.get(f"/staff/runs/of/{key}/"))
    assert "Retried by staff" in page and "plan loaded" in page and "Waits" in page
    assert "Try again" not in page  # it goes on by itself now
    assert AuditEntry.objects.get(kind="runtime.run", event="retried").note == "plan loaded"


def test_work_on_machines_is_decided_on_the_page_of_its_run(enter: Enter) -> None:
    browser = enter(ITALIAN)
    row = machines.Execution.objects.filter(service__client__email="silver@demo.example").latest("pk")
    stuck = {"what": "unreachable", "step": "create"}
    machines.Execution.objects.filter(pk=row.pk).update(
        state="STUCK", ended_at=None, step="create", error=stuck, point_of_no_return_at=None
    )
    address = f"/staff/runs/of/execution:{row.number}/"
    page = text(browser.get(address))
    assert "The server does not answer." in page and "New environment created" in page and "unreachable" not in page
    for button in ("Try again", "Roll back", "Cancel"):
        assert button in page
    assert "Skip the step" not in page  # an environment that was never made cannot be left out
    form = {"decision": "roll_back", "note": "the server is gone", "page": f"execution:{row.number}"}
    answer = browser.post(f"/staff/executions/{row.number}/decide/", form)
    assert answer.headers["Location"] == address
    row.refresh_from_db()
    assert row.state == "UNDOING"


def test_long_histories_come_in_stretches(enter: Enter, ordered: Ordered) -> None:
    number, browser = ordered("silver", "gold"), enter(ITALIAN)
    key = make_stuck(number)
    for n in range(60):
        runs.retry(key=key, actor="user:1", note=f"try number {n}.")
    newest = text(browser.get(f"/staff/runs/of/{key}/"))
    assert "try number 59." in newest and "try number 10." in newest and "try number 9." not in newest
    oldest = text(browser.get(f"/staff/runs/of/{key}/?page=2"))
    assert "try number 9." in oldest and "try number 10." not in oldest


def test_a_paid_change_is_given_up_with_a_reason_once(enter: Enter, ordered: Ordered) -> None:
    number, browser = ordered("silver", "gold"), enter(ITALIAN)
    path = f"/staff/changes/{number}/undo/"
    assert (
        path not in browser.get(f"/staff/changes/{number}/").content.decode()
    )  # unpaid: there is nothing to give back
    assert browser.post(path, {"note": "x"}).status_code == 409
    moves.move(models.Change.objects.get(number=number), "paid", actor="test", at=clock.business())
    assert path in browser.get(f"/staff/changes/{number}/").content.decode()
    assert browser.post(path, {"note": " "}).status_code == 409
    for _ in range(2):
        assert browser.post(path, {"note": "no server has room"}).status_code == 302
    row = models.Change.objects.get(number=number)
    assert (row.undo_note, row.undo_by[:5]) == ("no server has room", "user:") and row.undo_at is not None
    page = browser.get(f"/staff/changes/{number}/").content.decode()
    assert "no server has room" in page and path not in page
