"""The page of policies that nobody wrote it for: every answer is told where it holds, every worked case has a page."""

from datetime import date
from pathlib import Path

import pytest

from planshift.domain import catalog_document
from planshift.domain.policy import checker, dimensions
from planshift.interfaces.presenters import regulation
from planshift.interfaces.presenters.regulation import parts, sentences

ROOT = Path(__file__).parents[2]
ON = date(2026, 11, 22)
# Answers that make decreases and deposits possible, so that what is said about them matters.
COMMON = {
    "decrease": '"settled"',
    "deposit": '"refundable"',
    "acceptance": '"by_reply"',
    "period_change": '"settled"',
}
# What an answer needs beside it, not to be a contradiction.
NEEDS = {
    ("denominator", "months_of_term"): {"time_unit": '"months"'},
    ("metering", "hourly"): {"timing": '"at_once"'},
    ("timing", "at_once"): {"settlement": '"nothing"'},
}
ANSWERS = [
    (dimension.name, answer.name)
    for dimension in dimensions.every().values()
    for answer in dimension.answers.values()
    # told by sections of their own: notices, and what only a case may say
    if dimension.name != "notices" and (dimension.name, answer.name) != ("timing", "after_acceptance")
]


@pytest.fixture(scope="module")
def catalogs():
    return [
        catalog_document.parse((ROOT / "catalogs" / f"{code}.toml").read_text(encoding="utf-8"), name=code)
        for code in ("deposit", "easy-hard")
    ]


def _texts(page):
    for section in page.sections:
        for block in section.blocks:
            if isinstance(block, parts.Paragraph):
                yield block.text
                yield from block.items


@pytest.mark.parametrize(("dimension", "answer"), ANSWERS)
def test_an_answer_that_a_policy_gives_stands_on_its_page(dimension, answer, catalogs):
    found = dimensions.every()[dimension]
    lines = {**COMMON, **NEEDS.get((dimension, answer), {}), dimension: found.answers[answer].example}
    head = 'format = 1\npolicy = "x"\ncurrency = "PLN"\nkind = "hard"\n'
    text = head + "".join(f"{key} = {value}\n" for key, value in lines.items())
    checked = checker.check(
        text.encode(), loaded=True
    )  # no change waits for the acceptance, which is told all the same
    assert checked.policy is not None, checked.findings
    page = regulation.page(policy=checked.policy, catalog=catalogs[0], language="en", on=ON)
    names = {code: resource.name for plan in catalogs[0].plans.values() for code, resource in plan.resources.items()}
    always = {"provider": catalogs[0].seller.name, "deposit": "deposit"}
    sentence = sentences.Speaker("en", "PLN", names, always).answer(dimension, checked.policy.base[dimension][0])
    assert sentence in " ".join(_texts(page)) or answer == found.default


@pytest.mark.parametrize(
    "file", sorted((ROOT / "tests/regulations/cases").rglob("policies/*.toml")), ids=lambda file: file.stem
)
def test_the_policy_of_every_worked_case_has_a_page(file, catalogs):
    checked = checker.check(file.read_bytes())
    assert checked.policy is not None, checked.findings
    for catalog in catalogs:
        for language in regulation.LANGUAGES:
            page = regulation.page(policy=checked.policy, catalog=catalog, language=language, on=ON)
            costs = page.section("costs")
            assert costs is not None
            shown = [block for block in costs.blocks if isinstance(block, parts.Example)]
            assert shown
            labels = set(sentences.texts(language)["steps"].values())
            assert {what for example in shown for what, _sum in example.working} <= labels
            assert page.document()
