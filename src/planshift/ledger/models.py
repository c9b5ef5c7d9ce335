"""Where is the money? Accounts and the transfers between them.

Transfers are append-only (triggers, migration 0002). A client's account carries its balance; the database refuses to
let it fall below its floor. The ledger knows no clients: an owner is a text key such as `client:C-1001`.
"""

from django.db import models

from planshift.runtime import locks


class Account(models.Model):
    """One account, such as `client:C-1001:deposit:PLN`."""

    lock_rank = locks.Rank.ACCOUNT

    code = models.CharField(max_length=120, unique=True)
    owner = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField(
        null=True, help_text="on the side on which this kind of account grows; NULL: summed from transfers"
    )
    floor_minor = models.BigIntegerField(null=True, help_text="NULL: no floor")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(floor_minor__isnull=True) | models.Q(balance_minor__gte=models.F("floor_minor")),
                name="ledger_balance_not_below_floor",
            ),
            models.CheckConstraint(
                condition=models.Q(floor_minor__isnull=True) | models.Q(balance_minor__isnull=False),
                name="ledger_floor_needs_balance",
            ),
        ]
        indexes = [models.Index(fields=["owner", "kind"], name="ledger_account_by_owner")]

    def __str__(self) -> str:
        return self.code


class Transfer(models.Model):
    """An amount that moved from the debit to the credit account; the rows of one entry belong together."""

    entry = models.CharField(max_length=120, help_text="unique key of what was booked, such as payment/simulated/42")
    position = models.PositiveSmallIntegerField()
    posting = models.CharField(max_length=40, help_text="name of the function in domain.postings")
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    booked_on = models.DateField(help_text="business date in the seller's zone")
    booked_at = models.DateTimeField(help_text="business instant")
    owner = models.CharField(max_length=60, blank=True, help_text="key of the client it concerns")
    order_number = models.CharField(max_length=40, blank=True)
    payment_number = models.CharField(max_length=40, blank=True)
    document_number = models.CharField(max_length=40, blank=True)
    reverses = models.CharField(max_length=120, blank=True, help_text="the entry that this one takes back")
    actor = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="ledger_entry_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="ledger_amount_positive"),
            models.CheckConstraint(condition=~models.Q(debit=models.F("credit")), name="ledger_two_accounts"),
        ]
        indexes = [
            models.Index(fields=["owner", "booked_at", "id"], name="ledger_by_business_time"),
            models.Index(fields=["debit", "booked_on", "amount_minor"], name="ledger_debits"),
            models.Index(fields=["credit", "booked_on", "amount_minor"], name="ledger_credits"),
            models.Index(fields=["order_number"], name="ledger_by_order"),
        ]

    def __str__(self) -> str:
        return f"{self.entry} {self.posting} {self.amount_minor} {self.currency}"
