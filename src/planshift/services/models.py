"""Tables of services: who has what, until when."""

from django.conf import settings
from django.db import models

from planshift.catalog import models as catalog
from planshift.domain import vat
from planshift.domain.lifecycles import service as service_lifecycle
from planshift.runtime import fields, locks


class Client(models.Model):
    """A customer of one seller. People get at it through memberships."""

    lock_rank = locks.Rank.CLIENT

    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, related_name="clients")
    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(help_text="contact address: corrective invoices go here (D7)")
    language = models.CharField(max_length=2)
    bill_day = models.PositiveSmallIntegerField(default=0, help_text="billing day of the account, 1 to 31; 0: none")
    time_zone = models.CharField(
        max_length=64, blank=True, default="", help_text='such as Europe/Rome; "": the seller\'s'
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["seller", "name"], name="client_by_name")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class BuyerProfile(models.Model):
    """One version of a client's buyer data. Only a confirmed version may reach an invoice (D6)."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="buyer_profiles")
    name = models.CharField(max_length=200)
    street = models.CharField(max_length=200)
    postcode = models.CharField(max_length=20)
    city = models.CharField(max_length=100)
    country = models.CharField(max_length=2)
    tax_id = models.CharField(max_length=30, blank=True)
    is_business = models.BooleanField()
    legal = models.JSONField(default=dict, help_text="what e-invoices need beyond the address: domain.documents.LEGAL")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["client", "-created_at"], name="buyer_profile_newest")]

    def __str__(self) -> str:
        return f"{self.client_id} {self.name}"


class VatCheck(models.Model):
    """What VIES answered about a client's VAT number (Regulation 282/2011 art. 18): kept, never changed."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="vat_checks")
    number = models.CharField(max_length=20, help_text="with the prefix: DE136695976")
    requester = models.CharField(max_length=20, blank=True, help_text="the seller's own number, sent along")
    valid = models.BooleanField()
    request_identifier = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=400, blank=True)
    checked_on = models.DateField(help_text="in the seller's zone")
    checked_at = models.DateTimeField()
    checked_by = fields.actor()

    class Meta:
        indexes = [models.Index(fields=["client", "-checked_at"], name="vat_check_newest")]

    def __str__(self) -> str:
        return f"{self.number} {self.valid} {self.checked_on}"


class CountryEvidence(models.Model):
    """One piece of evidence of where a consumer lives (art. 24f), besides the billing address."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="country_evidence")
    kind = models.CharField(max_length=20, choices=[(x, x) for x in vat.KINDS])
    country = models.CharField(max_length=2)
    note = models.CharField(max_length=200, blank=True)
    seen_at = models.DateTimeField()
    seen_by = fields.actor()

    def __str__(self) -> str:
        return f"{self.client_id} {self.kind} {self.country}"


class Membership(models.Model):
    """A person who may act for a client."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "client"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.client_id}"


class StaffRole(models.Model):
    """A person who works for a seller."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_roles")
    seller = models.ForeignKey(catalog.Seller, on_delete=models.CASCADE, related_name="staff_roles")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "seller"], name="staff_role_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.seller_id}"


class ApiToken(models.Model):
    """A key of an integrator. Only its hash is kept; with `client` it sees that client only."""

    seller = models.ForeignKey(catalog.Seller, on_delete=models.CASCADE, related_name="api_tokens")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="api_tokens", null=True, blank=True)
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    read_only = models.BooleanField(default=False, help_text="it may look, and change nothing")

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"


class Service(models.Model):
    """One hosting service of a client: its plan, the period it renews by, and what it hangs on."""

    lock_rank = locks.Rank.SERVICE

    lifecycle = service_lifecycle.LIFECYCLE

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="services")
    number = models.CharField(max_length=20, unique=True)
    label = models.CharField(max_length=200, help_text="what the client calls it: a domain, a host name")
    family = models.CharField(max_length=40)
    plan = models.CharField(max_length=40)
    months = models.PositiveSmallIntegerField(help_text="billing period in months")
    state = fields.state(service_lifecycle.LIFECYCLE)
    auto_renew = models.BooleanField(default=False)
    attached_to = models.ForeignKey("self", on_delete=models.PROTECT, related_name="attached", null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [fields.known_states(service_lifecycle.LIFECYCLE, table="service")]
        indexes = [models.Index(fields=["client", "number"], name="service_of_client")]

    def __str__(self) -> str:
        return f"{self.number} {self.label}"


class Term(models.Model):
    """A period [start_on, end_on) that a service is sold for, in the seller's calendar."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="terms")
    start_on = models.DateField()
    end_on = models.DateField()
    months = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "start_on"], name="term_once"),
            models.CheckConstraint(condition=models.Q(end_on__gt=models.F("start_on")), name="term_not_empty"),
        ]
        indexes = [models.Index(fields=["end_on"], name="term_by_end")]

    def __str__(self) -> str:
        return f"{self.service_id} [{self.start_on}, {self.end_on})"


class Allocation(models.Model):
    """An additional amount of a resource, beside what the plan holds (D1)."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="allocations")
    resource = models.CharField(max_length=40)
    amount = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "resource"], name="allocation_once")]

    def __str__(self) -> str:
        return f"{self.service_id} +{self.amount} {self.resource}"


class HeldFrom(models.Model):
    """The allocation history of a metered service: from an instant on it holds these additional amounts, until the next
    row. Empty: nothing counts (blocked, or over). Append-only; hours are counted from here (D3)."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, db_index=False, related_name="held_from")
    since = models.DateTimeField(help_text="when the machine confirmed it")
    amounts = models.JSONField(help_text="by resource code")
    cause = models.CharField(max_length=40, help_text="number of the change; metered, blocked, unblocked or ended")
    written_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["service", "since"], name="held_from_of_service")]

    def __str__(self) -> str:
        return f"{self.service_id} from {self.since}: {self.amounts}"
