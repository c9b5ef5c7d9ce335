"""Which runs are there, and what did one do? For staff: found by kind, state, or the number of what they are about.

`sellers` are the codes of those that the reader works for: what is another seller's is not there (NotFound).
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from planshift.billing import models as billing
from planshift.procedures import held, models
from planshift.procedures.queries import works
from planshift.procedures.views import works as views
from planshift.provisioning import models as machines
from planshift.provisioning import queries as provisioning
from planshift.runtime import runs
from planshift.runtime.models import Run
from planshift.services import models as services

SIZE = 25
HISTORY = 50
FURTHEST = 10_000  # no page starts further down than this
MOST = 2_000  # things of one client whose runs are looked for


def search(
    *, sellers: tuple[str, ...], every_seller: bool, text: str, kind: str, state: str, stuck: bool, page: int
) -> views.RunList:
    """Runs by kind, by state and by number (of a service, change, client, execution, order, or a run's key), the
    newest first. A constant number of statements, whatever is found."""
    page = max(1, min(page, FURTHEST // SIZE))
    found = works.visible(sellers=sellers, every_seller=every_seller)
    if text:
        found = found.filter(_concerning(text) | Q(key=text))
    if kind:
        found = found.filter(kind=kind)
    if stuck or state:
        found = found.filter(state="STUCK" if stuck else state)
    rows = list(found.order_by("-pk")[(page - 1) * SIZE : page * SIZE + 1])
    about = _about(rows[:SIZE])
    return views.RunList(
        rows=tuple(views.RunRow(run=runs.queries.view(each), about=about[each.pk]) for each in rows[:SIZE]),
        page=page,
        more=len(rows) > SIZE,
    )


def one(*, sellers: tuple[str, ...], every_seller: bool, key: str, page: int, at: datetime) -> views.RunPage:
    """One run with a stretch of its history (page 1: the newest). NotFound for another seller's."""
    page = max(1, min(page, FURTHEST // HISTORY))
    row = works.run_of(sellers=sellers, every_seller=every_seller, key=key)
    history = runs.queries.timeline(key=key, newest=HISTORY + 1, before=(page - 1) * HISTORY)
    execution = provisioning.execution(number=row.subject, at=at) if row.kind == "execution" else None
    about = _about([row])[row.pk]
    others = Run.objects.filter(_concerning(about.change)) if about.change else Run.objects.none()
    return views.RunPage(
        run=runs.queries.view(row),
        about=about,
        history=tuple(history[-HISTORY:]),
        page=page,
        more=len(history) > HISTORY,
        can=works.possible(run=row, every_seller=every_seller),
        execution=execution,
        steps=tuple(provisioning.timeline(number=execution.number)) if execution else (),
        others=tuple(runs.queries.view(each) for each in others.exclude(pk=row.pk).order_by("-pk")[:20]),
    )


def _concerning(text: str) -> Q:
    """Runs that concern this number: of a client, service, change, or of what they are about. Three statements."""
    client, service = Q(client__number=text), Q(service__number=text) | Q(service__client__number=text)
    parts: list[Any] = [
        models.Change.objects.filter(client | Q(service__number=text)).values_list("number"),
        machines.Execution.objects.filter(service | Q(cause=text)).values_list("number"),
        models.OutgoingMail.objects.filter(client | Q(about=text)).values_list("number"),
        services.Service.objects.filter(client).values_list("number"),
        billing.Order.objects.filter(client).values_list("number"),
    ]
    numbers = [text, *(number for (number,) in parts[0].union(*parts[1:], all=True)[:MOST])]
    environments = machines.Environment.objects.filter(service).values_list("pk", flat=True)[:MOST]
    renewals = models.Renewal.objects.filter(service).values_list("pk", flat=True)[:MOST]
    return (
        Q(subject__in=numbers)
        | Q(kind="credentials", subject__in=[str(pk) for pk in environments])
        | Q(kind="renewal", subject__in=[str(pk) for pk in renewals])
    )


# ── what is it about? ─────────────────────────────────────────────────────────────────────────────────────────────────
def _about(rows: Iterable[Run]) -> dict[int, views.About]:
    """Client, service and change of each run: at most one statement for each sort of thing."""
    by_sort: dict[str, list[Run]] = {}
    for row in rows:
        by_sort.setdefault(_SORT.get(row.kind, ""), []).append(row)
    told: dict[int, views.About] = {}
    for sort, some in by_sort.items():
        found = _READERS[sort]({row.subject for row in some}) if sort else {}
        told |= {row.pk: found.get(row.subject, views.About()) for row in some}
    return told


_SORT = {
    "change": "change",
    "execution": "execution",
    "watch": "execution",
    "credentials": "environment",
    "mail": "mail",
    "metered_power": "service",
    "usage": "service",
    "renewal_announcement": "service",
    "renewal": "renewal",
    "top_up": "order",
    "prepaid_top_up": "order",
    "prepaid_look": "client",
}


def _of(client: services.Client, service: services.Service | None = None, change: str = "") -> views.About:
    return views.About(
        client=client.name,
        client_number=client.number,
        service=service.label if service else "",
        service_number=service.number if service else "",
        change=change,
    )


def _changes(numbers: set[str]) -> dict[str, views.About]:
    rows = models.Change.objects.filter(number__in=numbers).select_related("client", "service")
    return {row.number: _of(row.client, row.service, row.number) for row in rows}


def _executions(numbers: set[str]) -> dict[str, views.About]:
    rows = machines.Execution.objects.filter(number__in=numbers).select_related("service__client")
    known = held.run_key("")
    return {
        row.number: _of(row.service.client, row.service, row.cause if row.signal_key.startswith(known) else "")
        for row in rows
    }


def _environments(pks: set[str]) -> dict[str, views.About]:
    rows = machines.Environment.objects.filter(pk__in=_whole(pks)).select_related("service__client")
    return {str(row.pk): _of(row.service.client, row.service) for row in rows}


def _mails(numbers: set[str]) -> dict[str, views.About]:
    rows = models.OutgoingMail.objects.filter(number__in=numbers).select_related("client")
    of_clients = ((row, row.client) for row in rows if row.client is not None)
    return {
        row.number: _of(client, None, row.about if row.about.startswith("CH-") else "") for row, client in of_clients
    }


def _services(numbers: set[str]) -> dict[str, views.About]:
    rows = services.Service.objects.filter(number__in=numbers).select_related("client")
    return {row.number: _of(row.client, row) for row in rows}


def _renewals(pks: set[str]) -> dict[str, views.About]:
    rows = models.Renewal.objects.filter(pk__in=_whole(pks)).select_related("service__client")
    return {str(row.pk): _of(row.service.client, row.service) for row in rows}


def _orders(numbers: set[str]) -> dict[str, views.About]:
    rows = billing.Order.objects.filter(number__in=numbers).select_related("client")
    return {row.number: _of(row.client) for row in rows}


def _clients(numbers: set[str]) -> dict[str, views.About]:
    return {row.number: _of(row) for row in services.Client.objects.filter(number__in=numbers)}


def _whole(pks: set[str]) -> list[int]:
    return [int(each) for each in pks if each.isascii() and each.isdigit()]


_READERS: dict[str, Callable[[set[str]], dict[str, views.About]]] = {
    "change": _changes,
    "execution": _executions,
    "environment": _environments,
    "mail": _mails,
    "service": _services,
    "renewal": _renewals,
    "order": _orders,
    "client": _clients,
}
