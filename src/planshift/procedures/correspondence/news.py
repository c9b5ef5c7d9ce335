"""What is new since we last looked? Rows that tell of something are read in order; each gives one letter or none.

Rows may appear out of order (a transaction that took its number earlier may end later), so a look begins again at the
place that was reached ten minutes before, and the key of a letter keeps it from being written twice.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import CharField, Exists, F, Max, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from planshift.billing import models as billing
from planshift.domain import letters
from planshift.domain.errors import Refused
from planshift.procedures import mailing, models, ports
from planshift.procedures.correspondence import occasions, wording
from planshift.runtime import locks, runs
from planshift.runtime.models import AuditEntry, Run

Row = AuditEntry | billing.Order | models.Notice

KIND = "letters"
LETTER = "letter"
BATCH = 20
SETTLED = dt.timedelta(minutes=10)  # longer than any transaction
MOMENT = dt.timedelta(seconds=30)  # what follows at once is told in one letter
NEWS = dt.timedelta(days=7)  # after that a letter would only confuse: letters were switched off, or no worker ran


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that tell of something; `told(row)` is the occasion, if any; `at` names the column of when it happened."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    told: Callable[[Row], occasions.Occasion | None]
    at: str


def _moves() -> QuerySet[AuditEntry]:
    """Of paid orders only those that are told by themselves: a run of renewals pays many others."""
    top_ups = billing.Order.objects.filter(purpose__in=occasions.TOP_UPS)
    wanted = Q()
    for kind, event in occasions.MOVES:
        of = {"object_id__in": top_ups.values("pk")} if (kind, event) == ("billing.order", "paid") else {}
        wanted |= Q(kind=kind, event=event, **of)
    return AuditEntry.objects.filter(wanted)


def _orders() -> QuerySet[billing.Order]:
    return billing.Order.objects.filter(state="AWAITING_PAYMENT", gross_minor__gt=F("covered_minor"))


def _move(row: Row) -> occasions.Occasion | None:
    assert isinstance(row, AuditEntry)
    assert row.object_id is not None
    return occasions.MOVES[row.kind, row.event](row.object_id)


def _order(row: Row) -> occasions.Occasion | None:
    assert isinstance(row, billing.Order)
    return occasions.placed(row.pk)


def _notice(row: Row) -> occasions.Occasion | None:
    assert isinstance(row, models.Notice)
    return occasions.notice(row.pk)


SOURCES = (
    Source("order", _orders, _order, "placed_at"),
    Source("move", _moves, _move, "business_at"),
    Source("notice", models.Notice.objects.all, _notice, "given_at"),
)


@dataclass(frozen=True, slots=True)
class Written:
    """A letter that is ready to be queued."""

    key: str
    occasion: occasions.Occasion
    letter: letters.Letter


@dataclass(frozen=True, slots=True)
class Apart:
    """Where one of a batch cannot be written, each becomes a run of its own: it holds up no other, and staff of its
    seller see it."""

    key: str
    seller: str


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a source gave: how far it read, and the letters."""

    source: str
    reached: int
    more: bool
    letters: tuple[Written | Apart, ...]


# 1 ── a look, outside any transaction ─────────────────────────────────────────────────────────────────────────────────
def _look(task: runs.Work) -> tuple[Look, ...]:
    if not settings.LETTERS or not ports.has_mail_out():
        return ()
    places = {each.source: each for each in models.LettersPlace.objects.all()}
    return tuple(_read(source, places.get(source.name), at=task.at, apart=bool(task.attempt)) for source in SOURCES)


