"""`planshift quote`: what does a change cost under this policy, and why? Needs no database.

Exit status: 0 there is an offer, 1 it is refused, 2 the command or a file could not be used.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

from planshift.domain import catalog_document, facts_document, periods, quote, quote_json, toml_reading
from planshift.domain import facts as known
from planshift.domain.catalog import Catalog
from planshift.domain.errors import Refused
from planshift.domain.facts_document import Stated
from planshift.domain.periods import Length, Moment, Period
from planshift.domain.policy import loader, settlement
from planshift.domain.policy.document import Policy
from planshift.interfaces.presenters import plain_quote

SIZE_LIMIT = 1_000_000  # bytes of a file


class Unusable(Exception):
    """What was given cannot be used; the message says what and where."""


def main(arguments: list[str]) -> int:
    """Print one quote; returns the exit status."""
    try:
        given = _parser().parse_args([_option(each) for each in arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        policy = _policy(given.policy)
        stated = _from_facts(given) if given.facts else _from_catalog(given)
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    result = quote.price(facts=stated.facts, request=stated.request, policy=policy, on=stated.on)
    if given.json:
        print(json.dumps(quote_json.encode(result), ensure_ascii=False, indent=2))
    else:
        print(plain_quote.text(result, stated.facts))
    return 1 if isinstance(result, quote.Refusal) else 0


def _option(argument: str) -> str:
    """Options with hyphens, also where they were written with underscores, as the keys of files and output are."""
    name, equals, value = argument.partition("=")
    return f"{name.replace('_', '-')}{equals}{value}" if name.startswith("--") else argument


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="planshift quote",
        description="Price one change of a service under a policy, with its working.",
        epilog="Either --facts FILE, or --catalog FILE with --plan and what is to change.",
        allow_abbrev=False,
    )
    parser.add_argument("--policy", required=True, type=Path, metavar="FILE", help="the policy (TOML)")
    parser.add_argument("--facts", type=Path, metavar="FILE", help="all facts and the request (TOML or JSON)")
    parser.add_argument("--catalog", type=Path, metavar="FILE", help="the seller's catalog (TOML)")
    parser.add_argument("--plan", help="the present plan")
    parser.add_argument("--to", metavar="PLAN", help="the plan to change to")
    parser.add_argument(
        "--resource",
        action="append",
        default=[],
        metavar="CODE=AMOUNT",
        help="a new additional amount: ip=3, or ip=+2, ip=-1 from the present one; may be repeated",
    )
    parser.add_argument(
        "--have", action="append", default=[], metavar="CODE=AMOUNT", help="a present additional amount"
    )
    parser.add_argument("--period", metavar="LENGTH", help="the billing period to change to: months, or “30 days”")
    parser.add_argument("--months", metavar="LENGTH", help="the present billing period (default: the plan's shortest)")
    parser.add_argument("--term-start", metavar="DATE", help="first day of the present term")
    parser.add_argument("--term-end", metavar="DATE", help="first day after the present term")
    parser.add_argument("--on", metavar="DATE", help="day (or instant with offset) of the change")
    parser.add_argument("--payment-method", default="", help="how the client pays: card, transfer …")
    parser.add_argument("--choice", default="", help="the settlement that the client chooses, where the policy asks")
    parser.add_argument("--json", action="store_true", help="print JSON (docs/schemas/quote.json)")
    return parser


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror or error}") from None
    if len(data) > SIZE_LIMIT:
        raise Unusable(f"{path}: the file is too long")
    return data


def _text(path: Path) -> str:
    try:
        return _read(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable(f"{path}: this is no UTF-8 text") from None


def _policy(path: Path) -> Policy:
    try:
        return loader.load(_read(path))
    except loader.BadPolicy as bad:
        raise Unusable("\n".join(f"{path}: {line}" for line in str(bad).splitlines())) from None


def _from_facts(given: argparse.Namespace) -> Stated:
    others = (
        "catalog", "plan", "to", "term_start", "term_end", "on", "months", "period", "resource", "have",
        "payment_method", "choice",
    )  # fmt: skip
    mixed = [name for name in others if getattr(given, name)]
    if mixed:
        raise Unusable("with --facts everything stands in that file: leave out --" + mixed[0].replace("_", "-"))
    try:
        return facts_document.parse(_text(given.facts), name=str(given.facts))
    except toml_reading.BadDocument as bad:
        raise Unusable(str(bad)) from None


def _from_catalog(given: argparse.Namespace) -> Stated:
    for name in ("catalog", "plan", "term_start", "on"):
        if not getattr(given, name):
            raise Unusable(f"--{name.replace('_', '-')} is missing (or give --facts FILE)")
    try:
        catalog = catalog_document.parse(_text(given.catalog), name=str(given.catalog))
    except toml_reading.BadDocument as bad:
        raise Unusable(str(bad)) from None
    given.plan = _spelled(given.plan, catalog.plans)
    if given.plan not in catalog.plans:
        raise Unusable(f"--plan: the catalog has no plan {given.plan!r}; it has {', '.join(catalog.plans)}")
    resources = dict.fromkeys(code for plan in catalog.plans.values() for code in plan.resources)
    given.have, given.resource = (
        [_of_resource(each, resources) for each in said] for said in (given.have, given.resource)
    )
    given.to = _spelled(given.to, catalog.plans) if given.to else given.to
    given.choice = _spelled(given.choice, settlement.RULES)
    length = _length("--months", given.months) if given.months else _shortest(catalog, given.plan)
    have = _have(given.have)
    service = known.Service(
        plan=given.plan,
        length=length,
        term=_term(given, catalog, length),
        resources=MappingProxyType(have),
        payment_method=given.payment_method,
    )
    request = _request(given, have)
    return Stated(known.Facts(catalog=catalog, service=service), request, _moment("--on", given.on))


def _spelled(word: str, known: Iterable[str]) -> str:
    """The code that is meant, whether written with hyphens, underscores, spaces or capitals; else the word itself."""
    codes = tuple(known)
    if word in codes:
        return word
    alike = [code for code in codes if _plain(code) == _plain(word)]
    return alike[0] if len(alike) == 1 else word


def _plain(word: str) -> str:
    return word.casefold().replace("_", "-").replace(" ", "-")


def _of_resource(text: str, known: Iterable[str]) -> str:
    code, equals, amount = text.partition("=")
    return f"{_spelled(code, known)}{equals}{amount}"


def _have(given: list[str]) -> dict[str, int]:
    have: dict[str, int] = {}
    for text in given:
        code, amount, relative = _resource(text)
        if relative or code in have:
            raise Unusable(f"--have {text}: write CODE=AMOUNT once, such as ip=2: what the service has now")
        have[code] = amount
    return have


def _request(given: argparse.Namespace, have: dict[str, int]) -> known.Request:
    amounts = {}
    for code, amount, relative in map(_resource, given.resource):
        if code in amounts:
            raise Unusable(f"--resource {code} stands there twice")
        amounts[code] = have.get(code, 0) + amount if relative else amount
    length = _length("--period", given.period) if given.period else None
    if given.to:
        return known.ChangePlan(given.to, length, MappingProxyType(amounts), choice=given.choice)
    if amounts and length is not None:
        raise Unusable("--resource and --period are two changes: ask for one at a time")
    if amounts:
        return known.ChangeResources(MappingProxyType(amounts), choice=given.choice)
    if length is None:
        raise Unusable("say what is to change: --to PLAN, --resource CODE=AMOUNT or --period LENGTH")
    return known.ChangePeriod(length, choice=given.choice)


def _resource(text: str) -> tuple[str, int, bool]:
    code, _, amount = text.partition("=")
    amount = amount.replace("\N{MINUS SIGN}", "-")
    digits = amount.lstrip("+-")
    if not code or not digits.isdecimal() or len(digits) > 9 or len(amount) - len(digits) > 1:
        raise Unusable(f"--resource {text}: write CODE=AMOUNT, such as ip=3 or ip=+2")
    return code, int(amount), amount[0] in "+-"


def _length(option: str, text: str) -> Length:
    try:
        return Length.parse(int(text) if text.isdecimal() and len(text) < 5 else text)
    except Refused:
        raise Unusable(f"{option} {text}: write a number of months, or a length such as “30 days”") from None


def _shortest(catalog: Catalog, plan: str) -> Length:
    lengths = [price.length for price in catalog.plans[plan].prices]
    return min(lengths, key=lambda length: length.months) if lengths else Length(1)


def _moment(option: str, text: str) -> Moment:
    try:
        return toml_reading.moment(text)
    except ValueError as error:
        detail = str(error) if str(error).startswith(("this", "an instant")) else "this is no date such as 2026-09-01"
        raise Unusable(f"{option} {text}: {detail}") from None


def _term(given: argparse.Namespace, catalog: Catalog, length: Length) -> Period:
    start = _moment("--term-start", given.term_start)
    try:
        end = (
            _moment("--term-end", given.term_end) if given.term_end else periods.add(start, length, catalog.seller.zone)
        )
        return Period(start, end)
    except Refused as refused:
        what = refused.code.replace("_", " ")
        raise Unusable(f"--term-start {given.term_start}: {what}") from None
