"""What is each line of a quote for? Title and note from its code and facts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from planshift.interfaces.presenters import amounts, reasons

TITLES = {
    "plan_charge": _("%(plan)s for the rest of the term"),
    "plan_credit": _("%(plan)s: unused time given back"),
    "plan_difference": _("Difference between %(from_plan)s and %(to_plan)s"),
    "plan_missing_months": _("%(plan)s: the months missing to the longer billing period"),
    "plan_penalty": _("Used time of %(plan)s at the short-term price"),
    "resource_charge": _("%(resource)s: %(quantity)s additional"),
    "resource_credit": _("%(resource)s: unused time given back"),
    "resource_difference": _("%(resource)s: additional from %(old_quantity)s to %(quantity)s"),
    "resource_penalty": _("%(resource)s: used time at the short-term price"),
    "charge": _("Charge"),
    "credit": _("Credit"),
    "setup": _("One-time set-up"),
    "fee": _("Fee for the change"),
    "minimum": _("Up to the smallest charge"),
    "penalty": _("Reduction of the credit"),
}
SPAN = _("%(start)s to %(end)s")


def describe(line: Any, names: Mapping[str, Any], *, code: str = "") -> dict[str, str]:
    """The line's title and, where it pays for a stretch of time, that stretch. `code`: to be worded as another line."""
    code = code or line.code
    known = reasons.Facts({key: reasons.fact(_named(value, names)) for key, value in line.facts.items()})
    title = TITLES.get(code, code.replace("_", " ").capitalize())
    return {"title": str(title) % known, "note": span(line.start, line.end)}


def span(start: Any, end: Any) -> str:
    """ "1 Sept 2026 to 1 Jan 2027", or nothing where the line has no dates."""
    if start is None or end is None:
        return ""
    if not isinstance(end, datetime):
        end -= timedelta(days=1)  # kept half-open; people read the last day, as on the invoice
    return str(SPAN) % {"start": amounts.short_day(start), "end": amounts.short_day(end)}


def _named(value: Any, names: Mapping[str, Any]) -> Any:
    return names.get(value, value) if isinstance(value, str) else value
