"""What is owed, on which paper? Orders, what covered them, payments, issued documents, and corrections under way.

Amounts are in minor units of the row's currency. Lines, parties and totals are frozen when written; invoices and their
lines are append-only (triggers, migration 0002).
"""

from django.db import models
from django.db.models import F, Q

from planshift.billing.metering_models import Draw as Draw
from planshift.billing.metering_models import Meter as Meter
from planshift.billing.metering_models import MeteredInvoice as MeteredInvoice
from planshift.billing.metering_models import PrepaidStanding as PrepaidStanding
from planshift.billing.opening_models import OpeningBalance as OpeningBalance
from planshift.billing.opening_models import OpeningPayment as OpeningPayment
from planshift.billing.opening_models import OpeningPaymentLine as OpeningPaymentLine
from planshift.billing.opening_models import OpeningRelease as OpeningRelease
from planshift.billing.payout_models import Payout as Payout
from planshift.billing.statement_models import LineMatch as LineMatch
from planshift.billing.statement_models import Statement as Statement
from planshift.billing.statement_models import StatementLine as StatementLine
from planshift.catalog import models as catalog
from planshift.domain.lifecycles import correction as correction_lifecycle
from planshift.domain.lifecycles import order as order_lifecycle
from planshift.runtime import fields, locks
from planshift.services import models as services

OWN = ("account_credit", "deposit")  # balances of a client that pay orders (`own_money`)


class Order(models.Model):
    """What a client is asked to pay, with the frozen data of its pro forma."""

    lifecycle = order_lifecycle.LIFECYCLE
    lock_rank = locks.Rank.ORDER

    number = fields.number()
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="orders")
    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, db_index=False, related_name="orders")
    purpose = models.CharField(max_length=20, help_text="change, renewal, topup or prepaid")
    subject = models.CharField(max_length=40, help_text="number of the change or renewal; text, billing knows neither")
    state = fields.state(order_lifecycle.LIFECYCLE)
    currency = fields.currency()
    net_minor = fields.minor()
    tax_minor = fields.minor()
    gross_minor = fields.minor()
    covered_minor = fields.minor(default=0, help_text="part payments not released: the sum of PartPayment rows")
    payment_reference = models.CharField(max_length=25, unique=True, help_text="ISO 11649, for the title of a transfer")
    signal_key = models.CharField(max_length=160, blank=True, help_text="the run to wake when this ends")
    language = models.CharField(max_length=2)
    seller_party = models.JSONField()
    buyer_party = models.JSONField()
    bank_account = models.CharField(max_length=34)
    placed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, help_text="expired or withdrawn")

    class Meta:
        constraints = [
            fields.known_states(order_lifecycle.LIFECYCLE, table="order"),
            models.CheckConstraint(condition=Q(gross_minor=F("net_minor") + F("tax_minor")), name="order_gross"),
            models.CheckConstraint(condition=Q(gross_minor__gte=0), name="order_never_negative"),
            models.CheckConstraint(
                condition=Q(covered_minor__gte=0) & Q(covered_minor__lte=F("gross_minor")), name="order_covered"
            ),
            models.CheckConstraint(
                condition=~Q(state="PAID") | Q(covered_minor=F("gross_minor"), paid_at__isnull=False),
                name="order_paid_in_full",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["EXPIRED", "WITHDRAWN"]) | Q(covered_minor=0), name="order_closed_holds_nothing"
            ),
        ]
        indexes = [
            models.Index(fields=["client", "id"], name="order_of_client"),
            models.Index(fields=["subject"], name="order_by_subject"),
            models.Index(fields=["state", "expires_at"], name="order_due"),
            models.Index(fields=["seller", "state", "id"], name="order_of_seller"),
        ]

    def __str__(self) -> str:
        return self.number


class LineFields(models.Model):
    """The columns of a line, the same on an order and on a document."""

    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, help_text="charge, credit, setup, fee or topup")
    text = models.JSONField(help_text="description by language")
    service = models.CharField(max_length=20, blank=True, help_text="number of the service")
    component = models.CharField(
        max_length=80, blank=True, help_text="as in domain.facts: plan, setup, fee, resource:ip"
    )
    quantity = models.PositiveIntegerField(default=1)
    on_top_of = models.PositiveIntegerField(
        null=True, help_text="of a raise: the units held before, beside which it bills its own"
    )
    start_on = models.DateField(null=True)
    end_on = models.DateField(null=True, help_text="exclusive")
    vat_code = models.CharField(max_length=20)
    vat_percent = models.DecimalField(max_digits=5, decimal_places=2)
    net_minor = fields.minor()
    tax_minor = fields.minor()
    gross_minor = fields.minor()

    class Meta:
        abstract = True


