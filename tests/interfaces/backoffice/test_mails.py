"""The staff's page of mails: what did not arrive, which replies need a reader, and nothing in a mail that acts."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.domain import letters
from planshift.procedures import mailbox, mailing, models, ports
from planshift.runtime import clock, runs
from planshift.services import models as services

Enter = Callable[..., Client]
ITALIAN, POLISH = "personale", "obsluga"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SimulatedMail]:
    made = SimulatedMail(folder=tmp_path)
    before = (ports._out[:], ports._in[:])
    ports.bind_mail(out=made, mailbox=made)
    yield made
    ports._out[:], ports._in[:] = before


def ask(key: str = "k1") -> models.OutgoingMail:
    """A mail to the client with the silver plan."""
    client = services.Client.objects.get(email="silver@demo.example")
    with transaction.atomic():
        number = mailing.send(
            client=client.number, letter=letters.Letter(subject="Nota di variazione", text="Accetta?"),
            purpose="correction", key=key, at=clock.business(), actor="system:test", about="CH-1",
        )  # fmt: skip
    runs.drain()
    return models.OutgoingMail.objects.get(number=number)


def answer(server: SimulatedMail, asked: models.OutgoingMail | None, body: str, *, number: int = 1) -> str:
    """A reply has come in; its number."""
    subject = f"Re: {asked.subject}" if asked else "Hello"
    head = (
        f"From: Demo <silver@demo.example>\nTo: x@example.com\nSubject: {subject}\nMessage-ID: <{number}@demo.example>"
    )
    server.receive(f"{head}\nContent-Type: text/plain; charset=utf-8\n\n{body}\n".encode())
    mailbox.collect(at=clock.business())
    return models.IncomingMail.objects.order_by("-pk")[0].number


def text(answered: object) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answered.content.decode()))  # type: ignore[attr-defined]


def test_a_mail_that_failed_is_sent_again_with_a_reason(enter: Enter, server: SimulatedMail) -> None:
    server.faults = ["refused"]
    mail, browser = ask(), enter(ITALIAN)
    page = text(browser.get("/staff/mails/"))
    assert "Could not be sent" in page and "no such user here" in page and mail.number in page
    path = f"/staff/mails/{mail.number}/again/"
    assert browser.post(path, {"decision": "retry", "note": " "}).status_code == 409
    assert browser.post(path, {"decision": "retry", "note": "typed wrong"}, follow=True).status_code == 200
    runs.drain()
    assert models.OutgoingMail.objects.get().state == "SENT"
    assert "Send again" not in text(browser.get("/staff/mails/"))


def test_an_unclear_reply_waits_with_its_reason_and_is_set_aside_once(enter: Enter, server: SimulatedMail) -> None:
    asked, browser = ask(), enter(ITALIAN)
    number = answer(server, asked, "Accetto, ma vorrei uno sconto")
    assert "Yes, but: it names a condition" in text(browser.get("/staff/mails/"))
    page = text(browser.get(f"/staff/mails/{number}/"))
    assert "Accetto, ma vorrei uno sconto" in page and asked.number in page and "Contact address" in page
    assert "It accepts" not in page  # the procedure that asked offers this
    path = f"/staff/mails/{number}/decide/"
    assert browser.post(path, {"decision": "set_aside", "note": ""}).status_code == 409
    assert browser.post(path, {"decision": "set_aside", "note": "called them"}).status_code == 302
    assert browser.post(path, {"decision": "set_aside", "note": "again"}).status_code == 409
    assert number not in text(browser.get("/staff/mails/"))
    assert models.MailDecision.objects.get().note == "called them"


def test_nothing_in_a_mail_is_carried_out(enter: Enter, server: SimulatedMail) -> None:
    asked = ask()
    number = answer(server, asked, "<script>alert(1)</script><img src=x onerror=alert(1)>\u202e")
    for path in ("/staff/mails/", f"/staff/mails/{number}/"):
        page = enter(ITALIAN).get(path).content.decode()
        assert "<script>alert" not in page and "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_another_sellers_mails_are_not_there(enter: Enter, server: SimulatedMail) -> None:
    server.faults = ["refused"]
    asked = ask()
    number = answer(server, asked, "Boh")
    strange = answer(server, None, "Buy this", number=2)
    other = enter(POLISH)
    page = text(other.get("/staff/mails/"))
    assert asked.number not in page and number not in page and strange not in page
    for path in (f"/staff/mails/{number}/", f"/staff/mails/{strange}/"):
        assert other.get(path).status_code == 404
    for path in (
        f"/staff/mails/{number}/decide/",
        f"/staff/mails/{strange}/decide/",
        f"/staff/mails/{asked.number}/again/",
    ):
        assert other.post(path, {"decision": "set_aside", "note": "x"}).status_code == 404
    assert enter("silver").get("/staff/mails/").status_code == 404
    assert models.MailDecision.objects.count() == 0


def test_the_page_costs_the_same_for_many_mails(enter: Enter, server: SimulatedMail) -> None:
    browser = enter(ITALIAN)
    asked = ask()
    answer(server, asked, "Boh")

    def statements() -> int:
        clock.forget()  # read anew each time: how long the process remembers the clock must not decide
        with CaptureQueriesContext(connection) as seen:
            assert browser.get("/staff/mails/").status_code == 200
        return len(seen)

    before = statements()
    for number in range(2, 8):
        answer(server, ask(key=f"k{number}"), "Boh", number=number)
    assert statements() == before
