"""The contracts of mail on real servers: an SMTP sink on this machine, and Dovecot (IMAP, TLS, IDLE)."""

import asyncio
import datetime as dt
import gc
import os
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from django.db import transaction

from planshift.adapters.mail import imap, smtp
from planshift.domain import letters
from planshift.domain.errors import Transient
from planshift.domain.replies import reading
from planshift.procedures import mailbox as receiving
from planshift.procedures import mailing, ports
from planshift.runtime import runs
from tests.billing import people
from tests.harness import dovecot, free_ports
from tests.ports.mail_contract import MailInContract, MailOutContract, mail

pytestmark = pytest.mark.slow


class Sink:
    """What the SMTP server does with mails: keeps them, or fails as it was told."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.next = ""

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.next in ("refused", "unreachable"):
            answer = "550 5.1.1 no such user" if self.next == "refused" else "451 4.3.0 try again later"
            self.next = ""
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.original_content)
        if self.next == "lost_answer":
            self.next = ""
            assert server.transport is not None
            server.transport.abort()
            await asyncio.sleep(0)
        return "250 2.0.0 kept"


def start(sink: Sink, **settings: Any) -> Controller:
    controller = Controller(sink, hostname="127.0.0.1", port=free_ports.take(), **settings)
    controller.start()
    return controller


class TestSmtp(MailOutContract):
    @pytest.fixture
    def out(self) -> Iterator[ports.MailOut]:
        self.sink = Sink()
        controller = start(self.sink)
        server = smtp.Server(host="127.0.0.1", port=controller.port, security="none", seconds=5)
        yield smtp.SmtpMailOut(server=server)
        controller.stop()

    def arrived(self) -> list[bytes]:
        return self.sink.mails

    def fail(self, how: str) -> None:
        self.sink.next = how


def test_where_nobody_listens_it_is_transient() -> None:
    out = smtp.SmtpMailOut(server=smtp.Server(host="127.0.0.1", port=free_ports.take(), security="none", seconds=2))
    with pytest.raises(Transient, match="cannot be reached"):
        out.send(raw=mail(), sender="a@example.com", recipient="b@example.com", key="1")


@pytest.fixture(scope="module")
def server() -> Iterator[dovecot.Dovecot]:
    missing = dovecot.missing()
    if missing:
        if os.environ.get("PLANSHIFT_NO_SKIP") == "1":
            pytest.fail(f"Dovecot is missing ({missing}), and PLANSHIFT_NO_SKIP=1 forbids to go without")
        pytest.skip(f"Dovecot is missing: {missing}")
    made = dovecot.start()
    yield made
    made.stop()


def mailbox(server: dovecot.Dovecot, **more: Any) -> imap.ImapMailIn:
    given = {"host": "localhost", "port": server.tls, "security": "tls", "user": dovecot.USER}
    given |= {"password": dovecot.PASSWORD, "ca_file": str(server.ca_file), "seconds": 10, **more}
    return imap.ImapMailIn(server=smtp.Server(**given))


class TestImap(MailInContract):
    @pytest.fixture
    def box(self, server: dovecot.Dovecot) -> Iterator[ports.MailIn]:
        self.server = server
        for folder in ("new", "cur"):
            for path in (server.folder / "mail" / folder).iterdir():
                path.unlink()
        self.found = mailbox(server)
        yield self.found
        self.found.close()

    def receive(self, raw: bytes) -> None:
        self.server.receive(raw)

    def renumber(self) -> None:
        self.found.close()  # a session that is open would write the old numbers back
        time.sleep(1.1)  # a validity is made of the time in seconds
        self.server.renumber()

    def test_done_is_seen_by_people_who_look_into_the_mailbox(self, box: ports.MailIn) -> None:
        self.receive(mail(1))
        (found,) = box.fetch(after=None)
        box.done(places=(found.place,))
        box.fetch(after=None)
        assert self.server.flags() == ["S"]


def test_a_certificate_that_nobody_vouches_for_is_refused(server: dovecot.Dovecot) -> None:
    with pytest.raises(Transient, match="CERTIFICATE_VERIFY_FAILED"):
        mailbox(server, ca_file="").fetch(after=None)


# the library leaves the socket to the garbage collector when the certificate is refused after STARTTLS
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_starttls_is_verified_too(server: dovecot.Dovecot) -> None:
    box = mailbox(server, security="starttls", port=server.plain)
    assert box.fetch(after=None) is not None
    box.close()
    with pytest.raises(Transient, match="CERTIFICATE_VERIFY_FAILED"):
        mailbox(server, security="starttls", port=server.plain, ca_file="").fetch(after=None)
    gc.collect()


def test_a_wrong_password_is_said_without_the_password(server: dovecot.Dovecot) -> None:
    box = mailbox(server, password="another-secret")
    with pytest.raises(Transient) as caught:
        box.fetch(after=None)
    assert "another-secret" not in f"{caught.value!r} {caught.value} {box.server!r}"


def test_smtp_over_tls_is_verified(server: dovecot.Dovecot) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server.ca_file, server.folder / "key.pem")
    sink = Sink()
    controller = start(sink, tls_context=context, require_starttls=True)
    known = {"host": "localhost", "security": "starttls", "seconds": 5}
    try:
        trusted = smtp.Server(**known, port=controller.port, ca_file=str(server.ca_file))
        smtp.SmtpMailOut(server=trusted).send(raw=mail(), sender="a@example.com", recipient="b@example.com", key="1")
    finally:
        controller.stop()
    assert sink.mails == [mail()]
    with pytest.raises(Transient, match="CERTIFICATE_VERIFY_FAILED"):  # whoever answers there, we do not speak to it
        smtp.SmtpMailOut(server=smtp.Server(**{**known, "security": "tls"}, port=server.tls)).send(
            raw=mail(2), sender="a@example.com", recipient="b@example.com", key="2"
        )


@pytest.mark.django_db
def test_a_mail_goes_out_and_its_answer_comes_back_over_real_servers(server: dovecot.Dovecot) -> None:
    at = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
    owner, sink = people.client(people.polish()), Sink()
    controller = start(sink)
    box, bound = mailbox(server), (ports._out[:], ports._in[:])
    way_out = smtp.Server(host="127.0.0.1", port=controller.port, security="none", seconds=5)
    ports.bind_mail(out=smtp.SmtpMailOut(server=way_out), mailbox=box)
    try:
        with transaction.atomic():
            number = mailing.send(
                client=owner.number,
                letter=letters.Letter(subject="Faktura korygująca", text="Prosimy o akceptację.", language="pl"),
                purpose="correction",
                key="k",
                at=at,
                actor="system:test",
            )
        runs.drain()
        asked = reading.read(sink.mails[0])
        head = f"From: {owner.email}\r\nSubject: Re: {asked.subject}\r\nIn-Reply-To: <{asked.message_id}>\r\n"
        text = "Content-Type: text/plain; charset=utf-8\r\n\r\nAkceptuję.\r\n"
        server.receive(f"{head}Message-ID: <answer@demo.example>\r\n{text}".encode())
        receiving.collect(at=at)
        (said,) = receiving.replies(outgoing=number)
    finally:
        ports._out[:], ports._in[:] = bound
        controller.stop()
        box.close()
    assert (said.answer, said.sender) == ("accepted", "anna@demo.example")
