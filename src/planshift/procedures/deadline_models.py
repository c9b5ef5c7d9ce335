"""When did the clock of a promise stand still, and what were staff told about it (H6)?"""

from django.db import models

from planshift.catalog import models as catalog
from planshift.runtime import fields

STAFF_ALARM = "staff_alarm"  # the purpose of a mail to a seller's staff, which has no client


class ClockPause(models.Model):
    """The clock of a change's promise stands still, for a stated reason. Once ended it stays as it is."""

    change = models.ForeignKey("procedures.Change", on_delete=models.PROTECT, related_name="pauses")
    reason = models.CharField(max_length=20, help_text="a code of procedures.deadlines.REASONS")
    note = models.CharField(max_length=500)
    started_at = models.DateTimeField()
    started_by = fields.actor()
    promised_before = models.DateField(help_text="what was promised when it began")
    ended_at = models.DateTimeField(null=True)
    ended_by = fields.actor(blank=True, default="")
    end_note = models.CharField(max_length=500, blank=True, default="")
    business_days = models.PositiveSmallIntegerField(null=True, help_text="by which the promise moved")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["change"], condition=models.Q(ended_at__isnull=True), name="clock_paused_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("started_at")),
                name="clock_pause_ends_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change_id} {self.reason}"


class StaffNotice(models.Model):
    """Something that a seller's staff were told about a change, once for each promised day."""

    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="staff_notices")
    change = models.ForeignKey("procedures.Change", on_delete=models.PROTECT, related_name="staff_notices")
    code = models.CharField(max_length=20, help_text="due_soon or overdue")
    promised_on = models.DateField()
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = fields.actor(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "code", "promised_on"], name="staff_told_once")]
        indexes = [models.Index(fields=["seller", "seen_at"], name="staff_notice_unseen")]

    def __str__(self) -> str:
        return f"{self.change_id} {self.code}"


class StaffAlarm(models.Model):
    """Something that needs a person, of which a seller's staff were told by mail. The row goes when it is over, so that
    they are told anew when it comes back."""

    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="staff_alarms")
    fact = models.CharField(max_length=200, help_text="what it is about: its kind and its number or key")
    mail = models.ForeignKey("procedures.OutgoingMail", on_delete=models.PROTECT, related_name="alarms")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "fact"], name="staff_alarmed_once")]

    def __str__(self) -> str:
        return self.fact
