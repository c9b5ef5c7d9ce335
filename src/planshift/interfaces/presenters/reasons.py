"""Why not? Each refusal and reason code in plain words. One table for every door; facts fill the gaps."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from planshift.domain.errors import Reason, Refused
from planshift.domain.exact import Fraction
from planshift.interfaces.presenters import amounts, refusals

NEED = _("%(name)s %(used)s (at most %(allowed)s)")
FALLBACK = _("The rules of this service do not allow it (%(code)s).")


# Facts whose text is a code of the catalog, to be shown by its name.
_CODES = ("plan", "family", "resource", "resources", "methods", "up", "down")


def sentence(reason: Reason, names: Mapping[str, Any] | None = None) -> str:
    """One reason as a sentence in the language in force; `names` gives codes of the catalog their names."""
    text = refusals.SENTENCES.get(reason.code)
    if text is None:
        return str(FALLBACK) % {"code": reason.code}
    if isinstance(text, refusals.Counted):
        text = text.form(reason.facts.get(text.by))
    return str(text) % facts_in_words(reason.facts, names or {})


def facts_in_words(facts: Mapping[str, Any], names: Mapping[str, Any]) -> "Facts":
    """All facts as a person reads them; a gap without its fact shows as a dash."""
    return Facts({key: fact(_named(key, value, names)) for key, value in facts.items()})


def _named(key: str, value: Any, names: Mapping[str, Any]) -> Any:
    if key not in _CODES:
        return value
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_entry(each, names) for each in value]
    return value


def _entry(each: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(each, tuple | list) and len(each) == 3:  # a need: resource, in use, allowed
        needed = {"name": fact(names.get(each[0], each[0])), "used": fact(each[1]), "allowed": fact(each[2])}
        return str(NEED) % needed
    return names.get(each, each) if isinstance(each, str) else each


def sentences(refused: Refused) -> list[str]:
    """Every reason of a refusal, in its order."""
    return [sentence(reason) for reason in refused.reasons]


def fact(value: Any) -> str:
    """A fact as a person reads it: money, date, moment, number, text of the catalog, list of these."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return amounts.moment(value)
    if isinstance(value, date):
        return amounts.day(value)
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | Decimal | Fraction):
        return amounts.number(value)
    if isinstance(value, Mapping):
        if "number" in value and "name" in value:  # an attached service
            return f"{value['name']} ({value['number']})" if value["number"] else str(value["name"])
        return amounts.words(value)
    if isinstance(value, Iterable):
        return ", ".join(fact(each) for each in value)
    return amounts.money(value) if hasattr(value, "currency") else str(value)


class Facts(dict[str, str]):
    """A missing fact must not become a 500: the gap shows as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"
