"""What does a visitor of the simulated servers get?"""

from planshift.adapters.drivers.simulated import faults, models
from planshift.domain.errors import Permanent, Transient


class SimulatedWeb:
    """A visitor of the simulated servers."""

    def visit(self, *, address: str, name: str) -> int:
        """200 from an account that serves, by way of the one that passes visitors on too; 503 where it does not."""
        for silence in (0, 502):  # behind a server that passes visitors on, silence is its own answer
            account = models.SimulatedAccount.objects.filter(address=address, removed=False).first()
            if account is None:
                return silence
            try:
                faults.meet(server=account.machine.code, account=account.name, verb="visit")
            except (Transient, Permanent):
                return silence
            if account.suspended or account.quarantined:
                return 503
            if not account.proxied_to:
                return 200
            address = account.proxied_to
        return 508
