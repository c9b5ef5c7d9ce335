"""What do machines say that we do not think? Each difference with when it was found, and what was decided."""

from django.db import models

from planshift.runtime import fields


class DriftCheck(models.Model):
    """When an environment was last compared with its machine, and why it could not be."""

    environment = models.OneToOneField("provisioning.Environment", on_delete=models.CASCADE, related_name="drift_check")
    checked_at = models.DateTimeField()
    trouble = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return f"{self.environment_id} {self.trouble or 'ok'}"


class ListCheck(models.Model):
    """When a server was last asked for the list of its accounts, and why it did not tell."""

    server = models.OneToOneField("provisioning.Server", on_delete=models.CASCADE, related_name="list_check")
    checked_at = models.DateTimeField()
    trouble = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return f"{self.server_id} {self.trouble or 'ok'}"


class Difference(models.Model):
    """A machine says something else than we think. `outcome` is blank while it is open; decided once, it stays."""

    environment = models.ForeignKey("provisioning.Environment", on_delete=models.PROTECT, related_name="differences")
    what = models.CharField(max_length=20, help_text="missing, still_there, limit, suspended or dns")
    subject = models.CharField(max_length=200, blank=True, help_text="code of a resource, or a name of DNS")
    ours = models.CharField(max_length=200)
    theirs = models.CharField(max_length=200)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="when it was last there")
    asked_at = models.DateTimeField(null=True, help_text="our state was ordered to be set again")
    outcome = models.CharField(max_length=20, blank=True, help_text="settled, taken_over or dismissed; blank: open")
    closed_at = models.DateTimeField(null=True)
    closed_by = fields.actor(blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "what", "subject"], condition=models.Q(outcome=""), name="difference_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="", closed_at=None) | (~models.Q(outcome="") & ~models.Q(closed_at=None)),
                name="difference_closed_at",
            ),
        ]
        indexes = [models.Index(fields=["outcome", "found_at"], name="difference_open")]

    def __str__(self) -> str:
        return f"{self.environment_id} {self.what} {self.subject}"


class UnknownAccount(models.Model):
    """An account on a server that no environment of ours is. `outcome` as of a difference."""

    server = models.ForeignKey("provisioning.Server", on_delete=models.PROTECT, related_name="unknown_accounts")
    name = models.CharField(max_length=200)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="when it was last there")
    outcome = models.CharField(max_length=20, blank=True, help_text="settled or dismissed; blank: open")
    closed_at = models.DateTimeField(null=True)
    closed_by = fields.actor(blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["server", "name"], condition=models.Q(outcome=""), name="unknown_account_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="", closed_at=None) | (~models.Q(outcome="") & ~models.Q(closed_at=None)),
                name="unknown_account_closed_at",
            ),
        ]
        indexes = [models.Index(fields=["server", "outcome"], name="unknown_account_of_server")]

    def __str__(self) -> str:
        return f"{self.server_id} {self.name}"
