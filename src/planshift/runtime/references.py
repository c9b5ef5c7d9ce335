"""How do people and banks name a payment? Random references without look-alike characters, with a check character."""

import re
import secrets
from typing import Any

from django.core import signing

from planshift.domain.errors import Refused

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: read aloud, typed off paper
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_DOUBLED = {character: 2 * value // 32 + 2 * value % 32 for character, value in _VALUES.items()}
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def make(*, length: int = 10) -> str:
    """A new reference: `length` random characters and one that checks them. 10 characters hold 50 random bits."""
    bits = secrets.randbits(5 * length)
    body = "".join(ALPHABET[bits >> 5 * place & 31] for place in range(length))
    return body + _check(body)


def normal(text: str) -> str:
    """`text` as it was meant: upper case, without blanks and hyphens, look-alikes put right."""
    return re.sub(r"[\s-]", "", text).upper().translate(_READ_AS)


def valid(text: str) -> bool:
    """Is `text`, put into normal form, a reference whose check character is right? A single wrong character is
    found.
    """
    body = normal(text)
    return len(body) > 1 and set(body) <= set(ALPHABET) and _check(body[:-1]) == body[-1]


def find(text: str, *, length: int = 10) -> list[str]:
    """The valid references of `length` (+ 1) characters in a free text, such as the title of a transfer."""
    words = re.findall(r"[0-9A-Za-z](?:[0-9A-Za-z]|-(?=[0-9A-Za-z]))*", text)
    found = [normal(word) for word in words if valid(word) and len(normal(word)) == length + 1]
    return list(dict.fromkeys(found))


def sign(value: Any, *, purpose: str) -> str:
    """A token that carries `value` (JSON), cannot be altered and is good for `purpose` only."""
    return signing.dumps(value, salt=f"planshift.{purpose}")


def unsign(token: str, *, purpose: str, max_age_seconds: int | None = None) -> Any:
    """The value of a token. Refused: `token_expired` (by system time), `token_bad`."""
    try:
        return signing.loads(token, salt=f"planshift.{purpose}", max_age=max_age_seconds)
    except signing.SignatureExpired as problem:
        raise Refused("token_expired") from problem
    except signing.BadSignature as problem:
        raise Refused("token_bad") from problem


def _check(body: str) -> str:
    """Luhn's sum over an alphabet of 32: finds every single wrong character and nearly every swap of neighbours."""
    doubled, single = body[::-2], body[-2::-2]
    return ALPHABET[-(sum(map(_DOUBLED.__getitem__, doubled)) + sum(map(_VALUES.__getitem__, single))) % 32]
