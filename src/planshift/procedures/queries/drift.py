"""Where do machines say something else than we think? For staff of these sellers; nothing here asks a machine."""

from django.db.models import Count, F, Max, Q

from planshift.catalog import models as catalog
from planshift.procedures.views import drift as views
from planshift.provisioning import drift, models

SIZE = 50
UNKNOWN = 200  # accounts on a page
FURTHEST = 400  # pages


def report(*, sellers: tuple[str, ...], closed: bool = False, page: int = 1) -> views.Report:
    """A page of the open differences, the oldest first (or of the closed ones, the latest first), how many there are,
    the accounts that we do not know (the newest first), and how each server was last asked. Five statements."""
    page = max(1, min(page, FURTHEST))
    ours = Q(environment__server__seller__code__in=sellers)
    rows = models.Difference.objects.filter(ours).select_related(
        "environment__server__seller", "environment__service__client"
    )
    rows = rows.exclude(outcome="").order_by("-closed_at", "-pk") if closed else rows.filter(outcome="").order_by("pk")
    servers = (
        models.Server.objects.filter(seller__code__in=sellers)
        .annotate(
            asked_at=Max("environments__drift_check__checked_at"),
            silent=Count("environments", filter=Q(environments__drift_check__trouble__gt="")),
            number=Count("environments__drift_check"),
            listed_at=F("list_check__checked_at"),
            unlisted=F("list_check__trouble"),
        )
        .order_by("code")
    )
    total = rows.count()
    unknown = models.UnknownAccount.objects.filter(server__seller__code__in=sellers).select_related("server__seller")
    unknown = unknown.exclude(outcome="") if closed else unknown.filter(outcome="")
    strangers = unknown.count()
    return views.Report(
        rows=tuple(_row(row) for row in rows[(page - 1) * SIZE : page * SIZE]),
        total=total,
        page=page,
        more=(total > page * SIZE or strangers > page * UNKNOWN) and page < FURTHEST,
        unknown=tuple(_unknown(row) for row in unknown.order_by("-pk")[(page - 1) * UNKNOWN : page * UNKNOWN]),
        unknown_total=strangers,
        servers=tuple(
            views.Asked(
                server=each.code,
                asked_at=max(filter(None, (each.asked_at, each.listed_at)), default=None),
                environments=each.number,
                silent=each.silent + bool(each.unlisted),
            )
            for each in servers
        ),
    )


def every_seller() -> tuple[str, ...]:
    """The codes of all sellers."""
    return tuple(catalog.Seller.objects.order_by("code").values_list("code", flat=True))


def _unknown(row: models.UnknownAccount) -> views.Unknown:
    return views.Unknown(
        id=row.pk,
        server=row.server.code,
        seller=row.server.seller.code,
        account=row.name,
        found_at=row.found_at,
        seen_at=row.seen_at,
        outcome=row.outcome,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        note=row.note,
    )


def _row(row: models.Difference) -> views.Difference:
    environment = row.environment
    service = environment.service
    can = set() if row.outcome else {"dismiss"}
    if not row.outcome and environment.state == "ACTIVE":
        waits = row.asked_at is not None and row.asked_at >= row.seen_at
        can |= {"apply"} if row.what in drift.APPLIED and not waits else set()
        can |= {"take_over"} if row.what in drift.OURS_TO_CHANGE else set()
    return views.Difference(
        id=row.pk,
        what=row.what,
        subject=row.subject,
        ours=row.ours,
        theirs=row.theirs,
        server=environment.server.code,
        account=environment.external_id,
        seller=environment.server.seller.code,
        service=service.label,
        service_number=service.number,
        client=service.client.name,
        client_number=service.client.number,
        found_at=row.found_at,
        seen_at=row.seen_at,
        asked_at=row.asked_at,
        outcome=row.outcome,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        note=row.note,
        can=frozenset(can),
    )
