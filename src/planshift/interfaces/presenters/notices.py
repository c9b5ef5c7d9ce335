"""What must the client know before ordering? Each notice (H9, H10) in the words that the regulation quotes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils import translation

from planshift.interfaces.presenters import reasons
from planshift.interfaces.presenters.regulation import sentences


class Text(NamedTuple):
    """Title and body of one notice in the language in force."""

    title: str
    body: str


def said(notice: Any, names: Mapping[str, Any]) -> str:
    """A notice as it is kept when it was acknowledged: title and body in the language in force (H9)."""
    shown = text(notice.code, notice.facts, names)
    return f"{shown.title}\n{shown.body}"


def text(code: str, facts: Mapping[str, Any], names: Mapping[str, Any]) -> Text:
    """Title and body of the notice `code`; an unknown code is shown as such rather than hidden."""
    language = (translation.get_language() or "en")[:2]
    if not sentences.has("notices", code, "en"):
        return Text(code.replace("_", " ").capitalize(), "")
    told = sentences.notice(code, language if language in sentences.LANGUAGES else "en")
    known = reasons.facts_in_words(facts, names)
    added = [more.format_map(known) for fact, more in told.get("given", {}).items() if facts.get(fact)]
    return Text(told["title"], " ".join([told["text"], *added]))
