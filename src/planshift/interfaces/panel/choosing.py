"""What could be instead? All plans side by side, resources with a live price, billing periods."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from planshift.domain import quote
from planshift.domain.errors import Refused
from planshift.interfaces import asking
from planshift.interfaces.panel import door
from planshift.interfaces.presenters import amounts, figures, settlements, states
from planshift.procedures import queries, views
from planshift.runtime import clock


@require_GET
@door.client_page
def options(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Every plan with its price today and at renewal, easy or hard, when it is done, or why not."""
    page = queries.options(client=client.number, service=number, at=clock.business())
    return door.show(request, client, "panel/options.html", here="services", **options_context(page))


def options_context(page: views.OptionsPage) -> dict[str, Any]:
    """The options in groups: upgrades and the present plan first, then the others; the refused ones apart."""
    now = next((option for option in page.options if option.current), None)
    shown = [option for option in page.options if option.current or not option.reasons]
    families: dict[str, list[dict[str, Any]]] = {}
    for option in shown:
        families.setdefault(amounts.words(option.family), []).append(_option(option, now, page.names))
    groups = [{"title": title, "options": found} for title, found in families.items()]
    refused = [option for option in page.options if option.reasons and not option.current]
    return {"page": page, "groups": groups, "refused": refused, "card": page.card}


def _option(option: views.Option, now: views.Option | None, names: Mapping[str, Any]) -> dict[str, Any]:
    before = {amounts.words(name): amount for name, amount, _unit in now.resources} if now else {}
    specs = []
    for name, amount, unit in option.resources:
        title = amounts.words(name)
        old = before.get(title)
        change = "" if option.current or old is None or old == amount else "up" if amount > old else "down"
        specs.append({"name": title, "amount": amounts.quantity(amount, unit), "change": change})
    shown = {field: getattr(option, field) for field in option.__slots__}
    return {**shown, "specs": specs, "ask_staff": ask_staff(option), **priced(option.offer, names)}


def choices(found: Sequence[views.Choice], names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The settlements that the client may choose, each with its price."""
    return [
        {
            "code": each.code,
            "title": settlements.title(each.code),
            "offer": each.offer,
            "orderable": each.orderable,
            "reasons": (*each.reasons, *each.not_orderable),
            **priced(each.offer, names),
        }
        for each in found
    ]


def ask_staff(option: views.Option | views.PeriodOption) -> bool:
    """Can this be ordered by staff only (H2)?"""
    return any(reason.code == "only_staff_may_order" for reason in option.not_orderable)


def priced(offer: quote.Offer | None, names: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says about an offer: amount, its direction, promise and reason; nothing for none."""
    if offer is None:
        return {}
    credit = offer.total.gross.amount < 0
    return {
        "is_credit": credit,
        "today": abs(offer.total.gross),
        "today_taxed": -offer.total if credit else offer.total,
        "promise": figures.promise(offer),
        "promise_note": figures.promise_note(offer.promise),
        "kind_note": figures.kind_note(offer, names),
        "term_end": figures.day_of(offer.term_end),
    }


@require_GET
@door.client_page
def resources(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The form for additional resources; the plan's own amounts are a floor (D1)."""
    page = queries.resources(client=client.number, service=number, at=clock.business())
    rows = [resource_row(row) for row in page.resources]
    return door.show(request, client, "panel/resources.html", here="services", page=page, rows=rows)


def resource_row(row: views.ResourceRow) -> dict[str, Any]:
    """A resource of the form: for sale or not, and in which words its price is told."""
    shown: dict[str, Any] = {field: getattr(row, field) for field in row.__slots__}
    unit = amounts.words(row.unit)
    return {
        **shown,
        "unit_words": unit,
        "for_sale": row.price is not None or row.hour is not None or bool(row.additional),
    }


@require_POST
@door.client_page
def what_if(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The live price beside the form; nothing is kept, and a refusal is an answer like any other."""
    context: dict[str, Any]
    try:
        wanted = asking.request_of(request.POST)
        seen = queries.what_if(client=client.number, service=number, request=wanted, at=clock.business())
        context = preview(seen)
    except Refused as refused:
        context = {"reasons": refused.reasons}
    if [reason.code for reason in context.get("reasons", ())] == ["nothing_changes"]:
        context = {}
    names = context.get("names", {})
    return door.show(request, client, "panel/what_if.html", here="services", preview=context, names=names)


def preview(seen: views.Preview) -> dict[str, Any]:
    """A what-if as its panel shows it."""
    shown: dict[str, Any] = {
        "offer": seen.offer,
        "reasons": seen.reasons,
        "orderable": seen.orderable,
        "not_orderable": seen.not_orderable,
        "names": seen.names,
    }
    if seen.choices:
        shown["reasons"] = ()
    return {**shown, "choices": choices(seen.choices, seen.names), **priced(seen.offer, seen.names)}


@require_GET
@door.client_page
def period(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Only how many months one payment covers."""
    page = queries.periods(client=client.number, service=number, at=clock.business())
    return door.show(request, client, "panel/period.html", here="services", **period_context(page))


def period_context(page: views.PeriodsPage) -> dict[str, Any]:
    """The billing periods, each with its price."""
    shown = []
    for option in page.options:
        values = {field: getattr(option, field) for field in option.__slots__}
        shown.append(
            {
                **values,
                "ask_staff": ask_staff(option),
                "title": states.months(option.months),
                **priced(option.offer, page.names),
            }
        )
    return {"page": page, "options": shown}
