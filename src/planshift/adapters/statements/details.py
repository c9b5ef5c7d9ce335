"""What does the `:86:` field of an MT940 say? Title, other party and account, from subfields or plain text.

Banks in Poland write `~20…` or `<20…`, others `^20…`; the German form is `?20…`. Subfields 20 to 26 are the title (to
29 in the German form), 32 and 33 the name (27 to 29 at some Polish banks), 38 or 31 the account.
"""

import re
from dataclasses import dataclass

from planshift.domain import bank

_STRUCTURED = re.compile(r"\A\s*(?:[0-9]{3})?\s*([~<?^])(?=[0-9]{2})")
_FULL = 27  # signs of a full subfield: the next one goes on without a blank
_SEPA = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|PURP|IBAN|BIC)\+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What the field tells."""

    text: str = ""
    party: str = ""
    account: str = ""
    end_to_end: str = ""


def read(field: str) -> Details:
    """The field as the bank wrote it, line breaks and all."""
    begin = _STRUCTURED.search(field)
    if begin is None:
        return Details(text=" ".join(field.split()))
    mark = begin.group(1)
    parts: dict[str, str] = {}
    for piece in field.replace("\n", "").split(mark)[1:]:
        code, text = piece[:2], piece[2:]
        if code.isdigit():
            parts[code] = parts.get(code, "") + text
    german = mark == "?"
    titles = _between(parts, 20, 29 if german else 26) + (_between(parts, 60, 63) if german else [])
    names = _between(parts, 32, 33)
    if not names and not german:
        names = _between(parts, 27, 29)
    told = _sepa(_joined(titles)) if german else {}
    return Details(
        text=told.get("SVWZ") or " ".join(_joined(titles).split()),
        party=" ".join(" ".join(names).split()),
        account=bank.plain(parts.get("38", "") or parts.get("31", "")),
        end_to_end=bank.reference(told.get("EREF", "")),
    )


def _between(parts: dict[str, str], first: int, last: int) -> list[str]:
    return [parts[f"{code:02}"] for code in range(first, last + 1) if parts.get(f"{code:02}", "").strip()]


def _joined(pieces: list[str]) -> str:
    """A full subfield may have been cut within a word; after a short one, a new word begins."""
    whole = ""
    for piece in pieces:
        whole += piece if len(piece) >= _FULL else f"{piece} "
    return whole.strip()


def _sepa(text: str) -> dict[str, str]:
    """EREF+… SVWZ+… inside a German title."""
    found = _SEPA.split(text)
    return {code: " ".join(told.split()) for code, told in zip(found[1::2], found[2::2], strict=True)}
