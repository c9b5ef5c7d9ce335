"""Tables of provisioning: servers and their readings, environments, executions with their journal, hand-overs,
usage."""

from django.db import models
from django.db.models import Q

from planshift.catalog import models as catalog
from planshift.domain.lifecycles import environment as environment_lifecycle
from planshift.domain.lifecycles import execution as execution_lifecycle
from planshift.provisioning.drift_models import Difference as Difference
from planshift.provisioning.drift_models import DriftCheck as DriftCheck
from planshift.provisioning.drift_models import ListCheck as ListCheck
from planshift.provisioning.drift_models import UnknownAccount as UnknownAccount
from planshift.runtime import fields, locks
from planshift.services import models as services


class Server(models.Model):
    """A server of a seller, or the control interface of many machines."""

    seller = models.ForeignKey(catalog.Seller, on_delete=models.PROTECT, related_name="servers")
    code = models.SlugField(max_length=40)
    driver = models.CharField(max_length=40, help_text="name of the driver bound in project.wiring")
    dns = models.CharField(max_length=40, blank=True, help_text="name service for its clients' names; blank: not ours")
    address = models.CharField(max_length=200, blank=True, help_text="of the control interface")
    traits = models.JSONField(default=dict, help_text="what it offers, matched against what a plan requires")
    takes_new = models.BooleanField(default=True, help_text="may new environments be placed here?")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "code"], name="server_code")]

    def __str__(self) -> str:
        return self.code


class CapacityReading(models.Model):
    """Room of a server as its driver told it: what it has and what is promised, by resource."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="capacity_readings")
    total = models.JSONField()
    sold = models.JSONField()
    taken_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["server", "-taken_at"], name="capacity_newest")]

    def __str__(self) -> str:
        return f"{self.server_id} at {self.taken_at:%Y-%m-%d %H:%M}"


class Environment(models.Model):
    """One account or machine that serves, served or shall serve a service. `limits` are as read back."""

    lifecycle = environment_lifecycle.LIFECYCLE

    service = models.ForeignKey(services.Service, on_delete=models.PROTECT, related_name="environments")
    server = models.ForeignKey(Server, on_delete=models.PROTECT, related_name="environments")
    external_id = models.CharField(max_length=80, help_text="what the server calls it")
    state = fields.state(environment_lifecycle.LIFECYCLE)
    plan = models.CharField(max_length=40)
    limits = models.JSONField(default=dict)
    address = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    in_use_since = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "external_id"], name="environment_external_id"),
            models.UniqueConstraint(
                fields=["service"], condition=Q(state="ACTIVE"), name="one_active_environment_per_service"
            ),
            fields.known_states(environment_lifecycle.LIFECYCLE, table="environment"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} at {self.server_id}"


class Execution(models.Model):
    """A recipe under way. `step` is the one that stands next or is under way; `generation` rises with every decision
    that makes a fresh driver call necessary, and fences answers to earlier ones."""

    lifecycle = execution_lifecycle.LIFECYCLE
    lock_rank = locks.Rank.EXECUTION

    number = fields.number()
    service = models.ForeignKey(services.Service, on_delete=models.PROTECT, related_name="executions")
    recipe = models.CharField(max_length=20)
    recipe_version = models.PositiveSmallIntegerField()
    cause = models.CharField(max_length=40, db_index=True, help_text="number of the change that ordered it")
    signal_key = models.CharField(max_length=160, help_text="of the run that is told what happened")
    target = models.JSONField()
    parameters = models.JSONField()
    present = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+", null=True)
    new = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+", null=True)
    former_limits = models.JSONField(default=dict, help_text="of the present environment when it started")
    dns_before = models.JSONField(default=dict, help_text="name → ttl and address before they were changed")

    state = fields.state(execution_lifecycle.LIFECYCLE)
    step = models.CharField(max_length=40)
    generation = models.PositiveIntegerField(default=1)
    attempt = models.PositiveSmallIntegerField(default=0)
    task = models.CharField(max_length=200, blank=True, help_text="long task at the server that is polled")
    undo_ends_in = models.CharField(max_length=20, blank=True, help_text="event that ends the undoing")
    error = models.JSONField(default=dict)
    waiting_until = models.DateTimeField(null=True)

    started_at = models.DateTimeField()
    step_since = models.DateTimeField()
    work_reported_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    content_moved_at = models.DateTimeField(null=True)
    cutover_confirmed_at = models.DateTimeField(null=True)
    point_of_no_return_at = models.DateTimeField(null=True)
    notice_proof = models.CharField(max_length=80, blank=True)
    notice_sent_at = models.DateTimeField(null=True)
    quarantined_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service"],
                condition=Q(state__in=execution_lifecycle.LIFECYCLE.open, point_of_no_return_at__isnull=True),
                name="one_open_execution_per_service",
            ),
            fields.known_states(execution_lifecycle.LIFECYCLE, table="execution"),
        ]
        indexes = [
            models.Index(fields=["service", "-id"], name="execution_of_service"),
            models.Index(fields=["state", "waiting_until"], name="execution_by_state"),
        ]

    def __str__(self) -> str:
        return self.number


class ExecutionStep(models.Model):
    """One line of an execution's journal: append-only, guarded by the database. Never holds a secret."""

    execution = models.ForeignKey(Execution, on_delete=models.PROTECT, related_name="journal")
    step = models.CharField(max_length=60)
    event = models.CharField(max_length=20)
    key = models.CharField(max_length=160, blank=True, help_text="that the driver call carried")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+", null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField()
    at = models.DateTimeField()
    actor = fields.actor()
    note = models.TextField(blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["execution", "id"], name="execution_journal")]

    def __str__(self) -> str:
        return f"{self.execution_id} {self.step} {self.event}"


class Handover(models.Model):
    """Access data on the way to the client: sealed, shown once, then wiped."""

    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="handovers")
    execution = models.ForeignKey(Execution, on_delete=models.PROTECT, related_name="handovers", null=True)
    sealed = models.BinaryField(null=True, help_text="null once shown or expired")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="system time")
    shown_at = models.DateTimeField(null=True)
    shown_to = fields.actor(blank=True)

    def __str__(self) -> str:
        return f"{self.environment_id} {'shown' if self.shown_at else 'sealed'}"


class UsageReading(models.Model):
    """What an environment used, as its server told it."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="usage_readings")
    used = models.JSONField()
    taken_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["environment", "-taken_at"], name="usage_newest")]

    def __str__(self) -> str:
        return f"{self.environment_id} at {self.taken_at:%Y-%m-%d %H:%M}"
