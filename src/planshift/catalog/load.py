"""How do a catalog and a policy come in? As revisions: checked, numbered, never edited afterwards."""

from datetime import datetime

from django.db import transaction

from planshift.catalog import models
from planshift.domain import catalog, catalog_document, documents, rises
from planshift.domain.errors import Reason, Refused
from planshift.domain.money import Money
from planshift.domain.policy import deposit, document, loader
from planshift.runtime import audit


def load_catalog(*, text: str, name: str, at: datetime, actor: str) -> models.CatalogRevision:
    """Load a catalog document (TOML); the seller named in it is made or brought up to date.

    The same text again makes no new revision. Problems of the document are raised as the parser words them, with line
    and key; `name` is the file name for these messages. loader.BadPolicy when the policy in force does not fit it: it
    names what is no longer sold. Refused("seller_currency_fixed") when a seller with a catalog would change its
    currency: existing services are priced in it. Refused("price_raised_in_place") with every price that would cost
    existing clients more without a day of its own, where the policy tells them or keeps what was agreed.
    """
    sold = catalog_document.parse(text, name=name)
    with transaction.atomic():
        seller = _seller(sold)
        rules = _newest_text(models.PolicyRevision, seller)
        policy = None if rules is None else loader.load(rules.encode(), catalog=sold)
        newest = models.CatalogRevision.objects.filter(seller=seller).order_by("-number").first()
        if newest is not None and newest.digest == sold.digest:
            return newest
        if newest is not None and policy is not None:
            _nobody_surprised(newest, sold, policy, at=at)
        revision = models.CatalogRevision.objects.create(
            seller=seller,
            number=(newest.number if newest else 0) + 1,
            digest=sold.digest,
            text=text,
            loaded_at=at,
        )
        audit.record(
            kind="catalog", number=seller.code, event="loaded", actor=actor, at=at, facts={"digest": sold.digest}
        )
    return revision


def load_policy(*, seller: str, text: str, at: datetime, actor: str) -> models.PolicyRevision:
    """Load a policy (TOML) for a seller that has a catalog. The same text again makes no new revision.

    Raises loader.BadPolicy with every finding, whatever does not fit the catalog in force included. Refused:
    `seller_unknown`.
    """
    with transaction.atomic():
        owner = models.Seller.objects.select_for_update().filter(code=seller).first()
        sold = None if owner is None else _newest_text(models.CatalogRevision, owner)
        if owner is None or sold is None:
            raise Refused("seller_unknown", seller=seller)
        policy = loader.load(text.encode(), catalog=catalog_document.parse(sold, accepted=True))
        newest = models.PolicyRevision.objects.filter(seller=owner).order_by("-number").first()
        if newest is not None and newest.digest == policy.digest:
            return newest
        revision = models.PolicyRevision.objects.create(
            seller=owner, number=(newest.number if newest else 0) + 1, digest=policy.digest, text=text, loaded_at=at
        )
        models.Seller.objects.filter(pk=owner.pk).update(has_deposit=_keeps_deposits(policy))
        audit.record(
            kind="policy", number=owner.code, event="loaded", actor=actor, at=at, facts={"digest": policy.digest}
        )
    return revision


def _seller(document: catalog.Catalog) -> models.Seller:
    said, legal = document.seller, document.seller.legal
    fields = {
        "name": said.name,
        "legal_name": legal.get("name", said.name),
        "street": legal.get("street", ""),
        "postcode": legal.get("postcode", ""),
        "city": legal.get("city", ""),
        "country": said.country,
        "tax_id": legal.get("tax_id", ""),
        "email": legal.get("email", ""),
        "bank_account": legal.get("iban", ""),
        "language": said.language,
        "time_zone": str(said.zone),
        "prices": said.prices,
        "invoice_pattern": legal.get("invoices", "{year}/{n:04}"),
        "correction_pattern": legal.get("corrections", "FK/{year}/{n:04}"),
        "legal": {key: legal[key] for key in documents.LEGAL if legal.get(key)},
    }
    seller = models.Seller.objects.select_for_update().filter(code=said.code).first()
    if seller is None:
        seller = models.Seller.objects.create(code=said.code, currency=said.currency, has_deposit=False, **fields)
    elif seller.currency != said.currency:
        raise Refused("seller_currency_fixed", seller=said.code, currency=seller.currency)
    else:
        models.Seller.objects.filter(pk=seller.pk).update(**fields)
        seller.refresh_from_db()
    return seller


def _nobody_surprised(
    newest: models.CatalogRevision, sold: catalog.Catalog, policy: document.Policy, *, at: datetime
) -> None:
    before, today = catalog_document.parse(newest.text, accepted=True), at.astimezone(sold.seller.zone).date()
    found = list(rises.in_place(before=before, after=sold, policy=policy, today=today))
    if found:
        raise Refused.for_reasons(_raised(each, currency=sold.seller.currency) for each in found)


def _raised(rise: rises.Rise, *, currency: str) -> Reason:
    facts = {"what": rise.resource or rise.plan, "plan": rise.plan, "length": str(rise.length), "on": rise.on}
    amounts = {name: str(Money(amount, currency)) for name, amount in (("was", rise.was), ("now", rise.now))}
    return Reason("price_raised_in_place", {**facts, **amounts})


def _newest_text(
    revisions: type[models.CatalogRevision] | type[models.PolicyRevision], seller: models.Seller
) -> str | None:
    """The document in force; None where there is none yet."""
    text: str | None = (
        revisions.objects.filter(seller=seller).order_by("-number").values_list("text", flat=True).first()
    )
    return text


def _keeps_deposits(policy: document.Policy) -> bool:
    (chosen,) = policy.base["deposit"]
    return bool(deposit.RULES[chosen.answer].run(**chosen.params))
