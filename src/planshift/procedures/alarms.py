"""What must staff hear of who look at no screen? Everything that needs a person, once, many facts in one mail (H6).

A look compares what holds now with what was told: what is new goes into one mail for each seller, in the transaction
that notes it, so that a process that dies tells nothing twice and nothing never. What is over is forgotten, and told
anew when it comes back. The mail is delivered like all mail; one that fails stands on the page of mails, and makes no
alarm of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from django.db.models import Q

from planshift.catalog import models as sellers_of
from planshift.catalog import queries as catalog
from planshift.procedures import alarm_letters, by_hand, deadlines, mailing, models, ports
from planshift.procedures.queries import office, works
from planshift.provisioning import models as machines
from planshift.runtime import runs

KIND = "alarms"
EVERY = 15  # minutes: at most so many mails an hour, and nobody waits longer
MOST = 1000  # facts of a sort that one look reads, the oldest first; the others are told when these are over
_WAIT = ("STUCK", "AWAITING_STAFF")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that needs a person: which sort (`alarm_letters.SORTS`), under which key it is told once, and about
    what: numbers and names, "" where the page with all of its sort says more than one line."""

    sort: str
    key: str
    number: str = ""
    client: str = ""
    service: str = ""
    day: date | None = None


# 1 ── what holds now ──────────────────────────────────────────────────────────────────────────────────────────────────
def facts(*, seller: sellers_of.Seller) -> tuple[Fact, ...]:
    """Everything of a seller that needs a person now. Six statements, however much it is; a seventh where servers are
    seen to by hand."""
    changes = tuple(_changes(seller))
    executions = tuple(_executions(seller, but={each.number for each in changes}))
    known = {each.number for each in (*changes, *executions)}
    return tuple(
        chain(_promises(seller), changes, executions, _tasks(seller), _stopped(seller, but=known), _undelivered(seller))
    )


def _promises(seller: sellers_of.Seller) -> Iterator[Fact]:
    """What the board calls new, and nobody has marked as seen."""
    unseen = models.StaffNotice.objects.filter(seller=seller, seen_at=None)
    promised = unseen.filter(change__in=models.Change.objects.filter(deadlines.PROMISED))
    for row in promised.select_related("change__client", "change__service").order_by("pk")[:MOST]:
        yield Fact(
            sort=row.code,
            key=f"notice:{row.pk}",
            number=row.change.number,
            client=row.change.client.name,
            service=row.change.service.label,
            day=row.promised_on,
        )


def _changes(seller: sellers_of.Seller) -> Iterator[Fact]:
    waiting = models.Change.objects.filter(office.FILTERS["staff"], client__seller=seller)
    for row in waiting.select_related("client", "service").order_by("pk")[:MOST]:
        yield Fact(
            sort="change",
            key=f"change:{row.number}",
            number=row.number,
            client=row.client.name,
            service=row.service.label,
        )


def _executions(seller: sellers_of.Seller, *, but: set[str]) -> Iterator[Fact]:
    """Work on machines that no change above stands for: a repair after a look at drift, say."""
    waiting = machines.Execution.objects.filter(service__client__seller=seller, state__in=_WAIT)
    for row in waiting.select_related("service__client").order_by("pk")[:MOST]:
        if row.cause not in but:
            yield Fact(
                sort="execution",
                key=f"execution:{row.number}",
                number=row.number,
                client=row.service.client.name,
                service=row.service.label,
            )


def _tasks(seller: sellers_of.Seller) -> Iterator[Fact]:
    for each in by_hand.tasks(sellers=(seller.code,), most=MOST):
        yield Fact(sort="task", key=f"task:{each.code}")


def _stopped(seller: sellers_of.Seller, *, but: set[str]) -> Iterator[Fact]:
    """Runs that stopped, other than of what is told above, and of mails, which fail as mails."""
    stuck = works.visible(sellers=(seller.code,), every_seller=False).filter(~Q(kind=mailing.KIND), state="STUCK")
    for row in stuck.order_by("pk")[:MOST]:
        if row.subject not in but:
            yield Fact(sort="run", key=f"run:{row.key}")


def _undelivered(seller: sellers_of.Seller) -> Iterator[Fact]:
    failed = models.OutgoingMail.objects.filter(seller=seller, state__in=("FAILED", "BOUNCED"))
    for number in failed.exclude(purpose=models.STAFF_ALARM).order_by("pk").values_list("number", flat=True)[:MOST]:
        yield Fact(sort="mail", key=f"mail:{number}")


# 2 ── told ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _look(task: runs.Work) -> runs.Outcome:
    if ports.has_mail_out():
        for each in catalog.all_in_force():
            if address := each.catalog.seller.alarm_address:
                _tell(each.seller, address, task)
    return runs.Done()


def _tell(seller: sellers_of.Seller, address: str, task: runs.Work) -> None:
    """One mail with all that is new, or none. Two looks at once cannot both tell a fact: it is unique."""
    told = models.StaffAlarm.objects.filter(seller=seller)
    known = dict(told.values_list("fact", "pk"))
    found = facts(seller=seller)
    over = known.keys() - {each.key for each in found}
    if over:
        told.filter(pk__in=[known[fact] for fact in over]).delete()
    new = tuple(each for each in found if each.key not in known)
    if not new:
        return
    mail = mailing.send_to_staff(
        seller=seller,
        recipient=address,
        letter=alarm_letters.write(found=new, seller=seller),
        key=f"{task.key}:{seller.code}",
        at=task.at,
        actor=task.actor,
    )
    models.StaffAlarm.objects.bulk_create(
        [models.StaffAlarm(seller=seller, fact=each.key, mail=mail) for each in new], batch_size=500
    )


def define() -> None:
    """Name the look to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"tell": _look}, first="tell")
    runs.every(KIND, minutes=EVERY)
