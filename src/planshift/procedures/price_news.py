"""Who is told of a higher price before it holds for them, and when? Once a day, seller by seller, in batches.

A price that begins on a day is known when its catalog is loaded. So many days before it holds for an existing contract
(`renewal.told_days`) its client gets one letter: what a term costs now, what from that day on. The key of the letter is
the service and the day: a second run writes none. A price that was loaded too late for that is told at once, with the
day on which it then holds (`told`). A letter that cannot be written holds up no other: its service gets
a run of its own, once, and staff see why.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import transaction

from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.procedures import announcing, contracts, mailing, models, rules, told, vat
from planshift.procedures.correspondence import wording
from planshift.runtime import runs
from planshift.services import models as services
from planshift.services import queries as holdings

KIND = "price_news"
BATCH_KIND = told.RUN
BATCH = 20  # letters take their numbers from one row: it is held for as long as a batch takes
_STRETCHES = 1000  # batches started by one statement


def begin(*, at: datetime) -> None:
    """Start the day's run of every seller whose price list is about to change for existing contracts."""
    found = [each for each in sellers.Seller.objects.order_by("pk") if _due_days(each, at=at)]
    runs.start_many(
        kind=KIND, subjects=[(f"{KIND}:{each.code}:{rules.day(seller=each, at=at)}", each.code) for each in found]
    )


def _due_days(seller: sellers.Seller, *, at: datetime) -> list[date]:
    """Days on which a price begins to hold for existing contracts, to come and near enough to be told, or past and
    loaded too late."""
    try:
        in_force = catalog.in_force(seller=seller)
    except Refused:  # no rules yet: nothing is sold either
        return []
    today = rules.day(seller=seller, at=at)
    families = ("", *in_force.catalog.families)
    most = timedelta(days=max(told.days(policy=in_force.policy, family=each) for each in families))
    late = told.late_days(policy=in_force.policy, sold=in_force.catalog, seller=seller, today=today)
    return [day for day in in_force.catalog.begins if day in late or today < day <= today + most]


def _split(task: runs.Work) -> runs.Outcome:
    """A run for each stretch of services."""
    seller, day = sellers.Seller.objects.get(code=task.subject), task.key.rpartition(":")[2]
    live = services.Service.objects.filter(client__seller=seller, state__in=("ACTIVE", "SUSPENDED")).order_by("pk")
    stretches = announcing.stretches_of(live.values_list("pk", flat=True).iterator(chunk_size=5000), size=BATCH)
    while some := list(islice(stretches, _STRETCHES)):
        runs.start_many(
            kind=BATCH_KIND,
            subjects=[
                (f"{BATCH_KIND}:{seller.code}:{day}:{first}-{last}", f"{seller.code}:{first}:{last}")
                for first, last in some
            ],
        )
    return runs.Done()


def _batch(task: runs.Work) -> runs.Outcome:
    """Tell each client of the stretch whose next terms will cost more."""
    code, first, last = task.subject.rsplit(":", 2)
    seller = sellers.Seller.objects.get(code=code)
    in_force, today = catalog.in_force(seller=seller), rules.day(seller=seller, at=task.at)
    pks = services.Service.objects.filter(
        client__seller=seller, pk__gte=int(first), pk__lte=int(last), state__in=("ACTIVE", "SUSPENDED")
    )
    found = holdings.holdings_of(pks=list(pks.order_by("pk").values_list("pk", flat=True)), seller=seller)
    sold, policy = in_force.catalog, in_force.policy
    agreed = contracts.concluded(found, sold=sold, policy=policy, seller=seller, today=today)
    taxed = vat.abroad(wanted=[(each.service, today) for each in found], sold=sold.seller)
    for each in found:
        since, family = agreed.get(each.service.pk), each.service.family
        for word in since.words if since else ():
            if word.written or today < word.day - timedelta(days=told.days(policy=policy, family=family)):
                continue
            now, then = (
                contracts.term_price(
                    held=each,
                    in_force=in_force,
                    taxed=taxed.get(each.service.pk),
                    contract=contracts.of(since=since, policy=policy, family=family),
                    on=on,
                )
                for on in (word.day - timedelta(days=1), word.until)
            )
            if now is not None and then is not None and then.gross > now.gross:
                _told_or_apart(each.service, word=word, now=now.gross, then=then.gross, task=task)
    return runs.Done()


def _told_or_apart(service: services.Service, *, word: told.Word, now: Money, then: Money, task: runs.Work) -> None:
    """Where the letter cannot be written, the service becomes a run of its own, which stays stuck with the reason."""
    letter = told.key(service=service, day=word.day)
    apart = told.run_of(letter=letter)
    try:
        _tell(service, letter=letter, begins=word.until, now=now, then=then, task=task)
    except Refused:  # an address that no mail can go to; nothing was written
        if task.key == apart:
            raise
        subject = f"{service.client.seller.code}:{service.pk}:{service.pk}"
        runs.start(kind=BATCH_KIND, key=apart, subject=subject)


def _tell(service: services.Service, *, letter: str, begins: date, now: Money, then: Money, task: runs.Work) -> None:
    client = service.client
    facts: Mapping[str, wording.Fact] = {
        "service": service.label,
        "renewal": now,
        "amount": then,
        "begins": begins,
        "seller": client.seller.name,
        "link": f"{settings.BASE_URL}/services/{service.number}/",
    }
    with transaction.atomic():
        number = mailing.send(
            client=client.number,
            letter=wording.write(code=told.PURPOSE, language=client.language, facts=facts),
            purpose=told.PURPOSE,
            key=letter,
            about=service.number,
            at=task.at,
            actor=task.actor,
        )
        mail = models.OutgoingMail.objects.only("pk").get(number=number)
        models.PriceLetter.objects.get_or_create(mail=mail, defaults={"begins_on": begins})


def define() -> None:
    """Name the steps to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"split": _split}, first="split")
    runs.define(BATCH_KIND, steps={"tell": _batch}, first="tell")
