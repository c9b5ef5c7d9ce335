"""Where do machines say something else than we think? Found every night and on demand, kept, decided by staff.

    drift (once a night) → drift_server (a stretch of one server's environments) → rows of Difference
                         → drift_server (the list of its accounts) → rows of UnknownAccount
    staff: our state again (an execution, or the name swapped) · taken over · dismissed with a reason

A difference that is no longer there closes itself. One that was dismissed comes back only when the machine says
something new.
"""

from datetime import datetime, time

from django.db import transaction

from planshift.domain import recipes
from planshift.domain.errors import Refused, Transient
from planshift.provisioning import comparing, executions, models, ports
from planshift.runtime import among, audit, locks, runs
from planshift.services import models as services

KIND, SERVER_KIND, NAME_KIND = "drift", "drift_server", "drift_name"
LIST = "list"  # the subject of a look at the list of a server's accounts
NAME = 200  # characters of an account that we can keep
STRETCH = 100  # environments that one step asks about
RETRIES = runs.Retries(attempts=3, first=5.0, longest=60.0)
SETTLED, TAKEN_OVER, DISMISSED = "settled", "taken_over", "dismissed"
APPLIED = frozenset({comparing.LIMIT, comparing.SUSPENDED, comparing.DNS})  # what we can set again by ourselves
OURS_TO_CHANGE = frozenset({comparing.LIMIT, comparing.DNS})  # what we can believe instead


# 1 ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def start(*, servers: list[models.Server], slot: str, at: datetime) -> int:
    """Have these servers compared, in the caller's transaction; how many runs. The same slot is the same runs."""
    subjects = []
    for server in servers:
        rows = comparing.gone_lately(comparing.due(at_server=server), since=at - comparing.GONE_FOR)
        pks = list(rows.values_list("pk", flat=True))
        subjects.append((f"{SERVER_KIND}:{server.pk}:{LIST}:{slot}", f"{server.pk}:{LIST}"))
        for first in range(0, len(pks), STRETCH):
            last = pks[min(first + STRETCH, len(pks)) - 1]
            subjects.append((f"{SERVER_KIND}:{server.pk}:{pks[first]}:{slot}", f"{server.pk}:{pks[first]}:{last}"))
    runs.start_many(kind=SERVER_KIND, subjects=subjects)
    return len(subjects)


def check(*, server: models.Server, at: datetime) -> None:
    """Compare one server now and keep what is found. For commands and tests; never in a request."""
    rows = comparing.gone_lately(comparing.due(at_server=server), since=at - comparing.GONE_FOR)
    told, listed = comparing.compare_all(rows), comparing.names(server)
    with transaction.atomic():
        keep(told, at=at)
        keep_names(listed, at=at)


def _nightly(work: runs.Work) -> runs.Outcome:
    start(servers=list(models.Server.objects.order_by("pk")), slot=work.subject, at=work.at)
    return runs.Done()


def _ask(work: runs.Work) -> list[comparing.Compared] | comparing.Names:
    pk, _, which = work.subject.partition(":")
    server = models.Server.objects.filter(pk=pk).first()
    if server is None:
        return []
    if which == LIST:
        return comparing.names(server)
    first, last = (int(each) for each in which.split(":"))
    rows = comparing.due(at_server=server).filter(pk__gte=first, pk__lte=last)
    return comparing.compare_all(comparing.gone_lately(rows, since=work.at - comparing.GONE_FOR))


@runs.external(_ask)
def _keep(work: runs.Work, told: list[comparing.Compared] | comparing.Names) -> runs.Outcome:
    if isinstance(told, comparing.Names):
        if told.again and work.attempt + 1 < RETRIES.attempts:
            raise Transient(told.trouble)
        keep_names(told, at=work.at)
    else:
        keep(told, at=work.at)
    return runs.Done()


