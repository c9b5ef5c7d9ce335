"""What stands in this TOML text, and what is wrong with it? One reader for catalogs and facts.

Every problem is collected with its line and key; nothing is half-read. Amounts are exact (no floats reach us).
"""

import difflib
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from planshift.domain import money
from planshift.domain.errors import BadMoney, Refused
from planshift.domain.exact import Fraction
from planshift.domain.periods import Length
from planshift.domain.policy import lines

Path = tuple[str | int, ...]
_ABSENT: Any = object()
TEXT_LIMIT = 1_000_000  # characters of a document


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where."""

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.key}: {self.message}" if self.key else f"line {self.line}: {self.message}"


class BadDocument(ValueError):
    """A catalog or facts text that cannot be used. `problems` holds all of them; `name` is the file's."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name, self.problems = name, tuple(problems)
        super().__init__("\n".join(f"{name}: {problem}" for problem in self.problems))


class Doubt(ValueError):
    """A value that nobody may write any more: a text that was accepted before it was asked for keeps it."""

    def __init__(self, message: str, value: Any) -> None:
        super().__init__(message)
        self.value = value


class Document:
    """A parsed text with the problems found in it so far. `accepted`: it was sound when it was loaded."""

    def __init__(self, text: str, name: str, *, accepted: bool = False) -> None:
        self.name, self.problems, self.accepted = name, list[Problem](), accepted
        if len(text) > TEXT_LIMIT:
            raise BadDocument(name, [Problem(1, "", "the file is too long")])
        if (dotted := lines.too_dotted(text)) is not None:
            raise BadDocument(name, [Problem(dotted, "", f"this line has more than {lines.DOTS_LIMIT} dots")])
        try:
            raw = tomllib.loads(text, parse_float=Decimal)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            found = _plainly(error)
            raise BadDocument(name, [Problem(_line_of(found), "", f"not TOML: {found}")]) from None
        self._lines = lines.of(text)
        self.root = Table(raw, (), self)

    @classmethod
    def of_json(cls, text: str, name: str) -> "Document":
        """The same for an object of JSON: no lines, only keys."""
        try:
            raw = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise BadDocument(name, [Problem(1, "", f"not JSON: {_plainly(error)}")]) from None
        document = cls("", name)
        document.root = Table(dict(raw), (), document)
        return document

    def report(self, path: Path, message: str) -> None:
        """Keep a problem."""
        self.problems.append(Problem(lines.nearest(self._lines, path), ".".join(map(str, path)), message))

    def finish(self) -> None:
        """Raise BadDocument when there is any problem."""
        if self.problems:
            raise BadDocument(self.name, sorted(self.problems, key=lambda problem: problem.line))


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key[:60]!r} stands there twice")
        found[key] = value
    return found


def _plainly(error: Exception) -> str:
    """What a reader of TOML or JSON says, in the words of an author of files."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return "a number is too long" if "integer string conversion" in str(error) else str(error)[:200]


def _line_of(message: str) -> int:
    digits = message.partition("at line ")[2].partition(",")[0]
    return int(digits) if digits.isdigit() else 1


class Table:
    """One table, read key by key. `finish` reports the keys that nobody asked for."""

    def __init__(self, raw: dict[str, Any], path: Path, document: Document) -> None:
        self._raw, self.path, self._document = raw, path, document
        self._asked = dict[str, None]()

    def __contains__(self, key: str) -> bool:
        self._asked[key] = None
        return key in self._raw

    @property
    def accepted(self) -> bool:
        """Whether the text was sound when it was loaded."""
        return self._document.accepted

    def names(self) -> list[str]:
        """The keys, all of them asked for: the table is a mapping of the author's own names."""
        self._asked.update(dict.fromkeys(self._raw))
        return list(self._raw)

    def check_names(self) -> None:
        """Report names that are no codes."""
        for key in self._raw:
            try:
                _code(key)
            except ValueError as error:
                self.problem(key, str(error))

    def problem(self, key: str, message: str) -> None:
        """Report that the value of `key` is wrong."""
        self._document.report((*self.path, key) if key else self.path, message)

    def finish(self) -> None:
        """Report unknown keys, each with the nearest known one."""
        for key in self._raw:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, 1)
                known = ", ".join(self._asked)
                self.problem(
                    key, "unknown key" + (f", did you mean {near[0]!r}?" if near else f"; known here: {known}")
                )

    def value(self, key: str, read: Callable[[Any], Any], default: Any = _ABSENT) -> Any:
        """`read(raw value)`; ValueError and Refused of `read` become problems. Returns the default (or None) then."""
        self._asked[key] = None
        if key not in self._raw:
            if default is _ABSENT:
                self.problem("", f"{key!r} is missing")
                return None
            return default
        try:
            return read(self._raw[key])
        except Refused as refused:
            self.problem(key, " ".join([refused.code.replace("_", " "), *map(str, refused.reasons[0].facts.values())]))
        except Doubt as doubt:
            if self._document.accepted:
                return doubt.value
            self.problem(key, str(doubt)[:300])
        except ValueError as error:
            self.problem(key, str(error)[:300])
        return None if default is _ABSENT else default

    def text(self, key: str, default: Any = _ABSENT, choices: Iterable[str] = ()) -> Any:
        """A text, perhaps one of `choices`."""
        return self.value(key, lambda raw: _text(raw, tuple(choices)), default)

    def code(self, key: str, default: Any = _ABSENT) -> Any:
        """A short text without spaces."""
        return self.value(key, _code, default)

    def flag(self, key: str, default: Any = _ABSENT) -> Any:
        """true or false."""
        return self.value(key, _flag, default)

    def whole(self, key: str, default: Any = _ABSENT, least: int = 0, most: int = 10**9) -> Any:
        """A whole number within bounds."""
        return self.value(key, lambda raw: _whole(raw, least, most), default)

    def amount(self, key: str, default: Any = _ABSENT) -> Any:
        """An amount of money, 0 or more, as a Fraction."""
        return self.value(key, amount, default)

    def number(self, key: str, default: Any = _ABSENT) -> Any:
        """A number, 0 or more, as a Fraction: 9.5, "1/2"."""
        return self.value(key, number, default)

    def percent(self, key: str, default: Any = _ABSENT) -> Any:
        """A percentage from 0 to 100 as a share: 22 → Fraction(22, 100)."""
        return self.value(key, _percent, default)

    def day(self, key: str, default: Any = _ABSENT) -> Any:
        """A date."""
        return self.value(key, day, default)

    def moment(self, key: str, default: Any = _ABSENT) -> Any:
        """A date, or an instant with its offset."""
        return self.value(key, moment, default)

    def length(self, key: str, default: Any = _ABSENT) -> Any:
        """Months as a number, or "30 days"."""
        return self.value(key, Length.parse, default)

    def codes(self, key: str, default: Any = ()) -> Any:
        """A list of codes."""
        return self.value(key, lambda raw: tuple(_code(each) for each in _list(raw)), default)

    def table(self, key: str) -> "Table":
        """The table under `key`; empty where there is none."""
        self._asked[key] = None
        raw = self._raw.get(key, {})
        if not isinstance(raw, dict):
            self.problem(key, "this must be a table")
            raw = {}
        return Table(raw, (*self.path, key), self._document)

    def rows(self, key: str) -> Iterator["Table"]:
        """The tables of a list; none where it is absent."""
        self._asked[key] = None
        raw = self._raw.get(key, [])
        if not isinstance(raw, list):
            self.problem(key, "this must be a list of tables")
            raw = []
        for index, row in enumerate(raw):
            if isinstance(row, dict):
                yield Table(row, (*self.path, key, index), self._document)
            else:
                self._document.report((*self.path, key, index), "this must be a table")


