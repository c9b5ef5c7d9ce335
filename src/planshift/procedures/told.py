"""Was a client told in time of a price that begins, and until when is it held back where not?

The letter of a service and a day (`price_news`) is its key. A price that costs a client more holds for a contract so
many days after its letter (`renewal.told_days`), whenever it was loaded. The letter names that day, and a policy that
says another number of days later does not move it. Where no letter is written yet, as if it were
written today: for a day to come, a price that was loaded late, and a letter that could not be written.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold_goods
from planshift.domain import rises
from planshift.domain.policy import document
from planshift.procedures import models, rules
from planshift.runtime import among, runs
from planshift.services import models as services

PURPOSE = "price_change"
RUN = "price_news_batch"


class Word(NamedTuple):
    """A day on which prices begin, until when they are held back for a contract, and whether its letter is written."""

    day: date
    until: date
    written: bool


def days(*, policy: document.Policy, family: str) -> int:
    """How many days before a higher price holds its client is told; 0: never."""
    (chosen,) = policy.answers_before_cases(family)["renewal"]
    return int(chosen.params.get("told_days", 0))


def key(*, service: services.Service, day: date) -> str:
    """Of the letter."""
    return f"{PURPOSE}:{service.number}:{day}"


def run_of(*, letter: str) -> str:
    """The key of the run of a letter that could not be written with the others."""
    return f"{RUN}:{letter}"


def words(
    *,
    since: Mapping[services.Service, tuple[date, sold_goods.Catalog | None]],
    sold: sold_goods.Catalog,
    policy: document.Policy,
    seller: sellers.Seller,
    today: date,
) -> Mapping[int, Sequence[Word]]:
    """By pk of the service: the days of which its client is to be told, or was too late. `since`: when its contract was
    concluded, and by which catalog: who bought by that catalog knew its days. At most three statements."""
    asked = {
        service: [
            day
            for day in sold.begins
            if day > today - rises.LOOKED_BACK and (day > on if known is None else day not in known.begins)
        ]
        for service, (on, known) in since.items()
    }
    keys = [key(service=service, day=day) for service, found in asked.items() for day in found]
    if not keys:
        return {}
    letters = _letters(keys, seller)
    missing = [
        key(service=service, day=day)
        for service, found in asked.items()
        if days(policy=policy, family=service.family)
        for day in found
        if not _written(letters.get(key(service=service, day=day)), today)
    ]
    late = late_days(policy=policy, sold=sold, seller=seller, today=today) if missing else {}
    stuck = runs.queries.unfinished(keys=[run_of(letter=each) for each in missing]) if missing else set()
    made: dict[int, Sequence[Word]] = {}
    for service, found in asked.items():
        ahead, of_service = timedelta(days=days(policy=policy, family=service.family)), list[Word]()
        for day in found:
            letter = key(service=service, day=day)
            written = letters.get(letter)
            if written is not None and _written(written, today):
                of_service.append(Word(day, written.begins_on or max(day, written.on + ahead), True))
            elif ahead and (day > today or service.plan in late.get(day, ()) or run_of(letter=letter) in stuck):
                of_service.append(Word(day, max(day, today + ahead), False))
        made[service.pk] = of_service
    return made


def held(found: Sequence[Word]) -> sold_goods.Held:
    """What of it is held back."""
    return tuple((each.day, each.until) for each in found if each.until > each.day)


class _Letter(NamedTuple):
    on: date
    begins_on: date | None  # as it says; None: of a version that did not note it


def _written(letter: _Letter | None, today: date) -> bool:
    return letter is not None and letter.on <= today


def _letters(keys: Sequence[str], seller: sellers.Seller) -> Mapping[str, _Letter]:
    """By key: the day on which the letter was written, and the one that it names."""
    found = models.OutgoingMail.objects.filter(among.of("key", keys))
    rows = found.values_list("key", "queued_at", "price_letter__begins_on")
    return {letter: _Letter(rules.day(seller=seller, at=at), begins_on) for letter, at, begins_on in rows}


def late_days(
    *, policy: document.Policy, sold: sold_goods.Catalog, seller: sellers.Seller, today: date
) -> Mapping[date, frozenset[str]]:
    """Days that have come, with the plans whose prices of that day were not in the catalog of so many days ago: no
    letter was written in time. What stood in the seller's first catalog was told by whoever sold before. One statement,
    none where no such day is."""
    most = max(days(policy=policy, family=family) for family in ("", *sold.families))
    past = [day for day in sold.begins if today - rises.LOOKED_BACK < day <= today]
    if not most or not past:
        return {}
    before: datetime = rules.start_of(today - timedelta(days=most), seller=seller)
    known = catalog.catalog_before(seller=seller, at=before)
    news = {day: sold.of_day(day) - (frozenset() if known is None else known.of_day(day)) for day in past}
    return {day: frozenset(plan for plan, _, _ in found) for day, found in news.items() if found}
