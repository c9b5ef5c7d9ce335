"""What do staff see of mails?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A mail of ours. `can` holds what staff may do with it: retry, set_aside."""

    number: str
    client: str  # "" when it went to staff
    client_number: str
    recipient: str
    subject: str
    purpose: str
    about: str
    state: str
    queued_at: datetime
    sent_at: datetime | None
    trouble: str
    can: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A mail that came in. `answer` is what it counts as now: what the rules say, or a person has decided."""

    number: str
    client: str
    client_number: str
    answers: str  # number of our mail, "" when it matches none
    about: str
    sender: str
    subject: str
    answer: str
    reason: str
    recorded_at: datetime
    waits: bool  # for a person
    decided_by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail that came in, with all that helps to decide. `raw` is text to be shown as it is, never as HTML."""

    row: Received
    own_text: str
    matched_by: tuple[str, ...]
    vouched: dict[str, str]
    received_at: datetime
    raw: str
    shortened: bool  # the raw text is longer than what is shown
    sha256: str
    message_id: str
    asked: Sent | None
    can: frozenset[str]  # answers that this reader may give


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """When the mailbox was last looked into; `trouble` is what went wrong then."""

    name: str
    checked_at: datetime
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mails:
    """A page of the mails."""

    waiting: tuple[Received, ...]
    sent: tuple[Sent, ...]
    mailboxes: tuple[Mailbox, ...]
    page: int
    more: bool
