"""How does a metered service end? Its machine is stopped, nothing counts any more, the last month is invoiced (D3)."""

from datetime import datetime

from django.db import transaction

from planshift.billing import models as billing
from planshift.domain.errors import Refused
from planshift.procedures import models
from planshift.procedures.metering import power
from planshift.services import models as services
from planshift.services.queries import NotFound


def end(*, client: str, service: str, at: datetime, actor: str) -> None:
    """The client gives a metered service up. Twice is once. What is left of the prepaid balance stays the client's.

    Refused: `not_metered`, `change_open`; NotFound for another client's service.
    """
    if not services.Service.objects.filter(number=service, client__number=client).exists():
        raise NotFound(service)
    with transaction.atomic():
        try:
            meter = power.locked(service)
        except billing.Meter.DoesNotExist:
            raise Refused("not_metered", service=service) from None
        if meter.wanted == "ended":
            return
        open_one = models.Change.objects.filter(service=meter.service, state__in=models.Change.lifecycle.open).first()
        if open_one is not None:
            raise Refused("change_open", change=open_one.number)
        power.want(meter=meter, wanted="ended")