class OrderLine(LineFields):
    """One line of an order."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, db_index=False, related_name="lines")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_once"),
            models.CheckConstraint(condition=Q(gross_minor=F("net_minor") + F("tax_minor")), name="order_line_gross"),
            models.CheckConstraint(
                condition=Q(end_on__gt=F("start_on")) | Q(start_on__isnull=True, end_on__isnull=True),
                name="order_line_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.position}"


class Payment(models.Model):
    """Money that came in, once per gateway and external id. A fact without a state: what of it serves nothing yet is
    `unapplied_minor`, and that is the queue of staff. Without a client it is unidentified."""

    lock_rank = locks.Rank.PAYMENT

    number = fields.number()
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="payments")
    client = models.ForeignKey(
        services.Client, on_delete=models.PROTECT, db_index=False, related_name="payments", null=True
    )
    gateway = models.CharField(max_length=40, help_text="bank, or the code of a gateway")
    external_id = models.CharField(max_length=120)
    reference = models.CharField(max_length=200, blank=True, help_text="what the payer or the gateway named")
    currency = fields.currency()
    amount_minor = fields.minor()
    unapplied_minor = fields.minor(default=0, help_text="not (or no longer) serving an order, the deposit or a return")
    why_unapplied = models.CharField(max_length=40, blank=True)
    order_number = models.CharField(max_length=40, blank=True, help_text="the order that was meant, open or not")
    received_at = models.DateTimeField(help_text="when the money came in (business)")
    recorded_at = models.DateTimeField(help_text="when we heard of it (business)")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "external_id"], name="payment_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=Q(unapplied_minor__gte=0) & Q(unapplied_minor__lte=F("amount_minor")),
                name="payment_unapplied_within",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "id"], name="payment_of_client"),
            models.Index(fields=["seller", "unapplied_minor"], name="payment_queue"),
        ]

    def __str__(self) -> str:
        return self.number


class PartPayment(models.Model):
    """An amount that covers a part (or all) of an order, from a payment or from a balance of the client."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="part_payments")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="part_payments", null=True)
    source = models.CharField(max_length=20, help_text="bank, gateway, deposit, account_credit")
    amount_minor = fields.minor()
    applied_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="part_payment_positive"),
            models.CheckConstraint(
                condition=Q(source__in=OWN, payment__isnull=True) | ~Q(source__in=OWN) & Q(payment__isnull=False),
                name="part_payment_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.source} {self.amount_minor}"


class PaymentAttempt(models.Model):
    """A client was sent to a gateway to pay an order; where to send them back."""

    number = fields.number()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="attempts")
    gateway = models.CharField(max_length=40)
    currency = fields.currency()
    amount_minor = fields.minor()
    return_path = models.CharField(max_length=300)
    started_at = models.DateTimeField()
    result = models.CharField(max_length=10, blank=True, help_text="the gateway's last word: paid or failed")
    result_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.number


