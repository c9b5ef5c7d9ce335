"""Does everything that a client reads use the words of docs/glossary.md, and none of those that it forbids?"""

import ast
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import polib
import pytest

from tests.house_rules import source

LANGUAGES = ("en", "pl", "it")
GLOSSARY = (source.ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
LOCALE = source.ROOT / "src" / "planshift" / "interfaces" / "locale"
REGULATION = source.ROOT / "src" / "planshift" / "interfaces" / "presenters" / "regulation" / "texts"

Said = tuple[str, str]  # where, and what


def rows(section: str) -> list[list[str]]:
    """The cells of each row of the tables under a heading of the glossary, without the head."""
    part = GLOSSARY.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


FORBIDDEN = [(language, never, say) for language, never, say in rows("Words not to use")]


def said(language: str) -> Iterator[Said]:
    """Everything that a client reads in a language: panel, regulation, documents, policies, catalogs, demo."""
    for file in sorted(REGULATION.glob(f"{language}.toml")):
        yield from ((file.name, text) for text in strings(tomllib.loads(file.read_text(encoding="utf-8"))))
    if language == "en":
        yield from ((file.parts[-3], entry.msgid) for file in LOCALE.glob("pl/*/*.po") for entry in polib.pofile(file))
    for file in LOCALE.glob(f"{language}/*/*.po"):
        for entry in polib.pofile(str(file)):
            yield from ((f"{language}.po", text) for text in (entry.msgstr, *entry.msgstr_plural.values()))
    for path in source.tracked():
        text = (source.ROOT / path).read_text(encoding="utf-8") if path.endswith((".py", ".toml")) else ""
        if path.startswith(("policies/", "catalogs/")) and path.endswith(".toml"):
            yield from ((path, each) for each in worded(tomllib.loads(text), language))
        elif path.startswith(source.PACKAGE) and path.endswith(".py") and f'"{language}": ' in text:
            yield from ((path, each) for each in of_code(text, language))


def strings(value: Any) -> Iterator[str]:
    """Every text in a nest of tables and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def worded(value: Any, language: str) -> Iterator[str]:
    """The texts in a language of a document whose texts are tables of languages."""
    if isinstance(value, dict) and isinstance(value.get(language), str):
        yield value[language]
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from worded(each, language)


def of_code(code: str, language: str) -> Iterator[str]:
    """The texts of a Python file that stand in a dictionary under the key of a language."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Dict):
            continue
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == language:
                keys = {id(key) for each in ast.walk(value) if isinstance(each, ast.Dict) for key in each.keys}
                found = (each for each in ast.walk(value) if isinstance(each, ast.Constant) and id(each) not in keys)
                yield from (each.value for each in found if isinstance(each.value, str))


def misused(language: str, texts: Iterator[Said]) -> list[str]:
    """`where: never → say: text` for each text with a forbidden word."""
    never = [(re.compile(rf"\b{re.escape(bad)}", re.IGNORECASE), say) for of, bad, say in FORBIDDEN if of == language]
    return [
        f"{where}: “{found[0]}”, say “{say}”: {text[:100]}"
        for where, text in texts
        for word, say in never
        if (found := word.search(text))
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_uses_a_word_that_the_glossary_forbids(language: str) -> None:
    texts = list(said(language))
    # the panel alone has more than 600 texts, the regulation more than 200 in the language that says least
    assert len(texts) > 800, "the texts are not where this test looks for them"
    assert misused(language, iter(texts)) == [], "docs/glossary.md: one word per thing"


@pytest.mark.parametrize(("language", "never"), [(language, never) for language, never, _say in FORBIDDEN])
def test_each_forbidden_word_would_be_noticed(language: str, never: str) -> None:
    assert misused(language, iter([("x", f"Abc {never.upper()}abc.")])) != []


@pytest.mark.parametrize(("language", "say"), sorted({(language, say) for language, _never, say in FORBIDDEN}))
def test_each_word_to_say_instead_is_one_of_the_glossary(language: str, say: str) -> None:
    tables = [*rows("What is sold"), *rows("Changes"), *rows("Money"), *rows("Machines")]
    words = {row[LANGUAGES.index(language)] for row in tables}
    assert any(say in cell for cell in words), f"{say} is in no table of the glossary"


def test_texts_of_code_and_of_documents_are_found() -> None:
    assert list(of_code('X = {"a": {"en": "one", "pl": {"b": "dwa"}}}', "pl")) == ["dwa"]
    assert list(worded({"case": [{"reason": {"en": "why", "pl": "bo"}}]}, "pl")) == ["bo"]
