"""Which servers are known? For staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from planshift.provisioning import models


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLine:
    """One server; `environments`: how many live there now."""

    seller: str
    code: str
    driver: str
    dns: str
    address: str
    traits: Mapping[str, str | int | bool]
    takes_new: bool
    environments: int
    added_at: datetime


def servers(*, seller: str = "") -> tuple[ServerLine, ...]:
    """All of a seller ("" of every seller), by seller and code."""
    living = Count("environments", filter=~Q(environments__state="RETIRED"))
    rows = models.Server.objects.select_related("seller").annotate(living=living).order_by("seller__code", "code")
    if seller:
        rows = rows.filter(seller__code=seller)
    return tuple(
        ServerLine(
            seller=row.seller.code,
            code=row.code,
            driver=row.driver,
            dns=row.dns,
            address=row.address,
            traits=dict(row.traits),
            takes_new=row.takes_new,
            environments=row.living,
            added_at=row.added_at,
        )
        for row in rows
    )
