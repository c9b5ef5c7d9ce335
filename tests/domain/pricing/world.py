"""Short ways to write policies, facts and expectations for tables of literals."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from planshift.domain import catalog_document, facts, facts_document, quote
from planshift.domain.catalog import Catalog
from planshift.domain.exact import Fraction
from planshift.domain.facts_document import Stated
from planshift.domain.money import Money
from planshift.domain.periods import Period
from planshift.domain.policy import loader
from planshift.domain.policy.document import Policy

ROOT = Path(__file__).parents[3]


def shipped(name: str) -> Policy:
    """A shipped policy file."""
    return loader.load((ROOT / "policies" / f"{name}.toml").read_bytes())


def changed(name: str, before: str, after: str) -> Policy:
    """A shipped policy file with one thing in it said otherwise."""
    text = (ROOT / "policies" / f"{name}.toml").read_text(encoding="utf-8")
    assert text.count(before) == 1
    return loader.load(text.replace(before, after).encode())


def catalog(name: str) -> Catalog:
    """A demo catalog."""
    return catalog_document.parse((ROOT / "catalogs" / f"{name}.toml").read_text(encoding="utf-8"), name=name)


def policy(text: str = "", currency: str = "") -> Policy:
    """A policy of a few lines."""
    head = 'format = 1\npolicy = "test"\ntitle = "Test"\n' + (f'currency = "{currency}"\n' if currency else "")
    return loader.load((head + text).encode())


def stated(text: str) -> Stated:
    """Facts of a few lines: a seller in EUR without tax where none is given."""
    head = "" if "[seller]" in text else '[seller]\ncurrency = "EUR"\n'
    before, mark, after = text.partition("[")
    return facts_document.parse(before + head + mark + after, name="test")


def plans(old: str = "10", new: str = "20", period: str = '"1 month"') -> str:
    """Two plans, "old" and "new", with one price each."""
    return f'[plans.old]\nprice = "{old}"\nperiod = {period}\n[plans.new]\nprice = "{new}"\nperiod = {period}\n'


def change(on: str, start: str, end: str, period: str = '"1 month"', more: str = "") -> str:
    """A change of the plan from "old" to "new" in a term of dates; `on` may be empty."""
    head = f"on = {on}\n" if on else ""
    return (
        f'{head}[request]\nchange = "plan"\nto = "new"\n'
        f'[service]\nplan = "old"\nperiod = {period}\nstart = {start}\nend = {end}\n{more}'
    )


def offer(policy_text: str, facts_text: str, currency: str = "") -> quote.Offer:
    """The offer; fails with the reasons when there is none."""
    given = stated(facts_text)
    result = quote.price(facts=given.facts, request=given.request, policy=policy(policy_text, currency), on=given.on)
    assert isinstance(result, quote.Offer), result
    return result


def refusal(policy_text: str, facts_text: str, currency: str = "") -> list[str]:
    """The codes of the reasons; fails when there is an offer."""
    given = stated(facts_text)
    result = quote.price(facts=given.facts, request=given.request, policy=policy(policy_text, currency), on=given.on)
    assert isinstance(result, quote.Refusal), result
    return [reason.code for reason in result.reasons]


def net(found: quote.Offer) -> str:
    """The net total as a decimal."""
    return found.total.net.text


def lines(found: quote.Offer) -> list[tuple[str, str]]:
    """Role and net of each line."""
    return [(line.role, line.amount.net.text) for line in found.lines]


def day(text: str) -> date:
    """A date."""
    return date.fromisoformat(text)


def exact(text: str) -> Fraction:
    """A fraction."""
    return Fraction(text)


def billed(
    number: str,
    component: str,
    amount: str,
    *,
    start: str = "",
    end: str = "",
    quantity: int = 1,
    credited: str = "0",
) -> facts.BilledLine:
    """A line billed and paid in PLN at 23 %."""
    money = Money.of(amount, "PLN")
    period = Period(date.fromisoformat(start), date.fromisoformat(end)) if start else None
    return facts.BilledLine(
        id=number,
        component=component,
        amount=money,
        paid=money,
        credited=Money.of(credited, "PLN"),
        tax_rate=Fraction(23, 100),
        period=period,
        quantity=quantity,
        issued_on=date.fromisoformat(start) if start else None,
    )


def zone(name: str) -> ZoneInfo:
    """A time zone."""
    return ZoneInfo(name)


def june(on: str, old: str = "10", new: str = "20", *, seller: str = "", more: str = "") -> str:
    """Facts of a change from "old" to "new" in June 2026 (30 days)."""
    head = f"on = {on}\n" + (f"[seller]\n{seller}\n" if seller else "")
    service = f'[service]\nplan = "old"\nstart = 2026-06-01\nend = 2026-07-01\n{more}\n'
    return head + plans(old, new) + service + '[request]\nchange = "plan"\nto = "new"\n'
