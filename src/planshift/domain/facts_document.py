"""Which facts and which request does this document state? (docs/quote-format.md, docs/schemas/facts.json)

A document holds only what a source states: dates, or counts of used or remaining time; a price list; what was billed.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, time
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from planshift.domain import catalog_document, periods, toml_reading
from planshift.domain import facts as known
from planshift.domain.catalog import Catalog
from planshift.domain.errors import Refused
from planshift.domain.exact import Exact, Fraction
from planshift.domain.money import Money
from planshift.domain.periods import Length, Moment, Period
from planshift.domain.toml_reading import Document, Table

_UNITS = ("month", "day", "hour", "minute", "second")


@dataclass(frozen=True, slots=True)
class Stated:
    """A document read: what `quote.price` needs besides the policy."""

    facts: known.Facts
    request: known.Request
    on: Moment | None


def parse(text: str, *, name: str = "facts") -> Stated:
    """Facts and request of a TOML text, or of a JSON text (one that begins with "{"). Raises BadDocument."""
    if not text.lstrip().startswith("{"):
        return read(Document(text, name), digest=_digest(text))
    return read(Document.of_json(text, name), digest=_digest(text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def read(document: Document, *, digest: str) -> Stated:
    """Facts and request of an open document. Raises BadDocument with every problem."""
    root = document.root
    catalog = catalog_document.read(root, digest=digest)
    on = root.moment("on", None)
    root.table("about")  # where the case comes from: for the reader
    request = _request(root.table("request"))
    service, on = _service(root.table("service"), catalog, on)
    stated = Stated(
        facts=known.Facts(
            catalog=catalog,
            service=service,
            billed=_billed(root, catalog, service) if "billed" in root else None,
            buyer=_buyer(root.table("buyer"), catalog.seller.currency),
            usage=_usage(root.table("usage"), catalog) if "usage" in root else None,
            capacity=_capacity(root.table("capacity"), catalog) if "capacity" in root else None,
            standing=_standing(root.table("standing"), catalog.seller.currency),
        ),
        request=request,
        on=on,
    )
    root.finish()
    document.finish()
    return stated


def _request(table: Table) -> known.Request:
    change = table.text("change", choices=("plan", "resources", "period"))
    common: dict[str, Any] = {
        "choice": table.text("choice", ""),
        "asked_by": table.text("asked_by", "client", ("client", "owner", "staff")),
        "paid_at": table.moment("paid_at", None),
        "ready_at": table.moment("ready_at", None),
    }
    amounts = _amounts(table.table("resources"))
    request: known.Request
    if change == "resources":
        request = known.ChangeResources(amounts, **common)
    elif change == "period":
        request = known.ChangePeriod(table.length("period") or Length(1), **common)
    else:
        request = known.ChangePlan(table.code("to") or "", table.length("period", None), amounts, **common)
    table.finish()
    return request


def _amounts(table: Table) -> MappingProxyType[str, int]:
    return MappingProxyType({code: table.whole(code) or 0 for code in table.names()})


@dataclass(frozen=True, slots=True)
class _Count:
    value: Fraction
    unit: str


def _count(raw: Any) -> _Count:
    """ "8 months", "9.5 days", "1/2 term"."""
    value, _, unit = raw.strip().partition(" ") if isinstance(raw, str) else ("", "", "")
    unit = unit.strip().removesuffix("s")
    if unit == "year":
        return _Count(toml_reading.number(value) * 12, "month")
    if unit not in (*_UNITS, "term"):
        raise ValueError('this must be a count such as "8 months", "9.5 days" or "1/2 term"')
    return _Count(toml_reading.number(value), unit)


def _service(table: Table, catalog: Catalog, on: Moment | None) -> tuple[known.Service, Moment | None]:
    zone = catalog.seller.zone
    length: Length = table.length("period", Length(1)) or Length(1)
    term = _term(table, length, zone)
    used, remaining, total = (table.value(key, _count, None) for key in ("used", "remaining", "total"))
    counts = None
    if term is not None and on is None:
        try:
            on = _moment_of(table, term, used, remaining, zone)
        except Refused as refused:
            table.problem("used" if used is not None else "remaining", refused.code.replace("_", " "))
    elif term is None:
        counts = _counts(table, length, used, remaining, total)
    elif used is not None or remaining is not None:
        table.problem("used" if used else "remaining", "the day of the change already says how much time is used")
    currency = catalog.seller.currency
    service = known.Service(
        plan=table.code("plan") or "",
        length=length,
        term=term,
        counts=counts,
        resources=_amounts(table.table("resources")),
        number=table.text("number", ""),
        auto_renew=table.flag("auto_renew", False),
        payment_method=table.text("payment_method", ""),
        bought_on=table.day("bought_on", None),
        changed_on=table.day("changed_on", None),
        discount=_discount(table.table("discount")) if "discount" in table else None,
        promotional=table.flag("promotional", False),
        prepaid_periods=table.whole("prepaid_periods", 0, most=1200),
        zone=table.value("time_zone", toml_reading.zone, None),
        bill_day=table.whole("bill_day", 0, most=31),
        aligned_until=table.day("aligned_until", None),
        unused_value=_money(table, "unused_value", currency),
        announced_on=table.day("announced_on", None),
        numbers=_amounts(table.table("numbers")),
        highest_plan=table.text("highest_plan", ""),
        attached=tuple(_attached(row, currency) for row in table.rows("attached")),
        traits=catalog_document.traits(table.table("traits")),
        owner_only=table.flag("owner_only", False),
    )
    table.finish()
    if service.plan and service.plan not in catalog.plans:
        table.problem("plan", f"there is no plan {service.plan!r}")
    return service, on


def _term(table: Table, length: Length, zone: ZoneInfo) -> Period | None:
    start, end = table.moment("start", None), table.moment("end", None)
    last = table.day("last_day", None)
    whole: Length = table.length("term", length) or length
    if last is not None:
        if end is not None:
            table.problem("last_day", "the end is stated twice: `end` is the first day after the term")
        end = periods.add(last, Length(1, "day"), zone)
    if start is None and end is None:
        return None
    try:
        start = periods.add(end, whole, zone, times=-1) if start is None else start
        end = periods.add(start, whole, zone) if end is None else end
        if isinstance(start, datetime) != isinstance(end, datetime):
            start, end = periods.instant_of(start, zone), periods.instant_of(end, zone)
        return Period(start, end)
    except Refused as refused:
        table.problem("end", refused.code.replace("_", " "))
        return None


def _moment_of(
    table: Table, term: Period, used: _Count | None, remaining: _Count | None, zone: ZoneInfo
) -> Moment | None:
    """The day of the change from the dates of the term and a count."""
    if used is None and remaining is None:
        return None
    key, count = ("used", used) if used is not None else ("remaining", remaining)
    assert count is not None
    if count.unit == "term":
        table.problem(key, "a share of the term stands for itself: state no dates with it")
        return None
    if count.value.denominator != 1:
        seconds = count.value * periods.SECONDS.get(count.unit, 0)
        if not seconds or seconds.denominator != 1:
            table.problem(key, "this count gives no exact moment")
            return None
        count = _Count(seconds, "second")
    if not count.value:
        return term.start if used is not None else term.end
    length = Length(int(count.value), count.unit)
    if used is not None:
        return periods.add(term.start, length, zone)
    return periods.add(term.end, length, zone, times=-1)


def _in_ints(count: Exact | None) -> Exact | None:
    """A count of whole units as an int: it stays exact and costs less."""
    return count.numerator if count is not None and count.denominator == 1 else count


def _counts(
    table: Table, length: Length, used: _Count | None, remaining: _Count | None, total: _Count | None
) -> known.Counts | None:
    given = used or remaining
    if given is None:
        return None
    unit = given.unit
    for key, count in (("remaining", remaining), ("total", total)):
        if count is not None and count.unit != unit:
            table.problem(key, f"all counts must be in one unit: {unit}s")
            return None
    whole = total.value if total is not None else _whole(length, unit)
    if remaining is None:
        assert used is not None
        if whole is None:
            table.problem("total", f"how many {unit}s the term has must be stated, or how many remain")
            return None
        left = whole - used.value
    else:
        left = remaining.value
    if whole is not None and not 0 <= left <= whole:
        if total is None and used is None:
            whole = None
        else:
            table.problem("used" if used else "remaining", "this is more than the whole term")
            return None
    return known.Counts(
        unit,
        _in_ints(whole),
        _in_ints(used.value if used else None if whole is None else whole - left),
        _in_ints(left) or 0,
    )


def _whole(length: Length, unit: str) -> Fraction | None:
    """The units of one billing period, where they are certain."""
    if unit == "term":
        return Fraction(1)
    if length.unit == unit:
        return Fraction(length.count)
    if length.unit != "month" and unit != "month":
        return Fraction(length.count * periods.SECONDS[length.unit], periods.SECONDS[unit])
    return None


def _money(table: Table, key: str, currency: str) -> Money | None:
    found = table.amount(key, None)
    return None if found is None else Money(found, currency)


def _discount(table: Table) -> known.Discount:
    discount = known.Discount(
        share=table.percent("percent", Fraction(0)),
        perpetual=table.flag("perpetual", False),
        new_share=table.percent("new_percent", None),
    )
    table.finish()
    return discount


def _attached(row: Table, currency: str) -> known.Attached:
    attached = known.Attached(
        number=row.text("number", ""),
        name=row.text("name"),
        code=row.text("code", ""),
        again_on=row.codes("again_on"),
        data_lost=row.flag("data_lost", True),
        amount=_money(row, "amount", currency),
    )
    row.finish()
    return attached


def _billed(root: Table, catalog: Catalog, service: known.Service) -> tuple[known.BilledLine, ...]:
    lines: list[known.BilledLine] = []
    currency, zone = catalog.seller.currency, catalog.seller.zone
    for index, row in enumerate(root.rows("billed")):
        amount = row.amount("amount") or Fraction(0)
        given_back = _credits(row, currency)
        least = sum((credit.amount.amount for credit in given_back), Fraction(0))
        paid, credited = row.amount("paid", amount), row.amount("credited", least)
        start = row.moment("start", None)
        end = row.moment("end", service.term.end if service.term is not None and start is not None else None)
        issued = row.day("issued_on", None)
        rate = row.percent("tax", None)
        period = None
        if start is not None and end is not None:
            try:
                if isinstance(start, datetime) != isinstance(end, datetime):
                    start, end = periods.instant_of(start, zone), periods.instant_of(end, zone)
                period = Period(start, end)
            except Refused as refused:
                row.problem("end", refused.code.replace("_", " "))
        if paid is not None and paid > amount:
            row.problem("paid", "more was paid than billed")
        if credited is not None and credited < least:
            row.problem("credited", "less than its credits sum to")
        if credited is not None and paid is not None and credited > paid:
            row.problem("credited", "more was credited than paid")
        day = issued or (periods.day_of(start, zone) if start is not None else None)
        if rate is None:
            rate = catalog.seller.tax_rate(day) if day is not None else _latest_rate(catalog)
        number = row.text("id", str(index + 1))
        if any(line.id == number for line in lines):
            row.problem("id", f"another line has the id {number!r}")
        lines.append(
            known.BilledLine(
                id=number,
                component=row.code("component", known.PLAN),
                amount=Money(amount, currency),
                paid=Money(paid, currency),
                credited=Money(credited, currency),
                tax_rate=rate,
                period=period,
                quantity=row.whole("quantity", 1, least=1),
                document=row.text("document", ""),
                issued_on=issued,
                credits=given_back,
                on_top_of=row.whole("on_top_of", None, least=0),
            )
        )
        row.finish()
    return tuple(lines)


def _credits(row: Table, currency: str) -> tuple[known.Credit, ...]:
    found = []
    for each in row.rows("credits"):
        amount, since = each.amount("amount"), each.moment("from")
        if amount is not None and since is not None:
            found.append(known.Credit(Money(amount, currency), since))
        each.finish()
    return tuple(found)


def _latest_rate(catalog: Catalog) -> Fraction:
    return max(catalog.seller.vat, key=lambda dated: dated.valid_from).rate if catalog.seller.vat else Fraction(0)


def _buyer(table: Table, currency: str) -> known.Buyer:
    buyer = known.Buyer(
        treatment=table.text("treatment", "standard", ("standard", "oss", "reverse_charge", "exempt", "outside_scope")),
        country=table.text("country", ""),
        tax_rate=table.percent("tax_rate", None),
        proof=table.text("proof", ""),
        prepaid_credit=_money(table, "prepaid_credit", currency),
    )
    table.finish()
    return buyer


def _as_of(table: Table, zone: ZoneInfo) -> datetime:
    found: Moment | None = table.moment("as_of")
    if found is None:
        return datetime.combine(periods.EPOCH, time(), tzinfo=zone)
    return periods.instant_of(found, zone)


def _usage(table: Table, catalog: Catalog) -> known.Usage:
    usage = known.Usage(_amounts(table.table("amounts")), _as_of(table, catalog.seller.zone))
    table.finish()
    return usage


def _capacity(table: Table, catalog: Catalog) -> known.Capacity:
    capacity = known.Capacity(_amounts(table.table("free")), _as_of(table, catalog.seller.zone))
    table.finish()
    return capacity


def _standing(table: Table, currency: str) -> known.Standing:
    standing = known.Standing(
        unpaid_documents=table.codes("unpaid_documents"),
        open_change=table.text("open_change", ""),
        renewal_issued=table.text("renewal_issued", ""),
        renewal_paid=table.flag("renewal_paid", False),
        deposit=_money(table, "deposit", currency),
        account_credit=_money(table, "account_credit", currency),
    )
    table.finish()
    return standing
