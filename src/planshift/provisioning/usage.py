"""How much does a service use, and how much room has a server? Runs ask the machines and keep readings; pages and
quotes read the rows."""

from datetime import datetime, time, timedelta

from django.db.models import OuterRef, Subquery

from planshift.provisioning import facts, models, ports
from planshift.runtime import runs
from planshift.services import models as services

KIND, CAPACITY, NIGHTLY = "usage", "capacity", "readings"
KEPT_FOR = timedelta(days=90)  # of readings; the last one of an environment stays
RETRIES = runs.Retries(attempts=4, first=2.0, longest=30.0)


def refresh(*, service: services.Service, at: datetime) -> str:
    """Have the usage of `service` read, in the caller's transaction; returns the key of the run. Asked again within the
    same minute (business time), it is the same run."""
    key = f"usage:{service.number}:{at:%Y%m%dT%H%M}"
    runs.start(kind=KIND, key=key, subject=service.number)
    return key


def _act(work: runs.Work) -> tuple[int, ports.Usage] | None:
    environment = (
        models.Environment.objects.select_related("server").filter(service__number=work.subject, state="ACTIVE").first()
    )
    if environment is None:
        return None
    return environment.pk, ports.driver(environment.server.driver).usage(ref=facts.ref_of(environment))


@runs.external(_act)
def _read(work: runs.Work, seen: tuple[int, ports.Usage] | None) -> runs.Outcome:
    if seen is not None:
        environment, usage = seen
        models.UsageReading.objects.create(environment_id=environment, used=dict(usage.used), taken_at=usage.taken_at)
    return runs.Done()


def read_capacity(*, server: models.Server) -> models.CapacityReading:
    """Ask a server for its room and keep the reading. For commands and runs, never in a request."""
    return _keep_capacity(server, ports.driver(server.driver).capacity(server=facts.server_at(server)))


def _ask_capacity(work: runs.Work) -> ports.Capacity | None:
    server = models.Server.objects.filter(pk=work.subject).first()
    return None if server is None else ports.driver(server.driver).capacity(server=facts.server_at(server))


@runs.external(_ask_capacity)
def _read_capacity(work: runs.Work, told: ports.Capacity | None) -> runs.Outcome:
    if told is not None:
        _keep_capacity(models.Server.objects.get(pk=work.subject), told)
    return runs.Done()


def _keep_capacity(server: models.Server, told: ports.Capacity) -> models.CapacityReading:
    return models.CapacityReading.objects.create(
        server=server, total=dict(told.total), sold=dict(told.sold), taken_at=told.taken_at
    )


def _every_night(work: runs.Work) -> runs.Outcome:
    """A fresh reading of every server for the quotes of the day; old readings go."""
    servers = models.Server.objects.order_by("pk").values_list("pk", flat=True)
    runs.start_many(kind=CAPACITY, subjects=[(f"{CAPACITY}:{pk}:{work.subject}", str(pk)) for pk in servers])
    old = work.at - KEPT_FOR
    models.CapacityReading.objects.filter(taken_at__lt=old).delete()
    last = models.UsageReading.objects.filter(environment=OuterRef("environment")).order_by("-taken_at", "-id")
    models.UsageReading.objects.filter(taken_at__lt=old).exclude(pk=Subquery(last.values("pk")[:1])).delete()
    return runs.Done()


def define() -> None:
    """Name the run kinds and the nightly readings. Called when Django is ready."""
    runs.define(KIND, steps={"read": runs.Step(_read, _act, RETRIES)}, first="read")
    runs.define(CAPACITY, steps={"read": runs.Step(_read_capacity, _ask_capacity, RETRIES)}, first="read")
    runs.define(NIGHTLY, steps={"start": _every_night}, first="start")
    runs.every(NIGHTLY, at=time(0, 30))
