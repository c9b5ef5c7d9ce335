"""What does a bank statement say? Its entries, whatever the format of the file; and when are two of them the same?"""

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from planshift.domain.money import Money

Direction = Literal["credit", "debit"]

_NO_REFERENCE = {"", "NONREF", "NOTPROVIDED", "NOREF"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One booked movement on an account. `amount` is positive, in the account's currency, as it was booked."""

    account: str  # ours: IBAN, or the bank's own form of it
    statement: str  # the bank's name of the statement
    booked_on: dt.date
    value_on: dt.date
    amount: Money
    direction: Direction
    reversal: bool = False
    party: str = ""  # the other side: who paid, or who was paid
    party_account: str = ""
    text: str = ""  # remittance information, structured reference first
    credited: str = ""  # where the payer sent it, when the bank tells: an account of the client's own
    end_to_end: str = ""
    bank_reference: str = ""


class Unreadable(Exception):
    """A file is no statement that we can read. `why` is a short code (format, entities, no_account, date, amount, sum,
    cut_off, empty, too_big), `where` says which entry or tag."""

    def __init__(self, why: str, where: str = "") -> None:
        self.why, self.where = why, where
        super().__init__(f"{why} {where}".strip())


def plain(text: str) -> str:
    """An account or reference without blanks, dots and hyphens, in upper case."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def same_account(*, iban: str, given: str) -> bool:
    """Is `given`, as a statement writes it, the account with this IBAN? Banks leave out the country (a Polish NRB), or
    give bank and number alone, with or without a slash."""
    whole, written = plain(iban), plain(given)
    return len(written) >= 10 and written in (whole, whole[2:], whole[4:])


def reference(text: str) -> str:
    """A reference that says something; empty for NONREF, NOTPROVIDED and the like."""
    return "" if plain(text) in _NO_REFERENCE else text.strip()


def identified(entries: Iterable[Entry]) -> Iterator[tuple[str, Entry]]:
    """Each entry with an id that stays the same in every statement that tells of it.

    The bank's own reference with day and amount; without one, everything that the entry says. Entries of one statement
    that are alike to the last letter are counted: two equal transfers on a day are two, and a second statement of that
    day counts them the same way.
    """
    statement: tuple[str, str] | None = None
    seen: Counter[bytes] = Counter()
    for entry in entries:
        if (entry.account, entry.statement) != statement:
            statement, seen = (entry.account, entry.statement), Counter()
        digest = hashlib.sha256(_content(entry).encode()).digest()[:18]
        seen[digest] += 1
        yield f"{entry.booked_on:%Y%m%d}-{digest.hex()}-{seen[digest]}", entry


def _content(entry: Entry) -> str:
    told = [entry.booked_on.isoformat(), entry.direction, str(entry.amount)]
    named = reference(entry.bank_reference)
    if named:
        return "\x1f".join((*told, "reference", plain(named)))
    words = (entry.party, entry.party_account, entry.text, entry.end_to_end)
    return "\x1f".join((*told, entry.value_on.isoformat(), *(plain(word) for word in words)))
