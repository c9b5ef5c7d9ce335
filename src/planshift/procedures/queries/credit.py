"""What is an account credit used for? As the policy in force says for the services of the client."""

from planshift.catalog import queries as catalog
from planshift.domain.exact import Fraction
from planshift.domain.policy import account_credit
from planshift.procedures import rules
from planshift.services import models as services


def pays(*, client: services.Client) -> str:
    """What the credit of a client is used for by itself: "changes_and_renewals", "renewals", or, where the families of
    the client's services differ, "renewals_and_some_changes"."""
    policy, one = catalog.in_force(seller=client.seller).policy, Fraction(1)
    running = client.services.exclude(state="ENDED").order_by("family")
    families = list(running.values_list("family", flat=True).distinct()) or [""]
    used = {
        rules.carried_out(account_credit, policy=policy, family=family, due=one, balance=one, renewal=False)
        for family in families
    }
    if len(used) > 1:
        return "renewals_and_some_changes"
    return "changes_and_renewals" if used == {one} else "renewals"
