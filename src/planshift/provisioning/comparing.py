"""Does a machine hold what we think it holds? Asked outside any transaction, by runs or at a terminal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.db.models import OuterRef, Q, QuerySet, Subquery

from planshift.domain.errors import Transient, Trouble
from planshift.provisioning import facts, models, ports

MISSING, STILL_THERE, LIMIT, SUSPENDED, DNS = "missing", "still_there", "limit", "suspended", "dns"
KINDS = (MISSING, STILL_THERE, LIMIT, SUSPENDED, DNS)
YES, NO = "yes", "no"
SILENT = ("unreachable", "no_answer")  # then the other accounts of the same server are not asked either
UNLISTED = "unlisted"  # servers of this kind cannot list their accounts
GONE_FOR = timedelta(days=30)  # what was removed is looked for so long
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Found:
    """One difference. `ours` and `theirs` are written out: an amount, an address, yes or no."""

    what: str
    ours: str
    theirs: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One environment (pk) beside its machine. `trouble` says why not everything could be asked, `untold` for which
    sorts of difference nobody could look."""

    environment: int
    found: tuple[Found, ...] = ()
    trouble: str = ""
    untold: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Names:
    """All accounts that a server (pk) lists; `trouble` says why it did not: UNLISTED where it cannot, else an error,
    that may pass when it is asked `again`."""

    server: int
    names: frozenset[str] = frozenset()
    trouble: str = ""
    again: bool = False


def names(server: models.Server) -> Names:
    """Which accounts are there, whoever made them?"""
    found: set[str] = set()
    after, more = "", True
    try:
        driver, at = ports.driver(server.driver), facts.server_at(server)
        if not driver.capabilities(server=at).lists:
            return Names(server.pk, trouble=UNLISTED)
        while more:
            page = driver.listed(server=at, after=after)
            more = bool(page.after) and not found.issuperset(page.names)  # a server that cannot page tells all again
            found |= set(page.names)
            after = page.after
    except Trouble as problem:
        return Names(server.pk, trouble=problem.what[:60], again=isinstance(problem, Transient))
    return Names(server.pk, frozenset(found))


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
    """Ask the machine of each (rows of `due`) and the service of its name; one that fails stops no other, and who is
    silent is not asked on."""
    silent: dict[str, str] = {}
    return [_ask(row, silent) for row in environments]


def _ask(row: models.Environment, silent: dict[str, str]) -> Compared:
    try:
        account = _answer(silent, "server", lambda: ports.driver(row.server.driver).get(ref=facts.ref_of(row)))
    except Trouble as problem:
        return Compared(row.pk, trouble=problem.what[:60], untold=frozenset(KINDS))
    found = differences(row, account, suspended=getattr(row, "powered", None) == "SUSPEND")
    if row.state != "ACTIVE" or account is None or not (row.server.dns and row.address and row.service.label):
        return Compared(row.pk, tuple(found))
    try:
        record = _answer(silent, "names", lambda: ports.dns(row.server.dns).get(name=row.service.label))
    except Trouble as problem:
        return Compared(row.pk, tuple(found), trouble=problem.what[:60], untold=frozenset({DNS}))
    return Compared(row.pk, (*found, *dns_differences(row, record)))


def _answer(silent: dict[str, str], who: str, ask: Callable[[], Told]) -> Told:
    """What they say. Who did not answer in this round (`silent`) is not asked again."""
    if who in silent:
        raise Transient(silent[who])
    try:
        return ask()
    except Trouble as problem:
        if problem.what in SILENT:
            silent[who] = problem.what
        raise


def differences(row: models.Environment, account: ports.Account | None, *, suspended: bool) -> list[Found]:
    """What the account is beside what we think it is; `suspended`: should it be?"""
    if row.state == "RETIRED":
        return [Found(STILL_THERE, NO, YES)] if account is not None else []
    if account is None:
        return [Found(MISSING, YES, NO)]
    if row.state != "ACTIVE":
        return []
    # the server of an account that was there before us knows what it holds, not which codes that was sold by
    codes = {*row.limits, *account.limits} if account.sold_by_us else row.limits.keys() & account.limits.keys()
    found = [
        Found(LIMIT, str(ours) if ours is not None else "", str(theirs) if theirs is not None else "", code)
        for code, ours, theirs in ((code, row.limits.get(code), account.limits.get(code)) for code in sorted(codes))
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
