"""How is a CAMT.053 statement read? All versions (001.02 and later), entry by entry, without entities or network.

An entry that the bank booked for several transfers at once becomes one entry for each transfer when their amounts are
told in the account's currency and add up to what was booked; else it stays one.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from lxml import etree

from planshift.domain import bank
from planshift.domain.errors import BadMoney
from planshift.domain.money import Money

NAMESPACE = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.[0-9]{2}")
_DIRECTIONS: dict[str, bank.Direction] = {"CRDT": "credit", "DBIT": "debit"}


class Camt053Reader:
    """ISO 20022 bank-to-customer statements."""

    code = "camt053"

    def reads(self, *, start: bytes) -> bool:
        """The namespace stands near the beginning, in UTF-8 as the standard has it."""
        return NAMESPACE.search(start) is not None

    def entries(self, *, file: BinaryIO) -> Iterator[bank.Entry]:
        """Booked entries only: pending and informational ones are no money yet."""
        statement = _Statement()
        try:
            events = etree.iterparse(
                file,
                events=("start", "end"),
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                dtd_validation=False,
                huge_tree=False,
                remove_comments=True,
                remove_pis=True,
            )
            for event, element in events:
                if event == "start":
                    _begin(element, statement)
                    continue
                yield from _end(element, statement)
        except etree.XMLSyntaxError as problem:
            raise bank.Unreadable("format", f"line {problem.lineno}") from problem
        if not statement.seen:
            raise bank.Unreadable("empty")


@dataclass(slots=True)
class _Statement:
    """What was read of the statement under way."""

    account: str = ""
    name: str = ""
    seen: bool = False
    opening: int | None = None  # minor units
    closing: int | None = None
    moved: int = 0


def _begin(element: Any, statement: _Statement) -> None:
    if element.getparent() is None and element.getroottree().docinfo.doctype:
        raise bank.Unreadable("entities")
    if _tag(element) == "Stmt":
        statement.account, statement.name, statement.seen = "", "", True
        statement.opening, statement.closing, statement.moved = None, None, 0


def _end(element: Any, statement: _Statement) -> Iterator[bank.Entry]:
    tag, parent = _tag(element), element.getparent()
    if tag == "Stmt":
        _check_sum(statement)
    if parent is None or _tag(parent) != "Stmt":
        return
    if tag == "Id":
        statement.name = _text(element)[:80]
    elif tag == "Acct":
        statement.account = _account(element)
    elif tag == "Bal":
        _balance(element, statement)
    elif tag == "Ntry":
        if not statement.account:
            raise bank.Unreadable("no_account", statement.name)
        if _status(element) == "BOOK":
            yield from _entries(element, statement)
    element.clear()  # what was read is let go: memory does not grow with the file
    while element.getprevious() is not None:
        del parent[0]


def _entries(ntry: Any, statement: _Statement) -> Iterator[bank.Entry]:
    where = f"{statement.name} {_at(ntry, 'AcctSvcrRef') or _at(ntry, 'NtryRef')}".strip()
    amount = _money(_child(ntry, "Amt"), where)
    direction = _DIRECTIONS.get(_at(ntry, "CdtDbtInd"))
    booked = _date(_child(ntry, "BookgDt")) or _date(_child(ntry, "ValDt"))
    if amount is None or direction is None or booked is None:
        raise bank.Unreadable("amount" if amount is None else "date" if booked is None else "format", where)
    whole = bank.Entry(
        account=statement.account,
        statement=statement.name,
        booked_on=booked,
        value_on=_date(_child(ntry, "ValDt")) or booked,
        amount=amount,
        direction=direction,
        reversal=_at(ntry, "RvslInd") in ("true", "1"),
        text=_at(ntry, "AddtlNtryInf"),
        bank_reference=bank.reference(_at(ntry, "AcctSvcrRef")),
    )
    statement.moved += amount.minor if direction == "credit" else -amount.minor
    if amount.minor == 0:
        return  # a notice of the bank
    details = [tx for group in _children(ntry, "NtryDtls") for tx in _children(group, "TxDtls")]
    if len(details) < 2:
        yield _detailed(whole, details[0]) if details else whole
        return
    amounts = [_money(_amount_of(tx), where) for tx in details]
    split = [each for each in amounts if each is not None and each.currency == amount.currency]
    same_way = all((_at(tx, "CdtDbtInd") or _at(ntry, "CdtDbtInd")) == _at(ntry, "CdtDbtInd") for tx in details)
    if len(split) == len(details) and same_way and sum(each.minor for each in split) == amount.minor:
        for each, tx in zip(split, details, strict=True):
            if each.minor > 0:
                yield _detailed(replace(whole, amount=each), tx)
    else:
        yield whole


def _detailed(entry: bank.Entry, tx: Any) -> bank.Entry:
    """The entry with what the bank tells of the one transfer."""
    parties, side = _child(tx, "RltdPties"), "Dbtr" if (entry.direction == "credit") != entry.reversal else "Cdtr"
    party = _child(parties, side)
    # from version 08 on a party is Pty (or Agt) inside; before, the name stands right there
    name = _at(party, "Nm") or _at(_child(party, "Pty"), "Nm")
    remittance = _child(tx, "RmtInf")
    structured = [_at(_child(each, "CdtrRefInf"), "Ref") for each in _children(remittance, "Strd")]
    additional = [_text(each) for one in _children(remittance, "Strd") for each in _children(one, "AddtlRmtInf")]
    plain = [_text(each) for each in _children(remittance, "Ustrd")]
    told = " ".join(part for part in (*structured, *plain, *additional) if part)
    references = _child(tx, "Refs")
    return replace(
        entry,
        party=name[:140],
        party_account=_account_id(_child(parties, f"{side}Acct")),
        credited=_account_id(_child(parties, "CdtrAcct")) if side == "Dbtr" else "",
        text=(told or _at(tx, "AddtlTxInf") or entry.text)[:1000],
        end_to_end=bank.reference(_at(references, "EndToEndId")),
        bank_reference=bank.reference(_at(references, "AcctSvcrRef")) or entry.bank_reference,
    )


def _balance(element: Any, statement: _Statement) -> None:
    kind = _at(_child(_child(element, "Tp"), "CdOrPrtry"), "Cd")
    amount = _money(_child(element, "Amt"), statement.name)
    if amount is None or kind not in ("OPBD", "PRCD", "CLBD"):
        return
    minor = -amount.minor if _at(element, "CdtDbtInd") == "DBIT" else amount.minor
    if kind == "CLBD":
        statement.closing = minor
    elif kind == "OPBD" or statement.opening is None:
        statement.opening = minor


def _check_sum(statement: _Statement) -> None:
    """Opening balance plus entries is the closing balance, or something was lost on the way."""
    if statement.opening is None or statement.closing is None:
        return
    if statement.opening + statement.moved != statement.closing:
        raise bank.Unreadable("sum", statement.name)


def _amount_of(tx: Any) -> Any:
    """Since version 03 (and in many of 02) a transfer has its own amount; else the booked one in its details."""
    own = _child(tx, "Amt")
    return own if own is not None else _child(_child(_child(tx, "AmtDtls"), "TxAmt"), "Amt")


def _money(element: Any, where: str) -> Money | None:
    if element is None:
        return None
    try:
        amount = Money.of(_text(element), element.get("Ccy") or "")
        if amount.minor < 0:
            raise BadMoney("negative")
    except BadMoney as problem:
        raise bank.Unreadable("amount", where) from problem
    return amount


def _date(element: Any) -> dt.date | None:
    """Dt, or the day of DtTm as the bank writes it."""
    text = (_at(element, "Dt") or _at(element, "DtTm"))[:10]
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as problem:
        raise bank.Unreadable("date", text) from problem


def _status(ntry: Any) -> str:
    """Version 02 has the code as text, later ones in Cd."""
    status = _child(ntry, "Sts")
    return _at(status, "Cd") or (_text(status) if status is not None else "BOOK")


def _account(element: Any) -> str:
    return _account_id(element)


def _account_id(element: Any) -> str:
    found = _child(element, "Id")
    return (_at(found, "IBAN") or _at(_child(found, "Othr"), "Id"))[:40]


def _tag(element: Any) -> str:
    """Without the namespace: it names the version, and the versions agree in what we read."""
    return str(element.tag).rpartition("}")[2]


def _children(element: Any, tag: str) -> list[Any]:
    return [] if element is None else [child for child in element if _tag(child) == tag]


def _child(element: Any, tag: str) -> Any:
    return next(iter(_children(element, tag)), None)


def _at(element: Any, tag: str) -> str:
    found = _child(element, tag)
    return "" if found is None else _text(found)


def _text(element: Any) -> str:
    """On one line: banks fold long texts."""
    return " ".join((element.text or "").split())
