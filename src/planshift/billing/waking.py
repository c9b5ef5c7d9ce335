"""Who waits for money, and has to look again? Each run reads the facts anew; nothing is decided here."""

from collections.abc import Iterable

from planshift.billing import models
from planshift.runtime import runs


def orders_of(*, clients: Iterable[str], because: str) -> None:
    """Wake the runs of all open orders of these clients (numbers). `because`: "deposit" (it, or the account credit,
    rose; `booking` says so, and nobody else), "auto_renew" (it was switched on) or "taxed" (what decides the VAT is
    known anew)."""
    waiting = models.Order.objects.filter(client__number__in=list(clients), state="AWAITING_PAYMENT")
    keys = waiting.exclude(signal_key="").order_by("pk").values_list("signal_key", flat=True)
    runs.signal_many(keys=list(keys), name=because)
