"""What was counted, drawn and invoiced of metered services? (D3)

A draw is written once per service and day, and never changed (trigger, migration 0008). It keeps the month so far, so
that the next day needs nothing older, and names the documents that it was computed by.
"""

from django.db import models
from django.db.models import F, Q

from planshift.catalog import models as catalog
from planshift.runtime import fields
from planshift.services import models as services


class Meter(models.Model):
    """How far the hours of a metered service are drawn and invoiced."""

    service = models.OneToOneField(services.Service, on_delete=models.PROTECT, related_name="meter")
    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, related_name="meters")
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="meters")
    began_on = models.DateField(help_text="in the seller's zone")
    drawn_until = models.DateField(help_text="exclusive: the next day to draw")
    invoiced_until = models.DateField(help_text="first day of the next month to invoice")
    ended_on = models.DateField(null=True, help_text="the last day on which anything may count")
    closed = models.BooleanField(default=False, help_text="ended, drawn and invoiced")
    wanted = models.CharField(max_length=10, default="running", help_text="of its machine: running, blocked or ended")
    round = models.PositiveIntegerField(
        default=0, help_text="so many decisions about its machine: part of the run's key"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(drawn_until__gte=F("began_on")), name="meter_drawn_from_its_beginning")
        ]
        indexes = [models.Index(fields=["seller", "drawn_until"], condition=Q(closed=False), name="meter_due")]

    def __str__(self) -> str:
        return f"{self.service_id} drawn until {self.drawn_until}"


class Draw(models.Model):
    """One day of one metered service: what was counted, what the month so far costs, and what was drawn for the day."""

    service = models.ForeignKey(services.Service, on_delete=models.PROTECT, db_index=False, related_name="draws")
    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, db_index=False, related_name="draws")
    price_list = models.ForeignKey(catalog.CatalogRevision, on_delete=models.PROTECT, db_index=False, related_name="+")
    policy = models.ForeignKey(catalog.PolicyRevision, on_delete=models.PROTECT, db_index=False, related_name="+")
    on = models.DateField(help_text="the day, in the seller's zone")
    hours = models.PositiveSmallIntegerField(help_text="of the day, in which anything counted")
    day_used = models.JSONField(help_text="domain.metering.Used of the day")
    used = models.JSONField(help_text="domain.metering.Used of the month so far")
    currency = fields.currency()
    net_minor = fields.minor(help_text="of the month so far, rounded as its invoice")
    tax_minor = fields.minor()
    gross_minor = fields.minor()
    draw_minor = fields.minor(help_text="of this day: the gross of the month so far less earlier draws")
    balance_minor = fields.minor(help_text="of the draw, what the prepaid balance covered")
    owed_minor = fields.minor(help_text="and what it did not")
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "on"], name="draw_once_a_day"),
            models.CheckConstraint(condition=Q(gross_minor=F("net_minor") + F("tax_minor")), name="draw_gross"),
            models.CheckConstraint(
                condition=Q(draw_minor=F("balance_minor") + F("owed_minor"), balance_minor__gte=0, owed_minor__gte=0),
                name="draw_covered_or_owed",
            ),
        ]
        indexes = [models.Index(fields=["client", "on"], name="draw_of_client")]

    def __str__(self) -> str:
        return f"{self.service_id} {self.on} {self.draw_minor}"


class MeteredInvoice(models.Model):
    """The invoice of one month of one metered service."""

    service = models.ForeignKey(services.Service, on_delete=models.PROTECT, related_name="metered_invoices")
    month = models.DateField(help_text="its first day")
    invoice = models.OneToOneField("Invoice", on_delete=models.PROTECT, related_name="metered")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "month"], name="metered_invoice_once")]

    def __str__(self) -> str:
        return f"{self.service_id} {self.month}"


class PrepaidStanding(models.Model):
    """What a client was told about the prepaid balance, and when it was last looked at."""

    client = models.OneToOneField(services.Client, on_delete=models.PROTECT, related_name="prepaid_standing")
    told_minor = fields.minor(null=True, help_text="the lowest threshold that the client was warned of")
    warnings = models.PositiveIntegerField(default=0, help_text="so many in all: part of the key of each mail")
    checked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.client_id} told of {self.told_minor}"
