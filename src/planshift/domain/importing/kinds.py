"""Which values does a field of an import take? Each kind says in one code why it does not take a value."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from planshift.domain import letters

AMOUNT = r"^-?[0-9]{1,12}([.][0-9]{1,3})?$"
PERCENT = r"^[0-9]{1,2}([.][0-9]{1,2})?$"
NUMBER = r"^[!-~]([ -~]{0,38}[!-~])?$"  # of a document: printable ASCII, as e-invoices take it
STEP_IN_A_PATH = r"(^|[/\\])[.]{1,2}([/\\]|$)"  # documents are files and addresses under their numbers
BEYOND_SCHEMA = frozenset({"import_blank", "import_characters", "import_day_far", "import_email"})
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Co", "Cn")


def _problem(code: str, **facts: Any) -> PydanticCustomError:
    return PydanticCustomError(code, code, facts)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise _problem("import_text")
    if any(unicodedata.category(sign) in _UNPRINTABLE for sign in raw):
        raise _problem("import_characters")
    return raw.strip()


def _filled(raw: Any) -> str:
    text = _text(raw)
    if not text:
        raise _problem("import_blank")
    return text


def _matching(pattern: str, code: str, raw: Any) -> str:
    if not isinstance(raw, str) or not re.fullmatch(pattern, raw.strip(), re.ASCII):
        raise _problem(code)
    return raw.strip()


def _day(raw: Any) -> date:
    try:
        if not isinstance(raw, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", raw.strip(), re.ASCII):
            raise _problem("import_day")
        day = date.fromisoformat(raw.strip())
    except ValueError as problem:
        raise _problem("import_day") from problem
    if not 1990 <= day.year <= 2200:
        raise _problem("import_day_far")
    return day


def _number(raw: Any) -> str:
    """None leads out of a folder."""
    number = _matching(NUMBER, "import_document_number", raw)
    if re.search(STEP_IN_A_PATH, number):
        raise _problem("import_document_number")
    return number


def _whole(raw: Any) -> int:
    if isinstance(raw, str) and re.fullmatch(r"[0-9]{1,9}", raw.strip(), re.ASCII):
        return int(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < 10**9:
        return raw
    if isinstance(raw, Decimal) and 0 <= raw < 10**9 and raw == raw.to_integral_value():
        return int(raw)  # JSON's 2.0 is a whole number
    raise _problem("import_whole")


def _yes_no(raw: Any) -> bool:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in known:
        return known[raw.strip().lower()]
    raise _problem("import_yes_no")


def _time_zone(raw: Any) -> str:
    text = _text(raw)
    try:
        return ZoneInfo(text).key if text else ""
    except (KeyError, ValueError, OSError):
        raise _problem("import_time_zone") from None


def _email(raw: Any) -> str:
    text = _filled(raw)
    if not letters.is_address(text) or "." not in text.partition("@")[2]:
        raise _problem("import_email")
    return text


Filled = BeforeValidator(_filled)
Maybe = BeforeValidator(_text)  # may be empty
Day = Annotated[date, BeforeValidator(_day)]
TimeZone = Annotated[str, Field(max_length=64, json_schema_extra={"format": "time-zone"}), BeforeValidator(_time_zone)]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]
Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"}), BeforeValidator(_email)]
Amount = Annotated[str, Field(pattern=AMOUNT), BeforeValidator(lambda raw: _matching(AMOUNT, "import_amount", raw))]
Percent = Annotated[str, Field(pattern=PERCENT), BeforeValidator(lambda raw: _matching(PERCENT, "import_percent", raw))]
Country = Annotated[
    str, Field(pattern="^[A-Z]{2}$"), BeforeValidator(lambda raw: _matching("[A-Z]{2}", "import_country", raw))
]
Currency = Annotated[
    str, Field(pattern="^[A-Z]{3}$"), BeforeValidator(lambda raw: _matching("[A-Z]{3}", "import_currency", raw))
]
Code = Annotated[
    str,
    Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$"),
    BeforeValidator(lambda raw: _matching("[a-z0-9][a-z0-9_-]{0,39}", "import_code", raw)),
]
Reference = Annotated[
    str,
    Field(pattern="^[!-~]{1,60}$", description="of the other system: the same reference is the same thing"),
    BeforeValidator(lambda raw: _matching("[!-~]{1,60}", "import_reference", raw)),
]
Number = Annotated[
    str, Field(pattern=NUMBER, json_schema_extra={"not": {"pattern": STEP_IN_A_PATH}}), BeforeValidator(_number)
]
Whole = BeforeValidator(_whole)
