"""Which questions does a policy answer? Every dimension, in the order in which the documentation tells them."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType

from planshift.domain.policy import (
    acceptance,
    account_credit,
    capacity,
    change_day,
    change_fee,
    charge_price,
    collection,
    counted_from,
    credit_price,
    credit_rounding,
    credit_share,
    credit_to,
    cut_off,
    decrease,
    denominator,
    deposit,
    direction,
    documents,
    early_window,
    equal_price,
    fee_waiver,
    hold_after_change,
    later_periods,
    metering,
    minimum_charge,
    minimum_remaining,
    mixed_resources,
    month_end,
    near_renewal,
    negative_result,
    notice_period,
    notices,
    old_setup,
    other_family,
    other_period,
    partial_unit,
    payment_discount,
    period_change,
    promise,
    promotion_penalty,
    renewal,
    renewal_dates,
    renewal_issued,
    resource_decrease,
    retention,
    rounding,
    settlement,
    setup_fee,
    tax_rounding,
    term_end,
    time_unit,
    timing,
    total_rounding,
    unpaid_documents,
    unused_value,
    usage_fit,
    validity,
    vocabulary,
    who_may_ask,
)

# Each module exposes QUESTION and RULES, perhaps RESERVED, DEFAULT, MANY and BEFORE_CASES (see vocabulary).
MODULES: tuple[ModuleType, ...] = (
    direction,
    settlement,
    counted_from,
    time_unit,
    partial_unit,
    change_day,
    denominator,
    term_end,
    month_end,
    later_periods,
    other_period,
    charge_price,
    credit_price,
    unused_value,
    credit_share,
    payment_discount,
    rounding,
    credit_rounding,
    total_rounding,
    tax_rounding,
    setup_fee,
    change_fee,
    promotion_penalty,
    fee_waiver,
    minimum_charge,
    old_setup,
    decrease,
    equal_price,
    resource_decrease,
    mixed_resources,
    negative_result,
    credit_to,
    account_credit,
    unpaid_documents,
    renewal_issued,
    cut_off,
    minimum_remaining,
    hold_after_change,
    notice_period,
    who_may_ask,
    usage_fit,
    other_family,
    capacity,
    early_window,
    near_renewal,
    period_change,
    timing,
    promise,
    acceptance,
    collection,
    retention,
    renewal,
    renewal_dates,
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
