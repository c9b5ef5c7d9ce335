"""Which catalog does this TOML text describe? (docs/catalog-format.md)"""

import hashlib
import unicodedata
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from planshift.domain import codes, document_numbers, letters, money, toml_reading, virtual_accounts
from planshift.domain.catalog import Catalog, Family, HourlyPrice, Plan, Price, Resource, Seller, Trait
from planshift.domain.errors import BadMoney, Refused
from planshift.domain.exact import Fraction
from planshift.domain.periods import Length
from planshift.domain.tax import DatedRate
from planshift.domain.toml_reading import Document, Doubt, Table

LANGUAGES = ("en", "pl", "it")


def parse(text: str, *, name: str = "catalog", accepted: bool = False) -> Catalog:
    """The catalog of a TOML text. Raises BadDocument with every problem: file, line, key, what is wrong. `accepted`:
    the text of a revision, which stays in force as it is."""
    document = Document(text, name, accepted=accepted)
    catalog = read(document.root, digest=hashlib.sha256(text.encode()).hexdigest())
    document.root.finish()
    document.finish()
    return catalog


def read(root: Table, *, digest: str) -> Catalog:
    """The catalog in a table of an open document; problems are reported there, the caller finishes."""
    seller = _seller(root.table("seller"))
    families = {code: _family(code, each) for code, each in _named(root.table("families"))}
    plans = {code: _plan(code, each) for code, each in _named(root.table("plans"))}
    if not plans:
        root.problem("plans", "a catalog needs at least one plan")
    for plan in plans.values():
        if plan.family not in families:
            if families:
                root.table("plans").table(plan.code).problem("family", f"there is no family {plan.family!r}")
            else:
                families = {"": Family(code="", name=MappingProxyType({"en": ""}))}
    begins = [price.valid_from for plan in plans.values() for prices in _price_lists(plan) for price in prices]
    begins += [
        price.existing_from
        for plan in plans.values()
        for prices in _price_lists(plan)
        for price in prices
        if price.existing_from is not None
    ]
    days = tuple(sorted({day for day in begins if day > date.min}))
    hourly = (each.valid_from for plan in plans.values() for of in plan.resources.values() for each in of.hourly)
    dated = bool(days) or any(day > date.min for day in hourly)
    return Catalog(seller, MappingProxyType(families), MappingProxyType(plans), digest, dated, days)


def _price_lists(plan: Plan) -> list[tuple[Price, ...]]:
    return [plan.prices, *(resource.prices for resource in plan.resources.values())]


def _named(table: Table) -> list[tuple[str, Table]]:
    table.check_names()
    return [(key, table.table(key)) for key in table.names()]


def _country(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) != 2 or not (raw.isascii() and raw.isupper()):
        raise ValueError("this must be a country code such as PL")
    if not codes.is_country(raw):
        raise _unknown("country", raw, codes.nearest_country(raw))
    return raw


def _currency(raw: Any) -> str:
    try:
        code = money.currency_code(raw)
    except BadMoney:
        raise ValueError("this must be a currency code such as EUR") from None
    if not codes.is_currency(code):
        raise _unknown("currency", code, codes.nearest_currency(code))
    return code


def _unknown(what: str, code: str, near: str | None) -> Doubt:
    return Doubt(f"there is no {what} “{code}”" + (f", did you mean “{near}”?" if near else ""), code)


