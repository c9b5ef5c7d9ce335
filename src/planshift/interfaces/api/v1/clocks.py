"""The clock of what a change promises (H6): does it stand still, why, and may it go on? For the seller alone."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from planshift.interfaces.api.v1 import callers, clock_shapes, problems
from planshift.procedures import deadlines
from planshift.procedures.queries import deadlines as looking
from planshift.runtime import clock

router = Router(tags=["Promises"])
READING = problems.declared(403)


@router.get("/changes/{number}/clock", response={200: clock_shapes.Clock, **READING}, operation_id="get_clock")
def get_clock(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """The promised day and every pause of its clock, the latest first. Only with a token of the whole seller."""
    callers.sellers_change(request, number)
    return _clock(number)


@router.post(
    "/changes/{number}/clock/pause",
    response={200: clock_shapes.Clock, **problems.WRITING_BODY},
    operation_id="pause_clock",
)
def pause_clock(request: HttpRequest, number: callers.Number, wanted: clock_shapes.PauseIn) -> dict[str, Any]:
    """From now on the clock stands still, for a stated reason. Only with a token of the whole seller."""
    seller = callers.sellers_change(request, number)
    deadlines.pause(
        sellers=(seller,),
        number=number,
        reason=wanted.reason,
        note=wanted.note,
        at=clock.business(),
        actor=callers.writer(request).actor,
    )
    return _clock(number)


@router.post(
    "/changes/{number}/clock/resume",
    response={200: clock_shapes.Clock, **problems.WRITING_BODY},
    operation_id="resume_clock",
)
def resume_clock(request: HttpRequest, number: callers.Number, wanted: clock_shapes.ResumeIn) -> dict[str, Any]:
    """The clock goes on: the promised day moves by the business days that it stood still. Only with a token of the
    whole seller."""
    seller = callers.sellers_change(request, number)
    actor = callers.writer(request).actor
    deadlines.resume(sellers=(seller,), number=number, note=wanted.note, at=clock.business(), actor=actor)
    return _clock(number)


def _clock(number: str) -> dict[str, Any]:
    found = looking.clock_of(change=number)
    pauses = [
        {name: getattr(each, name) for name in each.__slots__ if name not in ("started_by", "ended_by")}
        for each in found.pauses
    ]
    return {"change": number, "promised_on": found.promised_on, "runs": found.runs, "pauses": pauses}
