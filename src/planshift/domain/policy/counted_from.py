"""From which instant does the new price count?

An instant that is not known yet is taken to be that of the request, and the quote holds while it is valid. `run`
chooses among the instants of a change.
"""

from dataclasses import dataclass

from planshift.domain.periods import Moment
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "request"


@dataclass(frozen=True, slots=True)
class Instants:
    """The instants of one change; None: not known yet, or the facts give no dates."""

    request: Moment | None
    payment: Moment | None
    provisioning: Moment | None
    cycle_start: Moment | None


def _request(*, instants: Instants) -> Moment | None:
    return instants.request


def _payment(*, instants: Instants) -> Moment | None:
    return instants.payment or instants.request


def _provisioning(*, instants: Instants) -> Moment | None:
    return instants.provisioning or instants.payment or instants.request


def _cycle_start(*, instants: Instants) -> Moment | None:
    return instants.cycle_start or instants.request


RULES = rules(
    Answer(name="request", run=_request, doc="From the request.", example='"request"'),
    Answer(name="payment", run=_payment, doc="From the booking of the payment.", example='"payment"'),
    Answer(name="provisioning", run=_provisioning, doc="From the day of the provisioning.", example='"provisioning"'),
    Answer(
        name="cycle_start",
        run=_cycle_start,
        doc="From the start of the running term, as if the new plan had been there all along.",
        example='"cycle_start"',
    ),
)
