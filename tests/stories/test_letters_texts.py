"""Does every letter say the same in each language?"""

import pytest
from django.apps import apps

from planshift.domain.money import Money
from planshift.procedures.correspondence import occasions, wording
from planshift.runtime import moves

NAMES = (
    "account", "amount", "begins", "change", "credit", "drawn", "ends", "files", "invoice", "later", "link", "names",
    "next_end", "order", "payee", "payout", "promised", "reason", "reference", "renewal", "seller", "service",
    "until", "what",
)  # fmt: skip
FACTS = {name: f"<{name}>" for name in NAMES}


def facts(code: str, language: str) -> set[str]:
    text = wording.texts(language)[code]
    return {name for line in text["text"].split("\n") for name in wording.facts_of(line)} | wording.facts_of(
        text["subject"]
    )


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_every_letter_is_there_and_tells_the_same_facts(language: str) -> None:
    english = wording.texts("en")
    assert set(wording.texts(language)) == set(english)
    for code in english:
        assert facts(code, language) == facts(code, "en"), code
        assert facts(code, language) <= set(FACTS), code


def test_lines_without_facts_are_left_out_and_amounts_read_as_in_the_language() -> None:
    told = {**FACTS, "credit": None, "invoice": None, "renewal": Money.of("1234.50", "PLN")}
    letter = wording.write(code="change_done", language="pl", facts=told)
    assert "Faktura" not in letter.text and "Zwrot" not in letter.text and "\n\n\n" not in letter.text
    assert "Następne przedłużenie: 1\u00a0234,50\u00a0zł brutto" in letter.text


def test_what_comes_from_outside_is_no_html() -> None:
    letter = wording.write(code="ended", language="en", facts={**FACTS, "service": "<script>alert(1)</script>"})
    assert "<script>" not in letter.html and "&lt;script&gt;" in letter.html


def test_an_unknown_language_reads_english() -> None:
    assert wording.write(code="ended", language="de", facts=FACTS).language == "en"


def test_every_event_that_is_told_of_exists() -> None:
    for kind, event in occasions.MOVES:
        lifecycle = moves.lifecycle_of(apps.get_model(kind))
        assert event in {each for _, each in lifecycle.moves}, (kind, event)
