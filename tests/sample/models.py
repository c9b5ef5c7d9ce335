"""Tables of the sample app (made without migrations, in test databases only)."""

from django.db import models

from planshift.domain.lifecycles import machine
from planshift.runtime import fields, locks

LIFECYCLE = machine.Lifecycle(
    name="thing",
    states={
        "DRAFT": "being written",
        "AWAITING_PAYMENT": "waits for the client's money",
        "PAID": "the money is here",
        "CLOSED": "over",
    },
    initial="DRAFT",
    moves={
        ("DRAFT", "ordered"): "AWAITING_PAYMENT",
        ("AWAITING_PAYMENT", "paid"): "PAID",
        ("DRAFT", "closed"): "CLOSED",
        ("AWAITING_PAYMENT", "closed"): "CLOSED",
        ("PAID", "closed"): "CLOSED",
    },
    waiting={"AWAITING_PAYMENT": "client"},
    final=frozenset({"CLOSED"}),
)


class Thing(models.Model):
    """Something with a state."""

    lifecycle = LIFECYCLE
    lock_rank = locks.Rank.CHANGE
    number = fields.number()
    state = fields.state(LIFECYCLE)
    note = models.CharField(max_length=40, blank=True)
    amount = models.IntegerField(default=0)

    class Meta:
        constraints = [fields.known_states(LIFECYCLE, table="thing")]

    def __str__(self) -> str:
        return self.number


class Account(models.Model):
    """Something that stands later in the lock order."""

    lock_rank = locks.Rank.ACCOUNT

    def __str__(self) -> str:
        return str(self.pk)


class Written(models.Model):
    """What a step wrote in its own transaction."""

    subject = models.CharField(max_length=40)
    step = models.CharField(max_length=40)
    pid = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.subject} {self.step}"


class Called(models.Model):
    """An outside effect: committed on its own, before the step's transaction."""

    key = models.CharField(max_length=120)
    pid = models.IntegerField()

    def __str__(self) -> str:
        return self.key
