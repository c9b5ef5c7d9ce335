"""Can this body be read? JSON in UTF-8, not large, no key twice, nothing that JSON does not have."""

import json
from decimal import Decimal
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

MOST_BYTES = 65_536  # the largest request of this API that makes sense is some kilobytes
DIGITS = 18


class Unreadable(ValueError):
    """The body is not a JSON document that this API reads. `status` is 400, 413 or 415."""

    def __init__(self, text: str, *, status: int = 400) -> None:
        self.status = status
        super().__init__(text)


class OneMeaning(Parser):
    """Reads bodies that every JSON reader understands alike. Raises Unreadable."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as Python values."""
        if request.content_type != "application/json":
            raise Unreadable("The body must be JSON: Content-Type: application/json.", status=415)
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise Unreadable(f"The body is larger than {MOST_BYTES} bytes.", status=413)
        try:
            text = request.body.decode("utf-8")
            read = json.loads(
                text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_number, parse_int=_whole
            )
            if "\\u" in text:  # half of a surrogate pair is no character and cannot be kept
                json.dumps(read, ensure_ascii=False).encode("utf-8")
        except UnicodeError as problem:
            raise Unreadable("The body is not UTF-8 text.") from problem
        except RecursionError as problem:
            raise Unreadable("The body is nested too deeply.") from problem
        except json.JSONDecodeError as problem:
            raise Unreadable(f"The body is not JSON: line {problem.lineno}, column {problem.colno}.") from problem
        return read


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("An object of the body holds a key twice.")
    return found


def _constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not a number of JSON.")


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise Unreadable("A number of the body has too many digits.")
    return int(digits)


def _number(digits: str) -> int | str:
    """2.0 and 2e0 are whole numbers to JSON; any other fraction stays text, so that no field takes it for a number."""
    if len(digits) > DIGITS:
        raise Unreadable("A number of the body has too many digits.")
    value = Decimal(digits)
    whole = abs(value) < 10**DIGITS and value == value.to_integral_value()
    return int(value) if whole else digits
