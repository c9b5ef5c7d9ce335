"""`planshift corpus [--json] [DIR]`: do published worked cases come out to the cent, each under its policy file?

DIR (default: tests/regulations/cases) holds

    NAME.toml            the facts of one case, as `planshift quote --facts` reads them; its [about] names the policy
    policies/RULE.toml   the rules; cases with the same rule share the file
    expected.toml        [figures]: where a figure stands in a quote; then one table per case: what it must be
    index.toml           [apart] and [rule_only]: cases that change no running service, or that have no numbers
    apart/               such cases all the same, where a change to or from a plan that costs nothing says what they say
    own/                 rules that no published case covers, with numbers of our own

Exit status: 0 nothing failed, 1 something failed, 2 the command or the directory could not be used.
"""

import argparse
import functools
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from planshift.domain import facts_document, quote, quote_json, toml_reading
from planshift.domain.exact import Fraction
from planshift.domain.policy import loader
from planshift.domain.policy.document import Policy

PASSED, FAILED, NOT_EXPRESSIBLE = "passed", "failed", "not expressible"
APART, RULE_ONLY = "out of scope", "no numbers"
IN_SCOPE = (PASSED, FAILED, NOT_EXPRESSIBLE)
MORE = {"apart": "out of scope, priced all the same", "own": "rules with numbers of our own"}
DIRECTORY = Path("tests/regulations/cases")
NOT_FIGURES = ("printed", "stated", "worked")  # of a case in expected.toml: for readers, and for the check of the facts


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one case: what it must be and what the engine gives."""

    name: str
    expected: str
    computed: str

    @property
    def agrees(self) -> bool:
        """Equal as a number, a length of time or a date."""
        return _comparable(self.expected) == _comparable(self.computed)


@dataclass(frozen=True, slots=True)
class Result:
    """How one case came out."""

    name: str
    state: str
    policy: str = ""
    source: str = ""
    figures: tuple[Figure, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The cases of one directory."""

    directory: Path
    expected: Mapping[str, Mapping[str, Any]]
    figures: Mapping[str, Any]
    apart: Mapping[str, str] = field(default_factory=dict)
    rule_only: Mapping[str, str] = field(default_factory=dict)


class Unusable(Exception):
    """The directory is no corpus; the message says why."""


def main(arguments: list[str]) -> int:
    """Price all cases, print how they came out; returns the exit status."""
    parser = argparse.ArgumentParser(prog="planshift corpus", description="Price published worked cases.")
    parser.add_argument("directory", nargs="?", type=Path, default=DIRECTORY, metavar="DIR", help="(%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    try:
        given = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        corpus = load(given.directory)
        results = list(run(corpus))
        more = {
            name: list(run(load(given.directory / name, figures=corpus.figures)))
            for name in MORE
            if (given.directory / name).is_dir()
        }
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(_report(results, more), ensure_ascii=False, indent=2) if given.json else _table(results, more))
    return 1 if any(result.state == FAILED for result in chain(results, *more.values())) else 0


def load(directory: Path, *, figures: Mapping[str, Any] | None = None) -> Corpus:
    """The corpus of a directory. Raises Unusable."""
    expected = dict(_toml(directory / "expected.toml"))
    own = expected.pop("figures", None)
    index = _toml(directory / "index.toml") if (directory / "index.toml").exists() else {}
    names = own if own is not None else figures
    if names is None:
        raise Unusable(f"{directory / 'expected.toml'}: the table [figures] is missing")
    return Corpus(directory, expected, names, index.get("apart", {}), index.get("rule_only", {}))


def run(corpus: Corpus) -> Iterator[Result]:
    """Every case of a corpus, in the order of expected.toml; then those that are counted apart."""
    for name in corpus.expected:
        yield priced(corpus, name)
    yield from (Result(name, APART, reason=reason) for name, reason in corpus.apart.items())
    yield from (Result(name, RULE_ONLY, reason=reason) for name, reason in corpus.rule_only.items())


def priced(corpus: Corpus, name: str) -> Result:
    """One case, priced by the engine as any quote is. Raises Unusable when its files are missing or not TOML."""
    facts = _toml(corpus.directory / f"{name}.toml")
    about = facts.get("about", {})
    rule = str(about.get("policy", ""))
    came_out = functools.partial(Result, name, policy=rule, source=str(about.get("source", "")))
    if "not_expressible" in about:
        return came_out(NOT_EXPRESSIBLE, reason=str(about["not_expressible"]))
    try:
        policy = loader.load((corpus.directory / "policies" / f"{rule}.toml").read_bytes())
        offered = _quote(facts, policy, name)
    except (OSError, loader.BadPolicy, toml_reading.BadDocument) as error:
        return came_out(FAILED, reason=str(error))
    if offered["refusals"]:
        codes = ", ".join(reason["code"] for reason in offered["refusals"])
        return came_out(FAILED, reason=f"refused: {codes}")
    wanted = {key: value for key, value in corpus.expected[name].items() if key not in NOT_FIGURES}
    if strange := set(wanted) - set(corpus.figures):
        return came_out(FAILED, reason=f"[figures] does not know {', '.join(sorted(strange))}")
    figures = tuple(Figure(key, str(value), figure(offered, corpus.figures[key])) for key, value in wanted.items())
    reason = "" if all(each.agrees for each in figures) else "another figure"
    if not figures:
        reason = "nothing is expected of it"
    elif not reason and "free" in about and not _free(facts, policy, name, figures, corpus):
        reason = f"a figure depends on {about['free']}, which the source does not state"
    return came_out(FAILED if reason else PASSED, figures=figures, reason=reason)


