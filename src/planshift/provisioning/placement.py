"""On which server shall a new environment live? One with room for it; another one than the present, when there is
one."""

from collections.abc import Mapping

from planshift.domain import recipes
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import facts, models, ports


def choose(*, execution: models.Execution) -> tuple[models.Server, dict[int, ports.Capacity]]:
    """The server with the most room for the target, and what every candidate said (by pk). Asks the drivers: outside
    transactions only. Permanent("capacity") when none has room; where none told its room, what one said that refused,
    else Transient("unreachable")."""
    target = facts.target_of(execution)
    present = execution.present.server_id if execution.present else None
    read: dict[int, ports.Capacity] = {}
    refused: Permanent | None = None  # by a server that knows us no more: another one may do
    servers = candidates(seller=execution.service.client.seller_id, target=target)
    for server in servers:
        try:
            read[server.pk] = ports.driver(server.driver).capacity(server=facts.server_at(server))
        except (Transient, Unknown):
            continue
        except Permanent as problem:
            refused = problem
    roomy = [server for server in servers if server.pk in read and short(read[server.pk], target.limits) == {}]
    if not roomy:
        if refused is not None and not read:
            raise refused
        if servers and not read:
            raise Transient("unreachable", servers=[server.code for server in servers])
        missing = {server.code: short(read[server.pk], target.limits) for server in servers if server.pk in read}
        raise Permanent("capacity", servers=missing)
    roomy.sort(key=lambda server: (server.pk == present, -_room(read[server.pk]), server.code))
    return roomy[0], read


def candidates(*, seller: int, target: recipes.Target) -> list[models.Server]:
    """Servers of the seller that could take the target, whatever their room."""
    servers = models.Server.objects.filter(seller_id=seller).order_by("code")
    return [server for server in servers if fits(server, target)]


def fits(server: models.Server, target: recipes.Target) -> bool:
    """Is it the pinned server, or does it take new environments and offer what the plan requires?"""
    if target.server:
        return server.code == target.server
    return server.takes_new and all(server.traits.get(name) == value for name, value in target.requires.items())


def short(capacity: ports.Capacity, limits: Mapping[str, int]) -> dict[str, int]:
    """By resource, how much is missing for `limits`; unlimited amounts and resources that are not counted need
    nothing."""
    missing = {}
    for resource, amount in limits.items():
        free = capacity.free(resource)
        if free is not None and amount != ports.UNLIMITED and amount > free:
            missing[resource] = amount - free
    accounts = capacity.free("accounts")
    if accounts is not None and accounts < 1:
        missing["accounts"] = 1
    return missing


def _room(capacity: ports.Capacity) -> float:
    """The least free share of anything counted: the resource that runs out first decides."""
    shares = [(capacity.free(name) or 0) / total for name, total in capacity.total.items() if total > 0]
    return min(shares, default=1)
