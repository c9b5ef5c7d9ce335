"""What is sold, and under which rules? The documents in force, parsed once per text and process."""

from dataclasses import dataclass
from functools import lru_cache

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
    return loader.load(models.PolicyRevision.objects.values_list("text", flat=True).get(pk=pk).encode())


def catalog_of(*, revision: int) -> catalog.Catalog:
    """The catalog of a revision (its pk). Revisions never change, so a parsed one is kept."""
    return _catalog(revision)


def policy_of(*, revision: int) -> document.Policy:
    """The policy of a revision (its pk)."""
    return _policy(revision)


def in_force(*, seller: models.Seller) -> InForce:
    """What counts for `seller` now; two statements. Refused("seller_without_catalog" | "seller_without_policy")."""
    newest_catalog = (
        models.CatalogRevision.objects.filter(seller=seller).order_by("-number").values_list("pk", flat=True).first()
    )
    if newest_catalog is None:
        raise Refused("seller_without_catalog", seller=seller.code)
    newest_policy = (
        models.PolicyRevision.objects.filter(seller=seller).order_by("-number").values_list("pk", "number").first()
    )
    if newest_policy is None:
        raise Refused("seller_without_policy", seller=seller.code)
    return InForce(
        seller=seller,
        catalog=_catalog(newest_catalog),
        catalog_revision=newest_catalog,
        policy=_policy(newest_policy[0]),
        policy_revision=newest_policy[0],
        policy_number=newest_policy[1],
    )


def forget() -> None:
    """Between tests: revisions of a rolled-back database are gone and their keys may come again."""
    _catalog.cache_clear()
    _policy.cache_clear()
