"""What random histories have found, each once more by itself, so that it stays mended."""

import pytest

from planshift.billing import models as billing
from planshift.domain.errors import Refused
from planshift.procedures import deciding, models
from planshift.runtime import clock
from tests.stories.conftest import Stage
from tests.stories.test_acceptance import asked, click, nothing_moved, ordered, seen

STAFF = {"note": "it moves to another server", "actor": "user:7"}


def decided(stage: Stage, number: str, kind: str) -> str:
    quote = models.Change.objects.select_related("quote__client").get(number=number).quote
    return deciding.decide_kind(
        client=quote.client.number, number=quote.number, kind=kind, at=clock.business(), **STAFF
    )


def test_staff_decide_the_kind_of_a_decrease_that_waits_for_its_answer(stage: Stage, post: object) -> None:
    """It was an error of the program: a decrease has no order."""
    before, made = seen(stage), ordered(stage, "standard")
    again = decided(stage, made.number, "hard")
    stage.work()
    assert (stage.change(made.number).state, asked(made.number).state) == ("WITHDRAWN", "WITHDRAWN")
    nothing_moved(stage, before)
    assert models.Quote.objects.get(number=again).state == "OPEN"
    assert not billing.Invoice.objects.filter(kind="correction").exists()


def test_the_kind_of_an_accepted_decrease_stays(stage: Stage, post: object) -> None:
    made = ordered(stage, "standard")
    click(stage, made.number)
    with pytest.raises(Refused, match="kind_after_acceptance"):
        decided(stage, made.number, "hard")
    stage.work()
    assert stage.change(made.number).state == "DONE"
