"""What does an amount that we sell mean at a vendor, and back?

Codes of the catalog are amounts with a unit; vendors hold megabytes (1024² bytes) and counts. A code that a driver's
servers do not hold is written down on our side and held by nobody. The trait `resources` of a server
("space=disk_gb,boxes=mailboxes") gives further codes the meaning of known ones.
"""

from collections.abc import Collection, Mapping

from planshift.provisioning import ports

MEANINGS: Mapping[str, tuple[str, int]] = {
    "disk": ("disk_mb", 1024),
    "disk_gb": ("disk_mb", 1024),
    "disk_mb": ("disk_mb", 1),
    "memory": ("memory_mb", 1024),
    "memory_gb": ("memory_mb", 1024),
    "memory_mb": ("memory_mb", 1),
    "ram_mb": ("memory_mb", 1),
    "cpu": ("cores", 1),
    "cores": ("cores", 1),
    "vcpus": ("cores", 1),
    "mailboxes": ("mailboxes", 1),
    "databases": ("databases", 1),
    "ftp_users": ("ftp_users", 1),
    "subdomains": ("subdomains", 1),
    "domains": ("domains", 1),
}
LEAST: Mapping[str, int] = {"disk_mb": 1, "memory_mb": 16, "cores": 1, "domains": 1}  # 0 often says "no limit" there


def meanings(server: ports.ServerAt) -> dict[str, tuple[str, int]]:
    """By code: what it is a limit of, and how much of it one unit is."""
    known = dict(MEANINGS)
    for pair in str(server.traits.get("resources", "")).split(","):
        code, _, like = pair.strip().partition("=")
        if like in MEANINGS:
            known[code] = MEANINGS[like]
    return known


def codes_of(server: ports.ServerAt, thing: str) -> frozenset[str]:
    """The codes that are a limit of `thing`."""
    return frozenset(code for code, (named, _) in meanings(server).items() if named == thing)


def held(server: ports.ServerAt, limits: ports.Limits, things: Collection[str]) -> dict[str, int]:
    """What the server is to hold the account to, of the `things` that it can."""
    known, wanted = meanings(server), dict[str, int]()
    for code, amount in limits.items():
        thing, unit = known.get(code, ("", 1))
        if thing in things:
            wanted[thing] = amount if amount == ports.UNLIMITED else max(amount * unit, LEAST.get(thing, 0))
    return wanted


def reached(server: ports.ServerAt, limits: ports.Limits, actual: Mapping[str, int]) -> bool:
    """Does the server hold what was decided?"""
    return all(actual.get(thing) == amount for thing, amount in held(server, limits, actual).items())


def told(server: ports.ServerAt, limits: ports.Limits, actual: Mapping[str, int]) -> dict[str, int]:
    """The limits as sold, except where the server holds something else: then that, in whole units (rounded down).
    Of an account of which we know nothing, all that the server holds, by every code that means it."""
    known = meanings(server)
    if not limits:
        return {code: _units(actual[thing], unit) for code, (thing, unit) in known.items() if thing in actual}
    wanted, shown = held(server, limits, actual), dict(limits)
    for code in limits:
        thing, unit = known.get(code, ("", 1))
        if thing in actual and actual[thing] != wanted[thing]:
            shown[code] = _units(actual[thing], unit)
    return shown


def as_sold(server: ports.ServerAt, used: Mapping[str, int]) -> dict[str, int]:
    """What is in use, by code and in its unit, rounded up: the smallest limit that would fit."""
    return {code: -(-used[thing] // unit) for code, (thing, unit) in meanings(server).items() if thing in used}


def sold(server: ports.ServerAt, accounts: list[Mapping[str, int]], total: Mapping[str, int]) -> dict[str, int]:
    """What is promised to accounts (each by thing), by the codes of `total`. No limit promises nothing countable."""
    known, summed = meanings(server), dict.fromkeys(total, 0)
    for code in summed:
        thing, unit = known.get(code, ("", 1))
        if code == "accounts":
            summed[code] = len(accounts)
        elif thing:
            summed[code] = -(-sum(max(0, one.get(thing, 0)) for one in accounts) // unit)
    return summed


def totals(server: ports.ServerAt) -> dict[str, int]:
    """What its traits `total_<code>` say that we sell on it."""
    named = {name: value for name, value in server.traits.items() if name.startswith("total_")}
    return {name.removeprefix("total_"): int(value) for name, value in named.items()}


def _units(amount: int, unit: int) -> int:
    return amount if amount == ports.UNLIMITED else amount // unit
