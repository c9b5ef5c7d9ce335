"""What staff were asked to do on servers by hand, and what they said they did. A row of a task is what happened: it is
closed once and stays."""

from django.db import models
from django.db.models import Q


class ManualAccount(models.Model):
    """An account as staff last described it; the only one who knows the server is the person who looked."""

    server = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    limits = models.JSONField(default=dict)
    used = models.JSONField(default=dict)
    address = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=200, blank=True)
    suspended = models.BooleanField(default=False)
    quarantined = models.BooleanField(default=False)
    proxied_to = models.CharField(max_length=200, blank=True)
    snapshots = models.JSONField(default=list)
    removed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], condition=Q(removed=False), name="manual_account_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.server}"


class ManualTask(models.Model):
    """One thing to do. `said` is what staff filled in, without what is secret; `sealed` holds that until it is handed
    on, once."""

    code = models.CharField(max_length=32, unique=True, help_text="of the key: what the engine polls")
    key = models.CharField(max_length=200, unique=True)
    digest = models.CharField(max_length=64, help_text="of what was asked")
    cause = models.CharField(max_length=80, blank=True)
    verb = models.CharField(max_length=40)
    server = models.CharField(max_length=40)
    account = models.CharField(max_length=80)
    asked = models.JSONField()
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=10, blank=True, help_text="done or refused; blank: open")
    note = models.CharField(max_length=500, blank=True)
    said = models.JSONField(default=dict)
    sealed = models.TextField(blank=True)
    handed_on = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["outcome", "asked_at"], name="manual_task_open")]

    def __str__(self) -> str:
        return f"{self.verb} {self.account} at {self.server}"
