"""What is an account credit used for? As the policy in force says."""

from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain.exact import Fraction
from planshift.domain.policy import account_credit
from planshift.procedures import rules


def pays(*, seller: sellers.Seller) -> str:
    """What the credit of a client is used for by itself: "changes_and_renewals", or "renewals"."""
    policy = catalog.in_force(seller=seller).policy
    one = Fraction(1)
    used = rules.carried_out(account_credit, policy=policy, family="", due=one, balance=one, renewal=False)
    return "changes_and_renewals" if used else "renewals"
