"""Had the machines room for a change at their last readings? For quotes: an execution begins with a live check."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from planshift.domain import recipes
from planshift.provisioning import models, placement, ports, queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """`free`: per plan 1 or 0, whether a server that fits it has room; per resource what the present server has."""

    free: Mapping[str, int]
    as_of: datetime  # of the oldest reading


def for_plans(*, seller: str, service: str, targets: Mapping[str, recipes.Target]) -> Room | None:
    """Room for a service to move to each target (by plan code), or to grow where it is. Three statements.

    None where no server was ever read. A change in place needs only what the target has more than the service has now.
    """
    read = [
        (server, ports.Capacity(view.total, view.sold, view.as_of), view.as_of)
        for server, view in queries.capacities(models.Server.objects.filter(seller__code=seller))
        if view.as_of is not None
    ]
    if not read:
        return None
    home = models.Environment.objects.filter(service__number=service, state="ACTIVE").first()
    here = next((capacity for server, capacity, _ in read if home is not None and server.pk == home.server_id), None)
    free: dict[str, int] = {}
    if here is not None:
        free = {name: left for name in here.total if (left := here.free(name)) is not None and name != "accounts"}
    for plan, target in targets.items():
        fits = any(
            placement.fits(server, target) and not placement.short(one, target.limits) for server, one, _ in read
        )
        free[plan] = int(fits or (here is not None and home is not None and _grows(here, home.limits, target.limits)))
    return Room(free=free, as_of=min(as_of for _, _, as_of in read))


def _grows(here: ports.Capacity, now: Mapping[str, int], then: Mapping[str, int]) -> bool:
    """Whether a server has room for what is added."""
    for name, amount in then.items():
        left, more = here.free(name), amount - now.get(name, 0)
        if left is not None and amount != ports.UNLIMITED and more > max(left, 0):
            return False
    return True
