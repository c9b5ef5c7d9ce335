"""What goes wrong on demand, set by rows, so that tests, demo and staff can order it."""

import threading
from collections.abc import Mapping
from types import MappingProxyType

from django.db import transaction
from django.db.models import F, Q, QuerySet

from planshift.adapters.drivers.simulated import models
from planshift.domain.errors import Permanent, Transient
from planshift.runtime import shapes

Text = str | shapes.Given

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "slow": "answers after some seconds",
        "fails": "does not answer (with times=2: twice, then works)",
        "refuses": "says that it never will",
        "lost_answer": "does it, and the answer is lost",
        "lies": "says that it did it, and did not",
        "full": "has no room",
    }
)


def meet(*, server: str, account: str, verb: str) -> str:
    """The fault that this call meets, counted down; "" for none. Sleeps, or raises, where the kind says so;
    "lost_answer", "lies" and "full" are for the caller to play."""
    waiting = awaiting(server=server, account=account, verb=verb).order_by("-id")
    if not waiting.exists():
        return ""
    with transaction.atomic():
        fault = waiting.select_for_update().first()
        if fault is None:
            return ""
        if fault.times_left > 0:
            models.SimulatedFault.objects.filter(pk=fault.pk).update(times_left=F("times_left") - 1)
    if fault.kind == "slow":
        threading.Event().wait(fault.seconds)
        return ""
    if fault.kind == "fails":
        raise Transient("unreachable", server=server)
    if fault.kind == "refuses":
        raise Permanent("remote_refused", server=server, remote="simulated refusal")
    return fault.kind


def awaiting(*, server: Text, account: Text, verb: Text) -> "QuerySet[models.SimulatedFault]":
    """The faults that this call can meet."""
    return models.SimulatedFault.objects.filter(
        Q(server="") | Q(server=server), Q(account="") | Q(account=account), Q(verb="") | Q(verb=verb)
    ).exclude(times_left=0)


def add_fault(
    *, kind: str, server: str = "", account: str = "", verb: str = "", times: int = -1, seconds: float = 0
) -> None:
    """From now on it goes wrong; "" means any. ValueError for an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f"no fault {kind!r}; there are {', '.join(KINDS)}")
    models.SimulatedFault.objects.create(
        kind=kind, server=server, account=account, verb=verb, times_left=times, seconds=seconds
    )


def clear_faults() -> None:
    """Everything works again."""
    models.SimulatedFault.objects.all().delete()


def set_usage(*, server: str, account: str, used: Mapping[str, int]) -> None:
    """What the account uses from now on."""
    models.SimulatedAccount.objects.filter(machine__code=server, name=account, removed=False).update(used=dict(used))


def add_record(*, name: str, address: str, ttl: int) -> None:
    """A name that the simulated name service answers for; an existing one is replaced."""
    models.SimulatedRecord.objects.update_or_create(name=name, defaults={"address": address, "ttl": ttl})
