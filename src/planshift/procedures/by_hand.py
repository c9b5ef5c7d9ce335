"""What must people do on servers that no program may touch, and what did they do? For staff."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from planshift.domain.errors import Refused
from planshift.procedures import servers
from planshift.provisioning import desk, models
from planshift.runtime import audit


def tasks(*, sellers: tuple[str, ...], first: int = 0, most: int | None = None) -> tuple[desk.Task, ...]:
    """What waits on the manual servers of these sellers, oldest first: from the `first` on, at most `most`."""
    return _desk().open_tasks(servers=_servers(sellers), first=first, most=most)


def count(*, sellers: tuple[str, ...]) -> int:
    """How many tasks wait there."""
    return _desk().count_open(servers=_servers(sellers))


def done(
    *, sellers: tuple[str, ...], task: str, said: Mapping[str, object], note: str, at: datetime, actor: str
) -> None:
    """It was done, as `said` in the fields of the task; the run of the change finds it by itself and checks it.

    Refused: `task_unknown`, `task_field_wrong`.
    """
    with transaction.atomic():
        try:
            _desk().close(servers=_servers(sellers), task=task, said=said, note=note, at=at, actor=actor)
        except LookupError as problem:
            raise Refused("task_unknown", task=task) from problem
        except ValueError as problem:
            raise Refused("task_field_wrong", field=str(problem)) from problem
        audit.record(kind="provisioning.manual", object_id=0, number=task, event="done", actor=actor, at=at, note=note)


def cannot(*, sellers: tuple[str, ...], task: str, note: str, at: datetime, actor: str) -> None:
    """It cannot be done, for the reason in `note`: the change is taken back, or a person decides. Refused:
    `task_unknown`, `note_needed`."""
    with transaction.atomic():
        try:
            _desk().refuse(servers=_servers(sellers), task=task, note=note, at=at, actor=actor)
        except LookupError as problem:
            raise Refused("task_unknown", task=task) from problem
        except ValueError as problem:
            raise Refused("note_needed") from problem
        audit.record(
            kind="provisioning.manual", object_id=0, number=task, event="refused", actor=actor, at=at, note=note
        )


def _desk() -> desk.Desk:
    bound = desk.bound()
    if bound is None:
        raise Refused("driver_unknown", driver=servers.BY_HAND[0])
    return bound


def _servers(sellers: tuple[str, ...]) -> tuple[str, ...]:
    """Codes of such servers are unique in the installation (`procedures.servers`), so a code is enough."""
    rows = models.Server.objects.filter(driver__in=servers.BY_HAND, seller__code__in=sellers)
    return tuple(rows.values_list("code", flat=True))
