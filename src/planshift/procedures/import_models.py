"""What came in from another system? Its reference there, its number here, a digest of what was told."""

from django.db import models

from planshift.catalog import models as catalog
from planshift.runtime import fields


class Imported(models.Model):
    """One client, service or invoice that was imported: the same reference again is the same thing."""

    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="imported")
    kind = models.CharField(max_length=10, help_text="clients, services or invoices")
    reference = models.CharField(max_length=60, help_text="of the other system; of an invoice its number")
    number = models.CharField(max_length=40, help_text="here")
    digest = models.CharField(max_length=64, help_text="of the whole record: another content is no repetition")
    imported_at = models.DateTimeField(help_text="business")
    imported_by = fields.actor()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "kind", "reference"], name="imported_once")]
        indexes = [models.Index(fields=["kind", "number"], name="imported_by_number")]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference} → {self.number}"
