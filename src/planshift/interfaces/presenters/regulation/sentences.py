"""How is an answer told to a client? Sentences per answer and language, from the data files beside this module.

A data file (`texts/en.toml`) holds

    [phrases]                        fixed sentences, by name
    [answers.DIMENSION.ANSWER]       text = "… {parameter} …"
                                     given.PARAMETER = "… added when the parameter is given (not empty, not false)"
                                     absent.PARAMETER = "… added when it is not"
                                     choice.PARAMETER.WORD = "what {parameter} writes for this choice"
                                     row.PARAMETER = "what each row of a table parameter writes"
    [answers.notices.NOTICE]         title = "…" and text = "…": the words that a client confirms
                                     given.FACT = "… added where the quote knows the fact"

`{days}` writes the value in the language; `{days:day|days}` writes it with its noun in the right number. What a
language lacks is told in English.
"""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from planshift.domain.exact import Fraction
from planshift.domain.policy import dimensions, vocabulary
from planshift.interfaces.presenters.regulation import writing

LANGUAGES = ("en", "pl", "it")


@cache
def texts(language: str) -> Mapping[str, Any]:
    """The data file of a language."""
    file = resources.files(__package__) / "texts" / f"{language}.toml"
    return MappingProxyType(tomllib.loads(file.read_text(encoding="utf-8")))


def has(dimension: str, answer: str, language: str) -> bool:
    """True when the language has its own sentence for the answer."""
    return "text" in texts(language)["answers"].get(dimension, {}).get(answer, {})


def notice(code: str, language: str) -> Mapping[str, Any]:
    """The entry of a notice: title, text, and what to add by fact. In English where the language lacks it."""
    found: Mapping[str, Any] = texts(language if has("notices", code, language) else "en")["answers"]["notices"][code]
    return found


@dataclass(frozen=True, slots=True)
class Speaker:
    """Tells things in one language, with the currency of the policy and the names of the catalog."""

    language: str
    currency: str
    names: Mapping[str, Mapping[str, str]]  # code of a plan, family or resource → language → name
    always: Mapping[str, str]  # what every template may use: {provider}, {deposit}

    def phrase(self, name: str, **facts: object) -> str:
        """The fixed sentence called `name`, with its facts filled in."""
        found = texts(self.language)["phrases"].get(name) or texts("en")["phrases"][name]
        return self._fill(found, facts)

    def has_phrase(self, name: str) -> bool:
        """True when there is such a sentence, at least in English."""
        return name in texts("en")["phrases"]

    def answer(self, dimension: str, chosen: vocabulary.Chosen) -> str:
        """The sentence or sentences of a chosen answer; "" where the answer says nothing to a client."""
        language = self.language if has(dimension, chosen.answer, self.language) else "en"
        entry = texts(language)["answers"][dimension][chosen.answer]
        params = {each.name: each for each in dimensions.every()[dimension].answers[chosen.answer].params}
        values = {name: self._value(param, chosen.params.get(name), entry) for name, param in params.items()}
        values |= self._grids(chosen.params)
        parts = [entry["text"]]
        parts += [text for name, text in entry.get("given", {}).items() if chosen.params.get(name)]
        parts += [text for name, text in entry.get("absent", {}).items() if not chosen.params.get(name)]
        return self._fill(" ".join(part for part in parts if part), values)

    def notice(self, code: str) -> str:
        """Title and text of a notice as the panel shows them, without the facts of one quote."""
        told = notice(code, self.language)
        return f"{told['title']}. {told['text']}"

    def _grids(self, params: vocabulary.Params) -> dict[str, object]:
        """{grid} and {rate_grid}: to what amounts are rounded, of the parameters `decimals` and `unit`."""
        found: dict[str, object] = {}
        for prefix in ("", "rate_"):
            if (unit := params.get(f"{prefix}unit")) is not None and isinstance(unit, Fraction):
                found[f"{prefix}grid"] = self.phrase("grid_unit", unit=unit)
            elif (decimals := params.get(f"{prefix}decimals")) is not None:
                found[f"{prefix}grid"] = self.phrase("grid_decimals", decimals=decimals)
            else:
                found[f"{prefix}grid"] = self.phrase("grid_currency")
        return found

    def formula(self, dimension: str, chosen: vocabulary.Chosen) -> str:
        """The calculation of an answer in words, "" where it has none."""
        for language in (self.language, "en"):
            entry = texts(language)["answers"].get(dimension, {}).get(chosen.answer, {})
            if "formula" in entry:
                return str(entry["formula"])
        return ""

    def table(self, table: str, *path: str) -> str:
        """A fixed text of one of the other tables: headings, labels, lead, none, steps. "" where there is none."""
        for language in (self.language, "en"):
            found: Any = texts(language).get(table, {})
            for part in path:
                found = found.get(part, {}) if isinstance(found, dict) else {}
            if isinstance(found, str):
                return self._fill(found, {})
        return ""

    def words(self, text: Mapping[str, str] | None) -> str:
        """A text of the policy or the catalog in this language, else in English, else in whichever there is."""
        if not text:
            return ""
        return text.get(self.language) or text.get("en") or next(iter(text.values()))

    def name(self, code: str) -> str:
        """The name of a plan, family or resource; its code where the catalog has none."""
        return self.words(self.names.get(code)) or code

    def money(self, value: Fraction) -> str:
        """An amount in the currency of the policy."""
        return writing.money(value, self.currency, self.language)

    def joined(self, items: list[str], style: str = "standard") -> str:
        """A list in words."""
        return writing.joined(items, self.language, style)

    def _fill(self, template: str, facts: Mapping[str, object]) -> str:
        known = {name: self._plain(value) for name, value in facts.items()}
        return string.Formatter().vformat(template, (), {**self.always, **known}).strip(" ")

    def _plain(self, value: object) -> object:
        """Facts that come as numbers are written in the language."""
        if isinstance(value, bool) or value is None:
            return ""
        if isinstance(value, int):
            return writing.Count(value, self.language)
        return writing.number(value, self.language) if isinstance(value, Fraction) else value

    def _value(self, param: vocabulary.Param, value: Any, entry: Mapping[str, Any]) -> object:
        if value is None or param.kind in ("flag", "text"):
            return "" if value is None or isinstance(value, bool) else value
        phrases = entry.get("choice", {}).get(param.name) or texts(self.language).get("modes", {})
        match param.kind:
            case "money":
                return self.money(value)
            case "integer":
                return writing.Count(value, self.language)
            case "fraction":
                return writing.number(value, self.language)
            case "percent":
                return writing.percent(value, self.language)
            case "words":
                return self.words(value)
            case "choice":
                return phrases.get(value, value)
            case "choices":
                return self.joined([phrases.get(each, each) for each in value])
            case "codes":
                return self.joined([phrases.get(each) or self.name(each) for each in value], "or")
            case "integers":
                return self.joined([writing.number(each, self.language) for each in value])
            case "lengths":
                return self.joined([writing.length(each, self.language) for each in value], "or")
            case "rows":
                return "; ".join(self._row(param, row, entry) for row in value)
        return self.joined([f"{name} = {each}" for name, each in value.items()])

    def _row(self, param: vocabulary.Param, row: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
        values = {field.name: self._value(field, row.get(field.name), entry) for field in param.fields}
        template = entry.get("row", {}).get(param.name) or ", ".join(f"{{{field.name}}}" for field in param.fields)
        return self._fill(template, values)
