"""What vendors have no place for: the key of each request, and of each account what we call it and what was sold."""

from django.db import models
from django.db.models import Q


class VendorAccount(models.Model):
    """An account at a vendor's server. `remote` is its name there (a user, a machine's number), claimed before the
    server is asked to make it."""

    server = models.CharField(max_length=40)
    name = models.CharField(max_length=80, help_text="what we call it")
    remote = models.CharField(max_length=40)
    limits = models.JSONField(default=dict, help_text="as sold; some of it no vendor can hold")
    made = models.BooleanField(default=False, help_text="its making was finished")
    suspended = models.BooleanField(default=False)
    quarantined = models.BooleanField(default=False)
    removed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], condition=Q(removed=False), name="vendor_account_once"),
            models.UniqueConstraint(fields=["server", "remote"], condition=Q(removed=False), name="vendor_remote_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.remote}) at {self.server}"


class VendorOp(models.Model):
    """One mutation by its key: asked for, and how it ended. Never holds a secret."""

    key = models.CharField(max_length=200, unique=True)
    digest = models.CharField(max_length=64, help_text="of what was asked")
    verb = models.CharField(max_length=40)
    server = models.CharField(max_length=40)
    account = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    task = models.CharField(max_length=200, blank=True, help_text="of the vendor, while it runs")
    noted = models.JSONField(default=dict, help_text="how far it came")
    done_at = models.DateTimeField(null=True)
    changed = models.BooleanField(default=False)
    snapshot = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.verb} {self.account} at {self.server}"
