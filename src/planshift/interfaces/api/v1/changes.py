"""Order what a quote priced, follow it, do the client's part."""

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import translation
from ninja import Query, Router
from ninja.responses import Status

from planshift.interfaces.api.v1 import accepting_shapes, callers, problems, shapes, told
from planshift.procedures import acceptance, change, placing, queries, unanswered
from planshift.runtime import clock

router = Router(tags=["Changes"])
Filter = Annotated[str, Query("", pattern=shapes.MAYBE_NUMBER)]


@router.get("/changes", response={200: shapes.Changes, **problems.READING}, operation_id="list_changes")
def list_changes(
    request: HttpRequest,
    client: Filter = "",
    service: Filter = "",
    only_open: Annotated[bool, Query(False, description="leave out what is done, withdrawn or lapsed")] = False,
    after: callers.Cursor = "",
    limit: callers.Limit = 50,
) -> dict[str, Any]:
    """The changes that the token may see, newest first."""
    found, following = queries.changes_page(
        holder=callers.holder(request), client=client, service=service, only_open=only_open, after=after, size=limit
    )
    return {"changes": [told.listed(each) for each in found], "next": following}


@router.post("/changes", response={201: shapes.Change, **problems.WRITING_BODY}, operation_id="create_change")
def create_change(
    request: HttpRequest, wanted: shapes.ChangeIn, idempotency_key: callers.Key = ""
) -> Status[dict[str, Any]]:
    """Order the change that a quote priced, exactly as it was quoted. Nothing changes before it is paid (D2).

    It is paid from the deposit by itself where automatic renewal is on and the deposit suffices (D4); else `payment`
    says how, until when, and why not by itself.
    """
    holder, at = callers.writer(request), clock.business()
    client = callers.of_quote(request, wanted.quote)
    page = queries.quote(client=client, number=wanted.quote, at=at)
    language = wanted.language or translation.get_language() or "en"
    with translation.override(language):
        texts = {each["code"]: f"{each['title']}\n{each['body']}" for each in told.notices(page.offer, page.names)}
    number = change.order(
        client=client,
        quote=wanted.quote,
        acknowledged={  # a code that the quote does not have is refused by name
            code: placing.Acknowledged(language=language, text=texts.get(code, code)) for code in wanted.acknowledged
        },
        key=idempotency_key or uuid.uuid4().hex,
        at=at,
        actor=holder.actor,
    )
    return Status(201, _change(client, number))


@router.get("/changes/{number}", response={200: shapes.Change, **problems.READING}, operation_id="get_change")
def get_change(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """Where a change stands: its steps, whom each waits for and until when, the client's duties, its documents."""
    return _change(callers.of_change(request, number), number)


@router.post(
    "/changes/{number}/withdraw", response={200: shapes.Change, **problems.WRITING}, operation_id="withdraw_change"
)
def withdraw_change(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """Take an unpaid change back. Twice is once."""
    holder, client = callers.writer(request), callers.of_change(request, number)
    change.withdraw(client=client, number=number, at=clock.business(), actor=holder.actor)
    return _change(client, number)


@router.get(
    "/acceptances", response={200: accepting_shapes.Acceptances, **problems.READING}, operation_id="list_acceptances"
)
def list_acceptances(
    request: HttpRequest, client: Filter = "", after: callers.Cursor = "", limit: callers.Limit = 50
) -> dict[str, Any]:
    """Corrective documents that wait for the client's acceptance (D5, D7), newest first."""
    holder = callers.holder(request)
    found, following = queries.acceptances_page(
        holder=holder, client=client, after=after, size=limit, at=clock.business()
    )
    return {"acceptances": [told.acceptance(each) for each in found], "next": following}


@router.post("/changes/{number}/accept", response={200: shapes.Change, **problems.WRITING}, operation_id="accept")
def accept(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """Accept the corrective document of a decrease. Only with a token of the client itself. Twice is once."""
    client = callers.own_change(request, number)
    holder = callers.writer(request)
    acceptance.accept(client=client, number=number, at=clock.business(), actor=holder.actor, how="api")
    return _change(client, number)


@router.post("/changes/{number}/refuse", response={200: shapes.Change, **problems.WRITING}, operation_id="refuse")
def refuse(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """Do not accept it: nothing changes. Only with a token of the client itself. Twice is once."""
    client = callers.own_change(request, number)
    holder = callers.writer(request)
    acceptance.refuse(client=client, number=number, at=clock.business(), actor=holder.actor, how="api")
    return _change(client, number)


@router.post("/changes/{number}/next-term", response={201: shapes.Quote, **problems.WRITING}, operation_id="next_term")
def next_term(request: HttpRequest, number: callers.Number) -> Status[dict[str, Any]]:
    """Quote what a decrease that nobody has answered asked for, to begin with the next term (D9): nothing is given back
    then, and nothing is to be accepted. Ordering the quote takes the decrease back. Only where `next_term_on` is told.
    """
    holder, client, at = callers.writer(request), callers.of_change(request, number), clock.business()
    quote = unanswered.quote_for_next_term(client=client, number=number, at=at, actor=holder.actor)
    return Status(201, told.quote(queries.kept_quote(client=client, number=quote, at=at)))


@router.post(
    "/changes/{number}/switch-over", response={200: shapes.Change, **problems.WRITING}, operation_id="switch_over"
)
def switch_over(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """The client uses the new environment from now on (H9). There is no way back after this."""
    holder, client = callers.writer(request), callers.of_change(request, number)
    change.switch_over(client=client, number=number, at=clock.business(), actor=holder.actor)
    return _change(client, number)


@router.post(
    "/changes/{number}/credentials",
    response={200: shapes.Credentials, **problems.WRITING},
    operation_id="reveal_credentials",
)
def reveal_credentials(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """The access data of the new environment, this one time; whoever asks is recorded."""
    holder, client = callers.writer(request), callers.of_change(request, number)
    found = change.reveal_credentials(client=client, number=number, at=clock.business(), actor=holder.actor)
    return {"host": found.host, "user": found.user, "secret": found.secret, "extra": dict(found.extra)}


def _change(client: str, number: str) -> dict[str, Any]:
    at = clock.business()
    page = queries.change(client=client, number=number, at=at)
    order = queries.order(client=client, number=page.order, at=at) if page.order else None
    return told.change(client, page, order)
