"""`planshift quote`: what it prints, what it refuses, and that bad input never ends in a stack trace."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from planshift.interfaces.cli import quote

ROOT = Path(__file__).parents[3]
EASY_HARD = ["--policy", str(ROOT / "policies/easy-hard.toml"), "--catalog", str(ROOT / "catalogs/easy-hard.toml")]
DEPOSIT = ["--policy", str(ROOT / "policies/deposit.toml"), "--catalog", str(ROOT / "catalogs/deposit.toml")]
SILVER = [*EASY_HARD, "--plan", "silver", "--to", "gold", "--term-start", "2026-01-01", "--on", "2026-09-01"]
OUTPUT = json.loads((ROOT / "docs/schemas/quote.json").read_text(encoding="utf-8"))
FACTS = json.loads((ROOT / "docs/schemas/facts.json").read_text(encoding="utf-8"))
CASE = """
on = "2026-09-01"
[seller]
currency = "EUR"
vat = [{ rate = "22" }]
[plans.small]
price = "69.00"
period = 12
[plans.large]
price = "135.00"
period = 12
[service]
plan = "small"
period = 12
start = "2026-01-01"
[request]
change = "plan"
to = "large"
"""


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = quote.main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def test_H7_as_json_with_all_that_the_schema_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run([*SILVER, "--json"], capsys)
    found = json.loads(out)
    jsonschema.validate(found, OUTPUT)
    assert status == 0
    assert (found["currency"], found["net"], found["tax"], found["gross"]) == ("EUR", "22.00", "4.84", "26.84")
    assert (found["direction"], found["kind"], found["settlement"]) == ("up", "easy", "difference")
    assert found["next_renewal"] == {
        "on": "2027-01-01", "period": "12 months", "net": "135.00", "tax": "29.70", "gross": "164.70",
    }  # fmt: skip
    assert found["term_end"] == "2027-01-01"
    assert found["refusals"] == []
    assert "(135.00 − 69.00) × 4 / 12" in [step["formula"] for step in found["working"]]


def test_a_refusal_names_every_reason_and_keeps_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run([*EASY_HARD, "--plan", "gold", "--to", "vps-s", "--term-start", "2025-01-01",
                          "--on", "2026-07-01", "--json"], capsys)  # fmt: skip
    found = json.loads(out)
    jsonschema.validate(found, OUTPUT)
    assert status == 1
    assert [reason["code"] for reason in found["refusals"]] == ["term_is_over", "only_staff_may_order"]
    assert found["offered"] is False


def test_the_readable_answer_shows_amounts_and_calculation(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(SILVER, capsys)
    assert status == 0
    assert "26.84 EUR" in out
    assert "(135.00 − 69.00) × 4 / 12 = 22.00 EUR  [H7]" in out
    assert "tax: 22.00 × 22 / 100 = 4.84 EUR" in out and "half_up" not in out


def test_options_and_codes_are_read_however_they_are_spelled(capsys: pytest.CaptureFixture[str]) -> None:
    dates = ["--term-start", "2026-01-01", "--on", "2026-07-01", "--json"]
    status, plain, _ = run([*EASY_HARD, "--plan", "host-pointer", "--to", "gold", *dates], capsys)
    assert status == 0 and json.loads(plain)["net"] == "59.05"  # H7
    for plan, to in (("host_pointer", "Gold"), ("Host Pointer", "GOLD"), ("HOST-POINTER", "gold")):
        other = ["--plan", plan, "--to", to, "--term_start=2026-01-01", "--on", "2026-07-01", "--json"]
        assert run([*EASY_HARD, *other], capsys) == (0, plain, "")
    dedicated = ["--plan", "STANDARD", "--term_start", "2026-01-01", "--on", "2026-01-15", "--have", "IP=1"]
    status, _, told = run([*DEPOSIT, *dedicated, "--resource", "Ip=+1"], capsys)
    assert (status, told) == (0, "")
    status, out, _ = run([*EASY_HARD, "--plan", "silver", "--to", "Host Ponter", *dates], capsys)
    assert status == 1 and json.loads(out)["refusals"][0]["facts"] == {"plan": "Host Ponter"}  # no guess


@pytest.mark.parametrize("more", [["--choice", "nothing"], ["--payment-method", "card"]])
def test_what_a_file_of_facts_says_itself_is_not_given_beside_it(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "case.toml"
    path.write_text(CASE, encoding="utf-8")
    status, out, err = run([*EASY_HARD[:2], "--facts", str(path), *more], capsys)
    assert (status, out) == (2, "") and f"leave out {more[0]}" in err


def test_resources_relative_and_absolute(capsys: pytest.CaptureFixture[str]) -> None:
    base = [
        *DEPOSIT,
        "--plan",
        "standard",
        "--have",
        "ip=1",
        "--term-start",
        "2026-01-05",
        "--on",
        "2026-01-20",
        "--json",
    ]
    for wanted in ("ip=+2", "ip=3"):
        status, out, _ = run([*base, "--json", "--resource", wanted], capsys)
        assert (status, json.loads(out)["net"]) == (0, "10.32")  # 2 x 10.00 x 16 / 31


def test_a_change_of_the_billing_period(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run([*DEPOSIT, "--plan", "standard", "--period", "3", "--term-start", "2026-01-05",
                          "--on", "2026-01-20", "--json"], capsys)  # fmt: skip
    found = json.loads(out)
    assert (status, found["net"], found["months_charged"], found["term_end"]) == (0, "98.00", "2", "2026-04-05")


@pytest.mark.parametrize("policy", ["easy-hard", "deposit"])
def test_facts_as_json_and_as_toml_give_the_same(
    policy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CASE.replace('"EUR"', '"PLN"') if policy == "deposit" else CASE
    toml, as_json = tmp_path / "case.toml", tmp_path / "case.json"
    toml.write_text(text, encoding="utf-8")
    raw = tomllib.loads(text)
    jsonschema.validate(raw, FACTS)
    as_json.write_text(json.dumps(raw), encoding="utf-8")
    answers = []
    for file in (toml, as_json):
        status, out, _ = run(
            ["--policy", str(ROOT / f"policies/{policy}.toml"), "--facts", str(file), "--json"], capsys
        )
        assert status == 0, out
        jsonschema.validate(json.loads(out), OUTPUT)
        answers.append(out)
    assert answers[0] == answers[1]


BAD_COMMANDS: list[tuple[list[str], str]] = [
    ([], "required: --policy"),
    (["--policy", "nowhere.toml", *SILVER[2:]], "nowhere.toml: No such file"),
    (["--policy", str(ROOT / "catalogs/deposit.toml"), *SILVER[2:]], "“format” is missing"),
    ([*EASY_HARD[:2], "--catalog", str(ROOT / "policies/deposit.toml"), *SILVER[4:]], "unknown key"),
    ([*EASY_HARD, "--plan", "silver", "--to", "gold", "--on", "2026-09-01"], "--term-start is missing"),
    ([*SILVER, "--term-end", "2025-01-01"], "period ends before it starts"),
    ([*SILVER[:-1], "2026-13-01"], "--on 2026-13-01"),
    ([*SILVER[:-1], "2026-09-01T12:00:00"], "an instant needs its offset"),
    ([*SILVER, "--months", "x"], "--months x"),
    ([*SILVER, "--resource", "ip"], "write CODE=AMOUNT"),
    (
        [*EASY_HARD, "--plan", "titan", "--to", "gold", "--term-start", "2026-01-01", "--on", "2026-02-01"],
        "no plan 'titan'",
    ),
    ([*EASY_HARD, "--plan", "silver", "--term-start", "2026-01-01", "--on", "2026-02-01"], "say what is to change"),
    ([*SILVER, "--facts", "case.toml"], "leave out --catalog"),
    ([*EASY_HARD[:2], "--facts", "case.toml", "--choice", "difference"], "leave out --choice"),
    ([*EASY_HARD[:2], "--facts", "case.toml", "--payment-method", "card"], "leave out --payment-method"),
    ([*SILVER, "--have", "ip=+2"], "what the service has now"),
    ([*SILVER, "--have", "ip=2", "--have", "ip=3"], "what the service has now"),
    ([*SILVER, "--resource", "ip=2", "--resource", "ip=3"], "--resource ip stands there twice"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_COMMANDS, ids=lambda value: str(value)[-30:])
def test_bad_commands_are_told_apart(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(arguments, capsys)
    assert status == 2
    assert message in err
    assert out == ""


BAD_FACTS: list[tuple[str, str, str]] = [
    ("the end is before the start", 'start = "2026-01-01"', 'start = "2026-01-01"\nend = "2025-01-01"'),
    ("a negative price", 'price = "69.00"', 'price = "-69.00"'),
    ("a float that is no number", 'price = "69.00"', "price = nan"),
    ("an amount that is no amount", 'price = "69.00"', 'price = "1e9"'),
    ("an unknown key", 'currency = "EUR"', 'currency = "EUR"\ncolour = "blue"'),
    ("an unknown plan", 'plan = "small"', 'plan = "tiny"'),
    ("a wrong type", "period = 12\n[service]", "period = true\n[service]"),
    ("no request", '[request]\nchange = "plan"\nto = "large"', ""),
    ("an unknown change", 'change = "plan"', 'change = "colour"'),
    ("a date out of range", '"2026-09-01"', '"9999-12-31"'),
    ("a term past the calendar", "period = 12\nstart", 'term = "999999999 days"\nperiod = 12\nstart'),
    ("no TOML", "[seller]", "[seller"),
    ("currency twice", 'currency = "EUR"', 'currency = "EUR"\ncurrency = "PLN"'),
    ("a wrong currency", '"EUR"', '"euro"'),
    ("an unknown zone", 'currency = "EUR"', 'currency = "EUR"\nzone = "Mars/Base"'),
    ("a hostile zone", 'currency = "EUR"', 'currency = "EUR"\nzone = "../../etc/passwd"'),
    ("more credited than paid", "[request]", '[[billed]]\namount = "1"\ncredited = "2"\n[request]'),
    ("used and a day", 'start = "2026-01-01"', 'start = "2026-01-01"\nused = "3 months"'),
    ("a day as a week's", '"2026-09-01"', '"2026-W36-2"'),
    ("one id twice", "[request]", '[[billed]]\nid = "2"\namount = "1"\n[[billed]]\namount = "1"\n[request]'),
    ("more used than the calendar has", 'on = "2026-09-01"\n', ""),
    ("a number without an end", "period = 12\n[service]", "period = " + "9" * 5000 + "\n[service]"),
]


@pytest.mark.parametrize(("name", "old", "new"), BAD_FACTS, ids=[name for name, _, _ in BAD_FACTS])
def test_bad_facts_are_refused_in_words(
    name: str, old: str, new: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old in CASE
    file = tmp_path / "case.toml"
    text = CASE.replace(old, new, 1)
    if name.startswith("more used"):
        text = text.replace('start = "2026-01-01"', 'start = "2026-01-01"\nused = "99999999999999 days"')
    file.write_text(text, encoding="utf-8")
    status, out, err = run(["--policy", EASY_HARD[1], "--facts", str(file)], capsys)
    assert (status, out) == (2, ""), out
    assert "case.toml: line" in err
    assert "Traceback" not in err
    assert "set_int_max_str_digits" not in err


def test_a_key_that_stands_twice_in_json_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.json"
    file.write_text('{"on": "2026-09-01", "seller": {"currency": "EUR", "currency": "PLN"}}', encoding="utf-8")
    status, _, err = run(["--policy", EASY_HARD[1], "--facts", str(file)], capsys)
    assert status == 2
    assert "'currency' stands there twice" in err


def test_currencies_that_differ_are_a_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.toml"
    file.write_text(CASE.replace('"EUR"', '"PLN"'), encoding="utf-8")
    status, out, _ = run(["--policy", EASY_HARD[1], "--facts", str(file), "--json"], capsys)
    assert status == 1
    assert [reason["code"] for reason in json.loads(out)["refusals"]] == ["currencies_differ"]


def test_the_command_needs_no_django(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom planshift.interfaces.cli import quote\n"
        f"status = quote.main({SILVER!r})\n"
        "sys.exit(3 if any(name.partition('.')[0] == 'django' for name in sys.modules) else status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr


def test_the_schemas_are_sound_and_name_what_the_reader_reads() -> None:
    for schema in (OUTPUT, FACTS):
        jsonschema.Draft202012Validator.check_schema(schema)


def test_H1_a_billing_period_that_is_not_sold_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    term = ["--plan", "standard", "--months", "1", "--term-start", "2026-11-05", "--on", "2026-11-10"]
    status, out, _ = run([*DEPOSIT, *term, "--period", "7", "--json"], capsys)
    (reason,) = json.loads(out)["refusals"]
    assert (status, reason["code"], reason["facts"]["months"]) == (1, "period_not_sold", ["1", "3", "6", "12"])
    assert run([*DEPOSIT, *term, "--period", "3"], capsys)[0] == 0


def test_facts_with_a_byte_order_mark_are_read_as_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = []
    for mark in ("", "\ufeff"):
        facts = tmp_path / "facts.toml"
        facts.write_text(mark + CASE.replace("\n", "\r\n"), encoding="utf-8", newline="")
        policy = str(ROOT / "policies/easy-hard.toml")
        assert quote.main(["--policy", policy, "--facts", str(facts), "--json"]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