# 2 ── keeping ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def keep(told: list[comparing.Compared], *, at: datetime) -> None:
    """What was found, in the caller's transaction. A constant number of statements for each batch, but one for each
    difference that is new or changed. Nobody decides about them meanwhile."""
    about = models.Environment.objects.filter(pk__in=[each.environment for each in told])
    locks.lock_only(services.Service.objects.filter(pk__in=about.values("service")))
    models.DriftCheck.objects.bulk_create(
        [models.DriftCheck(environment_id=each.environment, checked_at=at, trouble=each.trouble) for each in told],
        update_conflicts=True,
        unique_fields=["environment"],
        update_fields=["checked_at", "trouble"],
    )
    asked = {each.environment: each.found for each in told}
    untold = {(each.environment, what) for each in told for what in each.untold}
    rows = models.Difference.objects.filter(environment__in=asked)
    open_ones = {(row.environment_id, row.what, row.subject): row for row in rows.filter(outcome="")}
    dismissed = set(rows.filter(outcome=DISMISSED).values_list("environment", "what", "subject", "ours", "theirs"))
    new, still = [], []
    for environment, found in asked.items():
        for one in found:
            known = open_ones.pop((environment, one.what, one.subject), None)
            if known is not None and (known.ours, known.theirs) == (one.ours, one.theirs):
                still.append(known.pk)
                continue
            if known is not None:
                _close(known, SETTLED, at=at)
            if (environment, one.what, one.subject, one.ours, one.theirs) not in dismissed:
                new.append(_row(environment, one, at))
    for gone in open_ones.values():
        if (gone.environment_id, gone.what) not in untold:
            _close(gone, SETTLED, at=at)
    models.Difference.objects.filter(pk__in=still).update(seen_at=at)
    models.Difference.objects.bulk_create(new)


def keep_names(told: comparing.Names, *, at: datetime) -> None:
    """Accounts that no environment of ours is, in the caller's transaction: new ones open, those that went or are known
    now settled. A server that told nothing changes nothing but what is known of its list. Names longer than we can keep
    end with "…"."""
    trouble = "" if told.trouble == comparing.UNLISTED else told.trouble
    models.ListCheck.objects.update_or_create(server_id=told.server, defaults={"checked_at": at, "trouble": trouble})
    if told.trouble:
        return
    here = models.UnknownAccount.objects.filter(server=told.server)
    server = models.Server.objects.get(pk=told.server)
    # drivers know a machine by its code: sellers who share one describe it each for itself
    environments = models.Environment.objects.filter(server__driver=server.driver, server__code=server.code)
    # what we removed and is still there is a difference of its environment, for as long as that is looked at
    known = comparing.gone_lately(environments, since=at - comparing.GONE_FOR)
    strange = told.names - set(known.values_list("external_id", flat=True))
    unknown = {name if len(name) <= NAME else f"{name[: NAME - 1]}…" for name in strange}
    here.filter(outcome="").exclude(among.of("name", unknown)).update(outcome=SETTLED, closed_at=at)
    here.filter(outcome="").update(seen_at=at)
    answered = set(here.filter(outcome__in=("", DISMISSED)).values_list("name", flat=True))
    models.UnknownAccount.objects.bulk_create(
        [
            models.UnknownAccount(server_id=told.server, name=name, found_at=at, seen_at=at)
            for name in sorted(unknown - answered)
        ],
        ignore_conflicts=True,  # another look found it in this moment
    )


def _row(environment: int, one: comparing.Found, at: datetime) -> models.Difference:
    return models.Difference(
        environment_id=environment,
        what=one.what,
        subject=one.subject,
        ours=one.ours,
        theirs=one.theirs,
        found_at=at,
        seen_at=at,
    )


def _close(
    row: models.Difference | models.UnknownAccount, outcome: str, *, at: datetime, actor: str = "", note: str = ""
) -> None:
    row.outcome, row.closed_at, row.closed_by, row.note = outcome, at, actor, note.strip()[:500]
    row.save(update_fields=["outcome", "closed_at", "closed_by", "note"])


# 3 ── deciding ────────────────────────────────────────────────────────────────────────────────────────────────────────
def apply_ours(*, difference: int, note: str, at: datetime, actor: str) -> None:
    """Have the machine set to what we think; the next look closes the difference. Our own state may have changed since:
    what is set is what we think now.

    Refused: `note_needed`, `drift_closed`, `drift_not_possible` (nothing that we can set), `drift_under_way`,
    `execution_open`.
    """
    row = _open(difference, note)
    environment = row.environment
    if row.what not in APPLIED or environment.state != "ACTIVE":
        raise Refused("drift_not_possible")
    if row.asked_at is not None and row.asked_at >= row.seen_at:
        raise Refused("drift_under_way")
    if row.what == comparing.DNS:
        key = f"{NAME_KIND}:{row.pk}:{at:%Y%m%dT%H%M%S}"
        runs.start(kind=NAME_KIND, key=key, subject=str(row.pk))
    else:
        suspending = recipes.SUSPEND if row.ours == comparing.YES else recipes.UNSUSPEND
        executions.start(
            service=environment.service,
            recipe=recipes.RESOURCES.code if row.what == comparing.LIMIT else suspending.code,
            target=recipes.Target(environment.plan, dict(environment.limits)),
            cause=f"drift {row.pk}",
            signal_key="",
            parameters=recipes.Parameters(content_transfer="nobody"),
            at=at,
            actor=actor,
        )
    row.asked_at, row.note = at, note.strip()[:500]
    row.save(update_fields=["asked_at", "note"])
    _record(row, "drift_applied", note=note, at=at, actor=actor)


