"""Does every mail leave, once for the reader, whatever the mail server does? On rows and runs, with a simulated one."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.domain import letters
from planshift.domain.errors import Refused
from planshift.domain.lifecycles import mail as lifecycle
from planshift.domain.replies import reading
from planshift.procedures import mailbox, mailing, models, ports
from planshift.runtime import clock, runs
from planshift.runtime.models import Run
from planshift.services import models as services
from planshift.services.queries import NotFound
from tests.billing import people

AT = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
LETTER = letters.Letter(subject="Faktura korygująca FK/1", text="Prosimy o akceptację.\n", language="pl")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SimulatedMail]:
    made = SimulatedMail(folder=tmp_path)
    before = (ports._out[:], ports._in[:])
    ports.bind_mail(out=made, mailbox=made)
    yield made
    ports._out[:], ports._in[:] = before


@pytest.fixture
def client(db: None) -> services.Client:
    return people.client(people.polish())


def send(*, key: str = "k1", signal_key: str = "change:CH-1", **more: object) -> str:
    with transaction.atomic():
        return mailing.send(
            client="C-1001", letter=LETTER, purpose="correction", key=key, at=AT, actor="system:test",
            about="CH-1", documents=("FK/1",), signal_key=signal_key, **more,
        )  # fmt: skip


def row(number: str) -> models.OutgoingMail:
    return models.OutgoingMail.objects.get(number=number)


def again_at_once() -> None:
    """Pauses before a retry are over."""
    Run.objects.filter(state="READY").update(not_before=clock.system())
    runs.drain()


def test_a_letter_goes_to_the_contact_address_with_its_reference(
    client: services.Client, server: SimulatedMail, told: list[str]
) -> None:
    number = send()
    assert (number, row(number).state, server.sent()) == ("M-2026-000001", "QUEUED", [])
    runs.drain()
    made = row(number)
    assert (made.state, made.receipt) == ("SENT", f"250 2.0.0 queued {made.message_id}")
    (raw,) = server.sent()
    assert raw == bytes(made.raw)
    mail = reading.read(raw)
    assert mail.recipients == ("anna@demo.example",)
    assert (mail.sender_name, mail.subject) == ("Zagroda (demo)", f"Faktura korygująca FK/1 [ref {made.token}]")
    assert mail.message_id == f"{made.token}.correction@localhost"
    assert (mail.text or "").strip() == "Prosimy o akceptację."
    assert told == ["mail_sent"]


def test_the_same_key_is_the_same_mail(client: services.Client, server: SimulatedMail) -> None:
    assert send() == send()
    runs.drain()
    assert len(server.sent()) == 1


def test_a_mail_is_queued_with_the_facts_or_not_at_all(client: services.Client, server: SimulatedMail) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        send()
        raise ZeroDivisionError
    runs.drain()
    assert (models.OutgoingMail.objects.count(), server.sent()) == (0, [])


def test_a_server_that_does_not_answer_is_tried_again(client: services.Client, server: SimulatedMail) -> None:
    server.faults = ["unreachable", "unreachable"]
    number = send()
    for _ in range(3):
        again_at_once()
    assert (row(number).state, len(server.sent())) == ("SENT", 1)


def test_a_lost_answer_may_send_twice_with_the_same_message_id(client: services.Client, server: SimulatedMail) -> None:
    server.faults = ["lost_answer"]
    number = send()
    for _ in range(2):
        again_at_once()
    assert row(number).state == "SENT"
    assert [reading.read(raw).message_id for raw in server.sent()] == [row(number).message_id] * 2


def test_a_refused_mail_waits_for_staff_and_goes_out_again(
    client: services.Client, server: SimulatedMail, told: list[str]
) -> None:
    server.faults = ["refused"]
    number = send()
    runs.drain()
    made = row(number)
    assert (made.state, made.trouble) == ("FAILED", "550 5.1.1 anna@demo.example: no such user here")
    assert told == ["mail_failed"]
    with pytest.raises(Refused, match="note_needed"):
        mailing.retry(sellers=("zagroda",), number=number, note=" ", at=AT, actor="user:1")
    with pytest.raises(NotFound):
        mailing.retry(sellers=("vicolo",), number=number, note="x", at=AT, actor="user:1")
    mailing.retry(sellers=("zagroda",), number=number, note="address works again", at=AT, actor="user:1")
    runs.drain()
    assert (row(number).state, row(number).trouble, len(server.sent())) == ("SENT", "", 1)
    with pytest.raises(Refused, match="move_not_allowed"):
        mailing.retry(sellers=("zagroda",), number=number, note="x", at=AT, actor="user:1")


def test_when_every_try_fails_a_person_sees_it(client: services.Client, server: SimulatedMail) -> None:
    server.faults = ["unreachable"] * mailing.ATTEMPTS
    number = send()
    for _ in range(mailing.ATTEMPTS):
        again_at_once()
    assert (row(number).state, row(number).trouble) == ("FAILED", "the mail server does not answer")
    mailing.set_aside(sellers=("zagroda",), number=number, note="told by phone", at=AT, actor="user:1")
    assert row(number).state == "SET_ASIDE"
    assert Run.objects.filter(state="STUCK").count() == 0


def test_without_a_mail_server_a_mail_fails_where_staff_see_it(client: services.Client) -> None:
    before = ports._out[:]
    ports._out[:] = []
    number = send()
    runs.drain()
    ports._out[:] = before
    assert (row(number).state, row(number).trouble) == ("FAILED", "no_mail_server")


def test_a_bounce_is_seen_and_told(client: services.Client, server: SimulatedMail, told: list[str]) -> None:
    server.faults = ["bounced"]
    number = send()
    runs.drain()
    assert mailbox.collect(at=AT) == 1
    assert (row(number).state, row(number).trouble) == ("BOUNCED", "5.1.1 anna@demo.example")
    assert told == ["mail_sent", "mail_bounced"]
    assert mailbox.replies(outgoing=number) == ()


def test_a_bounce_faster_than_our_note_is_not_overwritten(client: services.Client, server: SimulatedMail) -> None:
    number = send()
    server.faults = ["bounced"]
    made = row(number)
    server.send(raw=bytes(made.raw), sender=made.sender, recipient=made.recipient, key=made.message_id)
    mailbox.collect(at=AT)
    runs.drain()
    assert row(number).state == "BOUNCED"


def test_a_bounce_about_somebody_else_moves_nothing(client: services.Client, server: SimulatedMail) -> None:
    number = send()
    runs.drain()
    server.faults = ["bounced"]
    server.send(raw=b"x", sender="x@example.com", recipient="other@example.com", key=row(number).message_id)
    mailbox.collect(at=AT)
    assert row(number).state == "SENT"


def test_an_address_that_is_none_is_refused(client: services.Client, server: SimulatedMail) -> None:
    for bad in ("nobody", "a@b@c", "a@example.com\r\nBcc: x@example.com", "Jan <a@example.com>"):
        with pytest.raises(Refused, match="mail_address_bad"):
            send(recipient=bad)
    assert models.OutgoingMail.objects.count() == 0


def test_a_header_cannot_be_smuggled_in_by_a_subject(client: services.Client, server: SimulatedMail) -> None:
    letter = letters.Letter(subject="Hello\r\nBcc: x@example.com", text="x")
    with transaction.atomic():
        number = mailing.send(client="C-1001", letter=letter, purpose="notice", key="k", at=AT, actor="system:test")
    assert reading.read(bytes(row(number).raw)).every("bcc") == ()


def test_what_was_written_never_changes(client: services.Client, server: SimulatedMail) -> None:
    number = send()
    for column, value in (("raw", b"x"), ("recipient", "x@example.com"), ("subject", "x"), ("token", "x")):
        with pytest.raises(IntegrityError), transaction.atomic():
            models.OutgoingMail.objects.filter(number=number).update(**{column: value})
    with pytest.raises(IntegrityError), transaction.atomic():
        models.OutgoingMail.objects.filter(number=number).delete()


@pytest.mark.parametrize(("state", "event", "to"), list(lifecycle.LIFECYCLE.every_pair()))
def test_what_is_not_in_the_table_cannot_happen(
    client: services.Client, server: SimulatedMail, state: str, event: str, to: str | None
) -> None:
    from planshift.runtime import moves

    number = send()
    models.OutgoingMail.objects.filter(number=number).update(state=state)
    if to is None:
        with pytest.raises(Refused, match="move_not_allowed"):
            moves.move(row(number), event, actor="system:test", at=AT)
    else:
        moves.move(row(number), event, actor="system:test", at=AT)
    assert row(number).state == (to or state)
