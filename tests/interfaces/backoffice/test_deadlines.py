"""H6: what is promised is on a board, the clock pauses only for a stated reason, and staff are told once."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planshift.domain.errors import Refused
from planshift.procedures import deadlines, models
from planshift.procedures.queries import deadlines as seen
from planshift.runtime import clock, moves, runs
from planshift.runtime.models import AuditEntry
from planshift.runtime.runs import schedules
from tests.interfaces.api import known
from tests.interfaces.backoffice.test_back_office import ITALIAN, POLISH, text

Enter, Ordered = Callable[..., Client], Callable[[str, str], str]
SELLERS = ("demo-host-italia",)


def day(written: str, hour: int = 10) -> dt.datetime:
    return dt.datetime.fromisoformat(written).replace(hour=hour, tzinfo=dt.UTC)


def promised(number: str, on: str) -> models.Change:
    """A paid change with this promised day, not yet carried out."""
    row = models.Change.objects.get(number=number)
    return moves.move(row, "paid", actor="test", at=clock.business(), promised_on=dt.date.fromisoformat(on))


def numbers(found: object) -> dict[str, list[str]]:
    lists = ("overdue", "today", "soon", "later", "stuck", "paused")
    return {name: [each.number for each in getattr(found, name)] for name in lists if getattr(found, name)}


def pause(number: str, at: str, reason: str = "client", note: str = "no answer about the domain") -> None:
    deadlines.pause(sellers=SELLERS, number=number, reason=reason, note=note, at=day(at), actor="user:1")


def resume(number: str, at: str) -> None:
    deadlines.resume(sellers=SELLERS, number=number, note="answered", at=day(at), actor="user:1")


def test_H6_each_change_is_on_the_board_where_its_day_puts_it(ordered: Ordered) -> None:
    late, now, soon = ordered("silver", "gold"), ordered("pointer", "gold"), ordered("first-day", "gold")
    promised(late, "2026-12-04")  # a Friday
    promised(now, "2026-12-07")
    promised(soon, "2026-12-10")
    found = seen.board(sellers=SELLERS, at=day("2026-12-07"))  # Monday; the 8th is a holiday in Italy
    assert numbers(found) == {"overdue": [late], "today": [now], "soon": [soon]}
    assert [each.days for each in (*found.overdue, *found.today, *found.soon)] == [-1, 0, 2]  # the 9th and the 10th
    later = seen.board(sellers=SELLERS, at=day("2026-12-02"))
    assert numbers(later) == {"soon": [late, now], "later": [soon]}  # 2, 3 and 5 business days
    moves.move(models.Change.objects.get(number=late), "failed", actor="test", at=clock.business())
    assert numbers(seen.board(sellers=SELLERS, at=day("2026-12-07")))["stuck"] == [late]
    models.Change.objects.filter(number=late).update(applied_at=clock.business())
    assert "overdue" not in numbers(seen.board(sellers=SELLERS, at=day("2026-12-07")))  # in force: nothing is due
    assert numbers(seen.board(sellers=("demo-host-polska",), at=day("2026-12-07"))) == {}


def test_H6_the_board_counts_what_it_does_not_show(
    enter: Enter, ordered: Ordered, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {"silver": "2026-12-08", "pointer": "2026-12-10", "first-day": "2026-12-11"}
    for code, on in days.items():
        promised(ordered(code, "gold"), on)
    whole = seen.board(sellers=SELLERS, at=day("2026-12-07"))  # the 8th is a holiday: 0, 2 and 3 business days
    assert {name: len(each) for name, each in numbers(whole).items()} == {"today": 1, "soon": 2}
    monkeypatch.setattr(seen, "LIMIT", 2)
    cut = seen.board(sellers=SELLERS, at=day("2026-12-07"))
    assert {name: len(each) for name, each in numbers(cut).items()} == {"today": 1, "soon": 1}
    none = {"overdue": 0, "today": 0, "soon": 0, "later": 0, "stuck": 0, "paused": 0}
    assert cut.totals == whole.totals == {**none, "today": 1, "soon": 2}
    at_weekend = seen.board(sellers=SELLERS, at=day("2026-12-05"))  # Saturday: 7, then 9, 10 and 11 are business days
    assert at_weekend.totals == {**none, "soon": 2, "later": 1}
    pause(models.Change.objects.get(promised_on="2026-12-10").number, "2026-12-07")
    moves.move(models.Change.objects.get(promised_on="2026-12-08"), "failed", actor="test", at=clock.business())
    totals = {**none, "overdue": 2, "stuck": 1, "paused": 1}
    assert seen.board(sellers=SELLERS, at=day("2026-12-21")).totals == totals
    assert seen.board(sellers=(), at=day("2026-12-21")).totals == none
    with clock.stopped(at=day("2026-12-21")):
        page = text(enter(ITALIAN).get("/staff/deadlines/"))
    assert "2 Overdue" in page and "The first 1 of 2 are shown; the others follow." in page


def test_H6_a_pause_moves_the_promise_by_its_business_days(ordered: Ordered) -> None:
    number = ordered("silver", "gold")
    promised(number, "2026-12-07")
    pause(number, "2026-12-03")
    assert numbers(seen.board(sellers=SELLERS, at=day("2026-12-09"))) == {"paused": [number]}  # not overdue meanwhile
    resume(number, "2026-12-10")
    # Thursday the 3rd to Thursday the 10th: 4, 7, 9, 10 (8 December is a holiday) = 4 business days
    # 7 December + 4 = 9, 10, 11, 14
    assert models.Change.objects.get(number=number).promised_on == dt.date(2026, 12, 14)
    kept = models.ClockPause.objects.get()
    assert (kept.promised_before, kept.business_days, kept.end_note) == (dt.date(2026, 12, 7), 4, "answered")
    told = AuditEntry.objects.filter(number=number, event__startswith="clock_").order_by("pk")
    assert [(each.event, each.note, each.actor) for each in told] == [
        ("clock_paused", "no answer about the domain", "user:1"),
        ("clock_resumed", "answered", "user:1"),
    ]


def test_H6_a_pause_within_a_day_moves_nothing(ordered: Ordered) -> None:
    number = ordered("silver", "gold")
    promised(number, "2026-12-05")  # a Saturday: it stays as promised
    pause(number, "2026-12-03")
    resume(number, "2026-12-03")
    assert models.Change.objects.get(number=number).promised_on == dt.date(2026, 12, 5)


def test_H6_the_clock_pauses_only_for_a_stated_reason_and_only_once(ordered: Ordered) -> None:
    number = ordered("silver", "gold")

    def refused(*given: str, **more: str) -> str:
        with pytest.raises(Refused) as found:
            pause(number, *given, **more)
        return found.value.code

    assert refused("2026-12-03") == "clock_not_running"  # unpaid: nothing is promised
    promised(number, "2026-12-07")
    assert refused("2026-12-03", reason="busy") == "pause_without_reason"
    assert refused("2026-12-03", note=" ") == "note_needed"
    with pytest.raises(Refused, match="clock_not_paused"):
        resume(number, "2026-12-03")
    assert not models.ClockPause.objects.exists()
    pause(number, "2026-12-03")
    assert refused("2026-12-04") == "clock_paused"
    assert models.ClockPause.objects.count() == 1


def play(at: dt.datetime) -> None:
    work = runs.Work(
        id=0,
        key="deadlines:x",
        kind="deadlines",
        version=1,
        subject="x",
        step="tell",
        entry=0,
        attempt=0,
        crashes=0,
        generation=0,
        woken_by="",
        signals={},
        at=at,
    )
    deadlines._tell(work)


def notices() -> list[tuple[str, str, str]]:
    found = models.StaffNotice.objects.order_by("pk").select_related("change")
    return [(each.change.number, each.code, str(each.promised_on)) for each in found]


def test_H6_staff_are_told_once_what_is_due_soon_and_once_when_it_is_overdue(ordered: Ordered) -> None:
    number, other = ordered("silver", "gold"), ordered("pointer", "gold")
    promised(number, "2026-12-09")
    promised(other, "2026-12-18")
    play(day("2026-12-04"))
    assert notices() == []  # Friday; the next business day is Monday the 7th
    for hour in (6, 7):
        play(day("2026-12-07", hour))  # the 8th is a holiday, so the next business day is the 9th
    assert notices() == [(number, "due_soon", "2026-12-09")]
    play(day("2026-12-09"))
    for hour in (1, 2):
        play(day("2026-12-10", hour))
    assert notices() == [(number, "due_soon", "2026-12-09"), (number, "overdue", "2026-12-09")]
    pause(number, "2026-12-10")
    play(day("2026-12-11"))
    resume(number, "2026-12-14")  # 11, 14: two business days; 9 + 2 = 10, 11 December
    assert models.Change.objects.get(number=number).promised_on == dt.date(2026, 12, 11)
    play(day("2026-12-15"))
    assert notices()[2:] == [(number, "overdue", "2026-12-11")]  # another promise, told anew


def test_H6_nobody_is_told_of_what_is_paused_or_in_force(ordered: Ordered) -> None:
    paused, done = ordered("silver", "gold"), ordered("pointer", "gold")
    promised(paused, "2026-12-04")
    pause(paused, "2026-12-03")
    promised(done, "2026-12-04")
    models.Change.objects.filter(number=done).update(applied_at=clock.business())
    play(day("2026-12-08"))
    assert notices() == []
    play(day("2026-12-10"))
    assert notices() == [(paused, "still_paused", "2026-12-04")]  # never that it is overdue


def put_in_force(number: str, **over: dt.datetime | str) -> None:
    models.Change.objects.filter(number=number).update(**over)


def test_H6_a_pause_ends_with_what_was_promised(ordered: Ordered) -> None:
    applied, undone = ordered("silver", "gold"), ordered("pointer", "gold")
    for number in (applied, undone):
        promised(number, "2026-12-16")
        pause(number, "2026-12-09")
    put_in_force(applied, applied_at=day("2026-12-11", 9))
    row = moves.move(models.Change.objects.get(number=undone), "failed", actor="test", at=day("2026-12-09"))
    moves.move(row, "undone", actor="test", at=day("2026-12-14"), finished_at=day("2026-12-14"))
    for number in (applied, undone):
        with pytest.raises(Refused, match="clock_not_running"):
            resume(number, "2026-12-15")
    for hour in (5, 6):
        play(day("2026-12-15", hour))
    kept = {each.change.number: each for each in models.ClockPause.objects.select_related("change")}
    # 10 and 11 December are 2 business days; 10, 11 and 14 December are 3
    for number, ended, days in ((applied, day("2026-12-11", 9), 2), (undone, day("2026-12-14"), 3)):
        assert (kept[number].ended_at, kept[number].business_days) == (ended, days)
        assert (kept[number].end_note, kept[number].ended_by) == ("over", "run:deadlines:x")
    assert models.Change.objects.get(number=applied).promised_on == dt.date(2026, 12, 18)  # 17, 18
    assert AuditEntry.objects.filter(event="clock_resumed").count() == 2
    assert notices() == []


def test_H6_what_came_into_force_before_its_pause_ends_the_pause_where_it_began(ordered: Ordered) -> None:
    number = ordered("silver", "gold")
    promised(number, "2026-12-16")
    pause(number, "2026-12-09")
    put_in_force(number, applied_at=day("2026-12-09", 9))  # the machines were faster than the click
    play(day("2026-12-15"))
    kept = models.ClockPause.objects.get()
    assert (kept.ended_at, kept.business_days) == (day("2026-12-09"), 0)


def test_H6_staff_are_told_once_of_a_clock_that_stands_still_for_long(ordered: Ordered) -> None:
    number = ordered("silver", "gold")
    promised(number, "2026-12-16")
    pause(number, "2026-12-09")
    play(day("2026-12-14", 10))  # five days to the hour
    assert notices() == []
    for hour in (11, 12):
        play(day("2026-12-14", hour))
    assert notices() == [(number, "still_paused", "2026-12-16")]
    resume(number, "2026-12-15")  # 10, 11, 14, 15: four business days; 16 + 4 = 17, 18, 21, 22 December
    play(day("2026-12-21"))
    assert notices()[1:] == [(number, "due_soon", "2026-12-22")]
    pause(number, "2026-12-21")
    play(day("2026-12-27"))
    assert notices()[2:] == [(number, "still_paused", "2026-12-22")]


def test_the_worker_looks_every_hour(ordered: Ordered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "_schedules", {})
    deadlines.define()
    promised(ordered("silver", "gold"), "2020-01-01")
    for _ in range(2):
        clock.move_to(at=clock.business() + dt.timedelta(hours=1), actor="test", note="the next hour")
        assert schedules.plant() == 1
        runs.drain()
    assert [each[1:] for each in notices()] == [("overdue", "2020-01-01")]


# ── the pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_staff_pause_and_resume_on_the_page_of_the_change(enter: Enter, ordered: Ordered) -> None:
    number, browser = ordered("silver", "gold"), enter(ITALIAN)
    promised(number, "2020-01-02")
    assert "Overdue" in text(browser.get(f"/staff/changes/{number}/"))
    form = {"reason": "third_party", "note": "the registry is closed"}
    assert browser.post(f"/staff/changes/{number}/pause/", {**form, "reason": ""}).status_code == 409
    assert browser.post(f"/staff/changes/{number}/pause/", form).status_code == 302
    page = text(browser.get(f"/staff/changes/{number}/"))
    assert "Waits for somebody else" in page and "the registry is closed" in page and "Overdue" not in page
    signed = get_user_model().objects.get(email=f"{ITALIAN}@demo.example")
    assert f"· {signed.get_full_name() or signed.email}" in page and "user:" not in page
    board = text(browser.get("/staff/deadlines/"))
    assert number in board and "the clock stands still" in board and "the registry is closed" in board
    owner = enter("silver")
    assert "paused: Waits for somebody else" in text(owner.get(f"/changes/{number}/"))  # the client is told why
    assert "registry" not in text(owner.get(f"/changes/{number}/"))  # what staff noted is for staff
    assert browser.post(f"/staff/changes/{number}/resume/", {"note": "open again"}).status_code == 302
    assert "Overdue" in text(browser.get(f"/staff/changes/{number}/"))


def test_notices_are_counted_on_every_page_until_seen_by_their_seller(enter: Enter, ordered: Ordered) -> None:
    number = ordered("silver", "gold")
    promised(number, "2020-01-02")
    play(clock.business())
    browser, other = enter(ITALIAN), enter(POLISH)
    assert 'nav__count num" title="Not yet seen">1<' in browser.get("/staff/clients/").content.decode()
    page = browser.get("/staff/deadlines/").content.decode()
    (notice,) = re.findall(r'name="notice" value="(\d+)"', page)
    other.post("/staff/deadlines/seen/", {"notice": notice})
    assert "nav__count" not in other.get("/staff/clients/").content.decode()
    assert "nav__count" in browser.get("/staff/clients/").content.decode()
    browser.post("/staff/deadlines/seen/", {"notice": [notice, "x", "9" * 30]})
    assert "nav__count" not in browser.get("/staff/clients/").content.decode()
    kept = models.StaffNotice.objects.get()
    assert kept.seen_at is not None and kept.seen_by.startswith("user:")


def test_the_board_needs_the_same_statements_for_one_change_and_for_three(enter: Enter, ordered: Ordered) -> None:
    browser, counts = enter(ITALIAN), []
    browser.get("/staff/deadlines/")
    for code in ("silver", "pointer", "first-day"):
        promised(ordered(code, "gold"), "2020-01-02")
        clock.forget()
        with CaptureQueriesContext(connection) as seen_now:
            assert browser.get("/staff/deadlines/").status_code == 200
        counts.append(len(seen_now))
    assert counts[0] == counts[1] == counts[2]


def test_H6_a_seller_pauses_and_resumes_the_clock_by_its_own_token(ordered: Ordered) -> None:
    number = ordered("silver", "gold")
    promised(number, "2026-12-31")
    api = known.caller(known.ITALIA)
    path = f"/changes/{number}/clock"
    assert api.get(path).json() == {"change": number, "promised_on": "2026-12-31", "runs": True, "pauses": []}
    without = api.post(f"{path}/pause", {"note": "no answer"})
    assert (without.status_code, without.json()["reasons"][0]["facts"]) == (422, {"field": "reason"})
    blank = api.post(f"{path}/pause", {"reason": "client", "note": " "})
    assert (blank.status_code, blank.json()["reasons"][0]["code"]) == (409, "note_needed")
    paused = api.post(f"{path}/pause", {"reason": "client", "note": "no answer"})
    assert (paused.status_code, paused.json()["runs"]) == (200, False)
    assert [(each["reason"], each["note"], each["ended_at"]) for each in paused.json()["pauses"]] == [
        ("client", "no answer", None)
    ]
    again = api.post(f"{path}/pause", {"reason": "client", "note": "no answer"})
    assert (again.status_code, again.json()["reasons"][0]["code"]) == (409, "clock_paused")
    gone_on = api.post(f"{path}/resume", {"note": "answered"}).json()
    assert (gone_on["runs"], gone_on["promised_on"]) == (True, "2026-12-31")  # on the same day: it moves by none
    assert (gone_on["pauses"][0]["end_note"], gone_on["pauses"][0]["business_days"]) == ("answered", 0)
    written = AuditEntry.objects.filter(number=number, event="clock_paused").get()
    assert written.actor == f"token:{api.token.split('_')[1]}"
    assert known.caller(known.POLSKA).get(path).status_code == 404
