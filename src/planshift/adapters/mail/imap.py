"""What lies in the mailbox? IMAP with verified TLS, IDLE where the server has it, else looking again."""

import contextlib
import datetime as dt
import imaplib
import re
import time
from collections.abc import Iterator
from typing import Any

import imap_tools

from planshift.adapters.mail import smtp
from planshift.domain.errors import Transient
from planshift.procedures import ports

LARGEST = 25_000_000  # bytes
_WENT_WRONG = (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError)
_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class ImapMailIn:
    """One folder of one account. The connection is kept between looking and waiting, and made anew when it breaks."""

    def __init__(self, *, server: smtp.Server, folder: str = "INBOX", move_to: str = "") -> None:
        self.server, self.folder, self.move_to = server, folder, move_to
        self.name = f"{server.user}@{server.host}/{folder}"
        self._box: imap_tools.BaseMailBox | None = None
        self._next = 0  # the number that the next message will get, when we last looked

    def fetch(self, *, after: ports.Place | None, limit: int = 50) -> tuple[ports.Fetched, ...]:
        """As the port says."""
        with self._connected() as box:
            status = box.folder.status(self.folder, ("UIDVALIDITY", "UIDNEXT"))
            validity, self._next = status["UIDVALIDITY"], status["UIDNEXT"]
            last = after.uid if after is not None and after.validity == validity else 0
            # "n:*" always names the last message, whatever its number
            found = sorted(uid for uid in map(int, box.uids(f"UID {last + 1}:*")) if uid > last)
            return tuple(each for uid in found[:limit] if (each := self._one(box, validity, uid)))

    def done(self, *, places: tuple[ports.Place, ...]) -> None:
        """As the port says: seen, and moved where the settings say so."""
        with self._connected() as box:
            numbers = [str(each.uid) for each in places]
            box.flag(numbers, imap_tools.MailMessageFlags.SEEN, True)
            if self.move_to:
                box.move(numbers, self.move_to)

    def wait(self, *, seconds: int) -> bool:
        """As the port says."""
        with self._connected() as box:
            if box.folder.status(self.folder, ("UIDNEXT",))["UIDNEXT"] != self._next:
                return True  # it came between looking and waiting
            if "IDLE" not in box.client.capabilities:
                time.sleep(float(seconds))
                return True
            return bool(box.idle.wait(timeout=seconds))

    def close(self) -> None:
        """Let the connection go."""
        if self._box is not None:
            with contextlib.suppress(*_WENT_WRONG):
                self._box.logout()
        self._box = None

    @contextlib.contextmanager
    def _connected(self) -> Iterator[imap_tools.BaseMailBox]:
        try:
            if self._box is None or not _lives(self._box):
                self.close()
                self._box = self._connect()
            yield self._box
        except _WENT_WRONG as problem:
            self.close()
            raise Transient(
                f"the mailbox cannot be read: {self.name}: {type(problem).__name__}: {problem}"[:400]
            ) from problem

    def _connect(self) -> imap_tools.BaseMailBox:
        server = self.server
        made: imap_tools.BaseMailBox
        if server.security == "tls":
            made = imap_tools.MailBox(server.host, server.port, timeout=server.seconds, ssl_context=server.context())
        elif server.security == "starttls":
            made = imap_tools.MailBoxStartTls(
                server.host, server.port, timeout=server.seconds, ssl_context=server.context()
            )
        else:
            made = imap_tools.MailBoxUnencrypted(server.host, server.port, timeout=server.seconds)
        try:
            made.login(server.user, server.password, initial_folder=self.folder)
        except _WENT_WRONG:
            made.client.shutdown()
            raise
        return made

    def _one(self, box: imap_tools.BaseMailBox, validity: int, uid: int) -> ports.Fetched | None:
        """The raw message, unread as far as the server is concerned; None when it is gone meanwhile."""
        told = _answer(box.client.uid("FETCH", str(uid), "(INTERNALDATE RFC822.SIZE)"))
        date, size = _DATE.search(told[0]), _SIZE.search(told[0])
        if date is None or size is None:
            return None
        too_big = int(size[1]) > LARGEST
        raw = _answer(box.client.uid("FETCH", str(uid), "(BODY.PEEK[HEADER])" if too_big else "(BODY.PEEK[])"))[1]
        came = dt.datetime.strptime(date[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
        place = ports.Place(mailbox=self.name, validity=validity, uid=uid)
        return ports.Fetched(place=place, received_at=came.astimezone(dt.UTC), raw=raw, truncated=too_big)


def _lives(box: imap_tools.BaseMailBox) -> bool:
    """Servers end connections that were quiet for long."""
    try:
        return bool(box.client.noop()[0] == "OK")
    except _WENT_WRONG:
        return False


def _answer(answer: tuple[str, list[Any]]) -> tuple[bytes, bytes]:
    """What the server told about one message, and the content that came with it."""
    told, content = b"", b""
    for part in answer[1]:
        if isinstance(part, tuple):
            told, content = told + part[0], part[1]
        elif isinstance(part, bytes):
            told += part
    return told, content
