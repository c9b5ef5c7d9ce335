"""Does the machine of a metered service run, and what counts from then on? One run per decision (D3).

    power → follow → (failed → power)

The run acts on what is wanted when it comes to act, so that a decision that was overtaken does no harm; what counts
changes at the instant at which the machine confirmed.
"""

from datetime import timedelta

from planshift.billing import models as billing
from planshift.domain import recipes
from planshift.domain.errors import Refused
from planshift.procedures.metering import knowing
from planshift.provisioning import executions
from planshift.provisioning import models as machines
from planshift.runtime import locks, moves, runs
from planshift.runtime.models import StepRecord
from planshift.services import models as services
from planshift.services import register

KIND = "metered_power"
LOOK = "look"
AGAIN = timedelta(minutes=15)
REMINDED_AFTER = timedelta(days=1)
_CAUSES = {"SUSPEND": "blocked", "UNSUSPEND": "unblocked"}


def want(*, meter: billing.Meter, wanted: str) -> None:
    """Decide that the machine is to be running, blocked or ended. The service is locked; its run does the rest."""
    meter.wanted, meter.round = wanted, meter.round + 1
    meter.save(update_fields=["wanted", "round"])
    runs.start(kind=KIND, key=run_key(meter), subject=meter.service.number)


def run_key(meter: billing.Meter) -> str:
    """The run of the newest decision."""
    return f"{KIND}:{meter.service.number}:{meter.round}"


def _power(task: runs.Work) -> runs.Outcome:
    """Start what has to be done, once nothing else is done to the machine."""
    meter = locked(task.subject)
    service = meter.service
    recipe = _recipe(meter)
    if not recipe:
        _settle(meter, task)
        return runs.Done()
    if _busy(service):
        return runs.Wait(resume="power", signal=LOOK, due_at=task.at + AGAIN, owner="system")
    try:
        executions.start(
            service=service,
            recipe=recipe,
            target=recipes.Target(plan=service.plan, limits={}),
            parameters=recipes.Parameters(content_transfer="nobody"),
            cause=service.number,
            signal_key=task.key,
            at=task.at,
            actor=task.actor,
        )
    except Refused as refused:
        return runs.Stuck(str(refused))
    return runs.Go("follow")


def _follow(task: runs.Work) -> runs.Outcome:
    """When the machine has confirmed: the history grows, the service is blocked or runs again, or is over."""
    meter = locked(task.subject)
    work = machines.Execution.objects.filter(service=meter.service, signal_key=task.key).order_by("-pk").first()
    if work is None:
        return runs.Go("power")
    if work.state in ("FAILED", "CANCELLED"):
        return runs.Go("failed")
    if work.state != "DONE" or work.point_of_no_return_at is None:
        due_at = task.at + REMINDED_AFTER
        return runs.Wait(resume="follow", signal=executions.SIGNALS, due_at=due_at, owner="staff")
    stopped = work.recipe == "SUSPEND"
    event = "below_floor" if stopped else "topped_up"
    if meter.service.lifecycle.allows(meter.service.state, event):
        register.hold_from(
            service=meter.service,
            since=knowing.held_from(meter=meter, since=work.point_of_no_return_at),
            amounts={} if stopped else register.additional_of(meter.service),
            cause=_CAUSES[work.recipe],
            at=task.at,
        )
        moves.move(meter.service, event, actor=task.actor, at=task.at)
    _settle(meter, task)
    if task.key != run_key(meter):  # decided otherwise meanwhile
        runs.signal(key=run_key(meter), name=LOOK)
    return runs.Done()


def _failed(task: runs.Work) -> runs.Outcome:
    """The machine could not: staff see it, and when they retry it is tried anew."""
    if StepRecord.objects.filter(run_id=task.id, entry=task.entry, outcome="stuck").exists():
        return runs.Go("power")
    return runs.Stuck("the machine could not be stopped or started")


def _recipe(meter: billing.Meter) -> str:
    """What has to be done to the machine; nothing where it is as wanted."""
    if meter.wanted == "running":
        return "UNSUSPEND" if meter.service.state == "BLOCKED" else ""
    return "SUSPEND" if meter.service.state == "ACTIVE" else ""


def _busy(service: services.Service) -> bool:
    states = machines.Execution.lifecycle.open
    return machines.Execution.objects.filter(service=service, state__in=states).exists()


def _settle(meter: billing.Meter, task: runs.Work) -> None:
    """A service that is to end has ended once its machine is stopped."""
    service = meter.service
    if meter.wanted != "ended" or service.state != "BLOCKED":
        return
    last = services.HeldFrom.objects.filter(service=service).order_by("-since", "-pk").first()
    since = task.at if last is None else last.since
    meter.ended_on = max(since.astimezone(knowing.zone(meter.seller)).date(), meter.began_on)
    meter.save(update_fields=["ended_on"])
    register.end(service=service, cause="ended", at=task.at, actor=task.actor)


def locked(service: str) -> billing.Meter:
    """The meter of a service (number), the service locked."""
    locks.lock(services.Service.objects.filter(number=service))
    found = billing.Meter.objects.select_related("service__client__seller", "client", "seller")
    return found.get(service__number=service)


def define() -> None:
    """Name the steps to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"power": _power, "follow": _follow, "failed": _failed}, first="power")
