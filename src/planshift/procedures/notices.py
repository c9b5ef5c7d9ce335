"""What is the client told on the way? Each notice is a row: numbered, frozen, shown in the panel."""

from datetime import datetime

from planshift.procedures import models
from planshift.runtime import numbers


def announce_removal(*, change: models.Change, at: datetime, actor: str) -> str:
    """Tell the client that the old environment is removed now that its time is over (H10). Returns the notice's number.

    Once per change: asked again, the same notice is its own proof.
    """
    return _give(change=change, code="old_environment_removed", at=at, actor=actor)


def _give(*, change: models.Change, code: str, at: datetime, actor: str) -> str:
    given = models.Notice.objects.filter(change=change, code=code).first()
    if given is None:
        number = f"N-{at.year}-{numbers.take(series=f'notice/{at.year}', count=1)[0]:06}"
        given = models.Notice.objects.create(
            number=number, client=change.client, change=change, code=code, given_at=at, given_by=actor
        )
    return given.number
