"""Did the page help? Readers vote, the operator sees the count (D10)."""

from datetime import datetime

from planshift.catalog import models as catalog
from planshift.catalog import queries
from planshift.procedures import models


def vote(*, user_id: int, seller: str, page: str, language: str, helped: bool, at: datetime) -> None:
    """Keep a reader's answer about a help page; a second answer replaces the first."""
    owner = catalog.Seller.objects.get(code=seller)
    models.HelpVote.objects.update_or_create(
        user_id=user_id,
        seller=owner,
        page=page,
        defaults={
            "language": language,
            "helped": helped,
            "at": at,
            "policy_id": queries.in_force(seller=owner).policy_revision,
        },
    )
