"""State of the simulated servers, kept in the database so that every process sees the same machines."""

from django.db import models
from django.db.models import Q


class SimulatedMachine(models.Model):
    """A server that exists in this table only. It comes into being when first asked for."""

    code = models.CharField(max_length=40, unique=True)
    total = models.JSONField(default=dict, help_text="room by resource; empty: the traits of the server say")
    network = models.PositiveSmallIntegerField(help_text="its addresses are 198.18.<network>.x (RFC 2544)")
    given_addresses = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.code


class SimulatedAccount(models.Model):
    """An account on such a server. A removed one keeps its row, so that tests see what happened to it."""

    machine = models.ForeignKey(SimulatedMachine, on_delete=models.CASCADE, related_name="accounts")
    name = models.CharField(max_length=80)
    label = models.CharField(max_length=200, blank=True)
    plan = models.CharField(max_length=40, blank=True)
    limits = models.JSONField(default=dict)
    used = models.JSONField(default=dict, help_text="what is in use, by resource")
    address = models.CharField(max_length=40)
    content = models.TextField(blank=True, help_text="stands for the files; its digest is the manifest")
    mail = models.JSONField(default=list, help_text="names of the mails in its mailboxes")
    takes_mail = models.BooleanField(default=True)
    suspended = models.BooleanField(default=False)
    quarantined = models.BooleanField(default=False)
    proxied_to = models.CharField(max_length=80, blank=True)
    snapshots = models.JSONField(default=list)
    credentials_digest = models.CharField(max_length=64, blank=True)
    removed = models.BooleanField(default=False)
    removed_by_proof = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["machine", "name"], condition=Q(removed=False), name="simulated_account_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SimulatedRecord(models.Model):
    """A name that the simulated name service answers for."""

    name = models.CharField(max_length=253, unique=True)
    address = models.CharField(max_length=40)
    ttl = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.name} {self.ttl} A {self.address}"


class SimulatedOp(models.Model):
    """Which key did what, when, and how often it was asked: shows that nothing was done twice. Holds no secret."""

    key = models.CharField(max_length=200, unique=True)
    verb = models.CharField(max_length=40)
    server = models.CharField(max_length=40, blank=True)
    account = models.CharField(max_length=253)
    digest = models.CharField(max_length=64, help_text="of what was asked")
    answer = models.JSONField()
    changed = models.BooleanField()
    asked = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} {self.verb}"


class SimulatedFault(models.Model):
    """What shall go wrong: the newest row that fits counts. `times_left` -1: until it is cleared."""

    kind = models.CharField(max_length=20)
    server = models.CharField(max_length=40, blank=True)
    account = models.CharField(max_length=253, blank=True)
    verb = models.CharField(max_length=40, blank=True)
    times_left = models.IntegerField(default=-1)
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.kind} at {self.server or 'any'} {self.account or 'any'} {self.verb or 'any'}"
