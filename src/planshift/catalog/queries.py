"""What is sold, and under which rules? The documents in force, parsed once per text and process."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from planshift.catalog import models
from planshift.domain import catalog, catalog_document
from planshift.domain.errors import Refused
from planshift.domain.policy import document, loader
from planshift.runtime import shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The newest catalog and policy of a seller, with the revisions that documents must name."""

    seller: models.Seller
    catalog: catalog.Catalog
    catalog_revision: int
    policy: document.Policy
    policy_revision: int
    policy_number: int


@lru_cache(maxsize=64)
def _catalog(pk: int) -> catalog.Catalog:
    text = models.CatalogRevision.objects.values_list("text", flat=True).get(pk=pk)
    return catalog_document.parse(text, accepted=True)


@lru_cache(maxsize=64)
def _policy(pk: int) -> document.Policy:
    return loader.loaded(models.PolicyRevision.objects.values_list("text", flat=True).get(pk=pk).encode())


def catalog_of(*, revision: int) -> catalog.Catalog:
    """The catalog of a revision (its pk). Revisions never change, so a parsed one is kept."""
    return _catalog(revision)


def catalog_before(*, seller: models.Seller, at: datetime) -> catalog.Catalog | None:
    """The catalog that was in force just before an instant, of a seller that had none yet the first; one statement."""
    found = models.CatalogRevision.objects.filter(seller=seller)
    pk = Coalesce(
        Subquery(found.filter(loaded_at__lt=at).order_by("-number").values("pk")[:1]),
        Subquery(found.order_by("number").values("pk")[:1]),
    )
    first = models.Seller.objects.filter(pk=seller.pk).values_list(pk, flat=True).first()
    return None if first is None else _catalog(first)


def policy_of(*, revision: int) -> document.Policy:
    """The policy of a revision (its pk)."""
    return _policy(revision)


def with_newest(seller: str) -> dict[str, Subquery]:
    """What to annotate so that `in_force` needs no statement of its own; `seller` names the column of its pk."""
    catalogs = models.CatalogRevision.objects.filter(seller=OuterRef(seller)).order_by("-number")
    policies = models.PolicyRevision.objects.filter(seller=OuterRef(seller)).order_by("-number")
    return {
        "newest_catalog": Subquery(catalogs.values("pk")[:1]),
        "newest_policy": Subquery(policies.values("pk")[:1]),
        "newest_policy_number": Subquery(policies.values("number")[:1]),
    }


def _newest() -> "QuerySet[models.Seller, tuple[int | None, int | None, int]]":
    return models.Seller.objects.filter(pk=shapes.whole("seller")).values_list(*with_newest("pk").values())


_NEWEST = shapes.Shape(_newest)
_NEWEST_OF = ("newest_catalog", "newest_policy", "newest_policy_number")


def in_force(*, seller: models.Seller, read: Model | None = None) -> InForce:
    """What counts for `seller` now; one statement, none where a row was read `with_newest`.
    Refused("seller_without_catalog" | "seller_without_policy")."""
    if read is not None:
        newest_catalog, newest_policy, policy_number = (vars(read)[name] for name in _NEWEST_OF)
    else:
        ((newest_catalog, newest_policy, policy_number),) = _NEWEST.ask(seller=seller.pk)
    if newest_catalog is None:
        raise Refused("seller_without_catalog", seller=seller.code)
    if newest_policy is None:
        raise Refused("seller_without_policy", seller=seller.code)
    return InForce(
        seller=seller,
        catalog=_catalog(newest_catalog),
        catalog_revision=newest_catalog,
        policy=_policy(newest_policy),
        policy_revision=newest_policy,
        policy_number=policy_number,
    )


def all_in_force(*, sellers: tuple[str, ...] | None = None) -> list[InForce]:
    """What counts for each of these sellers, or of all, that has a catalog and a policy. One statement."""
    found = models.Seller.objects.annotate(**with_newest("pk")).order_by("pk")
    rows = found if sellers is None else found.filter(code__in=sellers)
    return [
        in_force(seller=row, read=row)
        for row in rows
        if vars(row)["newest_catalog"] is not None and vars(row)["newest_policy"] is not None
    ]


def forget() -> None:
    """Between tests: revisions of a rolled-back database are gone and their keys may come again."""
    _catalog.cache_clear()
    _policy.cache_clear()
