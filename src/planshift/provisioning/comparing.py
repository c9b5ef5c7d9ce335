"""Does a machine hold what we think it holds? Asked outside any transaction, by runs or at a terminal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery

from planshift.domain.errors import Trouble
from planshift.provisioning import facts, models, ports

MISSING, STILL_THERE, LIMIT, SUSPENDED, DNS = "missing", "still_there", "limit", "suspended", "dns"
KINDS = (MISSING, STILL_THERE, LIMIT, SUSPENDED, DNS)
YES, NO = "yes", "no"
SILENT = ("unreachable", "no_answer")  # then the other accounts of the same server are not asked either
GONE_FOR = timedelta(days=30)  # what was removed is looked for so long


@dataclass(frozen=True, slots=True)
class Found:
    """One difference. `ours` and `theirs` are written out: an amount, an address, yes or no."""

    what: str
    ours: str
    theirs: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One environment (pk) beside its machine; `trouble` says why it could not be asked."""

    environment: int
    found: tuple[Found, ...] = ()
    trouble: str = ""


def due(*, at_server: models.Server) -> QuerySet[models.Environment]:
    """What can be compared: nothing that is being prepared, nor what is being worked on before its point of no
    return."""
    busy = models.Execution.objects.filter(
        state__in=models.Execution.lifecycle.open, point_of_no_return_at=None
    ).values("service")
    powered = models.Execution.objects.filter(
        present=OuterRef("pk"), recipe__in=("SUSPEND", "UNSUSPEND"), state="DONE"
    ).order_by("-pk")
    return (
        models.Environment.objects.filter(server=at_server)
        .exclude(state="PREPARING")
        .exclude(service__in=busy)
        .select_related("server", "service")
        .annotate(powered=Subquery(powered.values("recipe")[:1]))
        .order_by("pk")
    )


def compare_all(environments: Iterable[models.Environment]) -> list[Compared]:
    """Ask the machine of each (rows of `due`); one that fails stops no other, a silent server is not asked on."""
    told: list[Compared] = []
    silent = ""
    for row in environments:
        if silent:
            told.append(Compared(row.pk, trouble=silent))
            continue
        try:
            told.append(Compared(row.pk, tuple(_ask(row))))
        except Trouble as problem:
            silent = problem.what if problem.what in SILENT else ""
            told.append(Compared(row.pk, trouble=problem.what[:60]))
    return told


def _ask(row: models.Environment) -> list[Found]:
    account = ports.driver(row.server.driver).get(ref=facts.ref_of(row))
    suspended = getattr(row, "powered", None) == "SUSPEND"
    found = differences(row, account, suspended=suspended)
    if row.state == "ACTIVE" and account is not None and row.server.dns and row.address and row.service.label:
        record = ports.dns(row.server.dns).get(name=row.service.label)
        found += dns_differences(row, record)
    return found


def differences(row: models.Environment, account: ports.Account | None, *, suspended: bool) -> list[Found]:
    """What the account is beside what we think it is; `suspended`: should it be?"""
    if row.state == "RETIRED":
        return [Found(STILL_THERE, NO, YES)] if account is not None else []
    if account is None:
        return [Found(MISSING, YES, NO)]
    if row.state != "ACTIVE":
        return []
    found = [
        Found(LIMIT, str(ours) if ours is not None else "", str(theirs) if theirs is not None else "", code)
        for code, ours, theirs in (
            (code, row.limits.get(code), account.limits.get(code)) for code in sorted({*row.limits, *account.limits})
        )
        if ours != theirs
    ]
    if account.suspended != suspended:
        found.append(Found(SUSPENDED, YES if suspended else NO, YES if account.suspended else NO))
    return found


def dns_differences(row: models.Environment, record: ports.Record | None) -> list[Found]:
    """A name that we serve and that leads elsewhere; names served by others are their owners' matter."""
    if record is None or row.address in record.values:
        return []
    return [Found(DNS, row.address, ", ".join(record.values)[:200], row.service.label)]


def gone_lately(rows: QuerySet[models.Environment], *, since: object) -> QuerySet[models.Environment]:
    """Without what was removed before `since`."""
    return rows.filter(~Q(state="RETIRED") | Q(retired_at__gte=since))
