"""What does somebody see of a request to accept a corrective document?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures.views.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedLine:
    """One line of the corrected document: before, after, difference."""

    text: Words
    start_on: date | None
    end_on: date | None
    before: Taxed
    after: Taxed
    difference: Taxed


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectivePaper:
    """One corrective document, or its draft. `key` names it in addresses; `number` is what people read."""

    key: str
    number: str
    issued: bool
    state: str  # of docs/lifecycles.md, correction
    corrects: str
    lines: tuple[CorrectedLine, ...]
    difference: Taxed


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepting:
    """The request to accept of one change, with everything that an answer is about."""

    change: str
    client: str
    service: str
    state: str  # of docs/lifecycles.md, acceptance
    can_answer: bool
    credit: Money  # gross, what is left of it for the client
    charged: Money  # gross, what the decrease costs: paid out of the credit
    to: str  # deposit, account_credit, refund
    papers: tuple[CorrectivePaper, ...]
    sent_to: str
    asked_at: datetime | None
    last_on: date | None
    answered_at: datetime | None
    answered_how: str  # reply, click, api, staff, ""
    next_term_on: date | None  # the day on which the client may have it instead, with nothing to accept (D9)
    trouble: str  # why staff look at it: unclear_reply, mail_failed, mail_bounced, mailbox_unread


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """One mail of the thread, ours or theirs, as staff see it."""

    number: str
    ours: bool
    at: datetime
    who: str
    subject: str
    text: str
    state: str  # ours: of the lifecycle; theirs: what it says
    reason: str  # why a person has to look at it
    vouched: str  # DKIM, SPF, DMARC as our mail server found them
    sha256: str
    decided_by: str
    note: str
    to_decide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The request and its mails, oldest first, for staff."""

    accepting: Accepting
    mails: tuple[MailRow, ...]
    can_ask_again: bool
    can_take_back: bool
