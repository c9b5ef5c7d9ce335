"""What becomes of money that matched no open order? Staff say whose it is and where it goes; the books follow.

`sellers` are the codes of those that the actor works for; what is another seller's is NotFound. Every decision needs a
note, and is carried out once for every `key`.
"""

from collections.abc import Callable
from datetime import datetime

from planshift.billing import models as bills
from planshift.billing import unapplied
from planshift.domain.errors import Refused
from planshift.runtime import keys
from planshift.services import models as clients
from planshift.services.queries import NotFound


def identify(
    *, sellers: tuple[str, ...], payment: str, client: str, note: str, key: str, at: datetime, actor: str
) -> None:
    """Say whose an unidentified payment is. Refused: `client_unknown`, `payment_identified`,
    `client_of_other_seller`, `note_needed`."""

    def make() -> None:
        found = clients.Client.objects.filter(number=client, seller__code__in=sellers).select_related("seller").first()
        if found is None:
            raise Refused("client_unknown", client=client)
        unapplied.identify(payment=payment, client=found, at=at, actor=actor, note=note)

    _once(sellers, payment, "identify", client, note=note, key=key, make=make)


def assign(
    *, sellers: tuple[str, ...], payment: str, order: str, note: str, key: str, at: datetime, actor: str
) -> None:
    """Pay an open order of the same client with it, or an invoice that was issued elsewhere (by its number), as far as
    it goes. Refused: `order_not_open`, `document_paid`, `payment_of_other_client`, `other_currency`,
    `not_so_much_unapplied`, `note_needed`; NotFound."""

    def make() -> None:
        if bills.OpeningBalance.objects.filter(invoice__number=order, seller__payments__number=payment).exists():
            unapplied.settle(payment=payment, document=order, at=at, actor=actor, note=note)
            return
        if not bills.Order.objects.filter(number=order, seller__code__in=sellers).exists():
            raise NotFound(order)
        unapplied.assign(payment=payment, order=order, at=at, actor=actor, note=note)

    _once(sellers, payment, "assign", order, note=note, key=key, make=make)


def take_back(
    *, sellers: tuple[str, ...], payment: str, document: str, note: str, key: str, at: datetime, actor: str
) -> None:
    """What it put towards an invoice that was issued elsewhere was meant for something else: it waits for a decision
    again, and the invoice is unpaid so far. Refused: `not_put_there`, `document_corrected`, `document_unknown`,
    `note_needed`; NotFound."""

    def make() -> None:
        unapplied.take_back(payment=payment, document=document, at=at, actor=actor, note=note)

    _once(sellers, payment, "take_back", document, note=note, key=key, make=make)


def to_deposit(*, sellers: tuple[str, ...], payment: str, note: str, key: str, at: datetime, actor: str) -> None:
    """Put it into the client's deposit; orders that wait for one are looked at again (D4). Refused: `no_deposit`,
    `payment_unidentified`, `not_so_much_unapplied`, `note_needed`."""

    def make() -> None:
        unapplied.to_deposit(payment=payment, at=at, actor=actor, note=note)

    _once(sellers, payment, "to_deposit", "", note=note, key=key, make=make)


def return_money(*, sellers: tuple[str, ...], payment: str, note: str, key: str, at: datetime, actor: str) -> None:
    """It was sent back to where it came from: book that. Refused: `payment_unidentified`, `not_so_much_unapplied`,
    `note_needed`."""

    def make() -> None:
        unapplied.return_money(payment=payment, at=at, actor=actor, note=note)

    _once(sellers, payment, "return", "", note=note, key=key, make=make)


def _once(
    sellers: tuple[str, ...], payment: str, what: str, target: str, *, note: str, key: str, make: Callable[[], None]
) -> None:
    if not bills.Payment.objects.filter(number=payment, seller__code__in=sellers).exists():
        raise NotFound(payment)
    if not note.strip():
        raise Refused("note_needed", number=payment)

    def made() -> str:
        make()
        return payment

    content = keys.fingerprint({"what": what, "target": target})
    keys.once(scope=f"unapplied/{payment}", key=key, fingerprint=content, make=made)
