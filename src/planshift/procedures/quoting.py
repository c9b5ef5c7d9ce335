"""How is a price kept? As a quote: frozen, numbered, expiring."""

from datetime import datetime

from django.db import transaction

from planshift.domain import facts, quote
from planshift.procedures import keeping, knowledge, models
from planshift.runtime import numbers


def keep(
    *,
    known: knowledge.Known,
    request: facts.Request,
    priced: quote.Offer,
    at: datetime,
    actor: str,
    replaces: models.Quote | None,
) -> str:
    """Write the quote of an offer. Returns its number."""
    row = known.holding.service
    with transaction.atomic():
        number = f"Q-{at.year}-{numbers.take(series=f'quote/{at.year}', count=1)[0]:06}"
        models.Quote.objects.create(
            number=number,
            service=row,
            client=row.client,
            policy_id=known.rules.policy_revision,
            catalog_id=known.rules.catalog_revision,
            request=keeping.to_json(request),
            offer=keeping.to_json(priced),
            facts_digest=known.digest,
            currency=priced.currency,
            gross_minor=priced.total.gross.minor,
            created_at=at,
            expires_at=known.quote_end(at=at),
            made_by=actor,
            replaces=replaces,
        )
    return number
