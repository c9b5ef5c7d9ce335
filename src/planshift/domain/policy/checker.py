"""Is this policy sound? A text is read into a `Policy`, or into a list of everything that is wrong with it.

Nothing here stops at the first problem. What the vocabulary does not hold is refused, so a policy that passes is one
that the engine can carry out in full.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from planshift.domain import codes, money
from planshift.domain.catalog import Catalog
from planshift.domain.policy import (
    contradictions,
    dimensions,
    document,
    fit,
    idle,
    lines,
    reading,
    terms,
    values,
    vocabulary,
)

FORMAT = 1
SIZE_LIMIT = 256 * 1024  # bytes of a policy file
CASES_LIMIT = 200
FAMILIES_LIMIT = 100

HEAD = (
    vocabulary.Param(name="format", kind="integer", doc="the version of this format, 1", minimum=1, maximum=1),
    vocabulary.Param(name="policy", kind="text", doc="a short code for the policy"),
    vocabulary.Param(name="title", kind="words", doc="the title of the regulation", default=None),
    vocabulary.Param(name="currency", kind="text", doc="the currency of its amounts, as in EUR", default=""),
    vocabulary.Param(name="kind", kind="choice", doc="the kind of a change that no case decides", default="easy",
                     choices=document.KINDS),
)  # fmt: skip
_TABLES = ("terms", "family", "case")


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem with its place, as the author sees it."""

    line: int
    key: str
    message: str
    allowed: tuple[str, ...] = ()
    nearest: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The result: the policy when nothing is wrong, else every finding in the order of lines."""

    policy: document.Policy | None
    findings: tuple[Finding, ...]


def check(data: bytes, *, catalog: Catalog | None = None, loaded: bool = False) -> Checked:
    """Read a policy file, and see whether it fits a catalog. Never raises for what the file holds.

    `loaded`: it was found sound when it was loaded, and is not asked anew for contradictions that this version knows.
    """
    text, finding = _text(data)
    if finding is not None:
        return Checked(None, (finding,))
    if (dotted := lines.too_dotted(text)) is not None:
        return Checked(None, (Finding(dotted, "", f"this line has more than {lines.DOTS_LIMIT} dots"),))
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        return Checked(None, (Finding(1, "", "the file is nested too deeply"),))
    except ValueError as error:  # TOMLDecodeError, and numbers too long to read
        return Checked(None, (_syntax(error, text),))
    where = lines.of(text)
    problems: list[values.Problem] = []
    currency = catalog.seller.currency if catalog is not None else ""
    policy = _policy(raw, hashlib.sha256(data).hexdigest(), currency, problems.append)
    if policy is not None and not loaded:
        _before_cases(policy.cases, problems.append)
    if policy is not None and not problems and not loaded:
        positions = reading.positions(raw)
        contradictions.find(policy, positions, problems.append)
        idle.find(policy, positions, problems.append)
        if catalog is not None:
            fit.answers(policy, catalog, problems.append)
    if policy is not None and catalog is not None:
        fit.names(policy, catalog, problems.append)
    findings = sorted({_finding(problem, where) for problem in problems}, key=lambda found: (found.line, found.key))
    return Checked(policy if not findings else None, tuple(findings))


def _text(data: bytes) -> tuple[str, Finding | None]:
    if len(data) > SIZE_LIMIT:
        return "", Finding(1, "", f"the file has {len(data)} bytes; at most {SIZE_LIMIT} are allowed")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return "", Finding(line, "", "this is no text in UTF-8: a policy is a TOML file")
    return text.replace("\r\n", "\n"), None


def _syntax(error: ValueError, text: str) -> Finding:
    place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    message = re.sub(r"\s*\(at .*\)$", "", str(error))
    message = "a number is too long" if "digits" in message else message[:1].lower() + message[1:]
    if place is None:
        line = text.rstrip("\n").count("\n") + 1 if "at end of document" in str(error) else 1
        return Finding(line, "", f"this is no valid TOML: {message[:200]}")
    return Finding(int(place[1]), "", f"this is no valid TOML: {message[:200]} (column {place[2]})")


def _finding(problem: values.Problem, where: dict[lines.Path, int]) -> Finding:
    line = lines.nearest(where, problem.path)
    return Finding(line, _dotted(problem.path), problem.message, problem.allowed, problem.nearest)


def _dotted(path: lines.Path) -> str:
    """A path as people write it: case[2].when.from_plan (positions count from 1)."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part[:60]}" for part in path).lstrip(".")


def _policy(raw: dict[str, Any], digest: str, prices: str, report: values.Report) -> document.Policy | None:
    head = values.table(HEAD, {key: raw[key] for key in raw if key in _head_names()}, (), report=report)
    for key in raw:
        if key not in _head_names() and key not in _TABLES and key not in dimensions.every():
            report(reading.unknown_dimension((key,), key, (*_head_names(), *_TABLES)))
    _currency(raw, head, prices, report)
    base = {**reading.defaults(raw, report), **reading.answers(raw, (), report)}
    policy = document.Policy(
        code=head.get("policy") or "",
        digest=digest,
        title=head.get("title") or vocabulary.Params({"en": head.get("policy") or ""}),
        currency=head.get("currency") or "",
        kind=head.get("kind") or "easy",
        base=base,
        families=dict(_families(raw.get("family", {}), report)),
        cases=tuple(_cases(raw.get("case", []), report)),
        terms=values.table(terms.PARAMS, _table(raw, "terms", report), ("terms",), report=report),
    )
    for key in policy.terms["clauses"] or ():
        if key not in dimensions.every():
            report(reading.unknown_dimension(("terms", "clauses", key), key, ()))
    _reachable(policy.cases, report)
    return policy


