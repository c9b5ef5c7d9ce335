"""The corrective invoice goes out by SMTP, and the reply that accepts it comes back by IMAP (D7), over real servers."""

import email
import email.policy
from collections.abc import Iterator

import pytest

from planshift.adapters.mail import smtp
from planshift.billing import models as billing
from planshift.procedures import mailbox, models, ports
from planshift.runtime import clock
from tests.harness import dovecot
from tests.ports.test_real_mail import Sink, start
from tests.ports.test_real_mail import mailbox as mailbox_on
from tests.ports.test_real_mail import server as server
from tests.stories.conftest import Stage
from tests.stories.test_acceptance import BEFORE, CREDIT, asked, credits, nothing_moved, ordered, seen


@pytest.fixture
def sink(server: dovecot.Dovecot) -> Iterator[Sink]:
    """The way out and the mailbox are real servers."""
    made, bound = Sink(), (ports._out[:], ports._in[:])
    controller, box = start(made), mailbox_on(server)
    way_out = smtp.Server(host="127.0.0.1", port=controller.port, security="none", seconds=5)
    ports.bind_mail(out=smtp.SmtpMailOut(server=way_out), mailbox=box)
    yield made
    ports._out[:], ports._in[:] = bound
    controller.stop()
    box.close()


def test_D7_the_corrective_invoice_goes_by_mail_and_a_reply_accepts_it(
    stage: Stage, sink: Sink, server: dovecot.Dovecot
) -> None:
    before, made = seen(stage), ordered(stage)
    sent = email.message_from_bytes(sink.mails[0], policy=email.policy.default)
    body, (paper,) = sent.get_body(), sent.iter_attachments()
    assert body is not None
    text = body.get_content()
    assert sent["To"] == "decrease@demo.example" and "Prosimy o akceptację" in text and "516.66 PLN" in text
    assert paper.get_content_type() == "application/pdf" and paper.get_content().startswith(b"%PDF")
    nothing_moved(stage, before)
    quoted = "".join(f"> {line}\r\n" for line in text.splitlines())
    raw = (
        f"From: Demo Warsztat <decrease@demo.example>\r\nTo: {sent['Reply-To']}\r\nSubject: Odp: {sent['Subject']}\r\n"
        f"In-Reply-To: {sent['Message-ID']}\r\nMessage-ID: <yes@demo.example>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"Dzień dobry,\r\nakceptuję.\r\n\r\n{quoted}"
    ).encode()
    server.receive(raw)
    assert mailbox.collect(at=clock.business()) == 1
    stage.work()
    kept, came = asked(made.number), models.IncomingMail.objects.get()
    assert (kept.state, kept.answered_how, kept.answered_by, kept.evidence) == (
        "CREDITED",
        "reply",
        "decrease@demo.example",
        came.number,
    )
    assert bytes(came.raw).replace(b"\r\n", b"\n") == raw.replace(b"\r\n", b"\n") and came.answer == "accepted"
    assert len(came.sha256) == 64
    assert stage.change(made.number).state == "DONE" and seen(stage)[1] == BEFORE + CREDIT and credits() == [CREDIT]
    assert billing.Invoice.objects.filter(kind="correction").count() == 1


def test_D7_a_mail_that_bounces_waits_for_staff_and_nothing_moves(stage: Stage, sink: Sink) -> None:
    before, sink.next = seen(stage), "refused"
    made = ordered(stage)
    assert (asked(made.number).state, asked(made.number).trouble) == ("AWAITING_STAFF", "mail_failed")
    nothing_moved(stage, before)
    stage.days(16)
    assert stage.change(made.number).state == "LAPSED"
    nothing_moved(stage, before)
