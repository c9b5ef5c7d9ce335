"""The manual of the format: not stale, complete, and every example in it is accepted by the checker."""

import re
import tomllib
from pathlib import Path

import pytest

from planshift.domain.policy import checker, dimensions
from planshift.interfaces.presenters import policy_format
from tests.domain.policy.files import HEAD

DOCS = Path(__file__).parents[2] / "docs"
ANSWERS = [
    (dimension.name, answer.name) for dimension in dimensions.every().values() for answer in dimension.answers.values()
]


def test_the_manual_in_docs_is_not_stale():
    assert (DOCS / "policy-format.md").read_text(encoding="utf-8") == policy_format.markdown(), (
        "run: planshift policy format > docs/policy-format.md"
    )


@pytest.mark.parametrize(("dimension", "answer"), ANSWERS)
def test_every_answer_has_a_section_and_an_example_that_chooses_it(dimension, answer):
    found = dimensions.every()[dimension].answers[answer]
    assert f"#### `{answer}`" in policy_format.markdown()
    raw = tomllib.loads(f"it = {found.example}")["it"]
    names = [each if isinstance(each, str) else each["answer"] for each in (raw if isinstance(raw, list) else [raw])]
    assert answer in names
    # alone an example may contradict the defaults (a deposit where there is none); it may not be unknown or malformed
    wrong = [
        each
        for each in checker.check((HEAD + f"{dimension} = {found.example}\n").encode()).findings
        if each.key.startswith(f"{dimension}.") or each.key.startswith(f"{dimension}[") or each.allowed
    ]
    assert wrong == []


def test_the_policies_in_the_text_are_sound():
    blocks = re.findall(r"```toml\n(.*?)```", policy_format.markdown().split("## Questions and answers")[0], re.DOTALL)
    whole = [block for block in blocks if block.startswith("format")]
    assert whole
    for block in whole:
        assert checker.check(block.encode()).findings == ()
    for block in [block for block in blocks if not block.startswith("format")]:
        assert checker.check((HEAD + block).encode()).findings == ()


RECIPES = policy_format.markdown().split("## Rules as providers publish them")[1].split("\n## ")[0]


@pytest.mark.parametrize("row", [row for row in RECIPES.splitlines() if "`" in row])
def test_rules_as_providers_publish_them_are_sound_policies(row):
    lines = re.findall(r"`([^`]+)`", row)
    text = 'format = 1\npolicy = "x"\n' + "\n".join(lines) + "\n"
    assert checker.check(text.encode()).findings == ()


def test_the_manual_tells_an_author_nothing_of_the_code():
    text = policy_format.markdown()
    for word in ("`run`", "`rooms`", "`Weight`", "`Rounder`", "or None", "(None:"):
        assert word not in text, word
    assert "The client may say so earlier." in text  # what stands beside it stays