def _printable(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Texts that people read. Refused: Doubt, for a sign that nobody sees; a space that does not break is one."""
    read = MappingProxyType(dict(texts))
    for sign in "".join(texts.values()):
        if not sign.isprintable() and unicodedata.category(sign) != "Zs":
            raise Doubt(f"there is a control character in it (U+{ord(sign):04X}): take it out", read)
    return read


def _pattern(raw: Any) -> str:
    try:
        document_numbers.check_pattern(str(raw))
        document_numbers.number(pattern=str(raw), on=date(2000, 12, 31), n=1)
    except Refused:
        raise ValueError("this must be a document number such as FV/{year}/{month:02}/{n:04}") from None
    return str(raw)


def _address(raw: Any) -> str:
    if not isinstance(raw, str) or (raw and not letters.is_address(raw)):
        raise ValueError('this must be a mail address, or "" for nobody')
    return raw


def _seller(table: Table) -> Seller:
    rates = _rates(table, "vat")
    abroad = table.table("oss_rates")
    legal = table.table("legal")
    for country in abroad.names():
        if not codes.is_country(country) and not abroad.accepted:
            abroad.problem(country, str(_unknown("country", country, codes.nearest_country(country))))
    seller = Seller(
        code=table.code("code", "seller"),
        name=table.text("name", ""),
        country=table.value("country", _country, ""),
        currency=table.value("currency", _currency) or "XXX",
        zone=table.value("zone", toml_reading.zone, ZoneInfo("UTC")),
        language=table.text("language", "en", LANGUAGES),
        prices=table.text("prices", "net", ("net", "gross")),
        vat=rates,
        oss_from=table.day("oss_from", None),
        oss_rates=MappingProxyType({country: _rates(abroad, country) for country in abroad.names()}),
        closed=frozenset(table.value("closed", toml_reading.days, ())),
        alarms=table.value("alarms", _address, None),
        legal=MappingProxyType(
            {
                key: legal.value(key, _pattern) if key in ("invoices", "corrections") else legal.text(key, "")
                for key in legal.names()
            }
        ),
    )
    if seller.legal.get("corrections") and seller.legal.get("corrections") == seller.legal.get("invoices"):
        legal.problem("corrections", "corrective invoices need numbers that no invoice has")
    if pattern := seller.legal.get("virtual_accounts"):
        try:
            virtual_accounts.check(country=seller.country, pattern=pattern)
        except Refused:
            legal.problem("virtual_accounts", "this must be the national part of an IBAN with {client:012} in it")
    if seller.legal.get("second_language", LANGUAGES[0]) not in LANGUAGES:
        legal.problem("second_language", "this must be en, pl or it")
    table.finish()
    return seller


def _rates(table: Table, key: str) -> tuple[DatedRate, ...]:
    rates = []
    for row in table.rows(key):
        rates.append((row.day("from", date(1900, 1, 1)), row.percent("rate")))
        row.finish()
    return tuple(DatedRate(start, rate) for start, rate in rates if start is not None and rate is not None)


def _texts(table: Table, key: str, default: str) -> Mapping[str, str]:
    def read_texts(raw: Any) -> Mapping[str, str]:
        if isinstance(raw, str):
            return _printable({"en": raw})
        if not isinstance(raw, dict) or "en" not in raw or not set(raw) <= set(LANGUAGES):
            raise ValueError('this must be a text, or { en = "…", pl = "…", it = "…" }')
        if not all(isinstance(each, str) for each in raw.values()):
            raise ValueError("every language needs a text")
        return _printable(raw)

    texts: Mapping[str, str] = table.value(key, read_texts, MappingProxyType({"en": default}))
    return texts


def traits(table: Table) -> Mapping[str, Trait]:
    """The characteristics in a table."""

    def trait(raw: Any) -> Trait:
        if isinstance(raw, str | int | bool):
            return raw
        raise ValueError("a characteristic is a text, a whole number, true or false")

    return MappingProxyType({key: table.value(key, trait, "") for key in table.names()})


def _family(code: str, table: Table) -> Family:
    family = Family(
        code=code,
        name=_texts(table, "name", code),
        metered=table.flag("metered", False),
        plan_changes=table.flag("plan_changes", True),
        traits=traits(table.table("traits")),
    )
    table.finish()
    return family


def _plan(code: str, table: Table) -> Plan:
    resources = table.table("resources")
    plan = Plan(
        code=code,
        family=table.text("family", ""),
        name=_texts(table, "name", code),
        prices=_prices(table),
        offered=table.flag("offered", True),
        rank=table.whole("rank", 0),
        setup=table.amount("setup", Fraction(0)),
        traits=traits(table.table("traits")),
        resources=MappingProxyType({each: _resource(each, sub) for each, sub in _named(resources)}),
        periods=table.value("periods", _lengths, ()),
    )
    table.finish()
    return plan


def _lengths(raw: Any) -> tuple[Length, ...]:
    if not isinstance(raw, list):
        raise ValueError("this must be a list of billing periods such as [1, 3, 12]")
    return tuple(Length.parse(each) for each in raw)


def _resource(code: str, table: Table) -> Resource:
    prices = _prices(table)
    hourly = _hourly(table)
    additional = table.flag("additional", bool(prices) or bool(hourly))
    if additional and not prices and not hourly:
        table.problem("", "additional units need prices or an hourly price")
    resource = Resource(
        code=code,
        name=_texts(table, "name", code),
        unit=table.text("unit", ""),
        included=table.whole("included", 0),
        additional=additional,
        step=table.whole("step", 1, least=1),
        maximum=table.whole("maximum", None),
        shrinkable=table.flag("shrinkable", True),
        prices=prices,
        hourly=hourly,
    )
    if resource.maximum is not None and resource.step and resource.maximum % resource.step:
        table.problem("maximum", f"this is no multiple of the step {resource.step}")
    table.finish()
    return resource


def _prices(table: Table) -> tuple[Price, ...]:
    """`price = "69.00"` with `period = 12`, or `prices = [{ period = 12, amount = "69.00", from = 2026-01-01 }]`."""
    prices = []
    if "price" in table:
        prices.append(
            Price(
                length=table.length("period", Length(1)) or Length(1),
                amount=_amount(table, "price"),
                renewal=table.amount("renewal", None),
            )
        )
    for row in table.rows("prices"):
        prices.append(
            Price(
                length=row.length("period") or Length(1),
                amount=_amount(row, "amount"),
                valid_from=row.day("from", date.min),
                renewal=row.amount("renewal", None),
                existing_from=(row.day("existing_from", date.min) if "existing_from" in row else None),
            )
        )
        if (later := prices[-1].existing_from) is not None and later < prices[-1].valid_from:
            row.problem("existing_from", "no existing contract gets a price before it begins (from)")
        row.finish()
    marks = [(price.length, price.valid_from) for price in prices]
    if len(set(marks)) != len(marks):
        table.problem("prices", "two prices for one period begin on the same day")
    return tuple(prices)


def _hourly(table: Table) -> tuple[HourlyPrice, ...]:
    """`hourly = "0.06"`, or `hourly_prices = [{ amount = "0.06" }, { amount = "0.07", from = 2027-01-01 }]`."""
    found = []
    if "hourly" in table:
        found.append(HourlyPrice(_amount(table, "hourly")))
    for row in table.rows("hourly_prices"):
        found.append(HourlyPrice(_amount(row, "amount"), row.day("from", date.min)))
        row.finish()
    if len({each.valid_from for each in found}) != len(found):
        table.problem("hourly_prices", "two hourly prices begin on the same day")
    return tuple(found)


def _amount(table: Table, key: str) -> Fraction:
    found: Fraction | None = table.amount(key)
    return Fraction(0) if found is None else found
