"""What may stand behind a key? One TOML value is read as a parameter's kind, or refused with a sentence.

Amounts and shares are exact: TOML numbers with a point arrive as `Decimal`, never as float.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from planshift.domain.exact import Fraction
from planshift.domain.policy import lines, vocabulary

LANGUAGES = ("en", "pl", "it")
TEXT_LIMIT = 4000  # characters of one text
LIST_LIMIT = 500  # elements of one list

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")
_QUOTIENT = re.compile(r"(\d{1,9})\s*/\s*(\d{1,9})")
_LENGTH = re.compile(r"(\d{1,4})\s+(day|month|year)s?")
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a policy file: where, what, what is allowed and the nearest valid word."""

    path: lines.Path
    message: str
    allowed: tuple[str, ...] = ()
    nearest: str | None = None


Report = Callable[[Problem], None]


class Wrong(Exception):
    """A value cannot be read; raised and caught within this module."""

    def __init__(self, message: str, *, allowed: Iterable[str] = (), nearest: str | None = None) -> None:
        super().__init__(message)
        self.allowed, self.nearest = tuple(allowed), nearest


def closest(word: object, allowed: Iterable[str]) -> str | None:
    """The allowed word nearest to `word`, or None when none is near."""
    near = difflib.get_close_matches(str(word)[:100].lower(), list(allowed), n=1, cutoff=0.5)
    return near[0] if near else None


def read(param: vocabulary.Param, raw: object, path: lines.Path, *, report: Report) -> Any:
    """`raw` as `param.kind`, hashable. Reports every problem; then returns None."""
    try:
        if param.kind == "rows":
            return _rows(param, raw, path, report)
        return _READERS[param.kind](param, raw)
    except Wrong as wrong:
        report(Problem(path, str(wrong), wrong.allowed, wrong.nearest))
        return None


def table(
    params: Iterable[vocabulary.Param], raw: Mapping[str, object], path: lines.Path, *, report: Report
) -> vocabulary.Params:
    """A table read by its parameters: unknown, missing and wrong keys are reported, defaults are filled in."""
    known = {param.name: param for param in params}
    for key in raw:
        if key not in known:
            report(unknown((*path, key), key, known))
    values: dict[str, Any] = {}
    for name, param in known.items():
        if name in raw:
            values[name] = read(param, raw[name], (*path, name), report=report)
        elif param.required:
            report(Problem(path, f"“{name}” is missing: {param.doc}", (expected(param),)))
        else:
            values[name] = param.default
    return vocabulary.Params(values)


def unknown(path: lines.Path, key: str, allowed: Iterable[str]) -> Problem:
    """The problem of a key that nothing here knows."""
    words = tuple(allowed)
    return Problem(path, f"nothing here is called “{key[:100]}”", words, closest(key, words))


def expected(param: vocabulary.Param) -> str:
    """What the parameter takes, for a message or a manual: "a whole number from 0 to 31"."""
    noun = _NOUNS[param.kind]
    if param.kind in ("choice", "choices"):
        return noun + " of " + ", ".join(param.choices)
    if param.kind == "rows":
        return noun + " with " + ", ".join(field.name for field in param.fields)
    if param.kind in ("money", "integer", "fraction", "percent", "integers"):
        low, high = param.minimum if param.minimum is not None else 0, param.maximum
        if param.positive:
            return f"{noun}, more than 0" + (f", at most {high}" if high is not None else "")
        if high is not None and low == high:
            return str(low)
        return f"{noun} from {low} to {high}" if high is not None else f"{noun}, {low} or more"
    return noun


_NOUNS: dict[vocabulary.Kind, str] = {
    "money": 'an amount such as "10.00"',
    "integer": "a whole number",
    "fraction": 'a number or a quotient such as "1/12"',
    "percent": 'a percentage such as "2.5"',
    "flag": "true or false",
    "text": "a text in quotes",
    "words": "a text, or one per language { en = …, pl = …, it = … }",
    "choice": "one",
    "choices": "a list",
    "codes": "a list of codes",
    "integers": "a list of whole numbers",
    "lengths": 'a list of lengths such as "1 month", "1 year", "30 days"',
    "values": 'a table of codes such as { platform = "shared" }',
    "rows": "a list of tables",
}


def _number(param: vocabulary.Param, raw: object) -> Fraction:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal | str):
        raise Wrong(f"this must be {expected(param)}, not {_describe(raw)}")
    if isinstance(raw, int) and abs(raw) < 10**15:
        return Fraction(raw)
    text = str(raw).strip()
    if not _NUMBER.fullmatch(text):
        raise Wrong(f"this must be {expected(param)}, not {_describe(raw)}")
    return Fraction(text)


def _within(param: vocabulary.Param, value: Fraction) -> Fraction:
    low = Fraction(param.minimum if param.minimum is not None else 0)
    if (
        value < low
        or (param.positive and value == 0)
        or (param.maximum is not None and value > Fraction(param.maximum))
    ):
        raise Wrong(f"this is out of range: it must be {expected(param)}")
    return value


def _money(param: vocabulary.Param, raw: object) -> Fraction:
    return _within(param, _number(param, raw))


