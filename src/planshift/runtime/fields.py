"""How is each kind of value stored? Field factories, so that every table writes them the same way."""

from typing import Any

from django.db import models
from django.db.models import Q

from planshift.domain.lifecycles import machine


def state(lifecycle: machine.Lifecycle) -> "models.CharField[str, str]":
    """The state column of an aggregate. New rows begin in the lifecycle's initial state; only `runtime.moves` writes
    it.
    """
    return models.CharField(max_length=machine.STATE_LENGTH, default=lifecycle.initial, editable=False)


def known_states(lifecycle: machine.Lifecycle, *, table: str) -> models.CheckConstraint:
    """The database refuses a state that the lifecycle does not know."""
    return models.CheckConstraint(condition=Q(state__in=sorted(lifecycle.states)), name=f"{table}_state_known")


def minor(**options: Any) -> "models.BigIntegerField[int, int]":
    """An amount in the currency's smallest unit (cents, grosze); its currency stands in a column beside it."""
    return models.BigIntegerField(**options)


def currency(**options: Any) -> "models.CharField[str, str]":
    """An ISO 4217 code."""
    return models.CharField(max_length=3, **options)


def number(**options: Any) -> "models.CharField[str, str]":
    """The number that people see (C-1001, FV/2026/11/0007): text, unique."""
    return models.CharField(max_length=40, unique=True, **options)


def actor(**options: Any) -> "models.CharField[str, str]":
    """Who acts: `client:C-1001`, `staff:anna`, `system:sweep`, `run:change:CH-2026-000045`."""
    return models.CharField(max_length=120, **options)
