"""Which bank account is a client's own? An IBAN made of the seller's pattern and the client's number: money that comes
there says by itself whose it is."""

import re
import string
from collections.abc import Iterable

from stdnum import exceptions
from stdnum import iban as known

from planshift.domain import bank
from planshift.domain.errors import Refused

_FIELD = re.compile(r"0[1-9][0-9]?d?")


def check(*, country: str, pattern: str) -> None:
    """Raises Refused("bad_account_pattern") unless the pattern, such as `10901014{client:016}`, is the national part of
    an IBAN of the country with one field `client` of a fixed width."""
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError:
        raise Refused("bad_account_pattern", pattern=pattern) from None
    fields = [each[1:] for each in parts if each[1] is not None]
    good = len(fields) == 1 and fields[0][0] == "client" and _FIELD.fullmatch(fields[0][1] or "") and not fields[0][2]
    if not good or not re.fullmatch(r"[0-9A-Z]*", "".join(each[0] for each in parts)):
        raise Refused("bad_account_pattern", pattern=pattern)
    try:
        known.validate(iban(country=country, pattern=pattern, client="C-1001"))
    except exceptions.ValidationError:
        raise Refused("bad_account_pattern", pattern=pattern) from None


def iban(*, country: str, pattern: str, client: str) -> str:
    """The account of a client (number): country, two check digits (ISO 7064, mod 97-10), the pattern filled in."""
    national = pattern.format(client=int(client.rpartition("-")[2]))
    return f"{country}{known.calc_check_digits(f'{country}00{national}')}{national}"


def clients_in(text: str, *, country: str, pattern: str) -> tuple[str, ...]:
    """Numbers of the clients whose accounts a text names: with or without the country, blanks and hyphens. Accounts
    with wrong check digits are not found."""
    before, _, spec, _ = next(each for each in string.Formatter().parse(pattern) if each[1] is not None)
    after = "".join(each[0] for each in string.Formatter().parse(pattern) if each[1] is None)
    width = int(re.sub(r"[^0-9]", "", spec or ""))
    wanted = re.compile(rf"(?=([0-9]{{2}}){re.escape(before)}([0-9]{{{width}}}){re.escape(after)})")
    return _once(
        client
        for found in wanted.finditer(bank.plain(text))
        for client in (f"C-{int(found[2])}",)
        if iban(country=country, pattern=pattern, client=client)[2:4] == found[1]
    )


def _once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
