"""At which version of the price list is an existing contract renewed, and who is to be told of a new price?

The contract is concluded on the day of the quote with which the client took the present plan: its renewal costs what
that quote said, however much later it was paid or began. A service that was imported is older than every price, as
nobody told since when its client has it. A policy says what a later price means
for it (`renewal`): the price of the day on which the term begins, or the agreed one until the day that the catalog
names for existing contracts (`existing_from`). A price of which the client was told too late is held back (`told`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from django.db.models.functions import Coalesce

from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold_goods
from planshift.domain import periods, renewing
from planshift.domain import vat as domain_vat
from planshift.domain.errors import Refused
from planshift.domain.policy import document
from planshift.domain.tax import Taxed
from planshift.procedures import models, rules, told
from planshift.runtime import among
from planshift.services import models as holders
from planshift.services import queries as services


def kept(*, policy: document.Policy, family: str) -> bool:
    """Whether existing contracts keep the price that was agreed."""
    (chosen,) = policy.answers_before_cases(family)["renewal"]
    return chosen.params.get("prices") == "as_agreed"


class Agreed(NamedTuple):
    """When a contract was concluded, and which later prices are held back: their client was not told in time."""

    on: date
    held: sold_goods.Held = ()
    words: Sequence[told.Word] = ()


def concluded(
    found: Sequence[services.Holding],
    *,
    sold: sold_goods.Catalog,
    policy: document.Policy,
    seller: sellers.Seller,
    today: date,
) -> Mapping[int, Agreed]:
    """By pk of the service: the contract of its present plan, as known on a day. Nothing is read where no price of the
    catalog begins on a day: then no contract can be older than its price; else at most five statements."""
    if not sold.begins:
        return {}
    plan = models.Change.objects.filter(
        among.of("service_id", [each.service.pk for each in found]), operation="plan", applied_at__isnull=False
    )
    asked_at = Coalesce("lowered_from__created_at", "quote__created_at")
    by = Coalesce("lowered_from__catalog", "quote__catalog")
    changed = {
        pk: (at, revision) for pk, at, revision in plan.order_by(asked_at).values_list("service_id", asked_at, by)
    }
    numbers = [each.service.number for each in found]
    imported = set(
        models.Imported.objects.filter(among.of("number", numbers), kind="services").values_list("number", flat=True)
    )
    since: dict[holders.Service, tuple[date, sold_goods.Catalog | None]] = {}
    for each in found:
        row, last = each.service, changed.get(each.service.pk)
        if last is not None:
            since[row] = rules.day(seller=seller, at=last[0]), catalog.catalog_of(revision=last[1])
        else:
            since[row] = date.min if row.number in imported else each.terms[0].start_on, None
    words = told.words(since=since, sold=sold, policy=policy, seller=seller, today=today)
    return {
        row.pk: Agreed(on, told.held(words.get(row.pk, ())), words.get(row.pk, ())) for row, (on, _) in since.items()
    }


def made_by(*, change: models.Change) -> tuple[date, int] | None:
    """The day of the contract that a change of plan makes once it is in force, and the catalog revision that the client
    saw; None: it makes none. A price that staff lowered since (`lowered_from`) was computed for the day of the quote
    that the client ordered."""
    if change.operation != "plan":
        return None
    kept = change.lowered_from or change.quote
    return rules.day(seller=kept.service.client.seller, at=kept.created_at), kept.catalog_id


def of_change(*, on: date, revision: int, sold: sold_goods.Catalog, policy: document.Policy, family: str) -> Agreed:
    """The contract that a paid change makes: its first term costs what the quote said, whatever was loaded since,
    where clients are told of new prices."""
    if not told.days(policy=policy, family=family):
        return Agreed(on)
    known = catalog.catalog_of(revision=revision).begins
    return Agreed(on, tuple((day, date.max) for day in sold.begins if day not in known))


def of(*, since: Agreed | None, policy: document.Policy, family: str) -> sold_goods.Contract | None:
    """The contract as prices are looked up by; None where nothing is known of it."""
    if since is None:
        return None
    return sold_goods.Contract(since.on, kept(policy=policy, family=family), since.held)


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
