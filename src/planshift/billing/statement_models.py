"""What did the bank say? Statements that were read, their lines, and what each line turned out to be.

All of it is append-only (triggers, migration 0004): a line never changes, an explanation is added once.
"""

from django.db import models
from django.db.models import Q

from planshift.catalog import models as catalog
from planshift.runtime import fields


class Statement(models.Model):
    """One statement of one account, as one file told it. The same file again is the same statement."""

    number = fields.number()
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="statements")
    account = models.CharField(max_length=34, help_text="IBAN")
    bank_number = models.CharField(max_length=80, help_text="what the bank calls it")
    format = models.CharField(max_length=20)
    file = models.CharField(max_length=200, help_text="name of the file, without folders")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file")
    imported_at = models.DateTimeField(help_text="business")
    imported_by = fields.actor()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seller", "digest", "bank_number"], name="statement_once"),
        ]
        indexes = [models.Index(fields=["seller", "-id"], name="statement_of_seller")]

    def __str__(self) -> str:
        return self.number


class StatementLine(models.Model):
    """One movement on an account of ours, once, however many statements tell of it."""

    number = fields.number()
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="statement_lines")
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    external_id = models.CharField(max_length=80)
    direction = models.CharField(max_length=6, help_text="credit or debit")
    reversal = models.BooleanField()
    booked_on = models.DateField()
    value_on = models.DateField()
    currency = fields.currency()
    amount_minor = fields.minor()
    party = models.CharField(max_length=140, blank=True)
    party_account = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=1000, blank=True)
    end_to_end = models.CharField(max_length=40, blank=True)
    bank_reference = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seller", "external_id"], name="statement_line_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="statement_line_positive"),
            models.CheckConstraint(condition=Q(direction__in=["credit", "debit"]), name="statement_line_direction"),
        ]
        indexes = [
            models.Index(fields=["seller", "direction", "-id"], name="statement_line_listed"),
            models.Index(fields=["seller", "party_account"], name="statement_line_payer"),
        ]

    def __str__(self) -> str:
        return self.number


class LineMatch(models.Model):
    """What a line is: a payment that came in, one that we returned, or nothing of a client's (with a note)."""

    line = models.OneToOneField(StatementLine, on_delete=models.PROTECT, related_name="match")
    kind = models.CharField(max_length=10, help_text="payment, return or other")
    payment = models.ForeignKey("Payment", on_delete=models.PROTECT, related_name="statement_matches", null=True)
    note = models.CharField(max_length=500, blank=True)
    matched_at = models.DateTimeField(help_text="business")
    matched_by = fields.actor()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["payment", "return"], payment__isnull=False)
                | Q(kind="other", payment__isnull=True),
                name="line_match_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.kind}"
