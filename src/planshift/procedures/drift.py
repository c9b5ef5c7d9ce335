"""What do staff do where a machine says something else than we think? Look, and decide. For their sellers only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from django.db import transaction

from planshift.domain.errors import Refused
from planshift.provisioning import drift, models
from planshift.services.queries import NotFound


class _Decision(Protocol):
    def __call__(self, *, difference: int, note: str, at: datetime, actor: str) -> None: ...


_DECISIONS: Mapping[str, _Decision] = {
    "apply": drift.apply_ours,
    "take_over": drift.take_over,
    "dismiss": drift.dismiss,
}


def look(*, sellers: tuple[str, ...], at: datetime) -> int:
    """Have the servers of these sellers compared by the worker; how many stretches. Again within the minute is the same
    look."""
    with transaction.atomic():
        return drift.start(servers=_servers(sellers), slot=f"{at:%Y-%m-%dT%H%M}", at=at)


def look_now(*, sellers: tuple[str, ...], at: datetime) -> None:
    """The same at once. For commands, never in a request."""
    for server in _servers(sellers):
        drift.check(server=server, at=at)


def decide(*, sellers: tuple[str, ...], difference: int, decision: str, note: str, at: datetime, actor: str) -> None:
    """apply, take_over or dismiss. Refused as in `provisioning.drift`, `request_unreadable`; NotFound."""
    if not models.Difference.objects.filter(pk=difference, environment__server__seller__code__in=sellers).exists():
        raise NotFound(str(difference))
    if decision not in _DECISIONS:
        raise Refused("request_unreadable")
    with transaction.atomic():
        _DECISIONS[decision](difference=difference, note=note, at=at, actor=actor)


def dismiss_unknown(*, sellers: tuple[str, ...], account: int, note: str, at: datetime, actor: str) -> None:
    """An account that we do not know may be there. Refused as in `provisioning.drift`; NotFound."""
    if not models.UnknownAccount.objects.filter(pk=account, server__seller__code__in=sellers).exists():
        raise NotFound(str(account))
    with transaction.atomic():
        drift.dismiss_unknown(account=account, note=note, at=at, actor=actor)


def _servers(sellers: tuple[str, ...]) -> list[models.Server]:
    return list(models.Server.objects.filter(seller__code__in=sellers).order_by("pk"))
