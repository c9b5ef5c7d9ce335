"""Which account is meant? The looks at it that every verb takes."""

from django.db.models import Exists, QuerySet

from planshift.adapters.drivers.simulated import faults, models
from planshift.provisioning.inside import Inside
from planshift.runtime import shapes

_WAITING = {"server": shapes.text("server"), "account": shapes.text("account"), "verb": shapes.text("verb")}


def _named() -> "QuerySet[models.SimulatedAccount]":
    found = models.SimulatedAccount.objects.filter(machine__code=shapes.text("server"), name=shapes.text("account"))
    return found.filter(removed=False).order_by("pk")


NAMED = shapes.Shape(lambda: _named()[:1])
MET = shapes.Shape(lambda: _named().annotate(faulty=Exists(faults.awaiting(**_WAITING)))[:1])  # does a fault wait?


def _locked() -> "QuerySet[models.SimulatedMachine]":
    return models.SimulatedMachine.objects.select_for_update(of=("self",)).filter(code=shapes.text("server"))


MACHINE = shapes.Shape(_locked)
MACHINE_MET = shapes.Shape(lambda: _locked().annotate(faulty=Exists(faults.awaiting(**_WAITING))))
ASKED = shapes.Shape(lambda: models.SimulatedOp.objects.select_for_update().filter(key=shapes.text("key")))
KEYED = shapes.Shape(
    lambda: _named().annotate(asked_before=Exists(models.SimulatedOp.objects.filter(key=shapes.text("key"))))[:1]
)


def inside(account: models.SimulatedAccount) -> Inside:
    """Content that no other account has was written there; mail is known by its text."""
    alike = models.SimulatedAccount.objects.filter(content=account.content).exclude(pk=account.pk)
    written = int(bool(account.content) and not alike.exists())
    return Inside(written, ("content",) * written, frozenset(account.mail))
