"""What is the published regulation made from, and did its pages help? (D10)"""

from planshift.catalog import models as catalog
from planshift.catalog import queries
from planshift.procedures import models, views


def rulebook(*, seller: str) -> views.Rulebook:
    """The policy and the catalog in force of a seller."""
    found = queries.in_force(seller=catalog.Seller.objects.get(code=seller))
    return views.Rulebook(policy=found.policy, catalog=found.catalog, revision=found.policy_revision)


def help_vote(*, user_id: int, seller: str, page: str) -> bool | None:
    """A reader's answer about a page; None when there is none."""
    found = models.HelpVote.objects.filter(user_id=user_id, seller__code=seller, page=page)
    return found.values_list("helped", flat=True).first()


def help_votes(*, seller: str) -> dict[str, tuple[int, int]]:
    """Page → (helped, did not help), for the operator."""
    counted: dict[str, tuple[int, int]] = {}
    for page, helped in models.HelpVote.objects.filter(seller__code=seller).values_list("page", "helped"):
        yes, no = counted.get(page, (0, 0))
        counted[page] = (yes + helped, no + (not helped))
    return counted
