"""How much does a service use now? A run asks the server and keeps a reading; pages and quotes read the row, never the
machine."""

from datetime import datetime

from planshift.domain.errors import Transient
from planshift.provisioning import facts, models, ports
from planshift.runtime import runs
from planshift.services import models as services

KIND = "usage"
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
    told = ports.driver(server.driver).capacity(server=facts.server_at(server))
    if not told.total:
        raise Transient("remote_failed", server=server.code)
    return models.CapacityReading.objects.create(
        server=server, total=dict(told.total), sold=dict(told.sold), taken_at=told.taken_at
    )


def define() -> None:
    """Name the run kind. Called when Django is ready."""
    runs.define(KIND, steps={"read": runs.Step(_read, _act, RETRIES)}, first="read")
