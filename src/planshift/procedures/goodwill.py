"""How do staff give account credit, and take it back? With a reason that the audit keeps, once for every `key`.

`sellers` are the codes of those that the actor works for; a client of another seller is NotFound.
"""

from collections.abc import Callable
from datetime import datetime

from planshift.billing import account_credit
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import audit, keys
from planshift.services import models as services
from planshift.services.queries import NotFound


def grant(
    *, sellers: tuple[str, ...], client: str, amount: Money, note: str, key: str, at: datetime, actor: str
) -> None:
    """Credit `amount` (gross, in the seller's currency) to the client's account: it pays later orders. Refused:
    `note_needed`, `account_credit_amount`, `account_credit_currency`."""
    _once("granted", account_credit.grant, sellers, client, amount=amount, note=note, key=key, at=at, actor=actor)


def take_back(
    *, sellers: tuple[str, ...], client: str, amount: Money, note: str, key: str, at: datetime, actor: str
) -> None:
    """Take back of what staff granted, as far as it is not used. Refused as `grant`, and
    `account_credit_not_granted`."""
    _once(
        "taken back", account_credit.take_back, sellers, client, amount=amount, note=note, key=key, at=at, actor=actor
    )


def _once(
    what: str,
    move: Callable[..., None],
    sellers: tuple[str, ...],
    client: str,
    *,
    amount: Money,
    note: str,
    key: str,
    at: datetime,
    actor: str,
) -> None:
    found = services.Client.objects.select_related("seller").filter(number=client, seller__code__in=sellers).first()
    if found is None:
        raise NotFound(client)
    if not note.strip():
        raise Refused("note_needed", number=client)

    def make() -> str:
        move(client=found, amount=amount, key=key, at=at, actor=actor)
        told = {"amount": amount.text, "currency": amount.currency}
        event = f"account credit {what}"
        audit.record(kind="client", number=client, event=event, actor=actor, at=at, note=note, facts=told)
        return client

    content = keys.fingerprint({"what": what, "amount": str(amount)})
    keys.once(scope=f"goodwill/{client}", key=key, fingerprint=content, make=make)
