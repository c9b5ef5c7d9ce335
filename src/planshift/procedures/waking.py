"""Which renewal has to look again, since a change that waited for the client is over?"""

from planshift.procedures import models, next_term
from planshift.runtime import runs
from planshift.services import models as services


def renewal_of(*, service: services.Service) -> None:
    """One that held back because of the change may be collected now."""
    waiting = models.Renewal.objects.filter(service=service, state__in=next_term.UNPAID).select_related("order")
    runs.signal_many(keys=[next_term.run_key(each) for each in waiting], name="change")
