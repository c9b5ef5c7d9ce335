"""What is on the machines, and what is being done to them? Frozen views; nothing here asks a machine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from planshift.domain import recipes
from planshift.provisioning import facts, models, ports

_ENDS = ("done", "skipped", "lapsed", "undone")


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """One environment of a service; `limits` as read back at the last change."""

    id: int
    service: str
    server: str
    account: str
    state: str
    plan: str
    limits: Mapping[str, int]
    address: str
    url: str
    created_at: datetime
    in_use_since: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of an execution's timeline. `state`: done, skipped, lapsed, undone, active, failed, pending.

    `waits_for` is "client", "staff" or "system" while it waits, `until` the date on which that ends or is overdue.
    `did` are the facts of the last record: no secrets; vendor text in `did["remote"]` is for staff only.
    """

    name: str
    does: str
    on: str
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int
    waits_for: str
    until: datetime | None
    note: str
    did: Mapping[str, Any]
    point_of_no_return: bool


@dataclass(frozen=True, slots=True)
class ExecutionView:
    """An execution and what may be done about it. `hold_until`: before that nothing of the old environment ends
    (H10)."""

    number: str
    service: str
    recipe: str
    cause: str
    state: str
    step: str
    plan: str
    error: Mapping[str, Any]
    waits_for: str
    until: datetime | None
    overdue: bool
    started_at: datetime
    ended_at: datetime | None
    handed_over_at: datetime | None
    content_moved_at: datetime | None
    cutover_confirmed_at: datetime | None
    point_of_no_return_at: datetime | None
    cutover_by: datetime | None
    hold_until: datetime | None
    notice_proof: str
    promised_on: date | None
    credentials: str  # "", "waiting" (to be shown once), "shown", "expired"
    present: EnvironmentView | None
    new: EnvironmentView | None
    can: frozenset[str]  # confirm_content, confirm_cutover, report_work, retry, skip, cancel, roll_back
    set_up_work: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsageView:
    """The last reading of what a service uses; `as_of` is business time."""

    used: Mapping[str, int]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class CapacityView:
    """Room of a server at its last reading. `as_of` None: never read."""

    server: str
    driver: str
    takes_new: bool
    total: Mapping[str, int]
    sold: Mapping[str, int]
    as_of: datetime | None


def environments(*, service: str) -> list[EnvironmentView]:
    """All environments of the service with this number, oldest first."""
    rows = models.Environment.objects.select_related("server", "service").filter(service__number=service)
    return [_environment(row) for row in rows.order_by("id")]


def active_environments(*, services: Iterable[str]) -> dict[str, EnvironmentView]:
    """The environment in use of each of these services, by number: one query."""
    rows = models.Environment.objects.select_related("server", "service").filter(
        service__number__in=list(services), state="ACTIVE"
    )
    return {row.service.number: _environment(row) for row in rows}


def execution(*, number: str, at: datetime) -> ExecutionView | None:
    """One execution by its number."""
    row = _executions().filter(number=number).first()
    return None if row is None else _execution(row, at)


def timeline(*, number: str) -> list[StepView]:
    """All steps of an execution in the order of its recipe: past, present and to come. Two queries."""
    row = models.Execution.objects.filter(number=number).first()
    if row is None:
        return []
    by_step: dict[str, list[models.ExecutionStep]] = {}
    for line in row.journal.order_by("id"):
        by_step.setdefault(line.step.split(":")[0], []).append(line)
    return [_step(row, step, by_step.get(step.name, [])) for step in facts.recipe_of(row).steps]


def last_usage(*, service: str) -> UsageView | None:
    """What the service used at the last reading of its environment in use; None when never read."""
    row = (
        models.UsageReading.objects.filter(environment__service__number=service, environment__state="ACTIVE")
        .order_by("-taken_at", "-id")
        .first()
    )
    return None if row is None else UsageView(row.used, row.taken_at)


def violations(*, usage: UsageView | None, limits: Mapping[str, int]) -> tuple[ports.Violation, ...]:
    """Everything of a reading that does not fit `limits`; nothing without a reading (the live check decides)."""
    if usage is None:
        return ()
    return tuple(
        ports.Violation(name, amount, limits[name], amount)
        for name, amount in sorted(usage.used.items())
        if name in limits and limits[name] != ports.UNLIMITED and amount > limits[name]
    )


def capacity(*, seller: str) -> list[CapacityView]:
    """Every server of a seller with its last reading. Two queries."""
    return [view for _, view in capacities(models.Server.objects.filter(seller__code=seller))]


def for_staff(*, seller: str, at: datetime, limit: int = 100) -> list[ExecutionView]:
    """`for_staff_of` one seller."""
    return for_staff_of(sellers=[seller], at=at, limit=limit)


def for_staff_of(*, sellers: Iterable[str], at: datetime, limit: int = 100) -> list[ExecutionView]:
    """Executions that a person must look at: stuck, set-up work to do, overdue. Longest waiting first. Two statements,
    however many sellers."""
    late = Q(waiting_until__lt=at, state__in=models.Execution.lifecycle.open)
    theirs = Q(service__client__seller__code__in=list(sellers))
    rows = _executions().filter(theirs, Q(state__in=("STUCK", "AWAITING_STAFF")) | late)
    return [_execution(row, at) for row in rows.order_by("waiting_until", "id")[:limit]]


