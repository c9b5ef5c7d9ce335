"""What do we ask of a mail server and of VIES? Adapters implement these; wiring binds them."""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from planshift.domain.errors import Permanent


class MailOut(Protocol):
    """Takes mails away."""

    def send(self, *, raw: bytes, sender: str, recipient: str, key: str) -> str:
        """Hand `raw` (RFC 5322) over; returns what the server answered. Never called in a transaction.

        `key` is the message id: the same key is the same mail, which may go out twice. Raises Transient (try again),
        Permanent (refused for good), Unknown (the answer was lost: it may be on its way).
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message lies: in `mailbox` the pair of `validity` and `uid` names it for ever (RFC 9051)."""

    mailbox: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A message of a mailbox. `received_at` (system time) is when its server took it; of one that is too big `raw`
    holds only the headers."""

    place: Place
    received_at: dt.datetime
    raw: bytes
    truncated: bool = False


class MailIn(Protocol):
    """A mailbox that answers come into."""

    name: str

    def fetch(self, *, after: Place | None, limit: int = 50) -> tuple[Fetched, ...]:
        """The oldest messages behind `after`, in order; all of them where the validity has changed. Raises Transient or
        Permanent. Changes nothing."""

    def done(self, *, places: tuple[Place, ...]) -> None:
        """These are recorded on our side: mark them as seen. Twice is once; what is gone is gone."""

    def wait(self, *, seconds: int) -> bool:
        """Until something may have come (True), at most `seconds`. Raises Transient or Permanent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VatAnswer:
    """What VIES says about a number; `request_identifier` only where the asker named its own number."""

    valid: bool
    request_identifier: str = ""
    name: str = ""
    address: str = ""


class Vies(Protocol):
    """Knows the VAT numbers of the EU."""

    def check(self, *, number: str, requester: str) -> VatAnswer:
        """Is `number` (DE136695976) valid today? `requester` is the seller's own number, or empty. Raises Transient
        while a member state does not answer. Never called in a transaction."""


_vies: list[Vies] = []
_out: list[MailOut] = []
_in: list[MailIn] = []


def bind_mail(*, out: MailOut | None, mailbox: MailIn | None) -> None:
    """Called by wiring."""
    _out[:] = [out] if out else []
    _in[:] = [mailbox] if mailbox else []


def mail_out() -> MailOut:
    """The bound way out. Permanent("no_mail_server") when the installation has none."""
    if not _out:
        raise Permanent("no_mail_server")
    return _out[0]


def has_mail_out() -> bool:
    """Does the installation send mails at all?"""
    return bool(_out)


def mailbox() -> MailIn | None:
    """The bound mailbox; None when the installation has none."""
    return _in[0] if _in else None


def bind_vies(vies: Vies | None) -> None:
    """Called by wiring."""
    _vies[:] = [vies] if vies else []


def vies() -> Vies:
    """The bound VIES. Permanent("no_vies") when the installation has none."""
    if not _vies:
        raise Permanent("no_vies")
    return _vies[0]
