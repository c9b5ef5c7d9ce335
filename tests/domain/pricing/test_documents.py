"""The page and the schemas of quotes say what the reader reads: every key, and the examples as they stand."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planshift.domain import facts_document, quote, quote_json
from planshift.domain.policy import loader
from tests.domain.pricing import world

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "quote-format.md").read_text(encoding="utf-8")
FACTS = json.loads((DOCS / "schemas" / "facts.json").read_text(encoding="utf-8"))
QUOTE = json.loads((DOCS / "schemas" / "quote.json").read_text(encoding="utf-8"))
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)

EVERYTHING = """
on = "2026-02-10"
[about]
source = "made up"
[seller]
code = "demo"
name = "Demo"
currency = "EUR"
country = "IT"
zone = "Europe/Rome"
language = "it"
prices = "net"
vat = [{ from = "2013-10-01", rate = "22" }]
closed = ["2026-08-14"]
legal = { name = "Demo" }
[families.hosting]
name = { en = "Hosting", it = "Hosting" }
metered = false
plan_changes = true
traits = { platform = "shared" }
[plans.old]
periods = [1, "1 year"]
family = "hosting"
name = "Old"
prices = [{ period = 1, amount = "10.00", from = "2025-01-01", renewal = "12.00" }]
offered = true
rank = 1
setup = "5.00"
traits = { ssd = true }
[plans.old.resources.ip]
name = "IP"
unit = "address"
included = 1
additional = true
step = 1
maximum = 9
shrinkable = true
prices = [{ period = 1, amount = "2.00" }]
[plans.new]
family = "hosting"
price = "20.00"
period = 1
renewal = "20.00"
[plans.new.resources.ip]
price = "2.00"
period = 1
renewal = "2.00"
[plans.cloud]
family = "hosting"
[plans.cloud.resources.cpu]
hourly = "0.01"
[service]
plan = "old"
period = 1
term = "1 month"
start = "2026-01-31"
end = "2026-02-28"
resources = { ip = 1 }
number = "S-1001"
auto_renew = true
payment_method = "card"
bought_on = "2025-01-31"
changed_on = "2025-12-01"
announced_on = "2026-02-01"
discount = { percent = 10, perpetual = true, new_percent = 5 }
promotional = false
prepaid_periods = 0
bill_day = 31
time_zone = "America/New_York"
aligned_until = "2026-03-15"
numbers = { domains = 2 }
highest_plan = "new"
attached = [{ number = "S-7", name = "Pointer", code = "pointer", again_on = ["new"], data_lost = false, amount = "9" }]
traits = { platform = "old-shared" }
owner_only = false
[[billed]]
id = "1"
component = "plan"
amount = "10.00"
paid = "10.00"
credited = "1.00"
credits = [{ amount = "1.00", from = "2026-02-05" }]
tax = 22
start = "2026-01-31"
end = "2026-02-28"
quantity = 1
on_top_of = 0
document = "FV/1"
issued_on = "2026-01-31"
[buyer]
treatment = "standard"
country = "IT"
prepaid_credit = "0"
[usage]
amounts = { ip = 1 }
as_of = "2026-02-10T08:00:00+01:00"
[capacity]
free = { ip = 5 }
as_of = "2026-02-10T08:00:00+01:00"
[standing]
unpaid_documents = []
open_change = ""
renewal_issued = ""
renewal_paid = false
deposit = "0"
account_credit = "1.00"
[request]
change = "plan"
to = "new"
period = 1
resources = { ip = 2 }
choice = ""
asked_by = "client"
paid_at = "2026-02-10"
ready_at = "2026-02-10"
"""
ELSEWHERE = {"service": {"last_day", "used", "remaining", "total", "unused_value"}, "plan": set(), "resource": set()}


def keys(value: Any) -> set[str]:
    """Every key anywhere in a document."""
    if isinstance(value, dict):
        return set(value) | {key for each in value.values() for key in keys(each)}
    return {key for each in value for key in keys(each)} if isinstance(value, list) else set()


def schema_keys(schema: Any) -> set[str]:
    """Every key that a schema names."""
    if isinstance(schema, dict):
        named = set(schema.get("properties", {})) if isinstance(schema.get("properties"), dict) else set()
        return named | {key for each in schema.values() for key in schema_keys(each)}
    return {key for each in schema for key in schema_keys(each)} if isinstance(schema, list) else set()


def test_a_document_with_every_key_of_the_schema_is_read_and_priced() -> None:
    raw = tomllib.loads(EVERYTHING)
    jsonschema.validate(raw, FACTS)
    assert schema_keys(FACTS) - keys(raw) - {"pl"} == ELSEWHERE["service"]
    given = facts_document.parse(EVERYTHING)
    policy = world.policy('decrease = "settled"')
    result = quote.price(facts=given.facts, request=given.request, policy=policy, on=given.on)
    encoded = quote_json.encode(result)
    jsonschema.validate(encoded, QUOTE)
    assert isinstance(result, quote.Offer), encoded["refusals"]


def test_the_keys_of_an_output_are_those_of_its_schema() -> None:
    given = facts_document.parse(EVERYTHING)
    result = quote.price(facts=given.facts, request=given.request, policy=world.policy(), on=given.on)
    assert set(quote_json.encode(result)) == set(QUOTE["properties"])
    assert set(quote_json.encode(quote.Refusal(()))) == set(QUOTE["properties"])


def test_every_key_of_the_output_is_on_the_page() -> None:
    table = PAGE[PAGE.index("## What comes out") :]
    missing = [key for key in QUOTE["properties"] if f"`{key}`" not in table and key not in ("format", "operation")]
    assert missing == []


def test_the_published_example_gives_the_figures_of_the_page() -> None:
    policy_text, facts_text = (block for block in BLOCKS if block.startswith(("# policy.toml", "# facts.toml")))
    given = facts_document.parse(facts_text)
    policy = loader.load(policy_text.encode())
    result = quote.price(facts=given.facts, request=given.request, policy=policy, on=given.on)
    found = quote_json.encode(result)
    assert (found["credit"]["net"], found["charge"]["net"], found["net"]) == ("-60.00", "120.00", "60.00")


def test_the_first_example_is_H7() -> None:
    block = next(block for block in BLOCKS if block.startswith("on = 2026-09-01"))
    given = facts_document.parse(block)
    result = quote.price(facts=given.facts, request=given.request, policy=world.shipped("easy-hard"), on=given.on)
    assert isinstance(result, quote.Offer)
    assert result.total.net.text == "22.00"
    step = next(step for step in quote_json.encode(result)["working"] if step["code"] == "plan_difference")
    shown = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
    assert step == shown


@pytest.mark.parametrize("key", ["used", "remaining"])
def test_counts_fix_the_day_where_the_term_has_dates(key: str) -> None:
    count = {"used": "2 days", "remaining": "29 days"}[key]
    text = (
        world.plans()
        + f'[service]\nplan = "old"\nend = 2026-01-21\n{key} = "{count}"\n'
        + ('[request]\nchange = "plan"\nto = "new"\n')
    )
    assert world.stated(text).on == world.day("2025-12-23")  # 21 December + 2 days = 21 January - 29 days
