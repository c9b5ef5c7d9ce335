"""What a client decides about a service without changing it."""

from datetime import datetime

from django.db import transaction

from planshift.billing import waking
from planshift.runtime import locks
from planshift.services import models, register
from planshift.services import queries as services


def set_auto_renew(*, client: str, service: str, on: bool, at: datetime, actor: str) -> None:
    """Switch automatic renewal on or off. Switched on, waiting orders are looked at again (D4). NotFound."""
    holding = services.holding(number=service, client=client)
    with transaction.atomic():
        (row,) = locks.lock(models.Service.objects.filter(pk=holding.service.pk))
        register.set_auto_renew(service=row, on=on, at=at, actor=actor)
        if on:
            waking.orders_of(clients=[client], because="auto_renew")
