"""Where was something taxed in another way than the day on which its tax fell due would have it? For staff."""

from django.db import models

from planshift.catalog import models as catalog
from planshift.runtime import fields
from planshift.services import models as services


class TaxDifference(models.Model):
    """The VAT of an order, a renewal or a correction is another one by now: what was decided, and who has seen it."""

    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, related_name="tax_differences")
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="tax_differences")
    what = models.CharField(max_length=20, help_text="order, invoice, renewal or correction")
    about = models.CharField(max_length=40, help_text="number of the change or of the renewal's order")
    document = models.CharField(max_length=40, blank=True, help_text="as it was issued; empty: none was")
    was = models.JSONField(help_text="treatments and rates as priced")
    now = models.JSONField(help_text="treatment, rate and country of that day, or why they cannot be told")
    decided = models.CharField(
        max_length=20, help_text="kept (paid: it keeps its gross), priced_anew (unpaid), as_documented (a correction)"
    )
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = fields.actor(blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="", help_text="what staff did about it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["what", "about"], name="tax_difference_once")]
        indexes = [
            models.Index(
                fields=["seller", "found_at"], condition=models.Q(seen_at__isnull=True), name="tax_difference_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.about}"