def _read(source: Source, place: models.LettersPlace | None, *, at: dt.datetime, apart: bool) -> Look:
    if place is None:  # what happened before the first look is not told any more
        return Look(source.name, _last(source, Q()), False, ())
    key = Concat(Value(f"{source.name}:"), Cast(OuterRef("pk"), CharField()), output_field=CharField())
    due = Q(pk__gt=place.reached, **{f"{source.at}__lte": at - MOMENT})
    new = source.rows().filter(due, **{f"{source.at}__gt": at - NEWS})
    written = Exists(models.OutgoingMail.objects.filter(key=key))
    apart_already = Exists(Run.objects.filter(key=Concat(Value(f"{LETTER}:"), key)))
    found = list(new.exclude(written).exclude(apart_already).order_by("pk")[:BATCH])
    letters_of = (_apart(source, row) if apart else _written(source, row) for row in found)
    more = len(found) == BATCH
    # past the rows that tell nothing too, so that no look reads them for ever
    last = found[-1].pk if more else _last(source, due) or place.reached
    return Look(source.name, last, more, tuple(each for each in letters_of if each is not None))


def _last(source: Source, due: Q) -> int:
    last: int | None = source.rows().model._default_manager.filter(due).aggregate(last=Max("pk"))["last"]
    return last or 0


def _apart(source: Source, row: Row) -> Apart:
    kind, pk = (row.kind, row.object_id) if isinstance(row, AuditEntry) else (row._meta.label_lower, row.pk)
    assert pk is not None
    return Apart(f"{source.name}:{row.pk}", occasions.seller(kind=kind, pk=pk))


def _written(source: Source, row: Row) -> Written | None:
    told = source.told(row)
    if told is None:
        return None
    letter = wording.write(
        code=told.code, language=told.client.language, facts=told.facts, enclosures=told.enclosures()
    )
    return Written(f"{source.name}:{row.pk}", told, letter)


# 2 ── queued ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _queue(task: runs.Work, looks: tuple[Look, ...]) -> runs.Outcome:
    for look in looks:
        for each in look.letters:
            try:
                _send(each, task)
            except Refused:  # an address that no mail can go to; nothing was written
                _send(_alone(each), task)
        _remember(look, at=task.at)
    return runs.Go("write") if any(look.more for look in looks) else runs.Done()


def _alone(each: Written | Apart) -> Apart:
    return each if isinstance(each, Apart) else Apart(each.key, each.occasion.client.seller.code)


def _send(written: Written | Apart, task: runs.Work) -> None:
    if isinstance(written, Apart):
        runs.start(kind=LETTER, key=f"{LETTER}:{written.key}", subject=f"{written.seller}:{written.key}")
        return
    mailing.send(
        client=written.occasion.client.number,
        letter=written.letter,
        purpose=written.occasion.code,
        key=written.key,
        about=written.occasion.about,
        at=task.at,
        actor=task.actor,
    )


def _remember(look: Look, *, at: dt.datetime) -> None:
    """How far it was read. At the end of a look the next one begins at the place of ten minutes ago."""
    models.LettersPlace.objects.get_or_create(
        source=look.source, defaults={"reached": look.reached, "settled": look.reached, "seen": look.reached,
                                      "seen_at": at},
    )  # fmt: skip
    place = locks.for_update(models.LettersPlace.objects.filter(source=look.source)).get()
    place.reached = look.reached
    if not look.more:
        if at - place.seen_at >= SETTLED:
            place.settled, place.seen, place.seen_at = place.seen, look.reached, at
        place.reached = place.settled
    place.save()


# 3 ── one that failed, alone ──────────────────────────────────────────────────────────────────────────────────────────
def _look_alone(task: runs.Work) -> Written | None:
    name, pk = task.subject.split(":")[-2:]  # the seller before them
    source = next(each for each in SOURCES if each.name == name)
    return _written(source, source.rows().get(pk=pk))


def _queue_alone(task: runs.Work, written: Written | None) -> runs.Outcome:
    if written is not None:
        _send(written, task)
    return runs.Done()


def define() -> None:
    """Name the writing of letters to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"write": runs.Step(_queue, external=_look)}, first="write")
    runs.define(LETTER, steps={"write": runs.Step(_queue_alone, external=_look_alone)}, first="write")
    runs.every(KIND, minutes=1)
