"""planshift mailbox: takes in what is there, and says when there is no mailbox."""

from pathlib import Path

import pytest

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.interfaces.cli import mailbox
from planshift.procedures import models, ports


@pytest.fixture
def unbound() -> object:
    before = (ports._out[:], ports._in[:])
    yield
    ports._out[:], ports._in[:] = before


@pytest.mark.django_db
def test_once_takes_in_what_is_there(unbound: object, tmp_path: Path) -> None:
    server = SimulatedMail(folder=tmp_path)
    ports.bind_mail(out=server, mailbox=server)
    server.receive(b"From: a@example.com\nSubject: x\n\nhello\n")
    assert mailbox.main(["--once"]) == 0
    assert models.IncomingMail.objects.get().reason == "unmatched"
    assert models.MailboxCheck.objects.get().trouble == ""


def test_without_a_mailbox_it_says_so(unbound: object, capsys: pytest.CaptureFixture[str]) -> None:
    ports.bind_mail(out=None, mailbox=None)
    assert mailbox.main([]) == 0
    assert "PLANSHIFT_MAILBOX" in capsys.readouterr().out
