"""How does a change of a metered service begin, and what does it hold from an instant on? The machine's word, written
into the history (D3)."""

from collections.abc import Mapping
from datetime import datetime

from planshift.billing import models as billing
from planshift.procedures import models, placing, rules
from planshift.procedures.metering import knowing
from planshift.runtime import moves, runs
from planshift.services import models as services
from planshift.services import register


def is_due(change: models.Change) -> bool:
    """Whether it is ordered, metered, and not yet begun: it has neither an order nor an acceptance to wait for."""
    waits = change.state in ("AWAITING_PAYMENT", "AWAITING_EXECUTION")
    return waits and change.order is None and not hasattr(change, "acceptance")


def at_once(*, change: models.Change, task: runs.Work) -> runs.Outcome:
    """A metered service changes without an order: what it costs is counted from the machine's word on (D3)."""
    if change.state == "AWAITING_PAYMENT":  # ordered before such a change began with its order
        seller = change.client.seller
        today = rules.day(seller=seller, at=task.at)
        promised_on = rules.promised(seller=seller, offered=placing.offer_of(change.quote), on=today)
        moves.move(change, "at_once", actor=task.actor, at=task.at, promised_on=promised_on)
    return runs.Go("begin")


def note(*, change: models.Change, amounts: Mapping[str, int], at: datetime) -> None:
    """A change takes effect: where it is metered, these amounts count from the machine's confirmation on."""
    work = change.execution
    if (
        work is not None
        and work.point_of_no_return_at is not None
        and placing.is_metered(placing.offer_of(change.quote))
    ):
        hold(service=change.service, amounts=amounts, since=work.point_of_no_return_at, cause=change.number, at=at)


def hold(*, service: services.Service, amounts: Mapping[str, int], since: datetime, cause: str, at: datetime) -> None:
    """From the machine's confirmation on these amounts count, never within a day that is drawn already. A service that
    nobody metered yet is metered from then on. The service must be locked."""
    meter = billing.Meter.objects.select_related("seller").filter(service=service).first()
    if meter is None:
        meter = knowing.begin(service=service, since=since, at=at)
    register.hold_from(
        service=service, since=knowing.held_from(meter=meter, since=since), amounts=amounts, cause=cause, at=at
    )
