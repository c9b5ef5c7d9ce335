"""Is every mail that comes in kept, matched with what it answers, and never acted upon twice? (D7)"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.domain.errors import Refused, Transient
from planshift.procedures import mailbox, models, ports
from planshift.runtime import runs
from planshift.services.queries import NotFound
from tests.billing import people
from tests.mail.test_mailing import AT, send

STAFF = {"sellers": ("zagroda",), "every_seller": False, "at": AT, "actor": "user:1"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SimulatedMail]:
    made = SimulatedMail(folder=tmp_path)
    before = (ports._out[:], ports._in[:])
    ports.bind_mail(out=made, mailbox=made)
    yield made
    ports._out[:], ports._in[:] = before


@pytest.fixture
def asked(db: None, server: SimulatedMail) -> models.OutgoingMail:
    """A request to accept that has gone out."""
    people.client(people.polish())
    number = send()
    runs.drain()
    return models.OutgoingMail.objects.get(number=number)


def reply(
    asked: models.OutgoingMail,
    *,
    body: str = "Akceptuję.",
    sender: str = "Anna Próba <anna@demo.example>",
    subject: str | None = None,
    answers: str | None = None,
    number: int = 1,
    more: str = "",
) -> bytes:
    """A reply as a mail program writes it."""
    subject = f"Re: {asked.subject}" if subject is None else subject
    head = f"{more}From: {sender}\nTo: planshift@localhost\nSubject: {subject}\n"
    answers = asked.message_id if answers is None else answers
    head += f"In-Reply-To: <{answers}>\nReferences: <{answers}>\n" if answers else ""
    head += f"Message-ID: <reply-{number}@demo.example>\nContent-Type: text/plain; charset=utf-8\n"
    return f"{head}Content-Transfer-Encoding: 8bit\n\n{body}\n".encode()


def only() -> models.IncomingMail:
    return models.IncomingMail.objects.get()


def test_an_acceptance_is_kept_with_its_evidence_and_told(
    told: list[str], asked: models.OutgoingMail, server: SimulatedMail
) -> None:
    raw = reply(asked)
    server.receive(raw)
    assert mailbox.collect(at=AT) == 1
    found = only()
    assert (found.answer, found.reason, found.outgoing_id) == ("accepted", "", asked.pk)
    assert (found.matched_by, found.token) == (["token", "answered", "thread", "sender"], asked.token)
    assert (bytes(found.raw), found.own_text, found.sender) == (raw, "Akceptuję.", "anna@demo.example")
    assert told == ["mail_sent", "replied"]
    (said,) = mailbox.replies(outgoing=asked.number)
    assert (said.answer, said.decided_by, said.number) == ("accepted", "", "MI-2026-000001")


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ({"answers": ""}, ["token", "sender"]),
        ({"subject": "Odp: Faktura korygująca FK/1"}, ["answered", "thread", "sender"]),
        ({"answers": "", "more": "Delivered-To: planshift+TOKEN@localhost\n", "subject": "x"}, ["token", "sender"]),
    ],
)
def test_any_sure_trace_finds_the_mail_that_it_answers(
    asked: models.OutgoingMail, server: SimulatedMail, change: dict[str, str], by: list[str]
) -> None:
    change = {name: value.replace("TOKEN", asked.token) for name, value in change.items()}
    server.receive(reply(asked, **change))
    mailbox.collect(at=AT)
    assert (only().outgoing_id, only().matched_by) == (asked.pk, by)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sender": "Jan <jan@example.com>"}, "other_sender"),
        ({"sender": "anna@demo.example.example.com"}, "other_sender"),
        ({"sender": "anna@demo.example, jan@example.com"}, "other_sender"),
        ({"body": "Akceptuję, ale jutro"}, "condition"),
        ({"answers": "", "subject": "Akceptuję"}, "unmatched"),
        ({"answers": "guessed@localhost", "subject": "Re: [ref 0000000000000000]"}, "unmatched"),
    ],
)
def test_what_does_not_count_waits_for_a_person(
    asked: models.OutgoingMail, server: SimulatedMail, change: dict[str, str], reason: str
) -> None:
    server.receive(reply(asked, **change))
    mailbox.collect(at=AT)
    assert (only().answer, only().reason) == ("unclear", reason)


def test_traces_of_two_mails_are_nobodys(asked: models.OutgoingMail, server: SimulatedMail) -> None:
    other = models.OutgoingMail.objects.get(number=send(key="k2"))
    server.receive(reply(asked, answers=other.message_id))
    mailbox.collect(at=AT)
    assert (only().answer, only().reason, only().outgoing_id) == ("unclear", "ambiguous", None)


@override_settings(MAIL_AUTHENTICATED_BY="mail.hosting.example")
@pytest.mark.parametrize(
    ("header", "answer", "dkim"),
    [
        ("mail.hosting.example; dkim=pass header.d=demo.example; spf=pass; dmarc=pass", "accepted", "pass"),
        ("mail.hosting.example; dkim=fail; spf=fail; dmarc=fail", "unclear", "fail"),
        (
            "mail.hosting.example;\n\tdkim=fail (bad (x) body);\n\tspf=softfail smtp.helo=x",
            "unclear",
            "fail",
        ),
        ("mail.evil.example; dkim=fail; spf=fail; dmarc=fail", "accepted", ""),
        # the sender's own header further down does not count
        (
            "mail.hosting.example; dmarc=fail\nAuthentication-Results: mail.hosting.example; dmarc=pass; dkim=pass",
            "unclear",
            "",
        ),
    ],
)
def test_a_sender_whom_our_server_does_not_believe_does_not_count(
    asked: models.OutgoingMail, server: SimulatedMail, header: str, answer: str, dkim: str
) -> None:
    server.receive(reply(asked, more=f"Authentication-Results: {header}\n"))
    mailbox.collect(at=AT)
    assert (only().answer, only().vouched["dkim"]) == (answer, dkim)


def test_collecting_again_changes_nothing(told: list[str], asked: models.OutgoingMail, server: SimulatedMail) -> None:
    server.receive(reply(asked))
    assert [mailbox.collect(at=AT), mailbox.collect(at=AT)] == [1, 0]
    (fetched,) = server.fetch(after=None)
    assert mailbox.record(fetched=fetched, at=AT, actor="system:mailbox") == "MI-2026-000001"
    assert (models.IncomingMail.objects.count(), told) == (1, ["mail_sent", "replied"])


def test_a_renumbered_mailbox_gives_duplicates_that_nobody_is_told_of(
    told: list[str], asked: models.OutgoingMail, server: SimulatedMail
) -> None:
    server.receive(reply(asked))
    mailbox.collect(at=AT)
    server.renumber()
    assert mailbox.collect(at=AT) == 1
    first, second = models.IncomingMail.objects.order_by("pk")
    assert (first.duplicate_of_id, second.duplicate_of_id, told) == (None, first.pk, ["mail_sent", "replied"])
    assert len(mailbox.replies(outgoing=asked.number)) == 1
    assert mailbox.collect(at=AT) == 0


def test_the_same_mail_on_two_ways_is_one_but_other_words_under_its_id_are_another(
    asked: models.OutgoingMail, server: SimulatedMail
) -> None:
    server.receive(reply(asked))
    server.receive(reply(asked, more="Received: by another way\n"))
    server.receive(reply(asked, body="Nie akceptuję."))
    mailbox.collect(at=AT)
    assert [each.answer for each in mailbox.replies(outgoing=asked.number)] == ["accepted", "refused"]
    assert models.IncomingMail.objects.exclude(duplicate_of=None).count() == 1


def test_a_crash_between_keeping_and_marking_loses_and_repeats_nothing(
    asked: models.OutgoingMail, server: SimulatedMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.receive(reply(asked))
    server.receive(reply(asked, number=2, body="Czy to netto?"))

    def dies(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(server, "done", dies)
        with pytest.raises(KeyboardInterrupt):
            mailbox.collect(at=AT)
    mailbox.collect(at=AT)
    assert [each.reason for each in mailbox.replies(outgoing=asked.number)] == ["", "question"]


def test_trouble_with_the_server_is_noted_for_staff(
    asked: models.OutgoingMail, server: SimulatedMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**_: object) -> None:
        raise Transient("mailbox: connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(server, "fetch", gone)
        assert mailbox.collect(at=AT) == 0
    assert models.MailboxCheck.objects.get().trouble == "mailbox: connection refused"
    mailbox.collect(at=AT)
    assert models.MailboxCheck.objects.get().trouble == ""


def test_a_person_decides_once_with_a_reason(
    told: list[str], asked: models.OutgoingMail, server: SimulatedMail
) -> None:
    server.receive(reply(asked, body="Ok"))
    mailbox.collect(at=AT)
    number = only().number
    with pytest.raises(Refused, match="note_needed"):
        mailbox.decide(number=number, answer="accepted", note=" ", **STAFF)
    with pytest.raises(Refused, match="request_unreadable"):
        mailbox.decide(number=number, answer="automatic", note="x", **STAFF)
    with pytest.raises(NotFound):
        mailbox.decide(number=number, answer="accepted", note="x", **{**STAFF, "sellers": ("vicolo",)})
    assert mailbox.replies(outgoing=asked.number)[0].answer == "unclear"
    mailbox.decide(number=number, answer="accepted", note="said so on the phone", **STAFF)
    (said,) = mailbox.replies(outgoing=asked.number)
    assert (said.answer, said.reason, said.decided_by) == ("accepted", "not_explicit", "user:1")
    assert told == ["mail_sent", "replied", "replied"]
    with pytest.raises(Refused, match="mail_decided"):
        mailbox.decide(number=number, answer="refused", note="x", **STAFF)


def test_what_the_rules_decided_nobody_decides_again(asked: models.OutgoingMail, server: SimulatedMail) -> None:
    server.receive(reply(asked))
    mailbox.collect(at=AT)
    with pytest.raises(Refused, match="mail_decided"):
        mailbox.decide(number=only().number, answer="refused", note="x", **STAFF)


def test_a_mail_that_matches_nothing_is_for_those_who_work_for_every_seller(
    asked: models.OutgoingMail, server: SimulatedMail
) -> None:
    server.receive(reply(asked, answers="", subject="Hello"))
    mailbox.collect(at=AT)
    with pytest.raises(NotFound):
        mailbox.decide(number=only().number, answer="set_aside", note="x", **STAFF)
    everyone = {**STAFF, "every_seller": True}
    with pytest.raises(Refused, match="mail_matches_nothing"):
        mailbox.decide(number=only().number, answer="accepted", note="x", **everyone)
    mailbox.decide(number=only().number, answer="set_aside", note="advertising", **everyone)
    assert only().decision.answer == "set_aside"


def test_evidence_never_changes(asked: models.OutgoingMail, server: SimulatedMail) -> None:
    server.receive(reply(asked))
    mailbox.collect(at=AT)
    for act in (lambda rows: rows.update(answer="refused"), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            act(models.IncomingMail.objects.all())


def test_hostile_mails_are_kept_whatever_is_in_them(asked: models.OutgoingMail, server: SimulatedMail) -> None:
    hostile = [b"", b"\x00\xff" * 500, b"Subject: =?utf-8?q?=00=ff?=\nFrom: \x00@\x00\n\n\x00", b"From: " + b"a" * 9000]
    hostile.append(f"Subject: {'ż' * 3000}\nMessage-ID: <{'x' * 800}@y>\n\n".encode())
    for raw in hostile:
        server.receive(raw)
    assert mailbox.collect(at=dt.datetime(2026, 11, 23, tzinfo=dt.UTC)) == len(hostile)
    assert {each.answer for each in models.IncomingMail.objects.all()} <= {"unclear", "automatic"}
