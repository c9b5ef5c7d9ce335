"""Tables of runtime: the clock's offset, audit, keys, number series, runs with their steps, signals and workers."""

from django.db import models
from django.db.models import Q

from planshift.domain.lifecycles import run as run_lifecycle
from planshift.runtime import fields, locks


class ClockOffset(models.Model):
    """How far the business clock is ahead of the system clock: one row, pk 1. No row: not at all."""

    microseconds = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="clock_offset_one_row"),
            models.CheckConstraint(condition=Q(microseconds__gte=0), name="clock_offset_forward"),
        ]

    def __str__(self) -> str:
        return f"{self.microseconds} µs ahead"


class AuditEntry(models.Model):
    """Who did what to which object, when, and why. Append-only, guarded by the database."""

    system_at = models.DateTimeField()
    business_at = models.DateTimeField()
    actor = fields.actor()
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField(null=True)
    number = models.CharField(max_length=80, blank=True)
    event = models.CharField(max_length=60)
    from_state = models.CharField(max_length=40, blank=True)
    to_state = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "object_id", "id"], name="audit_object"),
            models.Index(fields=["kind", "number", "id"], name="audit_number"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} {self.event} by {self.actor}"


class OnceKey(models.Model):
    """A key that a client made for one request, what the request said, and what came of it."""

    scope = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)
    reference = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="once_key")]
        indexes = [models.Index(fields=["created_at"], name="once_key_age")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key} → {self.reference}"


class NumberSeries(models.Model):
    """The last number given out in a series; its row lock makes numbers gap-free."""

    lock_rank = locks.Rank.SERIES
    series = models.CharField(max_length=80, unique=True)
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"


class Worker(models.Model):
    """A worker process, or one life of it. Its lease covers every run that it has claimed."""

    name = models.CharField(max_length=120, unique=True)
    host = models.CharField(max_length=80)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    lost = models.BooleanField(default=False)
    steps = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["stopped_at", "lease_until"], name="worker_lease")]

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One procedure under way: its next step, and what it waits for.

    `not_before` (system time) is set when the run is ready or pauses before a retry, `due_at` (business time) when it
    waits for a date; never both. While a worker has it, both are null and `claimed_by` names the worker. `generation`
    rises at every claim and every act of staff: writes of an earlier generation are refused. `entry` counts finished
    steps.
    """

    key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=60)
    version = models.IntegerField()
    subject = models.CharField(max_length=80)
    state = fields.state(run_lifecycle.LIFECYCLE)
    step = models.CharField(max_length=60)
    entry = models.IntegerField(default=0)
    attempt = models.IntegerField(default=0)
    crashes = models.IntegerField(default=0)
    generation = models.IntegerField(default=0)
    claimed_by = models.BigIntegerField(null=True, db_index=True)
    not_before = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    awaiting = models.TextField(blank=True)
    signals = models.JSONField(default=dict)
    seen = models.IntegerField(default=0)
    owner = models.CharField(max_length=60, blank=True)
    woken_by = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)
    started_at = models.DateTimeField()
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        # plain indexes: SQLite does not match a partial index to bound parameters
        indexes = [
            models.Index(fields=["not_before"], name="run_not_before"),
            models.Index(fields=["due_at"], name="run_due_at"),
            models.Index(fields=["state", "kind"], name="run_state"),
            models.Index(fields=["subject"], name="run_subject"),
            models.Index(fields=["ended_at"], name="run_ended"),
        ]
        constraints = [
            fields.known_states(run_lifecycle.LIFECYCLE, table="run"),
            models.CheckConstraint(condition=Q(not_before=None) | Q(due_at=None), name="run_one_alarm"),
        ]

    def __str__(self) -> str:
        return self.key


class StepRecord(models.Model):
    """One attempt of a step, or one act of staff on a run. Never changed; deleted only together with its run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="records")
    step = models.CharField(max_length=60)
    entry = models.IntegerField()
    attempt = models.IntegerField()
    generation = models.IntegerField()
    outcome = models.CharField(max_length=20)
    detail = models.TextField(blank=True)
    who = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    business_at = models.DateTimeField()

    class Meta:
        constraints = [
            # a step that finished is recorded once, whatever crashed or came back to life
            models.UniqueConstraint(
                fields=["run", "entry"], condition=Q(outcome__in=["done", "waits", "went"]), name="step_finished_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.entry} {self.step}: {self.outcome}"


class Signal(models.Model):
    """A wake-up under way to a run. A row of its own, so that the sender takes no lock on the run; deleted on
    delivery.
    """

    key = models.CharField(max_length=160)
    name = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.name} → {self.key}"
