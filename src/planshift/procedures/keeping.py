"""How is an offer kept so that it can be executed exactly as it was shown? As tagged JSON, and back.

Every value keeps its type: exact amounts, fractions, dates and the frozen dataclasses of `domain.quote`. Nothing is
recomputed when it is read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar, cast

from django.db.models import TextField
from django.db.models.functions import Cast

from planshift.domain import errors, facts, money, periods, quote, tax, working
from planshift.domain.exact import Fraction
from planshift.procedures import models

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeptWorking:
    """The working of a kept offer: the steps as they were when it was priced. Implements `offer.Sketch`."""

    kept: tuple[working.Step, ...]

    def steps(self) -> tuple[working.Step, ...]:
        """Every step, as kept."""
        return self.kept


_KEPT: Mapping[str, type] = MappingProxyType(
    {
        kept.__name__: kept
        for kept in (
            KeptWorking,
            quote.Offer,
            quote.Line,
            quote.Allocation,
            quote.Stretch,
            quote.Notice,
            quote.Renewal,
            quote.Promise,
            working.Step,
            working.Operand,
            money.Money,
            tax.Taxed,
            periods.Length,
            periods.Period,
            errors.Reason,
            facts.ChangePlan,
            facts.ChangeResources,
            facts.ChangePeriod,
        )
    }
)


def to_json(value: object) -> Any:
    """`value` as JSON. TypeError for a type that is not kept, so that nothing is stored that cannot be read back."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Fraction):
        return {"$fraction": str(value)}
    if isinstance(value, datetime):
        return {"$at": value.isoformat()}
    if isinstance(value, date):
        return {"$on": value.isoformat()}
    if isinstance(value, Mapping):
        return {"$map": {str(key): to_json(each) for key, each in value.items()}}
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    if isinstance(value, quote.Offer) and not isinstance(value.sketch, KeptWorking):
        value = replace(value, sketch=KeptWorking(value.working))
    if is_dataclass(value) and _KEPT.get(type(value).__name__) is type(value):
        return {
            "$": type(value).__name__,
            **{field.name: to_json(getattr(value, field.name)) for field in fields(value)},
        }
    raise TypeError(f"{type(value).__name__} is not kept")


def from_json(stored: Any, *, kind: type[T]) -> T:
    """The value that `to_json` stored; TypeError when it is not a `kind`."""
    value = _read(stored)
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, {type(value).__name__} stored")
    return value


def as_text(offer: str) -> Cast:
    """What to annotate as `offer_text` in place of the column `offer`: whoever reads the same quote again and again
    does not parse it again (`offer_of`)."""
    return Cast(offer, TextField())


def offer_of(kept: models.Quote) -> quote.Offer:
    """The offer exactly as it was kept. What a process made of the same text a moment ago is not made again."""
    text = vars(kept).get("offer_text")
    return _offer(json.dumps(kept.offer) if text is None else text)


@lru_cache(maxsize=200)  # a change reads its offer in every step
def _offer(text: str) -> quote.Offer:
    return from_json(json.loads(text), kind=quote.Offer)


def _read(stored: Any) -> Any:
    if isinstance(stored, list):
        return tuple(_read(each) for each in stored)
    if not isinstance(stored, dict):
        return stored
    if "$fraction" in stored:
        return Fraction(stored["$fraction"])
    if "$at" in stored:
        return datetime.fromisoformat(stored["$at"])
    if "$on" in stored:
        return date.fromisoformat(stored["$on"])
    if "$map" in stored:
        return MappingProxyType({key: _read(each) for key, each in stored["$map"].items()})
    made = cast(Any, _KEPT[stored["$"]])
    return made(**{key: _read(each) for key, each in stored.items() if key != "$"})