def _executions() -> Any:
    return models.Execution.objects.select_related(
        "service", "present__server", "present__service", "new__server", "new__service"
    ).prefetch_related("new__handovers")


def _environment(row: models.Environment) -> EnvironmentView:
    return EnvironmentView(
        id=row.pk,
        service=row.service.number,
        server=row.server.code,
        account=row.external_id,
        state=row.state,
        plan=row.plan,
        limits=row.limits,
        address=row.address,
        url=row.url,
        created_at=row.created_at,
        in_use_since=row.in_use_since,
        retired_at=row.retired_at,
    )


def _execution(row: models.Execution, at: datetime) -> ExecutionView:
    parameters = facts.parameters_of(row)
    overdue = row.state in row.lifecycle.open and row.waiting_until is not None and row.waiting_until < at
    return ExecutionView(
        number=row.number,
        service=row.service.number,
        recipe=row.recipe,
        cause=row.cause,
        state=row.state,
        step=row.step,
        plan=facts.target_of(row).plan,
        error=row.error,
        waits_for=row.lifecycle.waiting.get(row.state, ""),
        until=row.waiting_until,
        overdue=overdue,
        started_at=row.started_at,
        ended_at=row.ended_at,
        handed_over_at=row.handed_over_at,
        content_moved_at=row.content_moved_at,
        cutover_confirmed_at=row.cutover_confirmed_at,
        point_of_no_return_at=row.point_of_no_return_at,
        cutover_by=facts.cutover_by(row),
        hold_until=facts.hold_until(row),
        notice_proof=row.notice_proof,
        promised_on=parameters.promised_on,
        credentials=_credentials(row),
        present=_environment(row.present) if row.present else None,
        new=_environment(row.new) if row.new else None,
        can=_can(row),
        set_up_work=parameters.set_up_work,
    )


def _credentials(row: models.Execution) -> str:
    handovers = sorted(row.new.handovers.all(), key=lambda one: one.pk) if row.new else []
    if not handovers:
        return ""
    last = handovers[-1]
    return "shown" if last.shown_at else "waiting" if last.sealed is not None else "expired"


def _can(row: models.Execution) -> frozenset[str]:
    """What `executions` would accept now."""
    can = set()
    before = row.point_of_no_return_at is None
    if before and row.handed_over_at is not None and row.state in ("RUNNING", "AWAITING_CLIENT"):
        can |= {name for name, said in _SAYINGS.items() if getattr(row, said) is None}
    if row.state == "AWAITING_STAFF" and row.work_reported_at is None:
        can.add("report_work")
    if row.state == "STUCK":
        can.add("retry")
        if row.undo_ends_in or facts.step_of(row).skippable:
            can.add("skip")
    if row.lifecycle.allows(row.state, "undo") and (before or row.undo_ends_in):
        can |= {"cancel", "roll_back"}
    return frozenset(can)


_SAYINGS = {"confirm_content": "content_moved_at", "confirm_cutover": "cutover_confirmed_at"}


def _step(row: models.Execution, step: recipes.Step, lines: list[models.ExecutionStep]) -> StepView:
    ends = [line for line in lines if line.event in _ENDS and ":" not in line.step]
    over = ends[-1] if ends else None
    here = row.step == step.name and row.state in row.lifecycle.open and over is None
    failed = any(line.event == "failed" for line in lines)
    state = over.event if over else "active" if here else "failed" if failed else "pending"
    last = over or (lines[-1] if lines else None)
    return StepView(
        name=step.name,
        does=step.does,
        on=step.on,
        state=state,
        started_at=lines[0].started_at if lines else row.step_since if here else None,
        ended_at=over.at if over else None,
        attempts=sum(line.event in ("done", "failed_attempt", "failed") for line in lines),
        waits_for=row.lifecycle.waiting.get(row.state, "") if here else "",
        until=row.waiting_until if here else None,
        note=last.note if last else "",
        did=last.facts if last else {},
        point_of_no_return=step.point_of_no_return,
    )


def capacities(servers: QuerySet[models.Server]) -> list[tuple[models.Server, CapacityView]]:
    """Servers with their last reading, by code. Two statements."""
    last = models.CapacityReading.objects.filter(server=OuterRef("pk")).order_by("-taken_at", "-id")
    found = list(servers.annotate(newest=Subquery(last.values("pk")[:1])).order_by("code"))
    readings = models.CapacityReading.objects.in_bulk([one.newest for one in found if one.newest is not None])
    return [(one, _capacity(one, readings.get(one.newest or 0))) for one in found]


def _capacity(server: models.Server, reading: models.CapacityReading | None) -> CapacityView:
    return CapacityView(
        server=server.code,
        driver=server.driver,
        takes_new=server.takes_new,
        total=reading.total if reading else {},
        sold=reading.sold if reading else {},
        as_of=reading.taken_at if reading else None,
    )
