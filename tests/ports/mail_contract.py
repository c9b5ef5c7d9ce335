"""What every mail server must keep, out and in. A server's own test module subclasses these and says how it is made."""

import datetime as dt
from typing import Any

import pytest

from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.procedures import ports

SENDER, RECIPIENT = "faktury@hosting.example", "jan.demo@example.com"


def mail(number: int = 1, *, body: str = "Akceptuje") -> bytes:
    """A mail as it lies on the wire."""
    head = f"From: Jan Demo <{RECIPIENT}>\r\nTo: {SENDER}\r\nSubject: mail {number}\r\n"
    return f"{head}Message-ID: <{number}@example.com>\r\n\r\n{body}\r\n.dot\r\n..\r\n".encode()


class MailOutContract:
    """Subclasses give `out`, `arrived()` (raw mails that reached the other side) and `fail(how)` for the next mail:
    "refused", "unreachable", "lost_answer"."""

    @pytest.fixture
    def out(self) -> ports.MailOut:
        raise NotImplementedError

    def arrived(self) -> list[bytes]:
        raise NotImplementedError

    def fail(self, how: str) -> None:
        raise NotImplementedError

    def send(self, out: ports.MailOut, number: int = 1) -> str:
        return out.send(raw=mail(number), sender=SENDER, recipient=RECIPIENT, key=f"{number}@example.com")

    def test_a_mail_arrives_byte_for_byte_and_the_answer_is_kept(self, out: ports.MailOut) -> None:
        assert self.send(out).startswith("250 ")
        assert self.arrived() == [mail()]

    def test_what_is_refused_for_good_is_permanent_and_does_not_arrive(self, out: ports.MailOut) -> None:
        self.fail("refused")
        with pytest.raises(Permanent, match=r"5\d\d"):
            self.send(out)
        assert self.arrived() == []

    def test_what_does_not_answer_is_transient_and_does_not_arrive(self, out: ports.MailOut) -> None:
        self.fail("unreachable")
        with pytest.raises(Transient):
            self.send(out)
        assert self.arrived() == []
        self.send(out)
        assert self.arrived() == [mail()]

    def test_when_the_answer_is_lost_nobody_knows_and_the_mail_may_have_arrived(self, out: ports.MailOut) -> None:
        self.fail("lost_answer")
        with pytest.raises(Unknown):
            self.send(out)
        assert self.arrived() == [mail()]


class MailInContract:
    """Subclasses give `box`, `receive(raw)` (a mail arrives) and `renumber()` (all numbers change their meaning)."""

    @pytest.fixture
    def box(self) -> ports.MailIn:
        raise NotImplementedError

    def receive(self, raw: bytes) -> None:
        raise NotImplementedError

    def renumber(self) -> None:
        raise NotImplementedError

    def test_an_empty_mailbox_has_nothing(self, box: ports.MailIn) -> None:
        assert box.fetch(after=None) == ()

    def test_mails_come_raw_in_order_with_their_place_and_time(self, box: ports.MailIn) -> None:
        self.receive(mail(1))
        self.receive(mail(2))
        first, second = box.fetch(after=None)
        assert [first.raw.replace(b"\r\n", b"\n"), second.raw.replace(b"\r\n", b"\n")] == [
            mail(1).replace(b"\r\n", b"\n"),
            mail(2).replace(b"\r\n", b"\n"),
        ]
        assert (first.place.mailbox, second.place.mailbox) == (box.name, box.name)
        assert first.place.validity == second.place.validity
        assert first.place.uid < second.place.uid
        assert abs(dt.datetime.now(dt.UTC) - first.received_at) < dt.timedelta(minutes=2)
        assert not first.truncated

    def test_only_what_lies_behind_the_last_one_is_new(self, box: ports.MailIn) -> None:
        self.receive(mail(1))
        (first,) = box.fetch(after=None)
        assert box.fetch(after=first.place) == ()
        self.receive(mail(2))
        assert [each.raw.splitlines()[2] for each in box.fetch(after=first.place)] == [b"Subject: mail 2"]

    def test_a_batch_is_no_larger_than_asked_for(self, box: ports.MailIn) -> None:
        for number in (1, 2, 3):
            self.receive(mail(number))
        first, second = box.fetch(after=None, limit=2)
        (third,) = box.fetch(after=second.place, limit=2)
        assert [each.raw.splitlines()[2] for each in (first, second, third)] == [
            *(b"Subject: mail 1", b"Subject: mail 2", b"Subject: mail 3"),
        ]

    def test_looking_changes_nothing_and_done_twice_is_once(self, box: ports.MailIn) -> None:
        self.receive(mail(1))
        (once,) = box.fetch(after=None)
        (again,) = box.fetch(after=None)
        assert once == again
        for _ in range(2):
            box.done(places=(once.place,))
        assert box.fetch(after=once.place) == ()

    def test_a_renumbered_mailbox_is_read_from_the_start(self, box: ports.MailIn) -> None:
        self.receive(mail(1))
        (before,) = box.fetch(after=None)
        self.renumber()
        (after,) = box.fetch(after=before.place)
        assert after.place.validity != before.place.validity
        assert after.raw == before.raw

    def test_waiting_ends_when_a_mail_comes_and_otherwise_in_time(self, box: ports.MailIn) -> None:
        import threading
        import time

        assert box.fetch(after=None) == ()
        began = time.monotonic()
        assert box.wait(seconds=1) is False
        assert 0.5 < time.monotonic() - began < 5
        later = threading.Timer(0.5, self.receive, [mail(1)])
        later.start()
        began = time.monotonic()
        found: Any = box.wait(seconds=20)
        later.join()
        assert found is True
        assert time.monotonic() - began < 15
        assert len(box.fetch(after=None)) == 1

    def test_what_came_between_looking_and_waiting_is_not_waited_for(self, box: ports.MailIn) -> None:
        import time

        assert box.fetch(after=None) == ()
        self.receive(mail(1))
        began = time.monotonic()
        assert box.wait(seconds=20) is True
        assert time.monotonic() - began < 5
