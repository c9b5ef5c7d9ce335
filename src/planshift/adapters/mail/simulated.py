"""Mail without a server: folders of .eml files, for the demo and for tests, with faults on demand.

`out/` is where our mails go, `in/` the mailbox: whoever puts an .eml file there has sent us a mail.
"""

import contextlib
import datetime as dt
import email.parser
import email.policy
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.procedures import ports
from planshift.runtime import clock

Fault = Literal["refused", "unreachable", "lost_answer", "lost", "twice", "bounced"]
LARGEST = 25_000_000  # bytes


class SimulatedMail:
    """Both ports over one folder. `faults` happen to the next mails that are sent, one each:

    refused (for good), unreachable (not now), lost_answer (it went out, we do not hear of it), lost (on the way),
    twice (arrives two times), bounced (a report comes into the mailbox). What goes to our own `address` comes in.
    """

    def __init__(self, *, folder: Path, address: str = "") -> None:
        self.name = "simulated"
        self.folder, self.address = folder, address
        self.faults: list[Fault] = []
        self._known: list[str] = []  # what lay there when we last looked

    # ── out ──
    def send(self, *, raw: bytes, sender: str, recipient: str, key: str) -> str:
        """As the port says."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "refused":
            raise Permanent(f"550 5.1.1 {recipient}: no such user here")
        if fault == "unreachable":
            raise Transient("the mail server does not answer", after_seconds=0.0)
        if fault != "lost":
            for _ in range(2 if fault == "twice" else 1):
                _put(self.folder / "out", raw)
                if self.address and recipient == self.address:
                    self.receive(raw)
        if fault == "bounced":
            self.receive(_report(recipient=recipient, sender=sender, key=key))
        if fault == "lost_answer":
            raise Unknown("the connection broke before the server answered")
        return f"250 2.0.0 queued {key}"

    def sent(self) -> list[bytes]:
        """All that went out, in order."""
        return [path.read_bytes() for path in sorted((self.folder / "out").glob("*.eml"))]

    # ── in ──
    def receive(self, raw: bytes) -> None:
        """A mail arrives in the mailbox."""
        _put(self.folder / "in", raw)

    def renumber(self) -> None:
        """The mailbox is rebuilt: its validity changes, and with it what every number means."""
        (self.folder / "in" / "validity").write_text(str(self._validity() + 1), encoding="ascii")

    def fetch(self, *, after: ports.Place | None, limit: int = 50) -> tuple[ports.Fetched, ...]:
        """As the port says."""
        validity = self._validity()
        last = after.uid if after is not None and after.validity == validity else 0
        found = [(uid, path) for uid, path in self._messages() if uid > last][:limit]
        self._known = self._signs()
        return tuple(self._read(uid, path, validity) for uid, path in found)

    def done(self, *, places: tuple[ports.Place, ...]) -> None:
        """As the port says: nothing is to be done, the number of the last one is known to the caller."""

    def wait(self, *, seconds: int) -> bool:
        """As the port says: looks twice a second."""
        until = clock.monotonic() + seconds
        while self._signs() == self._known:
            if clock.monotonic() >= until:
                return False
            time.sleep(0.5)
        return True

    def _read(self, uid: int, path: Path, validity: int) -> ports.Fetched:
        raw = path.read_bytes()
        came = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        place = ports.Place(mailbox=self.name, validity=validity, uid=uid)
        if len(raw) <= LARGEST:
            return ports.Fetched(place=place, received_at=came, raw=raw)
        head = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(raw)
        head.set_payload("")
        return ports.Fetched(place=place, received_at=came, raw=head.as_bytes(), truncated=True)

    def _messages(self) -> Iterator[tuple[int, Path]]:
        """With their numbers; a file that somebody has put there by another name gets the next one."""
        folder = self.folder / "in"
        for path in sorted(folder.glob("*.eml")):
            if not path.stem.isdigit():
                _put(folder, path.read_bytes())
                path.unlink()
        for path in sorted(folder.glob("*.eml")):
            yield int(path.stem), path

    def _signs(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "in").glob("*.eml"))

    def _validity(self) -> int:
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / "in" / "validity").read_text(encoding="ascii"))
        return 1


def _put(folder: Path, raw: bytes) -> None:
    """The next number; a name is taken by one process only, and a file is whole as soon as it has its name."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{os.getpid()}-{clock.monotonic()}.part"
    part.write_bytes(raw)
    number = max((int(path.stem) for path in folder.glob("*.eml") if path.stem.isdigit()), default=0)
    while True:
        number += 1
        with contextlib.suppress(FileExistsError):
            (folder / f"{number:08}.eml").hardlink_to(part)
            part.unlink()
            return


def _report(*, recipient: str, sender: str, key: str) -> bytes:
    """What a mail server sends back when the mailbox does not exist (RFC 3464)."""
    lines = (
        f"Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.com>\nTo: {sender}\n"
        f"Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\n"
        f"Message-ID: <bounce.{key}>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=-report"\n\n'
        "--=-report\nContent-Type: text/plain\n\nThis mail could not be delivered.\n\n"
        "--=-report\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n\n"
        f"--=-report\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{key}>\n\n--=-report--\n"
    )
    return lines.encode()
