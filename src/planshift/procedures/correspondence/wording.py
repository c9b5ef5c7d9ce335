"""How does a letter read in the client's language? Texts of `texts/`, with amounts and dates as that language has them.

A line whose facts are all empty is left out, so that one text serves with and without an invoice, a credit, a date.
"""

import datetime as dt
import functools
import html
import re
import string
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from babel import dates, numbers

from planshift.domain import letters
from planshift.domain.money import Money

LANGUAGES = ("en", "pl", "it")
_LOCALES = {"en": "en_GB", "pl": "pl_PL", "it": "it_IT"}
_FOLDER = Path(__file__).parent / "texts"
_LINK = re.compile(r"https?://[^\s<]+")

Fact = str | Money | dt.date | None


@functools.cache
def texts(language: str) -> Mapping[str, Mapping[str, str]]:
    """Every letter's `subject` and `text` in a language, by code."""
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def write(
    *, code: str, language: str, facts: Mapping[str, Fact], enclosures: tuple[letters.Enclosure, ...] = ()
) -> letters.Letter:
    """The letter `code`; English where the language is none of ours. Amounts are gross. KeyError: a fact is missing."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    template = texts(known)[code]
    written = {name: _written(fact, _LOCALES[known]) for name, fact in facts.items()}
    text = "\n".join(_filled(template["text"].strip("\n").split("\n"), written)) + "\n"
    text = re.sub(r"\n{3,}", "\n\n", text)
    return letters.Letter(
        subject=template["subject"].format(**written),
        text=text,
        html=page(text),
        language=known,
        enclosures=enclosures,
    )


def long_day(day: dt.date, *, language: str) -> str:
    """A day in a sentence of one of LANGUAGES: 4 December 2026."""
    return dates.format_date(day, format="long", locale=_LOCALES[language])


def facts_of(line: str) -> set[str]:
    """The names of the facts that a line tells."""
    return {name for _, name, _, _ in string.Formatter().parse(line) if name}


def _filled(lines: list[str], written: Mapping[str, str]) -> list[str]:
    found = ((line, facts_of(line)) for line in lines)
    return [line.format(**written) for line, names in found if not names or any(written[name] for name in names)]


def _written(fact: Fact, locale: str) -> str:
    if fact is None:
        return ""
    if isinstance(fact, Money):
        exact = Decimal(fact.amount.numerator) / Decimal(fact.amount.denominator)
        return numbers.format_currency(exact, fact.currency, locale=locale).replace(" ", "\u00a0")
    if isinstance(fact, dt.date):
        return dates.format_date(fact, format="long", locale=locale)
    return fact


def page(text: str) -> str:
    """The same words as HTML: a paragraph for each block of lines, addresses as links."""
    blocks = "".join(f"<p>{_linked(block)}</p>" for block in text.strip().split("\n\n"))
    return (
        '<div style="max-width:36em;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;color:#1f2430">'
        f"{blocks}</div>"
    )


def _linked(block: str) -> str:
    shown = html.escape(block)
    return _LINK.sub(lambda at: f'<a href="{at[0]}" style="color:#1d4ed8">{at[0]}</a>', shown).replace("\n", "<br>")
