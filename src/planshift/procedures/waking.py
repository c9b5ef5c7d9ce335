"""Whose waiting orders could now be paid by themselves? Wake them; each reads the facts anew (D4)."""

from planshift.procedures import held, models, next_term
from planshift.runtime import runs


def orders_of(*, client: str, because: str) -> None:
    """Wake every change and renewal of a client that waits for payment. `because`: "deposit" or "auto_renew"."""
    changes = models.Change.objects.filter(client__number=client, state="AWAITING_PAYMENT")
    renewals = models.Renewal.objects.filter(service__client__number=client, state__in=next_term.UNPAID)
    keys = [held.run_key(number) for number in changes.values_list("number", flat=True)]
    runs.signal_many(keys=keys + [next_term.run_key(row) for row in renewals.select_related("order")], name=because)
