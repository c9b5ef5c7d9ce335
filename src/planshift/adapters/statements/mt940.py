"""How is an MT940 statement read? Statement by statement with the library `mt-940`; the `:86:` field by `details`."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import mt940

from planshift.adapters.statements import details
from planshift.domain import bank
from planshift.domain.errors import BadMoney
from planshift.domain.money import Money

_BEGIN = re.compile(rb"^:20:", re.MULTILINE)
_OPTIONS = mt940.Options(case_insensitive_marks=True, unbounded_details=True, reversal_sign=True)
_RAW: dict[str, list[Any]] = {"post_transaction_details": []}  # the library does not know the Polish subfields
_MOST = 20_000_000  # bytes of one statement
_MARKS: dict[str, tuple[bank.Direction, bool]] = {
    "C": ("credit", False),
    "D": ("debit", False),
    "RC": ("debit", True),  # a credit taken back
    "RD": ("credit", True),
}


class Mt940Reader:
    """SWIFT customer statements, as Polish, Italian and other banks hand them out."""

    code = "mt940"

    def reads(self, *, start: bytes) -> bool:
        """The first tag of the message, whatever envelope is around it."""
        return _BEGIN.search(start.replace(b"\r", b"\n")) is not None

    def entries(self, *, file: BinaryIO) -> Iterator[bank.Entry]:
        """One statement is in memory at a time."""
        found = False
        for block in _blocks(file):
            found = True
            yield from _entries(block)
        if not found:
            raise bank.Unreadable("empty")


def _blocks(file: BinaryIO) -> Iterator[str]:
    """The file from one `:20:` to the next, without the envelope."""
    lines: list[bytes] = []
    size = 0
    for raw in file:
        line = raw.strip(b"\r\n")
        if line.startswith(b":20:"):
            if lines:
                yield _decoded(lines)
            lines, size = [], 0
        elif not lines:
            continue  # the envelope, or a header of the bank
        if line.rstrip() in (b"-", b"-}") or line.startswith(b"{"):
            continue
        size += len(line)
        if size > _MOST:
            raise bank.Unreadable("too_big")
        lines.append(line)
    if lines:
        yield _decoded(lines)


def _decoded(lines: list[bytes]) -> str:
    data = b"\n".join(lines)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1250", errors="replace")  # what banks in Poland write that do not write UTF-8


def _entries(block: str) -> Iterator[bank.Entry]:
    name = block[4:].split("\n", 1)[0].strip()[:40]
    try:
        read = mt940.models.Transactions(processors=_RAW, options=_OPTIONS)
        found = read.parse(block)
    except (RuntimeError, ValueError, KeyError, ArithmeticError, AssertionError, TypeError) as problem:
        raise bank.Unreadable("format", name) from problem  # what the library raises for lines that it cannot read
    told = len(re.findall(r"^:61:", block, re.MULTILINE))
    if told != len(found):
        raise bank.Unreadable("format", name)
    account = str(read.data.get("account_identification") or "").strip().lstrip("/")
    if not account:
        raise bank.Unreadable("no_account", name)
    number = "/".join(str(read.data[part]) for part in ("statement_number", "sequence_number") if read.data.get(part))
    entries = [_entry(each.data, account, f"{name} {number}".strip()) for each in found]
    _check_sum(read.data, entries, name)
    yield from entries


def _entry(data: dict[str, Any], account: str, statement: str) -> bank.Entry:
    mark = str(data.get("status", "")).upper()
    if mark not in _MARKS:
        raise bank.Unreadable("format", statement)
    direction, reversal = _MARKS[mark]
    told = details.read(str(data.get("transaction_details") or ""))
    extra = str(data.get("extra_details") or "")
    value_on = _day(data["date"])
    return bank.Entry(
        account=account[:40],
        statement=statement,
        booked_on=_day(data.get("entry_date") or data["date"]),
        value_on=value_on,
        amount=_money(data["amount"], statement),
        direction=direction,
        reversal=reversal,
        party=told.party[:140],
        party_account=told.account[:40],
        text=(told.text or extra)[:1000],
        end_to_end=told.end_to_end[:40] or bank.reference(str(data.get("customer_reference") or "")),
        bank_reference=bank.reference(str(data.get("bank_reference") or "")),
    )


def _money(amount: Any, where: str) -> Money:
    """The library's amount is signed; what it means stands in the mark."""
    try:
        return Money.of(f"{abs(amount.amount):f}", str(amount.currency or ""))
    except BadMoney as problem:
        raise bank.Unreadable("amount", where) from problem


def _day(date: dt.date) -> dt.date:
    return dt.date(date.year, date.month, date.day)


def _check_sum(data: dict[str, Any], entries: list[bank.Entry], name: str) -> None:
    """Opening balance plus entries is the closing balance, or something was lost on the way. Both must be there: final
    ones, or those between the pages of a long statement."""
    opening = data.get("final_opening_balance") or data.get("intermediate_opening_balance")
    closing = data.get("final_closing_balance") or data.get("intermediate_closing_balance")
    if opening is None or closing is None:
        raise bank.Unreadable("cut_off", name)
    moved = sum(entry.amount.minor * (1 if entry.direction == "credit" else -1) for entry in entries)
    begun, ended = (_signed(balance, name) for balance in (opening, closing))
    if begun + moved != ended:
        raise bank.Unreadable("sum", name)


def _signed(balance: Any, where: str) -> int:
    minor = _money(balance.amount, where).minor
    return -minor if str(balance.status).upper() == "D" else minor