def take_over(*, difference: int, note: str, at: datetime, actor: str) -> None:
    """Believe the machine: from now on we think what it says. Refused as `apply_ours`."""
    row = _open(difference, note)
    environment = row.environment
    if row.what not in OURS_TO_CHANGE or environment.state != "ACTIVE":
        raise Refused("drift_not_possible")
    if row.what == comparing.LIMIT:
        limits = {code: amount for code, amount in environment.limits.items() if code != row.subject}
        environment.limits = limits | ({row.subject: int(row.theirs)} if row.theirs else {})
    else:
        environment.address = row.theirs.split(", ")[0]
    environment.save(update_fields=["limits", "address"])
    _close(row, TAKEN_OVER, at=at, actor=actor, note=note)
    _record(row, "drift_taken_over", note=note, at=at, actor=actor)


def dismiss(*, difference: int, note: str, at: datetime, actor: str) -> None:
    """It may be so, for the reason in `note`; it comes back when the machine says something new. Refused:
    `note_needed`, `drift_closed`."""
    row = _open(difference, note)
    _close(row, DISMISSED, at=at, actor=actor, note=note)
    _record(row, "drift_dismissed", note=note, at=at, actor=actor)


def dismiss_unknown(*, account: int, note: str, at: datetime, actor: str) -> None:
    """It may be there, for the reason in `note`; it is not told again. Refused: `note_needed`, `drift_closed`."""
    if not note.strip():
        raise Refused("note_needed")
    found = models.UnknownAccount.objects.select_related("server").filter(pk=account, outcome="")
    row = next(iter(locks.lock(found)), None)
    if row is None:
        raise Refused("drift_closed")
    _close(row, DISMISSED, at=at, actor=actor, note=note)
    audit.record(
        kind="provisioning.unknown_account",
        object_id=row.pk,
        number=row.server.code,
        event="drift_dismissed",
        actor=actor,
        at=at,
        note=note,
        facts={"account": row.name},
    )


def _open(difference: int, note: str) -> models.Difference:
    """The open difference with its environment; its service is locked first."""
    if not note.strip():
        raise Refused("note_needed")
    found = models.Difference.objects.filter(pk=difference)
    locks.lock_only(services.Service.objects.filter(environments__differences__in=found))
    row = found.select_related("environment__service__client", "environment__server").first()
    if row is None or row.outcome:
        raise Refused("drift_closed")
    return row


def _record(row: models.Difference, event: str, *, note: str, at: datetime, actor: str) -> None:
    audit.record(
        kind="provisioning.difference",
        object_id=row.pk,
        number=row.environment.service.number,
        event=event,
        actor=actor,
        at=at,
        note=note,
        facts={"what": row.what, "subject": row.subject, "ours": row.ours, "theirs": row.theirs},
    )


def _swap(work: runs.Work) -> None:
    row = models.Difference.objects.select_related("environment__server").filter(pk=work.subject).first()
    if row is None or row.outcome:
        return
    names = ports.dns(row.environment.server.dns)
    op = ports.Op(work.effect_key, f"drift {row.pk}", work.actor)
    names.swap(op=op, name=row.subject, old=row.theirs.split(", ")[0], new=row.environment.address)


@runs.external(_swap)
def _swapped(work: runs.Work, _none: None) -> runs.Outcome:
    return runs.Done()


def define() -> None:
    """Name the run kinds, every night. Called when Django is ready."""
    runs.define(KIND, steps={"start": _nightly}, first="start")
    runs.define(SERVER_KIND, steps={"compare": runs.Step(_keep, _ask, RETRIES)}, first="compare")
    runs.define(NAME_KIND, steps={"swap": runs.Step(_swapped, _swap, RETRIES)}, first="swap")
    runs.every(KIND, at=time(2, 30))
