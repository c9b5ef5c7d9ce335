"""The simulated mail server: the ports' contracts, and its faults."""

from pathlib import Path

import pytest

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.domain.replies import reading, verdict
from planshift.procedures import ports
from tests.ports.mail_contract import RECIPIENT, SENDER, MailInContract, MailOutContract, mail


class TestOut(MailOutContract):
    @pytest.fixture
    def out(self, tmp_path: Path) -> ports.MailOut:
        self.server = SimulatedMail(folder=tmp_path)
        return self.server

    def arrived(self) -> list[bytes]:
        return self.server.sent()

    def fail(self, how: str) -> None:
        self.server.faults.append(how)  # type: ignore[arg-type]


class TestIn(MailInContract):
    @pytest.fixture
    def box(self, tmp_path: Path) -> ports.MailIn:
        self.server = SimulatedMail(folder=tmp_path)
        return self.server

    def receive(self, raw: bytes) -> None:
        self.server.receive(raw)

    def renumber(self) -> None:
        self.server.renumber()


@pytest.fixture
def server(tmp_path: Path) -> SimulatedMail:
    return SimulatedMail(folder=tmp_path)


def send(server: SimulatedMail) -> None:
    server.send(raw=mail(), sender=SENDER, recipient=RECIPIENT, key="1@example.com")


def test_faults_happen_once_each(server: SimulatedMail) -> None:
    server.faults = ["lost", "twice"]
    send(server)
    assert server.sent() == []
    send(server)
    assert server.sent() == [mail(), mail()]
    send(server)
    assert server.sent() == [mail()] * 3


def test_a_bounce_comes_back_as_a_report(server: SimulatedMail) -> None:
    server.faults = ["bounced"]
    send(server)
    (report,) = server.fetch(after=None)
    found = verdict.judge(reading.read(report.raw), asked=verdict.Asked(subject="", text=""))
    assert found.machine is not None
    assert (found.machine.kind, found.machine.recipient, found.machine.status) == ("bounce", RECIPIENT, "5.1.1")
    assert found.machine.returned_ids == ("1@example.com",)


def test_a_file_that_somebody_puts_there_is_a_mail(server: SimulatedMail) -> None:
    server.receive(mail(1))
    (server.folder / "in" / "answer.eml").write_bytes(mail(2))
    assert [each.place.uid for each in server.fetch(after=None)] == [1, 2]
    assert [each.place.uid for each in server.fetch(after=None)] == [1, 2]


def test_of_a_huge_mail_only_the_headers_are_read(server: SimulatedMail) -> None:
    server.receive(mail(1, body="x" * 26_000_000))
    (found,) = server.fetch(after=None)
    assert (found.truncated, b"Subject: mail 1" in found.raw, len(found.raw) < 1000) == (True, True, True)
