"""What may a client do? Each is one call of a procedure, with who acts and when."""

from collections.abc import Mapping
from datetime import datetime

from planshift.domain import facts
from planshift.domain.money import Money
from planshift.procedures import acceptance, change, help, payment, placing, service, unanswered, views
from planshift.procedures.metering import ending, paying


def offer(*, client: str, service: str, request: facts.Request, at: datetime, actor: str) -> str:
    """Number of the kept quote."""
    return change.offer(client=client, service=service, request=request, at=at, actor=actor)


def order(
    *, client: str, quote: str, acknowledged: Mapping[str, tuple[str, str]], key: str, at: datetime, actor: str
) -> str:
    """Number of the change; `acknowledged`: notice code → (language, text as shown)."""
    ticked = {code: placing.Acknowledged(language=lang, text=text) for code, (lang, text) in acknowledged.items()}
    return change.order(client=client, quote=quote, acknowledged=ticked, key=key, at=at, actor=actor)


def withdraw(*, client: str, number: str, at: datetime, actor: str) -> None:
    """Take an unpaid change back."""
    change.withdraw(client=client, number=number, at=at, actor=actor)


def accept(*, client: str, number: str, at: datetime, actor: str) -> None:
    """Accept the corrective document of a decrease."""
    acceptance.accept(client=client, number=number, at=at, actor=actor)


def next_term(*, client: str, number: str, at: datetime, actor: str) -> str:
    """Number of the quote of a decrease that begins with the next term."""
    return unanswered.quote_for_next_term(client=client, number=number, at=at, actor=actor)


def refuse(*, client: str, number: str, at: datetime, actor: str) -> None:
    """Do not accept it."""
    acceptance.refuse(client=client, number=number, at=at, actor=actor)


def draw(*, client: str, order: str, key: str, at: datetime, actor: str) -> None:
    """Pay an order from the deposit by hand."""
    payment.draw(client=client, order=order, key=key, at=at, actor=actor)


def card(*, client: str, order: str, return_path: str, language: str, at: datetime, actor: str) -> str:
    """Address of the payment page in this language, which leads back to `return_path`."""
    return payment.by_card(client=client, order=order, return_path=return_path, language=language, at=at, actor=actor)


def top_up(*, client: str, amount: Money, key: str, at: datetime, actor: str) -> str:
    """Number of the order that tops the deposit up."""
    return payment.top_up(client=client, amount=amount, key=key, at=at, actor=actor)


def top_up_prepaid(*, client: str, amount: Money, key: str, at: datetime, actor: str) -> str:
    """Number of the order that tops the prepaid balance up."""
    return paying.top_up(client=client, amount=amount, key=key, at=at, actor=actor)


def transfer_prepaid(*, client: str, direction: str, amount: Money, key: str, at: datetime, actor: str) -> None:
    """Move money between deposit and prepaid balance: `to_prepaid` or `to_deposit`."""
    paying.transfer(client=client, direction=direction, amount=amount, key=key, at=at, actor=actor)  # type: ignore[arg-type]


def end_metered(*, client: str, number: str, at: datetime, actor: str) -> None:
    """Give a metered service up."""
    ending.end(client=client, service=number, at=at, actor=actor)


def switch_over(*, client: str, number: str, at: datetime, actor: str) -> None:
    """The client moved the content: switch to the new environment."""
    change.switch_over(client=client, number=number, at=at, actor=actor)


def credentials(*, client: str, number: str, at: datetime, actor: str) -> views.Credentials:
    """The access data of the new environment, once."""
    return change.reveal_credentials(client=client, number=number, at=at, actor=actor)


def renew_credentials(*, client: str, number: str, at: datetime, actor: str) -> None:
    """Have new access data made."""
    change.renew_credentials(client=client, number=number, at=at, actor=actor)


def set_auto_renew(*, client: str, number: str, on: bool, at: datetime, actor: str) -> None:
    """Switch auto-renewal of a service."""
    service.set_auto_renew(client=client, service=number, on=on, at=at, actor=actor)


def vote(*, user_id: int, seller: str, page: str, language: str, helped: bool, at: datetime) -> None:
    """Count one person's answer to "was this page helpful?"."""
    help.vote(user_id=user_id, seller=seller, page=page, language=language, helped=helped, at=at)
