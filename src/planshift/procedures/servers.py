"""Which servers do a seller's services live on? Described, made ready and tried here; machines are asked by the worker
and by staff at a terminal, never by a request."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from planshift.catalog import models as catalog
from planshift.domain.errors import Refused
from planshift.provisioning import facts, installing, models, ports, servers

BY_HAND = ("manual", "whm")  # drivers that ask staff; what they keep about a server is found by its code alone
BY_CODE = (*BY_HAND, "proxmox")
CODE = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
HOST_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) ([A-Za-z0-9+/]+={0,3})( .*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a server said when it was asked. Amounts by the catalog's code of the resource."""

    version: str
    able: ports.Capabilities
    room: ports.Capacity


def describe(
    *,
    seller: str,
    code: str,
    driver: str,
    address: str = "",
    host_key: str = "",
    dns: str = "",
    traits: Mapping[str, str | int | bool] | None = None,
    takes_new: bool = True,
    at: datetime,
    actor: str,
) -> None:
    """A server of a seller; again with the same code: its new description. `host_key`: the line of its public key,
    which is all that is trusted; "" keeps the one that is known. `traits`: what plans may require, and what the driver
    reads.

    Refused: `seller_unknown`, `driver_unknown`, `server_code_wrong`, `host_key_wrong`.
    """
    if not CODE.fullmatch(code):
        raise Refused("server_code_wrong", code=code)
    if driver not in ports.codes() or (dns and dns not in ports.dns_codes()):
        raise Refused("driver_unknown", driver=driver if driver not in ports.codes() else dns)
    with transaction.atomic():
        owner = _seller(seller)
        if driver in BY_CODE and models.Server.objects.filter(code=code).exclude(seller=owner).exists():
            raise Refused("server_code_wrong", code=code)
        known = models.Server.objects.filter(seller=owner, code=code).first()
        pinned = _host_key(host_key) if host_key else str(known.traits.get("host_key", "")) if known else ""
        servers.add_server(
            seller=owner,
            code=code,
            driver=driver,
            dns=dns,
            address=address,
            traits={**(traits or {}), **({"host_key": pinned} if pinned else {})},
            takes_new=takes_new,
            at=at,
            actor=actor,
        )


def try_out(*, seller: str, code: str) -> Tried:
    """Ask the server, now. Raises Transient, Permanent or Unknown as the driver does. Refused: `server_unknown`."""
    server = models.Server.objects.filter(seller=_seller(seller), code=code).first()
    if server is None:
        raise Refused("server_unknown", code=code)
    at, driver = facts.server_at(server), ports.driver(server.driver)
    return Tried(version=driver.probe(server=at), able=driver.capabilities(server=at), room=driver.capacity(server=at))


def installation(*, driver: str, code: str, settings: Mapping[str, str | int]) -> str:
    """The script that makes a plain server one of this driver's; for its root. `settings`: what this server has
    elsewhere than usual. Refused: `driver_unknown`, `nothing_to_install`, `server_setting_wrong`."""
    if driver not in ports.codes():
        raise Refused("driver_unknown", driver=driver)
    installer = installing.installer(driver)
    if installer is None:
        raise Refused("nothing_to_install", driver=driver)
    if not CODE.fullmatch(code):
        raise Refused("server_code_wrong", code=code)
    try:
        return installer.script(server=code, settings=settings)
    except ValueError as problem:
        raise Refused("server_setting_wrong", setting=str(problem)) from problem


def _seller(code: str) -> catalog.Seller:
    found = catalog.Seller.objects.filter(code=code).first()
    if found is None:
        raise Refused("seller_unknown", seller=code)
    return found


def _host_key(line: str) -> str:
    """Kind and key, when it is one: a typing error must not show as a stranger at the door months later."""
    found = HOST_KEY.fullmatch(line.strip())
    try:
        inside = base64.b64decode(found.group(3), validate=True) if found else b""
    except binascii.Error:
        inside = b""
    kind = found.group(1).encode() if found else b"?"
    if inside[4 : 4 + len(kind)] != kind:  # the key names its kind once more
        raise Refused("host_key_wrong")
    return " ".join(line.split()[:2])
