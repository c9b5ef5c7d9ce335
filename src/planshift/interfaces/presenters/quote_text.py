"""How does a quote with its working read as plain text, in the client's language?"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from planshift.domain import quote
from planshift.domain.working import Step
from planshift.interfaces.presenters import amounts, figures, working


def text(offer: quote.Offer, names: Mapping[str, Any], language: str, zone: str) -> str:
    """Every line with its amount and the steps that led to it, the taxes and the total; the same for every reader."""
    with translation.override(language), timezone.override(ZoneInfo(zone)):
        told = "\n".join(_told(figures.of_offer(offer, names), names))
    return told.replace(amounts.NOBREAK, " ").replace("\u202f", " ") + "\n"


def _told(shown: figures.Figures, names: Mapping[str, Any]) -> Iterator[str]:
    for each in (*shown.lines, *shown.later):
        yield f"{each.title}: {amounts.money(each.amount)}"
        if each.note:
            yield f"    {each.note}"
        yield from _steps(each.steps, names)
    yield f"{shown.tax_title}: {amounts.money(shown.total_taxed.tax)}"
    yield from _steps(shown.tax_steps, names)
    yield f"{shown.total_title}: {amounts.money(shown.total)}"
    yield from _steps((*shown.total_steps, *shown.other_steps), names)
    if shown.renewal_steps:
        yield _("Next renewal")
        yield from _steps(shown.renewal_steps, names)
    yield ""
    yield f"{shown.timing}; {shown.promise}"


def _steps(steps: Iterable[Step], names: Mapping[str, Any]) -> Iterator[str]:
    for step in steps:
        seen = working.show(step, names)
        formula = f"{seen.formula} {seen.sign} " if seen.formula else ""
        yield f"    {seen.title}: {formula}{seen.result}" + (f"  [{seen.clause}]" if seen.clause else "")
        yield from (f"        {each.name}: {each.value}" for each in seen.operands)
        if seen.sign != "=":
            yield f"        {seen.unrounded}; {seen.rounding}"
