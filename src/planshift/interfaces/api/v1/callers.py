"""Who calls, for whom, in which language, may they write, and do they call too often?"""

import re
from typing import Annotated

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import Header, Path, Query
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer
from ninja.throttling import SimpleRateThrottle

from planshift.interfaces.api.v1 import shapes
from planshift.procedures import access, queries, views
from planshift.runtime import clock

Number = Annotated[shapes.Number, Path(examples=["S-1001"])]
Client = Annotated[shapes.Number, Path(examples=["C-1001"])]
Cursor = Annotated[str, Query("", pattern=r"^[0-9]{0,18}$", description="`next` of the page before")]
Limit = Annotated[int, Query(50, ge=1, le=100, description="most entries of a page")]
Key = Annotated[
    str,
    Header(
        "",
        alias="Idempotency-Key",
        pattern=r"^[!-~]{0,100}$",
        description="a key of your own: sent again with the same body it gives the same answer and does nothing twice; "
        "with another body it is refused (`key_reused`)",
    ),
]


class Token(HttpBearer):
    """A token made by `planshift token create`: `Authorization: Bearer ps_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> access.Holder | None:
        return access.holder_of(token=token, at=clock.system())


class Rate(SimpleRateThrottle):
    """So many requests per process and token. A seller's own token is not limited: it is the seller's own machine."""

    def __init__(self) -> None:
        super().__init__("1/s")  # replaced by the setting with each request

    def get_cache_key(self, request: HttpRequest) -> str | None:
        rate = settings.API_CLIENT_RATE
        caller = holder(request)
        if not rate or not caller.client:
            return None
        self.num_requests, self.duration = self.parse_rate(rate)
        return f"api/{caller.token}"


def holder(request: HttpRequest) -> access.Holder:
    """Whoever holds the token of this request."""
    found: access.Holder = request.auth  # type: ignore[attr-defined]
    return found


def writer(request: HttpRequest) -> access.Holder:
    """The same, who may change something; a read-only token gets 403."""
    found = holder(request)
    if found.read_only:
        raise AuthorizationError(message="This token may only read.")
    return found


def of_service(request: HttpRequest, service: str) -> str:
    """The number of the client whose service this is; NotFound where the token may not see it."""
    return _spoken_to(request, access.owner_of_service(holder=holder(request), service=service))


def of_quote(request: HttpRequest, quote: str) -> str:
    """The number of the client whose quote this is. NotFound."""
    return _spoken_to(request, access.owner_of_quote(holder=holder(request), quote=quote))


def of_change(request: HttpRequest, change: str) -> str:
    """The number of the client whose change this is. NotFound."""
    return _spoken_to(request, access.owner_of_change(holder=holder(request), change=change))


def own_change(request: HttpRequest, change: str) -> str:
    """The same, for what only the client may declare (D5): the token of a whole seller gets 403."""
    client = of_change(request, change)
    if not holder(request).client:
        raise AuthorizationError(message="Only a token of the client itself may answer for it.")
    return client


def sellers_change(request: HttpRequest, change: str) -> str:
    """The code of the seller whose change this is, for what only its staff decide: a token of a client gets 403."""
    of_change(request, change)
    if holder(request).client:
        raise AuthorizationError(message="Only a token of the whole seller may do this.")
    return access.seller_of(holder=holder(request))


def sellers_client(request: HttpRequest, client: str) -> str:
    """The code of the seller whose client this is, for what only its staff decide: a token of a client gets 403."""
    of_client(request, client)
    if holder(request).client:
        raise AuthorizationError(message="Only a token of the whole seller may do this.")
    return access.seller_of(holder=holder(request))


def of_order(request: HttpRequest, order: str) -> str:
    """The number of the client whose order this is. NotFound."""
    return _spoken_to(request, access.owner_of_order(holder=holder(request), order=order))


def of_client(request: HttpRequest, client: str) -> str:
    """This client's number, if the token may see it. NotFound."""
    return _spoken_to(request, access.owner(holder=holder(request), client=client))


def _spoken_to(request: HttpRequest, owner: access.Owner) -> str:
    """Sentences are for the client: in the client's language, unless the caller asks for another one."""
    if "Accept-Language" not in request.headers:
        translation.activate(owner.language)
    request.owner = owner.number  # type: ignore[attr-defined]
    return owner.number


def names(request: HttpRequest) -> views.Names:
    """Names of what is sold to the client that the request is about: a refusal says "Disk space", not `disk`."""
    owner: str = getattr(request, "owner", "")
    return queries.names_of(client=owner) if owner else {}


def attached(name: str, content: bytes, *, media: str) -> HttpResponse:
    """A file under a name that every system takes."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    return HttpResponse(content, content_type=media, headers={"Content-Disposition": f'attachment; filename="{safe}"'})
