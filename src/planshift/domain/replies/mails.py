"""What is in a mail? Frozen values, read once from its raw bytes; nothing here is trusted."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that is not the body. `inline`: shown inside the body (a logo in a signature)."""

    name: str
    content_type: str
    size: int  # bytes, decoded
    inline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """An incoming mail: decoded headers in their order, bodies as text, attachments, parts of reports.

    Addresses are lower case without a display name. `unreadable` says why a body could not be read ("encrypted",
    "charset", "damaged", "too_big"), "" when it could.
    """

    headers: tuple[tuple[str, str], ...]
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    text: str | None
    html: str | None
    attachments: tuple[Attachment, ...] = ()
    content_type: str = "text/plain"
    report_type: str = ""
    reports: tuple[str, ...] = ()  # delivery-status and disposition-notification parts
    returned: tuple[str, ...] = ()  # headers of messages that came back
    unreadable: str = ""

    def every(self, name: str) -> tuple[str, ...]:
        """All values of a header, the topmost (written last on the way) first."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    def header(self, name: str) -> str:
        """The first value of a header; "" when it is missing."""
        return next(iter(self.every(name)), "")


_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")


def message_ids(text: str) -> tuple[str, ...]:
    """The message ids in a header, at most 50, without the brackets."""
    return tuple(found[1:-1] for found in _MESSAGE_ID.findall(text[:20_000])[:50])
