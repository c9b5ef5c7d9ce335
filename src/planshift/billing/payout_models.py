"""What of a deposit does a client want back? Payouts, each with the bank account that it goes to."""

from django.db import models
from django.db.models import Q

from planshift.catalog import models as catalog
from planshift.domain.lifecycles import payout as payout_lifecycle
from planshift.runtime import fields, locks
from planshift.services import models as services


class Payout(models.Model):
    """One payout of a deposit. Amount and bank account are frozen (triggers); the money is set aside meanwhile."""

    lifecycle = payout_lifecycle.LIFECYCLE
    lock_rank = locks.Rank.PAYMENT

    number = fields.number()
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="payouts")
    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, db_index=False, related_name="payouts")
    state = fields.state(payout_lifecycle.LIFECYCLE)
    currency = fields.currency()
    amount_minor = fields.minor()
    holder = models.CharField(max_length=140, help_text="name of the account's owner")
    iban = models.CharField(max_length=34)
    requested_at = models.DateTimeField()
    requested_by = fields.actor()
    due_at = models.DateTimeField(help_text="until then staff send it")
    closed_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True, default="", help_text="why it was refused; what staff noted")

    class Meta:
        constraints = [
            fields.known_states(payout_lifecycle.LIFECYCLE, table="payout"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_positive"),
            models.CheckConstraint(
                condition=Q(state="REQUESTED") | Q(closed_at__isnull=False), name="payout_closed_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-id"], name="payout_of_client"),
            models.Index(fields=["seller", "state", "due_at"], name="payout_queue"),
        ]

    def __str__(self) -> str:
        return self.number
