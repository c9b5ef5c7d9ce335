"""`planshift policy explain` as its user sees it: Markdown, HTML, languages, exit status."""

from pathlib import Path

import pytest

from planshift.interfaces.cli import policy

ROOT = Path(__file__).parents[3]
SHIPPED = [str(ROOT / "policies/easy-hard.toml"), "--catalog", str(ROOT / "catalogs/easy-hard.toml")]


@pytest.mark.parametrize(("language", "heading"), [("en", "Definitions"), ("pl", "Definicje"), ("it", "Definizioni")])
def test_markdown_in_three_languages(language, heading, capsys):
    assert policy.main(["explain", *SHIPPED, "--lang", language, "--on", "2026-11-22"]) == 0
    out = capsys.readouterr().out
    assert f"## 1. {heading}" in out
    assert "22.00" in out.replace(",", ".")


def test_html_is_a_page_of_its_own(capsys):
    assert policy.main(["explain", *SHIPPED, "--format", "html", "--on", "2026-11-22"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


def test_without_a_day_the_prices_are_those_of_today(capsys):
    assert policy.main(["explain", *SHIPPED]) == 0
    assert "the price list in force on" in capsys.readouterr().out


def test_a_policy_that_is_not_sound_is_not_explained(tmp_path, capsys):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('format = 1\npolicy = "x"\ndeposit = "refundible"\n')
    assert policy.main(["explain", str(wrong), *SHIPPED[1:]]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{wrong}:3: deposit: “refundible” is no answer" in said.err


@pytest.mark.parametrize("content", [b"[seller]\n", b"\xff\xfe", b"not toml"])
def test_a_catalog_that_is_not_sound_is_told_without_a_stack_trace(tmp_path, capsys, content):
    catalog = tmp_path / "catalog.toml"
    catalog.write_bytes(content)
    assert policy.main(["explain", SHIPPED[0], "--catalog", str(catalog)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{catalog}: ")
    assert told.count(str(catalog)) == len(told.splitlines())
    assert "codec" not in told


def test_files_and_arguments_that_cannot_be_read(tmp_path, capsys):
    assert policy.main(["explain", str(tmp_path / "no.toml"), *SHIPPED[1:]]) == 2
    assert policy.main(["explain", SHIPPED[0], "--catalog", str(tmp_path / "no.toml")]) == 2
    assert policy.main(["explain", SHIPPED[0]]) == 2
    assert policy.main(["explain", *SHIPPED, "--lang", "de"]) == 2
    capsys.readouterr()
    assert policy.main(["explain", *SHIPPED, "--on", "yesterday"]) == 2
    assert "--on: 'yesterday' is no date such as 2026-12-31" in capsys.readouterr().err


def test_a_policy_in_another_currency_than_the_prices_is_not_explained(tmp_path, capsys):
    catalog = str(ROOT / "catalogs/deposit.toml")
    assert policy.main(["explain", SHIPPED[0], "--catalog", catalog]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "currency: the amounts of this policy are in EUR, the prices of the catalog in PLN" in said.err
