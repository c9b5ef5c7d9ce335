"""Which machines are there? Servers come in here, and environments that existed before us."""

from collections.abc import Mapping
from datetime import datetime

from planshift.catalog import models as catalog
from planshift.provisioning import models
from planshift.runtime import audit, moves
from planshift.services import models as services


def add_server(
    *,
    seller: catalog.Seller,
    code: str,
    driver: str,
    dns: str = "",
    address: str = "",
    traits: Mapping[str, str | int | bool] | None = None,
    takes_new: bool = True,
    at: datetime,
    actor: str,
) -> models.Server:
    """A server of `seller`; `driver` and `dns` are names bound in project.wiring, `traits` what plans may require.
    Doing it again with the same code changes its description."""
    server, _ = models.Server.objects.update_or_create(
        seller=seller,
        code=code,
        defaults={
            "driver": driver,
            "dns": dns,
            "address": address,
            "traits": dict(traits or {}),
            "takes_new": takes_new,
        },
        create_defaults={
            "driver": driver,
            "dns": dns,
            "address": address,
            "traits": dict(traits or {}),
            "takes_new": takes_new,
            "added_at": at,
        },
    )
    audit.record(kind="provisioning.server", object_id=server.pk, number=code, event="described", actor=actor, at=at)
    return server


def adopt(
    *,
    service: services.Service,
    server: models.Server,
    external_id: str,
    plan: str,
    limits: Mapping[str, int],
    address: str = "",
    url: str = "",
    at: datetime,
    actor: str,
) -> models.Environment:
    """An environment that serves `service` already and was made without us. The machine is not touched."""
    environment = models.Environment.objects.create(
        service=service,
        server=server,
        external_id=external_id,
        plan=plan,
        limits=dict(limits),
        address=address,
        url=url,
        created_at=at,
    )
    note = f"{service.number} was there before"
    return moves.move(environment, "came_into_use", actor=actor, at=at, note=note, in_use_since=at)
