"""What does a metered service hold from an instant on? The machine's word, written into the history (D3)."""

from collections.abc import Mapping
from datetime import datetime

from planshift.billing import models as billing
from planshift.procedures.metering import knowing
from planshift.services import models as services
from planshift.services import register


def hold(*, service: services.Service, amounts: Mapping[str, int], since: datetime, cause: str, at: datetime) -> None:
    """From the machine's confirmation on these amounts count, never within a day that is drawn already. A service that
    nobody metered yet is metered from then on. The service must be locked."""
    meter = billing.Meter.objects.select_related("seller").filter(service=service).first()
    if meter is None:
        meter = knowing.begin(service=service, since=since, at=at)
    register.hold_from(
        service=service, since=knowing.held_from(meter=meter, since=since), amounts=amounts, cause=cause, at=at
    )
