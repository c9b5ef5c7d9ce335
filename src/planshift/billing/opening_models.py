"""What was unpaid of invoices issued elsewhere, and what was paid of them since?

Of a balance only `settled_minor` moves, and never above what was owed; payments of it are written once (triggers,
migration 0014), and so is that one was taken back.
"""

from django.db import models
from django.db.models import F, Q

from planshift.catalog import models as catalog
from planshift.runtime import fields, locks


class OpeningBalance(models.Model):
    """What was owed of an invoice when it was taken over. Only of invoices that were not paid in full."""

    lock_rank = locks.Rank.DOCUMENT

    invoice = models.OneToOneField("billing.Invoice", on_delete=models.PROTECT, related_name="opening_balance")
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="+")
    key = models.CharField(max_length=40, help_text="the number's letters and digits, as titles of transfers have them")
    owed_minor = fields.minor(help_text="gross, in the currency of the invoice")
    settled_minor = fields.minor(default=0, help_text="the sum of its payments")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(owed_minor__gt=0), name="opening_balance_positive"),
            models.CheckConstraint(
                condition=Q(settled_minor__gte=0) & Q(settled_minor__lte=F("owed_minor")),
                name="opening_balance_settled",
            ),
        ]
        indexes = [models.Index(fields=["seller", "key"], name="opening_balance_by_key")]

    def __str__(self) -> str:
        return f"{self.key}: {self.owed_minor - self.settled_minor}"


class OpeningPayment(models.Model):
    """A part of a payment that settles an opening balance."""

    balance = models.ForeignKey(OpeningBalance, on_delete=models.PROTECT, related_name="payments")
    payment = models.ForeignKey("billing.Payment", on_delete=models.PROTECT, related_name="opening_payments")
    amount_minor = fields.minor()
    applied_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="opening_payment_positive")]

    def __str__(self) -> str:
        return f"{self.balance_id} {self.amount_minor}"


class OpeningRelease(models.Model):
    """A part that was put on the wrong invoice: from then on it pays nothing there."""

    part = models.OneToOneField(OpeningPayment, on_delete=models.PROTECT, related_name="release")
    released_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.part_id)


class OpeningPaymentLine(models.Model):
    """What of it each line of the invoice gets: a correction gives back no more than that."""

    part = models.ForeignKey(OpeningPayment, on_delete=models.PROTECT, db_index=False, related_name="lines")
    line = models.ForeignKey("billing.InvoiceLine", on_delete=models.PROTECT, related_name="opening_payments")
    amount_minor = fields.minor(help_text="negative for a line that reduces the invoice")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["part", "line"], name="opening_payment_line_once")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.amount_minor}"
