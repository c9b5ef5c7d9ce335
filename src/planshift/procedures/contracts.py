"""At which version of the price list is an existing contract renewed, and who is to be told of a new price?

The contract is concluded on the day of the quote with which the client took the present plan: its renewal costs what
that quote said, however much later it was paid or began. A service that was imported is older than every price, as
nobody told since when its client has it. A policy says what a later price means
for it (`renewal`): the price of the day on which the term begins, or the agreed one until the day that the catalog
names for existing contracts (`existing_from`).
"""

from collections.abc import Mapping, Sequence
from datetime import date

from django.db.models import Max
from django.db.models.functions import Coalesce

from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold_goods
from planshift.domain import periods, renewing
from planshift.domain import vat as domain_vat
from planshift.domain.errors import Refused
from planshift.domain.policy import document
from planshift.domain.tax import Taxed
from planshift.procedures import models, rules
from planshift.runtime import among
from planshift.services import queries as services


def kept(*, policy: document.Policy, family: str) -> bool:
    """Whether existing contracts keep the price that was agreed."""
    (chosen,) = policy.answers_before_cases(family)["renewal"]
    return chosen.params.get("prices") == "as_agreed"


def told_days(*, policy: document.Policy, family: str) -> int:
    """How many days before a higher price holds its client is told."""
    (chosen,) = policy.answers_before_cases(family)["renewal"]
    return int(chosen.params.get("told_days", 0))


def concluded(
    found: Sequence[services.Holding], *, sold: sold_goods.Catalog, seller: sellers.Seller
) -> Mapping[int, date]:
    """By pk of the service: the day on which its present plan was taken. Nothing is read where no price of the catalog
    begins on a day: then no contract can be older than its price; else two statements."""
    if not sold.begins:
        return {}
    plan = models.Change.objects.filter(
        among.of("service_id", [each.service.pk for each in found]), operation="plan", applied_at__isnull=False
    )
    asked_at = Max(Coalesce("lowered_from__created_at", "quote__created_at"))
    changed = dict(plan.values_list("service_id").annotate(asked_at=asked_at))
    numbers = [each.service.number for each in found]
    imported = set(
        models.Imported.objects.filter(among.of("number", numbers), kind="services").values_list("number", flat=True)
    )
    first = {each.service.pk: date.min if each.service.number in imported else each.terms[0].start_on for each in found}
    return first | {pk: rules.day(seller=seller, at=at) for pk, at in changed.items()}


def made_by(*, change: models.Change) -> date | None:
    """The day of the contract that a change of plan makes once it is in force; None: it makes none. A price that staff
    lowered since (`lowered_from`) was computed for the day of the quote that the client ordered."""
    if change.operation != "plan":
        return None
    kept = change.lowered_from or change.quote
    return rules.day(seller=kept.service.client.seller, at=kept.created_at)


def of(*, since: date | None, policy: document.Policy, family: str) -> sold_goods.Contract | None:
    """The contract as prices are looked up by; None where nothing is known of it."""
    return None if since is None else sold_goods.Contract(since, kept(policy=policy, family=family))


def term_price(
    *,
    held: services.Holding,
    in_force: catalog.InForce,
    taxed: domain_vat.Case | Refused | None,
    contract: sold_goods.Contract | None,
    on: date,
) -> Taxed | None:
    """What a term costs that would begin on a day; None where it is metered, not sold, or its tax is not known."""
    row = held.service
    family = in_force.catalog.families.get(row.family)
    if family is None or family.metered or isinstance(taxed, Refused):
        return None
    try:
        lines = renewing.lines(
            sold=in_force.catalog,
            plan=row.plan,
            length=periods.Length(row.months),
            additional=held.additional,
            on=on,
            rounding=rules.renewal_rounding(
                policy=in_force.policy, family=row.family, currency=in_force.seller.currency
            ),
            treatment=taxed.treatment if taxed else "standard",
            rate=taxed.rate if taxed and taxed.treatment != "standard" else None,
            contract=contract,
        )
    except Refused:
        return None
    return Taxed.total((line.amount for line in lines), currency=in_force.seller.currency)
