"""Tables of catalog: sellers, and the immutable revisions of their catalogs and policies.

Plans and prices are not rows: a catalog is a document, loaded as a revision and parsed into
`domain.catalog.Catalog` (docs/adr/0003-catalog-and-policy-are-documents.md).
"""

from django.db import models


class Seller(models.Model):
    """A legal entity that sells services: one brand, country, currency, time zone and policy."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=200)
    street = models.CharField(max_length=200)
    postcode = models.CharField(max_length=20)
    city = models.CharField(max_length=100)
    country = models.CharField(max_length=2)
    tax_id = models.CharField(max_length=30)
    email = models.EmailField()
    bank_account = models.CharField(max_length=34, help_text="IBAN shown on pro formas and invoices")
    currency = models.CharField(max_length=3)
    language = models.CharField(max_length=2)
    time_zone = models.CharField(max_length=40)
    prices = models.CharField(max_length=5, choices=[("net", "net"), ("gross", "gross")])
    invoice_pattern = models.CharField(max_length=40, help_text="such as FV/{year}/{month:02}/{n:04}")
    correction_pattern = models.CharField(
        max_length=40, default="FK/{year}/{n:04}", help_text="of corrective invoices, such as FK/{year}/{n:04}"
    )
    has_deposit = models.BooleanField()
    legal = models.JSONField(default=dict, help_text="what e-invoices need beyond the address: domain.documents.LEGAL")

    def __str__(self) -> str:
        return self.code


class CatalogRevision(models.Model):
    """One loaded state of a seller's catalog: never edited (a trigger refuses), the newest is offered."""

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="catalog_revisions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    text = models.TextField()
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "number"], name="catalog_revision_once")]

    def __str__(self) -> str:
        return f"{self.seller_id} catalog {self.number}"


class PolicyRevision(models.Model):
    """One loaded state of a seller's policy: never edited (a trigger refuses), the newest is in force."""

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="policy_revisions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    text = models.TextField()
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "number"], name="policy_revision_once")]

    def __str__(self) -> str:
        return f"{self.seller_id} policy {self.number}"
