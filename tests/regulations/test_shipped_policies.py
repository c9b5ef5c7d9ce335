"""The two shipped policies: sound, complete, with the defaults of the clauses; easy and hard by pairs."""

from pathlib import Path

import pytest

from planshift.domain import catalog_document, toml_reading
from planshift.domain.policy import checker, document, loader, metering, vocabulary
from planshift.interfaces.cli import policy as command

ROOT = Path(__file__).parents[2]
CODES = ("easy-hard", "deposit")


def _policy(code):
    return loader.load((ROOT / "policies" / f"{code}.toml").read_bytes())


def _catalog(code):
    return catalog_document.parse((ROOT / "catalogs" / f"{code}.toml").read_text(encoding="utf-8"), name=code)


def _resolve(code, plan, target, *, operation="plan", direction="up", **rest):
    catalog = _catalog(code)

    def side(name):
        plan = catalog.plans[name]
        return document.Side(plan=name, family=plan.family, traits=vocabulary.Params(catalog.traits(plan)))

    pair = document.Pair(operation=operation, direction=direction, present=side(plan), target=side(target), **rest)
    return _policy(code).resolve(pair)


@pytest.mark.parametrize("code", CODES)
def test_the_shipped_policies_are_sound(code, capsys):
    assert command.main(["check", str(ROOT / "policies" / f"{code}.toml")]) == 0
    assert checker.check((ROOT / "policies" / f"{code}.toml").read_bytes()).findings == ()
    capsys.readouterr()


@pytest.mark.parametrize("code", CODES)
def test_every_text_for_clients_is_there_in_three_languages(code):
    read = _policy(code)
    texts = [read.title, *(case.reason for case in read.cases), read.terms["deposit_name"]]
    assert [set(text) for text in texts] == [{"en", "pl", "it"}] * len(texts)


@pytest.mark.parametrize("code", CODES)
def test_the_policies_know_the_families_and_plans_of_their_catalogs(code):
    catalog, read = _catalog(code), _policy(code)
    assert read.currency == catalog.seller.currency
    assert set(read.families) <= set(catalog.families)
    assert {family for case in read.cases for family in case.when.from_family} <= set(catalog.families)
    named = {name for row in read.terms["examples"] for name in (row["from_plan"], row["to_plan"]) if name}
    assert named <= set(catalog.plans)


@pytest.mark.parametrize(
    ("plan", "target", "kind", "case"),
    [
        ("silver", "gold", "easy", "everything else"),
        ("host-pointer", "gold", "hard", "another platform"),
        ("host-pointer", "silver", "hard", "another platform"),
        ("vps-s", "vps-m", "easy", "everything else"),
        ("gold", "vps-s", "hard", "to or from a virtual server"),
    ],
)
def test_H3_easy_or_hard_is_decided_from_the_pair(plan, target, kind, case):
    resolved = _resolve("easy-hard", plan, target)
    assert (resolved.kind, resolved.case) == (kind, case)


def test_easy_hard_has_the_defaults_of_its_regulation():
    hard = _resolve("easy-hard", "host-pointer", "gold")
    names = ("settlement", "time_unit", "denominator", "change_day", "charge_price", "rounding", "collection", "timing",
             "decrease", "equal_price", "deposit", "who_may_ask")  # fmt: skip
    assert [hard.one(name).answer for name in names] == [
        "difference", "months", "months_of_term", "on_new", "list", "each_line", "by_payment", "after_payment",
        "not_offered", "not_offered", "none", "client",
    ]  # fmt: skip
    assert hard.one("setup_fee") == vocabulary.Chosen("hard_only", vocabulary.Params({"amount": 10}))
    assert hard.one("promise").params == vocabulary.Params({"least": 1, "most": 5})
    assert hard.one("retention").params["days"] == 14
    assert hard.one("validity").params["order_days"] == 7
    assert hard.one("rounding").params["mode"] == "half_up"
    assert len(hard.several("notices")) == 9
    assert _resolve("easy-hard", "gold", "vps-s").one("who_may_ask").answer == "staff"


def test_deposit_has_the_defaults_of_its_regulation():
    up = _resolve("deposit", "standard", "professional")
    names = ("time_unit", "denominator", "change_day", "charge_price", "credit_price", "credit_to",
             "credit_distribution", "collection", "timing", "period_change", "deposit", "mixed_resources")  # fmt: skip
    assert [up.one(name).answer for name in names] == [
        "days", "own_period", "on_new", "list", "paid", "deposit", "newest_first",
        "from_deposit_with_auto_renewal", "after_payment", "missing_months", "refundable", "apart",
    ]  # fmt: skip
    assert up.one("acceptance").params == vocabulary.Params(
        {"days": 14, "document": "draft_then_issue", "reminders": (3, 10), "unanswered": "offered_for_next_term"}
    )
    assert up.one("validity").params["order_days"] == 7
    assert up.one("renewal").params["buyer"] == "as_before"
    assert up.one("setup_fee").answer == "none"


@pytest.mark.parametrize(
    ("plan", "target", "operation", "direction", "kind", "timing"),
    [
        ("standard", "professional", "plan", "up", "easy", "after_payment"),
        ("professional", "standard", "plan", "down", "easy", "after_acceptance"),
        ("standard", "standard", "resources", "down", "easy", "after_acceptance"),
        ("dedicated-e3", "dedicated-e5", "plan", "up", "refused", "after_payment"),
        ("dedicated-e3", "dedicated-e3", "resources", "up", "easy", "after_payment"),
        ("pro-cloud", "pro-cloud", "resources", "up", "easy", "at_once"),
        ("pro-cloud", "pro-cloud", "resources", "down", "easy", "at_once"),
    ],
)
def test_D3_D5_D11_when_a_change_is_carried_out(plan, target, operation, direction, kind, timing):
    resolved = _resolve("deposit", plan, target, operation=operation, direction=direction)
    assert (resolved.kind, resolved.one("timing").answer) == (kind, timing)
    if plan == "pro-cloud":
        terms = metering.RULES["hourly"].run(**resolved.one("metering").params)
        assert terms == metering.Terms(floor=10, check_every_hours=24, hours="started", warnings=(50, 25))


@pytest.mark.parametrize("pattern", ["F{month}-{x}", "F{year}", "FAKTURA/{year}/{month:02}/{n:06}", "{n"])
def test_a_catalog_with_unusable_document_numbers_is_refused_before_money_is_taken(pattern: str) -> None:
    text = (ROOT / "catalogs" / "easy-hard.toml").read_text(encoding="utf-8")
    (line,) = [each for each in text.splitlines() if each.startswith("invoices = ")]
    with pytest.raises(toml_reading.BadDocument, match="this must be a document number") as caught:
        catalog_document.parse(text.replace(line, f'invoices = "{pattern}"'), name="c")
    assert [problem.line for problem in caught.value.problems] == [text.splitlines().index(line) + 1]
