"""What do we write to a client whose prepaid balance falls? In the language of the client (D3)."""

from collections.abc import Mapping
from datetime import datetime

from planshift.domain import letters
from planshift.domain.money import Money
from planshift.procedures import mailing
from planshift.services import models as services

_SUBJECT: Mapping[str, str] = {
    "en": "Your prepaid balance is below {threshold}",
    "pl": "Saldo przedpłacone spadło poniżej {threshold}",
    "it": "Il saldo prepagato è sceso sotto {threshold}",
}
_TEXT: Mapping[str, str] = {
    "en": """Good day,

your prepaid balance is {balance}, below {threshold}. Services that are metered by the hour are paid from it.

Below {floor} these services are blocked until the balance is topped up.
Top it up in the panel, under “Prepaid balance”.

{seller}
""",
    "pl": """Dzień dobry,

saldo przedpłacone wynosi {balance}, czyli mniej niż {threshold}. Opłacane są z niego usługi rozliczane godzinowo.

Poniżej {floor} usługi te zostaną zablokowane do czasu doładowania.
Saldo można doładować w panelu, na stronie „Saldo przedpłacone”.

{seller}
""",
    "it": """Buongiorno,

il saldo prepagato è {balance}, sotto {threshold}. Da esso si pagano i servizi a consumo orario.

Sotto {floor} questi servizi sono bloccati fino alla ricarica.
Si può ricaricare nel pannello, alla voce “Saldo prepagato”.

{seller}
""",
}


def warn(
    *, client: services.Client, threshold: Money, balance: Money, floor: Money, key: str, at: datetime, actor: str
) -> str:
    """Queue the warning; the same `key` queues once. Returns the mail's number."""
    language = client.language if client.language in _TEXT else "en"
    words = {
        "threshold": _amount(threshold, language),
        "balance": _amount(balance, language),
        "floor": _amount(floor, language),
        "seller": client.seller.name,
    }
    letter = letters.Letter(
        subject=_SUBJECT[language].format(**words), text=_TEXT[language].format(**words), language=language
    )
    return mailing.send(
        client=client.number, letter=letter, purpose="prepaid_low", key=key, at=at, actor=actor, about=client.number
    )


def _amount(amount: Money, language: str) -> str:
    figures = amount.text if language == "en" else amount.text.replace(".", ",")
    return f"{figures} {amount.currency}"