def _integer(param: vocabulary.Param, raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise Wrong(f"this must be {expected(param)}, not {_describe(raw)}")
    return int(_within(param, Fraction(raw)))


def _fraction(param: vocabulary.Param, raw: object) -> Fraction:
    quotient = _QUOTIENT.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if quotient is None:
        return _within(param, _number(param, raw))
    if int(quotient[2]) == 0:
        raise Wrong("nothing can be divided by 0")
    return _within(param, Fraction(int(quotient[1]), int(quotient[2])))


def _percent(param: vocabulary.Param, raw: object) -> Fraction:
    bare = raw.strip().removesuffix("%").strip() if isinstance(raw, str) else raw
    return _within(param, _number(param, bare)) / 100


def _flag(param: vocabulary.Param, raw: object) -> bool:
    if not isinstance(raw, bool):
        raise Wrong(f"this must be true or false, not {_describe(raw)}", allowed=("true", "false"))
    return raw


def _text(param: vocabulary.Param, raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise Wrong(f"this must be {expected(param)}, not {_describe(raw)}")
    if len(raw) > TEXT_LIMIT:
        raise Wrong(f"this text has {len(raw)} characters; at most {TEXT_LIMIT} are allowed")
    if any(not character.isprintable() and character != "\n" for character in raw):
        raise Wrong("this text holds characters that cannot be printed")
    return raw.strip()


def _words(param: vocabulary.Param, raw: object) -> vocabulary.Params:
    if isinstance(raw, str):
        return vocabulary.Params({"en": _text(param, raw)})
    if not isinstance(raw, dict) or not raw:
        raise Wrong(f"this must be {expected(param)}, not {_describe(raw)}")
    for language in raw:
        if language not in LANGUAGES:
            raise Wrong(
                f"“{language[:20]}” is no language here", allowed=LANGUAGES, nearest=closest(language, LANGUAGES)
            )
    if "en" not in raw:
        raise Wrong("the English text is missing: the other languages fall back to it", allowed=LANGUAGES)
    return vocabulary.Params({language: _text(param, text) for language, text in raw.items()})


def _choice(param: vocabulary.Param, raw: object) -> str:
    if not isinstance(raw, str) or raw not in param.choices:
        raise Wrong(f"{_describe(raw)} is no answer here", allowed=param.choices, nearest=closest(raw, param.choices))
    return raw


def _listed(raw: object) -> list[object]:
    """A list, or one value for a list of one."""
    values = raw if isinstance(raw, list) else [raw]
    if len(values) > LIST_LIMIT:
        raise Wrong(f"this list has {len(values)} elements; at most {LIST_LIMIT} are allowed")
    return values


def _choices(param: vocabulary.Param, raw: object) -> tuple[str, ...]:
    return _once([_choice(param, each) for each in _listed(raw)])


def _codes(param: vocabulary.Param, raw: object) -> tuple[str, ...]:
    values = _listed(raw)
    for each in values:
        if not isinstance(each, str) or not _CODE.fullmatch(each):
            raise Wrong(f"{_describe(each)} is no code: letters, digits, “-”, “_” and “.” only, at most 64")
    return _once([str(each) for each in values])


def _integers(param: vocabulary.Param, raw: object) -> tuple[int, ...]:
    return tuple(_integer(param, each) for each in _listed(raw))


def _length(count: int, unit: str) -> str:
    """A length as cases compare it, "12 months" or "30 days": a year is twelve months, as in `str(periods.Length)`."""
    if unit == "year":
        count, unit = count * 12, "month"
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _lengths(param: vocabulary.Param, raw: object) -> tuple[str, ...]:
    matches = [_LENGTH.fullmatch(each.strip()) if isinstance(each, str) else None for each in _listed(raw)]
    if not all(matches):
        raise Wrong(f"this must be {expected(param)}, not {_describe(raw)}")
    return _once([_length(int(match[1]), match[2]) for match in matches if match])


def _values(param: vocabulary.Param, raw: object) -> vocabulary.Params:
    if not isinstance(raw, dict) or not raw:
        raise Wrong(f"this must be {expected(param)}, not {_describe(raw)}")
    for key, value in raw.items():
        code = isinstance(value, str) and _CODE.fullmatch(value)
        if not _CODE.fullmatch(key) or not (code or isinstance(value, int)):
            raise Wrong(f"“{key[:60]}” must be a code in quotes, a whole number, true or false, not {_describe(value)}")
    return vocabulary.Params(raw)


def _once(values: list[str]) -> tuple[str, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise Wrong(f"“{value}” stands here twice")
    return tuple(values)


def _rows(param: vocabulary.Param, raw: object, path: lines.Path, report: Report) -> tuple[vocabulary.Params, ...]:
    rows = []
    if raw == [] and param.required:
        raise Wrong("at least one row is needed")
    for position, row in enumerate(_listed(raw)):
        here = (*path, position) if isinstance(raw, list) else path
        if isinstance(row, dict):
            rows.append(table(param.fields, row, here, report=report))
        else:
            report(Problem(here, f"this must be {expected(param)}, not {_describe(row)}"))
    return tuple(rows)


def _describe(raw: object) -> str:
    if isinstance(raw, str):
        return f"“{raw[:60]}”" if raw.strip() else "an empty text"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int):
        return str(raw) if abs(raw) < 10**15 else "a number that long"
    if isinstance(raw, Decimal):
        return str(raw) if len(str(raw)) < 25 else "a number that long"
    return "a table" if isinstance(raw, dict) else "a list" if isinstance(raw, list) else "a date or a time"


_READERS: dict[vocabulary.Kind, Callable[[vocabulary.Param, object], Any]] = {
    "money": _money,
    "integer": _integer,
    "fraction": _fraction,
    "percent": _percent,
    "flag": _flag,
    "text": _text,
    "words": _words,
    "choice": _choice,
    "choices": _choices,
    "codes": _codes,
    "integers": _integers,
    "lengths": _lengths,
    "values": _values,
}