def figure(offered: Mapping[str, Any], where: Any) -> str:
    """One figure of a quote. `where`: a path such as "credit.net"; "-" before it turns the sign; a list is summed;
    { lines = [roles] } sums the net amounts of lines. Empty where the quote has none."""
    if isinstance(where, str):
        negative, path = where.startswith("-"), where.removeprefix("-").split(".")
        found: Any = offered
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None:
            return ""
        text = str(found)
        return text if not negative else _plain(-Fraction(text))
    if isinstance(where, Mapping):
        amounts = [Fraction(line["net"]) for line in offered["lines"] if line["role"] in where["lines"]]
        return _plain(sum(amounts, Fraction(0))) if amounts else ""
    return _sum([figure(offered, each) for each in where])


def _sum(parts: Sequence[str]) -> str:
    """ "12 months" and "3 months" are "15 months"; amounts likewise. Empty where a part is, or the units differ."""
    pairs = [part.partition(" ") for part in parts]
    units = {unit.removesuffix("s") for _, _, unit in pairs}
    if len(units) != 1 or not all(parts):
        return ""
    total, unit = _plain(sum((Fraction(value) for value, _, _ in pairs), Fraction(0))), units.pop()
    return f"{total} {unit}s" if unit else total


def _plain(value: Fraction) -> str:
    return quote_json.number(value)


def _comparable(text: str) -> object:
    value, _, unit = text.partition(" ")
    try:
        return Fraction(value), unit.removesuffix("s")
    except (ValueError, ZeroDivisionError):
        return text.partition("T")[0]


def _quote(facts: Mapping[str, Any], policy: Policy, name: str) -> dict[str, Any]:
    stated = facts_document.parse(json.dumps(facts, default=_day), name=name)
    result = quote.price(facts=stated.facts, request=stated.request, policy=policy, on=stated.on)
    return quote_json.encode(result)


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise Unusable(f"{value!r}: write it in quotes")


def _free(facts: Mapping[str, Any], policy: Policy, name: str, figures: Sequence[Figure], corpus: Corpus) -> bool:
    """Whether the figures stay when the price that the source does not state is another."""
    *path, last = facts["about"]["free"].split(".")
    other = json.loads(json.dumps(facts, default=_day))
    table = other
    try:
        for key in path:
            table = table[key]
        table[last] = _plain(Fraction(table[last]) * 3 + 7)
    except (KeyError, TypeError, ValueError):
        raise Unusable(f"{name}.toml: about.free names no amount: {facts['about']['free']}") from None
    offered = _quote(other, policy, name)
    return all(figure(offered, corpus.figures[each.name]) == each.computed for each in figures)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        hint = " (the published cases lie in a clone of the project: run it there, or name DIR)"
        raise Unusable(f"{path}: {error.strerror or error}{hint if DIRECTORY in path.parents else ''}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"{path}: {error}") from None


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """How many passed, of how many in scope; the others counted apart."""
    states = Counter(result.state for result in results)
    in_scope = sum(states[state] for state in IN_SCOPE)
    share = _plain(Fraction(states[PASSED] * 1000 // in_scope, 10)) if in_scope else "0"
    return {
        "in_scope": in_scope,
        "passed": states[PASSED],
        "failed": states[FAILED],
        "not_expressible": states[NOT_EXPRESSIBLE],
        "passed_percent": share,
        "out_of_scope": states[APART],
        "no_numbers": states[RULE_ONLY],
    }


def _report(results: Sequence[Result], more: Mapping[str, Sequence[Result]]) -> dict[str, Any]:
    return {
        "summary": summary(results),
        "cases": [asdict(result) for result in results],
        **{
            name: {"summary": summary(each), "cases": [asdict(result) for result in each]}
            for name, each in more.items()
        },
    }


def _table(results: Sequence[Result], more: Mapping[str, Sequence[Result]]) -> str:
    every = (*results, *(result for others in more.values() for result in others))
    width = max((len(result.name) for result in every), default=0)
    rows = [_row(result, width) for result in results]
    for name, others in more.items():
        rows.extend(("", f"{MORE[name]}:", *(_row(result, width) for result in others)))
    counts = summary(results)
    rows += [
        "",
        f"{counts['in_scope']} in scope: {counts['passed']} passed ({counts['passed_percent']} %), "
        f"{counts['failed']} failed, {counts['not_expressible']} not expressible",
        f"counted apart: {counts['out_of_scope']} out of scope, {counts['no_numbers']} without numbers",
    ]
    for name, others in more.items():
        each = summary(others)
        rows.append(f"{MORE[name]}: {each['passed']} of {each['in_scope']} passed")
    return "\n".join(rows)


def _row(result: Result, width: int) -> str:
    told = [f"{each.name} {each.computed or 'missing'}" + ("" if each.agrees else f" (must be {each.expected})")
            for each in result.figures]  # fmt: skip
    return f"{result.state:<14}  {result.name:<{width}}  {'; '.join((*told, *filter(None, (result.reason,))))}"
