"""Who calls the API, and for whom? Tokens are shown once; only their digest is kept."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from planshift.catalog import models as catalog
from planshift.domain.errors import Refused
from planshift.runtime import audit
from planshift.services import models
from planshift.services.queries import NotFound

MARK = "ps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whoever holds a valid token: a seller's integrator, or with `client` only that client's."""

    token: str  # its public prefix, for the audit
    seller: int
    client: str

    @property
    def actor(self) -> str:
        """How the audit names it."""
        return f"token:{self.token}"


def issue_token(
    *, seller: str, name: str, at: datetime, actor: str, client: str = "", expires_at: datetime | None = None
) -> str:
    """A new token for a seller, or for one of its clients (number). It is returned this once and cannot be read again.

    Refused: `seller_unknown`, `client_unknown`.
    """
    owner = catalog.Seller.objects.filter(code=seller).first()
    if owner is None:
        raise Refused("seller_unknown", seller=seller)
    whose = models.Client.objects.filter(number=client, seller=owner).first() if client else None
    if client and whose is None:
        raise Refused("client_unknown", client=client)
    prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    models.ApiToken.objects.create(
        seller=owner,
        client=whose,
        name=name[:80],
        prefix=prefix,
        digest=_digest(secret),
        created_at=at,
        expires_at=expires_at,
    )
    audit.record(kind="api_token", number=prefix, event="issued", actor=actor, at=at, facts={"client": client})
    return f"{MARK}_{prefix}_{secret}"


def revoke_token(*, prefix: str, at: datetime, actor: str) -> None:
    """End a token at once. NotFound; twice is once."""
    if not models.ApiToken.objects.filter(prefix=prefix).exists():
        raise NotFound(prefix)
    if models.ApiToken.objects.filter(prefix=prefix, revoked_at=None).update(revoked_at=at):
        audit.record(kind="api_token", number=prefix, event="revoked", actor=actor, at=at)


def holder_of(*, token: str, at: datetime) -> Holder | None:
    """Who holds this token; None for one that is unknown, expired (system time `at`) or revoked. One statement."""
    mark, _, rest = token.partition("_")
    prefix, _, secret = rest.partition("_")
    if mark != MARK or not prefix.isalnum() or not secret or len(token) > 200 or not token.isascii():
        return None
    row = (
        models.ApiToken.objects.filter(prefix=prefix, revoked_at=None)
        .filter(Q(expires_at=None) | Q(expires_at__gt=at))
        .select_related("client")
        .first()
    )
    if row is None or not hmac.compare_digest(row.digest, _digest(secret)):
        return None
    return Holder(token=prefix, seller=row.seller_id, client=row.client.number if row.client else "")


def client_of_service(*, holder: Holder, service: str) -> str:
    """The number of the client whose service this is, if the holder may see it. NotFound. One statement."""
    return _owner(holder, models.Client.objects.filter(services__number=service), service)


def client_of_quote(*, holder: Holder, quote: str) -> str:
    """The number of the client whose quote this is, if the holder may see it. NotFound."""
    return _owner(holder, models.Client.objects.filter(quotes__number=quote), quote)


def client_of_change(*, holder: Holder, change: str) -> str:
    """The number of the client whose change this is, if the holder may see it. NotFound."""
    return _owner(holder, models.Client.objects.filter(changes__number=change), change)


def clients_of(*, holder: Holder, after: str = "", limit: int = 50) -> tuple[str, ...]:
    """Numbers of the clients that the holder may see, in order, from the one after `after`."""
    found = models.Client.objects.filter(seller_id=holder.seller, number__gt=after)
    if holder.client:
        found = found.filter(number=holder.client)
    return tuple(found.order_by("number").values_list("number", flat=True)[:limit])


def _owner(holder: Holder, found: QuerySet[models.Client], what: str) -> str:
    number: str | None = found.filter(seller_id=holder.seller).values_list("number", flat=True).first()
    if number is None or (holder.client and holder.client != number):
        raise NotFound(what)
    return number


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
