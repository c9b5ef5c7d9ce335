"""What does not go on by itself, whose is it, and do the workers live? For staff."""

from datetime import datetime

from django.db.models import CharField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from planshift.billing import models as billing
from planshift.procedures import by_hand, models
from planshift.procedures.views import office as views
from planshift.provisioning import models as machines
from planshift.provisioning import queries as provisioning
from planshift.runtime import runs
from planshift.runtime.models import Run
from planshift.services import models as services
from planshift.services.queries import NotFound

LIMIT = 100
OWNED = frozenset(  # kinds of runs that are about something of one seller
    {
        "capacity",
        "change",
        "credentials",
        "drift_name",
        "drift_server",
        "execution",
        "letter",
        "mail",
        "metered_power",
        "metering_batch",
        "metering_seller",
        "prepaid_look",
        "prepaid_top_up",
        "price_news",
        "price_news_batch",
        "renewal",
        "renewal_announcement",
        "renewal_batch",
        "renewals",
        "top_up",
        "usage",
        "watch",
    }
)
OF_ALL = frozenset(
    {
        "alarms",
        "bank_statements",
        "deadlines",
        "drift",
        "letters",
        "metering",
        "readings",
        "sweep",
    }
)  # the installation's
# their steps stand for money, or are decided on the work
UNSKIPPABLE = frozenset(
    {"change", "execution", "metered_power", "metering_batch", "prepaid_top_up", "renewal", "top_up"}
)


def works(*, sellers: tuple[str, ...], every_seller: bool, at: datetime) -> views.Works:
    """Stuck runs of these sellers and of the installation, work that waits for staff, and the workers."""
    stuck = visible(sellers=sellers, every_seller=every_seller).filter(state="STUCK").order_by("since", "pk")[:LIMIT]
    return views.Works(
        stuck=tuple(
            views.StuckRun(run=runs.queries.view(each), can=possible(run=each, every_seller=every_seller))
            for each in stuck
        ),
        executions=tuple(provisioning.for_staff_of(sellers=sellers, at=at)),
        workers=tuple(runs.queries.workers()),
        tasks=by_hand.count(sellers=sellers),
        differences=machines.Difference.objects.filter(
            outcome="", environment__server__seller__code__in=sellers
        ).count(),
    )


def possible(*, run: Run, every_seller: bool) -> frozenset[str]:
    """What staff may do with this run: only what is stuck is skipped or cancelled, what pauses is tried at once.

    Runs of the installation (schedules, readings of servers) are for people who work for every seller. Steps that stand
    for money are never skipped (D2); what machines do is decided on the execution.
    """
    pauses = run.state == "READY" and run.attempt > 0
    if (run.kind not in OWNED and not every_seller) or not (run.state == "STUCK" or pauses):
        return frozenset()
    if run.kind == "execution" or pauses:
        return frozenset({"retry"})
    return frozenset({"retry", "cancel"} if run.kind in UNSKIPPABLE else {"retry", "skip", "cancel"})


def run_of(*, sellers: tuple[str, ...], every_seller: bool, key: str) -> Run:
    """A run that concerns one of these sellers, or the installation. NotFound for another seller's."""
    found = visible(sellers=sellers, every_seller=every_seller).filter(key=key).first()
    if found is None:
        raise NotFound(key)
    return found


def is_theirs(*, sellers: tuple[str, ...], execution: str) -> bool:
    """Does this execution serve a client of one of these sellers?"""
    return machines.Execution.objects.filter(number=execution, service__client__seller__code__in=sellers).exists()


def visible(*, sellers: tuple[str, ...], every_seller: bool) -> QuerySet[Run]:
    """Runs whose subject is of these sellers, and those that are no seller's."""
    if every_seller:
        return Run.objects.all()
    ours = {"client__seller__code__in": sellers}
    served = {"service__client__seller__code__in": sellers}
    numbers = services.Service.objects.filter(**ours).values("number")
    orders = billing.Order.objects.filter(**ours).values("number")
    executions = machines.Execution.objects.filter(**served).values("number")
    environments = machines.Environment.objects.filter(**served).values("pk")
    servers = machines.Server.objects.filter(seller__code__in=sellers)
    subjects = {
        "capacity": servers.values(text=Cast("pk", CharField())),
        "change": models.Change.objects.filter(**ours).values("number"),
        "credentials": machines.Environment.objects.filter(**served).values(text=Cast("pk", CharField())),
        "drift_name": machines.Difference.objects.filter(environment__in=environments).values(
            text=Cast("pk", CharField())
        ),
        "execution": executions,
        "mail": models.OutgoingMail.objects.filter(seller__code__in=sellers).values("number"),
        "metered_power": numbers,
        "metering_seller": sellers,
        "prepaid_look": services.Client.objects.filter(seller__code__in=sellers).values("number"),
        "prepaid_top_up": orders,
        "price_news": sellers,
        "renewal": models.Renewal.objects.filter(**served).values(text=Cast("pk", CharField())),
        "renewal_announcement": numbers,
        "renewals": sellers,
        "top_up": orders,
        "usage": numbers,
        "watch": executions,
    }
    theirs = ~Q(kind__in=OWNED)
    for kind, found in subjects.items():
        theirs |= Q(kind=kind, subject__in=found)
    about = ExpressionWrapper(OuterRef("subject"), output_field=CharField())
    prefix = Concat(Cast("pk", CharField()), Value(":"), output_field=CharField())
    theirs |= Q(Exists(servers.alias(about=about).filter(about__startswith=prefix)), kind="drift_server")
    for code in sellers:  # stretches of a seller's rows, and its letters
        of_seller = ("letter", "metering_batch", "price_news_batch", "renewal_batch")
        theirs |= Q(kind__in=of_seller, subject__startswith=f"{code}:")
    return Run.objects.filter(theirs)