def _head_names() -> tuple[str, ...]:
    return tuple(param.name for param in HEAD)


def _table(raw: Mapping[str, Any], key: str, report: values.Report) -> Mapping[str, Any]:
    value = raw.get(key, {})
    if isinstance(value, dict):
        return value
    report(values.Problem((key,), f"“{key}” must be a table: [{key}]"))
    return {}


def _currency(raw: Mapping[str, Any], head: Mapping[str, Any], prices: str, report: values.Report) -> None:
    """Amounts have a currency, that of the prices, and are whole minor units of it."""
    currency = head.get("currency") or ""
    if currency and not re.fullmatch(r"[A-Z]{3}", currency):
        report(values.Problem(("currency",), 'a currency is three capital letters, as in "EUR" (ISO 4217)'))
        return
    if currency and not codes.is_currency(currency):
        near = codes.nearest_currency(currency)
        report(values.Problem(("currency",), f"there is no currency “{currency}” (ISO 4217)", (), near))
        return
    if currency and prices and currency != prices:
        message = f"the amounts of this policy are in {currency}, the prices of the catalog in {prices}"
        report(values.Problem(("currency",), message))
        return
    found = list(reading.amounts(raw))
    money_at = [each.path for each in found if each.param.kind == "money"]
    if money_at and not currency:
        message = 'an amount needs a currency: say at the top of the file, for example, currency = "EUR"'
        report(values.Problem(money_at[0], message))
    if currency or prices:
        _whole(found, currency or prices, report)


def _whole(found: Iterable[reading.Amount], currency: str, report: values.Report) -> None:
    places = money.decimals_of(currency=currency)
    least = f"0.{'0' * (places - 1)}1" if places else "1"
    for each in found:
        amount = values.read(each.param, each.raw, each.path, report=lambda problem: None)
        if amount is not None and (amount * 10**places).denominator != 1:
            message = f"an amount in {currency} cannot be finer than {least}: nobody could pay it"
            report(values.Problem(each.path, message))


def _families(raw: Any, report: values.Report) -> Iterator[tuple[str, document.Answers]]:
    if not isinstance(raw, dict):
        report(values.Problem(("family",), "families are tables: [family.CODE]"))
        return
    if len(raw) > FAMILIES_LIMIT:
        report(values.Problem(("family",), f"there are {len(raw)} families; at most {FAMILIES_LIMIT} are allowed"))
        return
    for code, body in raw.items():
        if not isinstance(body, dict):
            report(values.Problem(("family", code), f"a family is a table: [family.{code}]"))
            continue
        for key in body:
            if key not in dimensions.every():
                report(reading.unknown_dimension(("family", code, key), key, ()))
        yield code, reading.answers(body, ("family", code), report)


def _cases(raw: Any, report: values.Report) -> Iterator[document.Case]:
    if not isinstance(raw, list) or not all(isinstance(body, dict) for body in raw):
        report(values.Problem(("case",), "cases are a list of tables: write [[case]] before each"))
        return
    if len(raw) > CASES_LIMIT:
        report(values.Problem(("case",), f"there are {len(raw)} cases; at most {CASES_LIMIT} are allowed"))
        return
    names: set[str] = set()
    for index, body in enumerate(raw):
        case = _case(body, index, report)
        if case.name in names:
            report(values.Problem(("case", index, "name"), f"a case called “{case.name}” stands above already"))
        names.add(case.name)
        yield case


def _case(body: Mapping[str, Any], index: int, report: values.Report) -> document.Case:
    path: lines.Path = ("case", index)
    own = {param.name: param for param in reading.CASE}
    for key in body:
        if key not in own and key not in dimensions.every():
            report(reading.unknown_dimension((*path, key), key, tuple(own)))
    read: dict[str, Any] = {
        name: values.read(param, body[name], (*path, name), report=report)
        for name, param in own.items()
        if name in body and name != "when"
    }
    when = body.get("when", {})
    if not isinstance(when, dict):
        report(values.Problem((*path, "when"), 'a condition is a table: when = { to_plan = ["…"] }'))
        when = {}
    if read.get("kind") and not body.get("reason"):
        report(values.Problem(path, 'a case that decides the kind must say why: reason = { en = "…" } (H3)'))
    answers = reading.answers(body, path, report)
    return document.Case(
        name=read.get("name") or f"case {index + 1}",
        when=reading.condition(when, (*path, "when"), report),
        kind=cast(document.Kind | None, read.get("kind")),
        reason=read.get("reason"),
        answers=answers,
    )


def _before_cases(cases: tuple[document.Case, ...], report: values.Report) -> None:
    """What is asked before the cases cannot be answered by one: the answer would never be heard."""
    for index, case in enumerate(cases):
        for name in case.answers:
            if dimensions.every()[name].before_cases:
                message = f"a case cannot answer “{name}”: it is asked before the cases"
                where = "; say it at the top of the file, or for a family: [family.CODE]"
                report(values.Problem(("case", index, name), message + where))


def _reachable(cases: tuple[document.Case, ...], report: values.Report) -> None:
    """Every case must be able to apply, and the last must apply always."""
    if not cases:
        return
    last = len(cases) - 1
    if not cases[last].when.unconditional:
        message = "the last case must have no condition, so that every change is decided: add [[case]] without “when”"
        report(values.Problem(("case", last), message))
    for index, case in enumerate(cases):
        if others := reading.covered_by(cases[:index], case.when):
            names = " and ".join(f"“{name}”" for name in others)
            message = f"this case can never apply: {names} above it {'take' if others[1:] else 'takes'} all its changes"
            report(values.Problem(("case", index), message))
