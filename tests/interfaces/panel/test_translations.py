"""Every text of the doors exists in Polish and Italian, with the same gaps, and none is left over."""

import importlib.util
import re
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[3]
GAP = re.compile(r"%\([a-z_]+\)[sd]")


def tool():  # type: ignore[no-untyped-def]
    spec = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def po(language: str) -> polib.POFile:
    return polib.pofile(str(ROOT / f"src/planshift/interfaces/locale/{language}/LC_MESSAGES/django.po"))


@pytest.mark.parametrize("language", ["pl", "it"])
def test_every_text_is_translated_and_none_is_fuzzy(language: str) -> None:
    texts = po(language)
    assert [entry.msgid for entry in texts.untranslated_entries()] == []
    assert [entry.msgid for entry in texts.fuzzy_entries()] == []
    assert len(texts) > 500


@pytest.mark.parametrize("language", ["pl", "it"])
def test_the_files_hold_exactly_the_texts_of_the_source(language: str) -> None:
    assert {entry.msgid for entry in po(language)} == set(tool().collect()), "run: make messages"


@pytest.mark.parametrize("language", ["pl", "it"])
def test_a_translation_fills_the_gaps_of_its_text(language: str) -> None:
    for entry in po(language):
        gaps = set(GAP.findall(entry.msgid)) | set(GAP.findall(entry.msgid_plural or ""))
        for said in [entry.msgstr, *entry.msgstr_plural.values()]:
            if said:
                assert set(GAP.findall(said)) <= gaps, entry.msgid
        if entry.msgstr:
            assert set(GAP.findall(entry.msgstr)) == gaps, entry.msgid


def test_texts_of_templates_and_code_are_found() -> None:
    made = tool()
    template = (
        "{% load i18n %}{% translate 'One' %}"
        "{% blocktranslate count count=n %}{{ count }} cat{% plural %}{{ count }} cats{% endblocktranslate %}"
    )
    assert list(made.texts_of_template(template)) == [("One", ""), ("%(count)s cat", "%(count)s cats")]
    code = '_("a" "b")\nngettext("x", "y", 2)\nother("z")\ngettext(name)'
    assert list(made.texts_of_code(code)) == [("ab", ""), ("x", "y")]
