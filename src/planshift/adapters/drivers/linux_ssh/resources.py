"""What does an amount that we sell mean on a server, and back?

Codes of the catalog are amounts with a unit; a server holds bytes and per cents. GB and MB are binary (1024³, 1024²
bytes): nobody gets less than he bought. A code that is not known here is recorded on the server and held by nobody.
The trait `resources` of a server ("space=disk_gb,cores=cpu") gives further codes the meaning of known ones.
"""

from collections.abc import Mapping

from planshift.provisioning import ports

MEANINGS: Mapping[str, tuple[str, int]] = {
    "disk": ("disk_bytes", 1024**3),
    "disk_gb": ("disk_bytes", 1024**3),
    "disk_mb": ("disk_bytes", 1024**2),
    "inodes": ("inodes", 1),
    "memory": ("memory_bytes", 1024**3),
    "memory_gb": ("memory_bytes", 1024**3),
    "memory_mb": ("memory_bytes", 1024**2),
    "ram_mb": ("memory_bytes", 1024**2),
    "cpu": ("cpu_percent", 100),
    "cpu_percent": ("cpu_percent", 1),
    "processes": ("processes", 1),
    "php_workers": ("php_workers", 1),
    "domains": ("domains", 1),
    "mailboxes": ("mailboxes", 1),
}
LEAST: Mapping[str, int] = {"disk_bytes": 4096, "memory_bytes": 4096, "cpu_percent": 1, "php_workers": 1}


def meanings(server: ports.ServerAt) -> dict[str, tuple[str, int]]:
    """What the codes mean on `server`: by code, what the server holds and how much of it one unit is."""
    known = dict(MEANINGS)
    for pair in str(server.traits.get("resources", "")).split(","):
        code, _, like = pair.strip().partition("=")
        if like in MEANINGS:
            known[code] = MEANINGS[like]
    return known


def enforced(server: ports.ServerAt, limits: ports.Limits) -> dict[str, int]:
    """What the server is to hold the account to; a limit of nothing is the least that a machine can hold."""
    known, held = meanings(server), dict[str, int]()
    for code, amount in limits.items():
        if code in known:
            name, unit = known[code]
            held[name] = ports.UNLIMITED if amount == ports.UNLIMITED else max(amount * unit, LEAST.get(name, 0))
    return held


def read_back(
    server: ports.ServerAt, *, limits: Mapping[str, int], enforce: Mapping[str, int], actual: Mapping[str, int]
) -> dict[str, int]:
    """The limits as sold, except where the server holds something else than was decided: then what it holds, in whole
    units (rounded down)."""
    known, told = meanings(server), dict(limits)
    for code in limits:
        name, unit = known.get(code, ("", 1))
        if name in actual and name in enforce and not _same(name, actual[name], enforce[name]):
            told[code] = actual[name] if actual[name] == ports.UNLIMITED else actual[name] // unit
    return told


def _same(name: str, actual: int, wanted: int) -> bool:
    """Kernels round: memory and blocks to pages, processor time to whole per cents."""
    if ports.UNLIMITED in (actual, wanted):
        return actual == wanted
    slack = 65536 if name.endswith("_bytes") else 0
    return abs(actual - wanted) <= slack


def as_sold(server: ports.ServerAt, used: Mapping[str, int]) -> dict[str, int]:
    """What is in use, by code and in its unit, rounded up: the smallest limit that would fit."""
    told = {}
    for code, (name, unit) in meanings(server).items():
        if name in used:
            told[code] = -(-used[name] // unit)
    return told
