"""What do the clock of a promise and its pauses look like in the API (H6)?"""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

from planshift.interfaces.api.v1 import shapes

Note = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


class PauseIn(shapes._Strict):
    """Why the clock shall stand still: one of the reasons for which a promise may wait, and a note."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "client", "note": "waits for the name of the new domain"}]},
    )

    reason: Literal["client", "third_party", "client_asked", "force_majeure"]
    note: Note


class ResumeIn(shapes._Strict):
    """Why it goes on."""

    note: Note


class ClockPause(Schema):
    """The clock stood still, or does while `ended_at` is null."""

    reason: str
    note: str
    started_at: datetime
    ended_at: datetime | None
    end_note: str
    business_days: int | None = Field(description="by which the promised day moved")


class Clock(Schema):
    """What is promised (H6)."""

    change: str
    promised_on: date | None = Field(description="null while nothing is promised")
    runs: bool = Field(description="the clock counts now: promised, not in force, not paused")
    pauses: list[ClockPause]
