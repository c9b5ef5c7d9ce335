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
    read_only: bool = False

    @property
    def actor(self) -> str:
        """How the audit names it."""
        return f"token:{self.token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose it is, and in which language they are spoken to."""

    number: str
    language: str


def issue_token(
    *,
    seller: str,
    name: str,
    at: datetime,
    actor: str,
    client: str = "",
    expires_at: datetime | None = None,
    read_only: bool = False,
) -> str:
    """A new token for a seller, or for one of its clients (number). It is returned this once and cannot be read again.
    With `read_only` it opens reading doors alone.

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
        read_only=read_only,
    )
    audit.record(
        kind="api_token",
        number=prefix,
        event="issued",
        actor=actor,
        at=at,
        facts={"client": client, "read_only": read_only},
    )
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
    return Holder(
        token=prefix,
        seller=row.seller_id,
        client=row.client.number if row.client else "",
        read_only=row.read_only,
    )


def seller_of(*, holder: Holder) -> str:
    """The code of the seller whose token it is. One statement."""
    return catalog.Seller.objects.values_list("code", flat=True).get(pk=holder.seller)


def owner_of_service(*, holder: Holder, service: str) -> Owner:
    """Whose service this is, if the holder may see it. NotFound. One statement, like the others here."""
    return _owner(holder, models.Client.objects.filter(services__number=service), service)


def owner_of_quote(*, holder: Holder, quote: str) -> Owner:
    """Whose quote this is, if the holder may see it. NotFound."""
    return _owner(holder, models.Client.objects.filter(quotes__number=quote), quote)


def owner_of_change(*, holder: Holder, change: str) -> Owner:
    """Whose change this is, if the holder may see it. NotFound."""
    return _owner(holder, models.Client.objects.filter(changes__number=change), change)


def owner_of_order(*, holder: Holder, order: str) -> Owner:
    """Whose order this is, if the holder may see it. NotFound."""
    return _owner(holder, models.Client.objects.filter(orders__number=order), order)


def owner(*, holder: Holder, client: str) -> Owner:
    """This client, if the holder may see it. NotFound."""
    return _owner(holder, models.Client.objects.filter(number=client), client)


def seen(*, holder: Holder) -> QuerySet[models.Client]:
    """The clients that the holder may see."""
    found = models.Client.objects.filter(seller_id=holder.seller)
    return found.filter(number=holder.client) if holder.client else found


def _owner(holder: Holder, found: QuerySet[models.Client], what: str) -> Owner:
    row = (found & seen(holder=holder)).values_list("number", "language").first()
    if row is None:
        raise NotFound(what)
    return Owner(number=row[0], language=row[1])


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
