"""What does a document number look like? A seller's pattern of year, month and n."""

import datetime as dt
import re
import string

from planshift.domain.errors import Refused

_FIELD = re.compile(r"[0-9]{0,3}d?")
NUMBER_LENGTH = 20  # FatturaPA takes at most 20 characters, one of them a digit


def number(*, pattern: str, on: dt.date, n: int) -> str:
    """`FV/{year}/{month:02}/{n:04}` for November 2026 and n = 7 is FV/2026/11/0007."""
    check_pattern(pattern)
    made = pattern.format(year=on.year, month=on.month, n=n)
    if len(made) > NUMBER_LENGTH:
        raise Refused("document_number_too_long", number=made, most=NUMBER_LENGTH)
    return made


def prefix_of(pattern: str) -> str:
    """What stands before the first field."""
    return next(iter(string.Formatter().parse(pattern)))[0].rstrip("/-")


def fields_of(pattern: str) -> tuple[str, ...]:
    """The names of the fields in a pattern."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None)


def check_pattern(pattern: str) -> None:
    """Raises Refused("bad_document_pattern") unless it has n, only year, month and n, and month only beside year."""
    try:
        parts = [part for part in string.Formatter().parse(pattern) if part[1] is not None]
    except ValueError:
        raise Refused("bad_document_pattern", pattern=pattern) from None
    names = [part[1] for part in parts]
    plain = all(part[3] is None and _FIELD.fullmatch(part[2] or "") for part in parts)
    if (
        not plain
        or names.count("n") != 1
        or set(names) - {"year", "month", "n"}
        or ("month" in names and "year" not in names)
    ):
        raise Refused("bad_document_pattern", pattern=pattern)
