"""H6: staff who look at no screen are told by mail what needs them: each fact once, a flood in one mail."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.catalog import models as sellers_of
from planshift.domain import catalog_document
from planshift.domain.replies import reading
from planshift.domain.toml_reading import BadDocument
from planshift.procedures import alarm_letters, alarms, mailbox, mailing, models, ports
from planshift.runtime import clock, moves, runs
from planshift.runtime.models import Run
from tests.interfaces.backoffice.test_deadlines import ITALIAN, POLISH, day, play, promised, text

Enter, Ordered = Callable[..., Client], Callable[[str, str], str]
ITALY = "demo-host-italia"
ADDRESS = "amministrazione@host-italia.example"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SimulatedMail]:
    made = SimulatedMail(folder=tmp_path)
    before = (ports._out[:], ports._in[:])
    ports.bind_mail(out=made, mailbox=made)
    yield made
    ports._out[:], ports._in[:] = before


def look(slot: int) -> None:
    """A quarter of an hour later."""
    with transaction.atomic():
        runs.start(kind=alarms.KIND, key=f"alarms:{slot}", subject=str(slot))
    runs.drain()
    assert Run.objects.get(key=f"alarms:{slot}").state == "DONE"


def told(server: SimulatedMail) -> list[tuple[tuple[str, ...], str]]:
    """Recipient and subject, without the reference, of every alarm that left."""
    mails = [reading.read(raw) for raw in server.sent()]
    return [
        (each.recipients, each.subject.partition(" [ref")[0]) for each in mails if ".staff_alarm@" in each.message_id
    ]


def late(ordered: Ordered, code: str = "silver") -> str:
    """A change that was promised for a Friday; the weekend and Monday are over."""
    number = ordered(code, "gold")
    promised(number, "2026-12-04")
    play(day("2026-12-07"))
    return number


def test_H6_staff_are_alarmed_once_by_mail_of_what_is_overdue(ordered: Ordered, server: SimulatedMail) -> None:
    number = late(ordered)
    for slot in (1, 2):
        look(slot)
    assert told(server) == [((ADDRESS,), "Demo Host Italia: In ritardo (1)")]
    (raw,) = [each for each in server.sent() if b".staff_alarm@" in each]
    mail = reading.read(raw)
    body = mail.text or ""
    assert f"• {number} · " in body and "promesso entro il 4 dicembre 2026" in body
    assert f"http://localhost:8000/staff/changes/{number}/" in body
    assert "http://localhost:8000/staff/deadlines/" in body
    kept = models.OutgoingMail.objects.get(purpose="staff_alarm")
    assert (kept.state, kept.client, kept.seller.code) == ("SENT", None, ITALY)


def test_H6_what_was_seen_on_the_screen_or_is_in_force_is_not_mailed(ordered: Ordered, server: SimulatedMail) -> None:
    seen, done = late(ordered), late(ordered, "pointer")
    models.StaffNotice.objects.filter(change__number=seen).update(seen_at=clock.business())
    models.Change.objects.filter(number=done).update(applied_at=clock.business())
    look(1)
    assert told(server) == []
    assert not models.StaffAlarm.objects.exists()


def test_H6_five_hundred_overdue_changes_are_one_mail(
    ordered: Ordered, server: SimulatedMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = late(ordered)
    one = alarms.facts(seller=sellers_of.Seller.objects.get(code=ITALY))[0]
    flood = tuple(
        alarms.Fact(sort="overdue", key=f"notice:x{n}", number=number, client=one.client, service=one.service)
        for n in range(500)
    )
    monkeypatch.setattr(alarms, "facts", lambda *, seller: flood if seller.code == ITALY else ())
    look(1)
    look(2)
    assert told(server) == [((ADDRESS,), "Demo Host Italia: In ritardo (500)")]
    body = models.OutgoingMail.objects.get(purpose="staff_alarm").text
    assert body.count(f"• {number}") == alarm_letters.SHOWN == 20
    assert "… e altri 480:" in body
    assert models.StaffAlarm.objects.count() == 500


def test_H6_a_look_costs_the_same_however_much_is_wrong(ordered: Ordered, server: SimulatedMail) -> None:
    italy = sellers_of.Seller.objects.get(code=ITALY)

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            alarms.facts(seller=italy)
        return len(found)

    late(ordered)
    few = statements()
    for code in ("pointer", "first-day"):
        late(ordered, code)
    assert len(alarms.facts(seller=italy)) == 3
    assert statements() == few == 6


def test_H6_what_is_stuck_is_mailed_and_again_when_it_comes_back(ordered: Ordered, server: SimulatedMail) -> None:
    number = ordered("silver", "gold")
    row = promised(number, "2099-12-04")
    moves.move(row, "failed", actor="test", at=clock.business())  # a person must look
    look(1)
    look(2)
    mail = (ADDRESS,), "Demo Host Italia: Modifiche che attendono una persona (1)"
    assert told(server) == [mail]
    models.Change.objects.filter(number=number).update(applied_at=clock.business())
    assert models.StaffAlarm.objects.get().fact == f"change:{number}"
    row = models.Change.objects.get(number=number)
    moves.move(row, "retried", actor="test", at=clock.business())
    look(3)
    assert not models.StaffAlarm.objects.exists()
    moves.move(models.Change.objects.get(number=number), "failed", actor="test", at=clock.business())
    look(4)
    assert told(server) == [mail, mail]


def test_H6_runs_that_stopped_and_mail_that_failed_are_alarmed_but_no_alarm_about_an_alarm(
    ordered: Ordered, server: SimulatedMail
) -> None:
    server.faults = ["refused"]
    ordered("silver", "gold")  # the letter about it, if any, is not what this is about
    with transaction.atomic():
        runs.start(kind="renewals", key="renewals:x", subject=ITALY)
    Run.objects.filter(key="renewals:x").update(state="STUCK", not_before=None)
    server.faults = ["refused"]
    look(1)  # the alarm itself is refused by the mail server
    assert models.OutgoingMail.objects.get(purpose="staff_alarm").state == "FAILED"
    look(2)
    assert models.OutgoingMail.objects.filter(purpose="staff_alarm").count() == 1
    number = models.OutgoingMail.objects.get(purpose="staff_alarm").number
    mailing.retry(sellers=(ITALY,), number=number, note="works again", at=clock.business(), actor="user:1")
    runs.drain()
    assert told(server) == [((ADDRESS,), "Demo Host Italia: Lavori che si sono fermati (1)")]


def test_H6_a_process_that_dies_between_tells_nothing_twice_and_nothing_never(
    ordered: Ordered, server: SimulatedMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    late(ordered)

    def dies(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt  # as the end of the process: no one catches it

    with monkeypatch.context() as patch:
        patch.setattr(models.StaffAlarm.objects, "bulk_create", dies)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            alarms._look(_work("alarms:1"))
    assert not models.OutgoingMail.objects.filter(purpose="staff_alarm").exists()  # the mail went with the note of it
    look(2)
    look(3)
    assert len(told(server)) == 1


def _work(key: str) -> runs.Work:
    return runs.Work(
        id=0, key=key, kind=alarms.KIND, version=1, subject="x", step="tell", entry=0, attempt=0, crashes=0,
        generation=0, woken_by="", signals={}, at=clock.business(),
    )  # fmt: skip


def test_a_fact_cannot_be_told_by_two_looks_at_once(ordered: Ordered, server: SimulatedMail) -> None:
    late(ordered)
    look(1)
    alarm = models.StaffAlarm.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        models.StaffAlarm.objects.create(seller=alarm.seller, fact=alarm.fact, mail=alarm.mail)


def test_only_an_alarm_has_no_client(ordered: Ordered, server: SimulatedMail) -> None:
    late(ordered)
    look(1)
    kept = models.OutgoingMail.objects.get(purpose="staff_alarm")
    kept.pk, kept.number, kept.key, kept.token, kept.message_id = None, "M-1", "k", "t", "m"
    kept.purpose = "correction"
    with pytest.raises(IntegrityError, match="mail_without_client_is_alarm"), transaction.atomic():
        kept.save(force_insert=True)


def test_an_alarm_stands_among_the_mails_of_its_seller_alone(
    enter: Enter, ordered: Ordered, server: SimulatedMail
) -> None:
    server.faults = []
    late(ordered)
    server.faults = ["refused"]
    look(1)
    mail = models.OutgoingMail.objects.get(purpose="staff_alarm")
    assert mail.state == "FAILED"
    page = text(enter(ITALIAN).get("/staff/mails/"))
    assert mail.number in page and "our staff" in page and "Send again" in page
    assert mail.number not in text(enter(POLISH).get("/staff/mails/"))
    for path in (f"/staff/runs/of/mail:{mail.number}:0/", f"/staff/runs/search/?q={mail.number}"):
        assert enter(ITALIAN).get(path).status_code == 200
    assert enter(POLISH).get(f"/staff/runs/of/mail:{mail.number}:0/").status_code == 404


def test_an_answer_to_an_alarm_harms_nothing(ordered: Ordered, server: SimulatedMail) -> None:
    late(ordered)
    look(1)
    mail = models.OutgoingMail.objects.get(purpose="staff_alarm")
    head = f"From: {ADDRESS}\nTo: x@example.com\nSubject: Re: {mail.subject}\nMessage-ID: <1@demo.example>"
    server.receive(f"{head}\nContent-Type: text/plain; charset=utf-8\n\nAccetto.\n".encode())
    mailbox.collect(at=clock.business())
    came = models.IncomingMail.objects.get()
    assert (came.outgoing, came.matched_by) == (mail, ["token", "sender"])


def test_the_board_says_who_is_alarmed(enter: Enter) -> None:
    assert f"Demo Host Italia: what needs a person is told by mail to {ADDRESS}." in text(
        enter(ITALIAN).get("/staff/deadlines/")
    )


def test_the_address_of_alarms_is_in_the_catalog() -> None:
    def address(line: str, legal: str = 'email = "info@host.example"') -> str:
        head = f'[seller]\ncode = "h"\nname = "H"\ncountry = "IT"\ncurrency = "EUR"\n{line}\n'
        body = f'[seller.legal]\n{legal}\n[plans.small]\nprice = "1.00"\n'
        return catalog_document.parse(head + body).seller.alarm_address

    assert address("") == "info@host.example"
    assert address('alarms = "noc@host.example"') == "noc@host.example"
    assert address('alarms = ""') == ""
    assert address("", legal="") == ""
    assert address("", legal='email = "by phone"') == ""
    for wrong in ('"noc"', "7", '"a@b, c@d"'):
        with pytest.raises(BadDocument, match="alarms"):
            address(f"alarms = {wrong}")


@pytest.mark.parametrize("language", ["en", "pl", "it", "de"])
def test_every_sort_has_words_in_every_language(language: str) -> None:
    seller = sellers_of.Seller(name="H", language=language)
    found = [
        alarms.Fact(sort=sort, key=sort, number="CH-1", client="C", service="S", day=dt.date(2026, 12, 4))
        for sort in alarm_letters.SORTS
    ]
    letter = alarm_letters.write(found=found, seller=seller)
    assert letter.subject.count("(1)") == len(alarm_letters.SORTS) == 8
    assert letter.language == ("en" if language == "de" else language)
    assert "{" not in letter.text + letter.subject
    assert '<a href="http://localhost:8000/staff/changes/CH-1/"' in letter.html