class Invoice(models.Model):
    """An issued document. Frozen: the database refuses to change or delete it. It has no state: whether it is paid is a
    matter of its order, what was settled when it was issued stands in `settled`. A correction's amounts are
    differences, negative where it reduces. A document that was issued elsewhere has no order and no series."""

    lock_rank = locks.Rank.DOCUMENT

    number = models.CharField(max_length=40)
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="invoices")
    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, db_index=False, related_name="invoices")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="invoice", null=True)
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, related_name="corrections", null=True)
    kind = models.CharField(max_length=12, help_text="invoice or correction")
    legal_form = models.CharField(
        max_length=12, default="pdf", help_text="pdf, or xml_pending: the PDF is a visual copy"
    )
    series = models.CharField(max_length=80)
    issued_on = models.DateField(help_text="in the seller's zone")
    sold_on = models.DateField(help_text="tax point")
    due_on = models.DateField(null=True)
    issued_at = models.DateTimeField()
    issued_by = fields.actor()
    language = models.CharField(max_length=2)
    currency = fields.currency()
    net_minor = fields.minor()
    tax_minor = fields.minor()
    gross_minor = fields.minor()
    seller_party = models.JSONField()
    buyer_party = models.JSONField()
    bank_account = models.CharField(max_length=34)
    payment_reference = models.CharField(max_length=25)
    settled = models.JSONField(default=list, help_text="how the order was covered when the document was issued")
    reason = models.CharField(max_length=20, blank=True, default="", help_text="why a correction was issued")
    undoes = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        related_name="undone_by",
        null=True,
        help_text="the correction that a counter-correction takes back",
    )
    e_invoice_number = models.CharField(max_length=60, blank=True, default="", help_text="such as the KSeF number")
    imported = models.BooleanField(default=False, help_text="an opening document, issued elsewhere")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seller", "number"], name="invoice_number_once"),
            models.CheckConstraint(condition=Q(gross_minor=F("net_minor") + F("tax_minor")), name="invoice_gross"),
            models.CheckConstraint(
                condition=Q(kind="invoice", corrects__isnull=True) | Q(kind="correction", corrects__isnull=False),
                name="invoice_kind",
            ),
        ]
        indexes = [models.Index(fields=["client", "id"], name="invoice_of_client")]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(LineFields):
    """One line of an issued document; a line of a correction names the line that it corrects."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, db_index=False, related_name="lines")
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, related_name="corrections", null=True)
    before_net_minor = fields.minor(null=True, help_text="of a correction: the corrected line before it")
    before_tax_minor = fields.minor(null=True)
    paid_minor = fields.minor(null=True, help_text="gross; of an opening document, NULL: paid in full")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_once"),
            models.CheckConstraint(condition=Q(gross_minor=F("net_minor") + F("tax_minor")), name="invoice_line_gross"),
        ]
        indexes = [models.Index(fields=["service", "start_on"], name="invoice_line_of_service")]

    def __str__(self) -> str:
        return f"{self.invoice_id}/{self.position}"


class Correction(models.Model):
    """One corrective document on its way: computed as a draft, perhaps accepted, issued, credited. The paper itself is
    `document`, from its issue on."""

    lifecycle = correction_lifecycle.LIFECYCLE
    lock_rank = locks.Rank.CORRECTION

    number = fields.number(help_text="of the draft; the document has a number of its own")
    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, db_index=False, related_name="corrections")
    client = models.ForeignKey(services.Client, on_delete=models.PROTECT, db_index=False, related_name="corrections")
    corrects = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="corrections_made")
    undoes = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="undone_by", null=True, help_text="what it takes back"
    )
    document = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="correction", null=True)
    key = models.CharField(max_length=160, help_text="drafting again with the same key changes nothing")
    cause = models.CharField(max_length=40, help_text="number of the change; text, billing knows no changes")
    reason = models.CharField(max_length=20)
    regime = models.CharField(max_length=20, help_text="at_once, draft_then_issue or issue_then_confirm")
    state = fields.state(correction_lifecycle.LIFECYCLE)
    currency = fields.currency()
    net_minor = fields.minor(help_text="the difference: negative where it reduces")
    tax_minor = fields.minor()
    gross_minor = fields.minor()
    drafted_at = models.DateTimeField()
    drafted_by = fields.actor()
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(null=True)
    credited_at = models.DateTimeField(null=True)
    credited_to = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        constraints = [
            fields.known_states(correction_lifecycle.LIFECYCLE, table="correction"),
            models.UniqueConstraint(fields=["key", "corrects"], name="correction_once"),
            models.CheckConstraint(condition=Q(gross_minor=F("net_minor") + F("tax_minor")), name="correction_gross"),
            models.CheckConstraint(
                condition=~Q(state__in=["ISSUED", "AWAITING_CONFIRMATION", "CREDITED", "REVERSED"])
                | Q(document__isnull=False, issued_at__isnull=False),
                name="correction_issued_has_document",
            ),
        ]
        indexes = [
            models.Index(fields=["cause"], name="correction_by_cause"),
            models.Index(fields=["client", "id"], name="correction_of_client"),
        ]

    def __str__(self) -> str:
        return self.number


class CorrectionLine(models.Model):
    """One original line as a correction leaves it: before, and the difference. Frozen with the draft."""

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, db_index=False, related_name="lines")
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="+")
    start_on = models.DateField(null=True, help_text="the time that the difference is about")
    end_on = models.DateField(null=True)
    before_net_minor = fields.minor()
    before_tax_minor = fields.minor()
    net_minor = fields.minor(help_text="the difference: negative where it reduces")
    tax_minor = fields.minor()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["correction", "line"], name="correction_line_once")]

    def __str__(self) -> str:
        return f"{self.correction_id}/{self.line_id}"


class Credited(models.Model):
    """A part of what a correction gave back: where it went."""

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="parts")
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="+", null=True, help_text="whose money it is again"
    )
    to = models.CharField(max_length=20, help_text="deposit, account_credit or unapplied")
    amount_minor = fields.minor()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="credited_positive"),
            models.CheckConstraint(
                condition=Q(to__in=OWN, payment__isnull=True) | Q(to="unapplied", payment__isnull=False),
                name="credited_to",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.correction_id} {self.to} {self.amount_minor}"
