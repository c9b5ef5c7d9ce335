"""Which questions does a policy answer? Every dimension, in the order in which the documentation tells them."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType

from planshift.domain.policy import (
    acceptance,
    collection,
    deposit,
    documents,
    metering,
    notices,
    promise,
    renewal,
    retention,
    timing,
    validity,
    vocabulary,
)

# Each module exposes QUESTION and RULES, perhaps RESERVED, DEFAULT, MANY and BEFORE_CASES (see vocabulary).
MODULES: tuple[ModuleType, ...] = (
    timing,
    promise,
    acceptance,
    collection,
    retention,
    renewal,
    notices,
    deposit,
    metering,
    validity,
    documents,
)


@cache
def every() -> Mapping[str, vocabulary.Dimension]:
    """All dimensions by name. The name of a dimension is the name of its module."""
    return MappingProxyType({_name(module): _dimension(module) for module in MODULES})


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _dimension(module: ModuleType) -> vocabulary.Dimension:
    default: str | None = getattr(module, "DEFAULT", None)
    if default is not None and default not in module.RULES:
        raise ValueError(f"{_name(module)}: the default {default!r} is no answer")
    return vocabulary.Dimension(
        name=_name(module),
        question=module.QUESTION,
        answers=MappingProxyType(dict(module.RULES)),
        reserved=MappingProxyType(dict(getattr(module, "RESERVED", {}))),
        default=default,
        many=getattr(module, "MANY", False),
        before_cases=getattr(module, "BEFORE_CASES", False),
    )
