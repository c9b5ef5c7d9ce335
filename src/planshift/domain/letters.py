"""What does a mail of ours look like on the wire? The same letter always gives the same bytes."""

import datetime as dt
import email.errors
import email.headerregistry
import email.message
import email.policy
import email.utils
import hashlib
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that goes with a letter."""

    name: str
    content_type: str  # "application/pdf"
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is said. The reference is added to the subject when it is sent."""

    subject: str
    text: str
    html: str = ""
    language: str = "en"
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who writes to whom, and how an answer finds back. Addresses without names; `sent_at` stands on the letter."""

    sender: str
    sender_name: str
    reply_to: str
    recipient: str
    message_id: str  # without brackets
    in_reply_to: str = ""
    sent_at: dt.datetime


class BadAddress(ValueError):
    """An address that no mail can go to."""


# What every mail server takes, without SMTPUTF8: RFC 5321 dot-string and host name, ASCII. A domain in other letters is
# given in its own ASCII form (xn--…).
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:[.]{_ATOM})*@(?=.{{1,190}}\Z){_LABEL}(?:[.]{_LABEL})*")


def is_address(text: str) -> bool:
    """Whether a letter can be sent to this address: the one rule of every door that takes one."""
    return _ADDRESS.fullmatch(text) is not None


def compose(letter: Letter, envelope: Envelope) -> bytes:
    """The letter as RFC 5322 with CRLF: text, HTML beside it, enclosures. Raises BadAddress."""
    if not is_address(envelope.recipient):
        raise BadAddress(envelope.recipient)
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    try:
        message["From"] = email.headerregistry.Address(envelope.sender_name, addr_spec=envelope.sender)
        message["To"] = email.headerregistry.Address(addr_spec=envelope.recipient)
        message["Reply-To"] = email.headerregistry.Address(envelope.sender_name, addr_spec=envelope.reply_to)
    except (ValueError, IndexError, email.errors.MessageError) as problem:
        raise BadAddress(envelope.recipient) from problem
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = email.utils.format_datetime(envelope.sent_at)
    message["Message-ID"] = f"<{envelope.message_id}>"
    if envelope.in_reply_to:
        message["In-Reply-To"] = message["References"] = f"<{envelope.in_reply_to}>"
    message["Content-Language"] = letter.language
    message["Auto-Submitted"] = "auto-generated"  # absence notes need not answer
    message.set_content(letter.text, cte="quoted-printable")
    if letter.html:
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for each in letter.enclosures:
        main, _, sub = each.content_type.partition("/")
        message.add_attachment(each.content, maintype=main, subtype=sub, filename=each.name)
    # boundaries by content, not by chance: the same letter gives the same bytes
    mark = hashlib.sha256(f"{envelope.message_id}".encode()).hexdigest()[:24]
    for number, part in enumerate(each for each in message.walk() if each.is_multipart()):
        part.set_boundary(f"=-{mark}-{number}")
    return message.as_bytes()
