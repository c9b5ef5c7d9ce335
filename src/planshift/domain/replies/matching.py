"""Which mail of ours does an incoming one answer? Tokens that only the addressee was told, and message ids."""

import re
from dataclasses import dataclass

from planshift.domain.replies import automatic, mails

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: read aloud and typed off without mistakes
LENGTH = 16  # 80 bits
_TOKEN = rf"[{ALPHABET}]{{{LENGTH}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What in a mail points to one of ours, the surest first. Message ids without brackets."""

    tokens: tuple[str, ...]
    answered: tuple[str, ...]  # In-Reply-To, or what a bounce sends back
    thread: tuple[str, ...]  # References

    @property
    def ids(self) -> tuple[str, ...]:
        """All message ids."""
        return tuple(dict.fromkeys((*self.answered, *self.thread)))


def subject_with(subject: str, *, token: str) -> str:
    """The subject with its reference."""
    return f"{subject} [ref {token}]"


def address_with(address: str, *, token: str) -> str:
    """The reply address with the token behind a plus."""
    name, _, host = address.rpartition("@")
    return f"{name}+{token}@{host}"


def traces(mail: mails.Mail) -> Traces:
    """What points to a mail of ours. Nobody has checked yet whether such a mail exists."""
    found = re.findall(rf"\[ref ({_TOKEN})\]", " ".join(mail.subject.casefold().split()))
    for address in mail.recipients:
        found += re.findall(rf"\+({_TOKEN})@", address)
    machine = automatic.find(mail)
    returned = machine.returned_ids if machine else ()
    for text in mail.returned:
        found += re.findall(rf"\[ref ({_TOKEN})\]", text[:20_000].casefold())
    return Traces(
        tokens=tuple(dict.fromkeys(found))[:10],
        answered=tuple(dict.fromkeys((*mail.in_reply_to, *returned)))[:20],
        thread=mail.references,
    )
