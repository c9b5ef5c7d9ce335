"""What is sold, and under which rules? The documents in force, parsed once per text and process."""

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import OuterRef, Subquery

from planshift.catalog import models
from planshift.domain import catalog, catalog_document
from planshift.domain.errors import Refused
from planshift.domain.policy import document, loader


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
    return catalog_document.parse(models.CatalogRevision.objects.values_list("text", flat=True).get(pk=pk))


@lru_cache(maxsize=64)
def _policy(pk: int) -> document.Policy:
    return loader.loaded(models.PolicyRevision.objects.values_list("text", flat=True).get(pk=pk).encode())


def catalog_of(*, revision: int) -> catalog.Catalog:
    """The catalog of a revision (its pk). Revisions never change, so a parsed one is kept."""
    return _catalog(revision)


def policy_of(*, revision: int) -> document.Policy:
    """The policy of a revision (its pk)."""
    return _policy(revision)


def in_force(*, seller: models.Seller) -> InForce:
    """What counts for `seller` now; one statement. Refused("seller_without_catalog" | "seller_without_policy")."""
    catalogs = models.CatalogRevision.objects.filter(seller=OuterRef("pk")).order_by("-number")
    policies = models.PolicyRevision.objects.filter(seller=OuterRef("pk")).order_by("-number")
    newest_catalog, newest_policy, policy_number = models.Seller.objects.values_list(
        Subquery(catalogs.values("pk")[:1]),
        Subquery(policies.values("pk")[:1]),
        Subquery(policies.values("number")[:1]),
    ).get(pk=seller.pk)
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


def forget() -> None:
    """Between tests: revisions of a rolled-back database are gone and their keys may come again."""
    _catalog.cache_clear()
    _policy.cache_clear()