def _text(raw: Any, choices: tuple[str, ...]) -> str:
    if not isinstance(raw, str) or len(raw) > 2000 or not raw.isprintable():
        raise ValueError("this must be a text")
    if choices and raw not in choices:
        near = difflib.get_close_matches(raw, choices, 1)
        raise ValueError(
            f"{raw!r} is not one of {', '.join(choices)}" + (f"; did you mean {near[0]!r}?" if near else "")
        )
    return raw


def _code(raw: Any) -> str:
    if not isinstance(raw, str) or not 0 < len(raw) <= 64 or not all(c.isalnum() or c in "-_.:/" for c in raw):
        raise ValueError("this must be a code: letters, digits and -_.:/ only")
    return raw


def _flag(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise ValueError("this must be true or false")
    return raw


def _whole(raw: Any, least: int, most: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not least <= raw <= most:
        raise ValueError(f"this must be a whole number from {least} to {most}")
    return raw


def number(raw: Any) -> Fraction:
    """0 or more, exactly: an int, a decimal, a decimal text or a quotient "1/2"."""
    if isinstance(raw, str) and raw.count("/") == 1:
        above, _, below = raw.partition("/")
        if above.strip().isdigit() and below.strip().isdigit() and int(below[:9]) and len(raw) < 24:
            return Fraction(int(above), int(below))
    value = _decimal(raw)
    if value < 0:
        raise ValueError("this must not be negative")
    return value


def _decimal(raw: Any) -> Fraction:
    try:
        if isinstance(raw, Decimal):
            return money.exact(format(raw, "f")) if raw.is_finite() and abs(raw.adjusted()) < 16 else money.exact("x")
        if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**15:
            return Fraction(raw)
        return money.exact(raw if isinstance(raw, str) else "x")
    except BadMoney:
        raise ValueError("this must be a plain decimal number such as 12.30") from None


def amount(raw: Any) -> Fraction:
    """A price: 0 or more."""
    value = _decimal(raw)
    if value < 0:
        raise ValueError("an amount must not be negative")
    return value


def _percent(raw: Any) -> Fraction:
    value = number(raw.removesuffix("%").strip() if isinstance(raw, str) else raw)
    if value > 100:
        raise ValueError("a percentage must be from 0 to 100")
    return value / 100


def day(raw: Any) -> date:
    """A TOML date, or the text of one."""
    if isinstance(raw, str):
        raw = date.fromisoformat(raw) if len(raw) == 10 and raw[4] == raw[7] == "-" else raw
    if isinstance(raw, datetime) or not isinstance(raw, date) or not 1900 <= raw.year <= 2200:
        raise ValueError("this must be a date such as 2026-09-01 between 1900 and 2200")
    return raw


def moment(raw: Any) -> date | datetime:
    """A date or an aware instant, between 1900 and 2200; raises ValueError with the sentence to show."""
    if isinstance(raw, str):
        raw = datetime.fromisoformat(raw) if len(raw) > 10 else day(raw)
    if isinstance(raw, datetime):
        if raw.tzinfo is None:
            raise ValueError("an instant needs its offset: 2026-09-01T12:00:00+02:00")
        day(raw.date())
        return raw
    return day(raw)


def zone(raw: Any) -> ZoneInfo:
    """The name of a time zone."""
    try:
        return ZoneInfo(raw if isinstance(raw, str) else "")
    except (KeyError, ValueError, OSError):
        raise ValueError("this must be a time zone such as Europe/Warsaw") from None


def days(raw: Any) -> list[date]:
    """A list of dates."""
    return [day(each) for each in _list(raw)]


def _list(raw: Any) -> list[Any]:
    if not isinstance(raw, list) or len(raw) > 1000:
        raise ValueError("this must be a list")
    return raw
