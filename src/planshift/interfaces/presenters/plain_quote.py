"""How does an offer read in a terminal? English, plain text; the panel has its own pages."""

from planshift.domain import facts as known
from planshift.domain import money, quote_json
from planshift.domain.errors import BadMoney, Reason
from planshift.domain.exact import Fraction
from planshift.domain.offer import Line, Offer, Refusal
from planshift.domain.tax import Taxed

WIDTH = 78
_LINES = {
    "plan_difference": "Difference to {to_plan} for the remaining time",
    "plan_charge": "{to_plan}",
    "plan_credit": "Unused part of {from_plan}",
    "plan_next_period": "{to_plan}, next period",
    "resource_difference": "{resource}: {old_quantity} → {quantity}",
    "resource_charge": "{resource} × {quantity}",
    "resource_credit": "Unused part of {resource} × {quantity}",
    "resource_next_period": "{resource} × {quantity}, next period",
    "setup": "One-time set-up",
    "setup_credit": "Set-up fee of the old plan, given back",
    "fee": "Fee for the change",
    "penalty": "Leaving the promotion",
    "minimum": "Up to the minimum charge",
    "rounding": "Rounding",
}
_TIMING = {
    "after_payment": "after payment",
    "after_acceptance": "after the corrective invoice is accepted",
    "at_once": "at once",
    "at_renewal": "at the end of the term",
}
_DIRECTION = {"up": "upwards", "down": "downwards", "sideways": "at the same price"}


def text(result: Offer | Refusal, facts: known.Facts) -> str:
    """The whole answer."""
    return _refusal(result) if isinstance(result, Refusal) else _offer(result, facts)


def _refusal(refusal: Refusal) -> str:
    return "\n".join(["Not offered:", *(f"  • {sentence(reason)}" for reason in refusal.reasons)])


def sentence(reason: Reason) -> str:
    """A reason as words: its code, and the facts behind it."""
    words = reason.code.replace("_", " ").capitalize()
    told = reason.facts.get("reason")
    if isinstance(told, dict) and told.get("en"):
        return f"{words}: {told['en']}"
    facts = ", ".join(f"{key.replace('_', ' ')} {_plain(value)}" for key, value in reason.facts.items())
    return f"{words} ({facts})" if facts else words


def _plain(value: object) -> str:
    plain = quote_json.plain(value)
    if isinstance(plain, list):
        return ", ".join(_plain(each) for each in plain) or "none"
    return " ".join(map(str, plain.values())) if isinstance(plain, dict) else str(plain)


def _offer(offer: Offer, facts: known.Facts) -> str:
    rows = [*_head(offer), ""]
    rows += [_row(_words(line, facts), line.amount, offer.currency) for line in offer.lines]
    if not offer.lines:
        rows.append(_amount_row("Nothing to pay now", Fraction(0), offer.currency))
    rows.append("─" * WIDTH)
    total = offer.total
    rows += [
        _amount_row("Net", total.net.amount, offer.currency),
        _amount_row("VAT", total.tax.amount, offer.currency),
        _amount_row("To pay" if total.gross.amount >= 0 else f"Given back ({offer.credit_to.replace('_', ' ')})",
                    abs(total.gross.amount), offer.currency),
    ]  # fmt: skip
    rows += ["", *_after(offer), "", "How it is computed"]
    for step in offer.working:
        unit = f" {step.unit}" if step.unit == offer.currency else ""
        result = _money(step.result, offer.currency) if unit else _number(step.result)
        rounded = f"  (exactly {_number(step.unrounded)}; {_rounding(step.rounding)})" if step.rounding else ""
        clause = f"  [{step.clause}]" if step.clause else ""
        rows.append(f"  {step.code.replace('_', ' ')}: {step.formula} = {result}{unit}{rounded}{clause}")
    return "\n".join(rows)


def _head(offer: Offer) -> list[str]:
    why = f" ({offer.kind_reason})" if offer.kind_reason else ""
    rows = [f"A change {_DIRECTION[offer.direction]}, {offer.kind}{why}"]
    if offer.told and offer.told.get("en"):
        rows.append(f"  {offer.told['en']}")
    return rows


def _after(offer: Offer) -> list[str]:
    rows = [f"Carried out    {_TIMING.get(offer.timing, offer.timing)}" + _promised(offer)]
    if offer.extra_time is not None:
        rows.append(f"Time on top    {offer.extra_time}")
    if offer.term_end is not None:
        rows.append(f"Term           until {offer.term_end}")
    if offer.due_later is not None:
        when = offer.later_at.replace("_", " ")
        rows.append(f"Billed later   {offer.due_later.gross} ({when})")
    if offer.hourly is not None:
        rows.append(f"Per hour       {offer.hourly}")
    if offer.next_renewal is not None:
        renewal = offer.next_renewal
        day = f" on {renewal.on}" if renewal.on else ""
        rows.append(f"Next renewal   {renewal.amount.net} net, {renewal.amount.gross} gross{day} ({renewal.length})")
    if offer.balance_used or offer.balance_left:
        rows.append(f"Account credit {offer.balance_used} used, {offer.balance_left} left")
    if offer.notices:
        rows.append("To acknowledge " + ", ".join(notice.code.replace("_", " ") for notice in offer.notices))
    return rows


def _promised(offer: Offer) -> str:
    promise = offer.promise
    if not promise.business_days_max:
        return ""
    low, high = promise.business_days_min, promise.business_days_max
    days = f"{low} to {high}" if low not in (0, high) else str(high)
    days += " business day" if high == 1 else " business days"
    return f", within {days}" + (f", by {promise.on} if it may begin today" if promise.on else "")


def _words(line: Line, facts: known.Facts) -> str:
    names = {code: plan.name["en"] for code, plan in facts.catalog.plans.items()}
    values = {key: names.get(str(value), value) for key, value in line.facts.items()}
    code = str(line.facts.get("resource", ""))
    for plan in facts.catalog.plans.values():
        if code in plan.resources:
            values["resource"] = plan.resources[code].name["en"]
    return _LINES.get(line.code, line.code).format(**values)


def _row(words: str, amount: Taxed, currency: str) -> str:
    return _amount_row(words, amount.net.amount, currency)


def _amount_row(words: str, amount: Fraction, currency: str) -> str:
    figure = f"{money.decimal_text(amount, decimals=money.decimals_of(currency=currency))} {currency}"
    return f"{words[: WIDTH - 20]:<{WIDTH - len(figure)}}{figure}"


def _number(value: Fraction) -> str:
    return quote_json.number(value)


def _money(value: Fraction, currency: str) -> str:
    """An amount as it is written, 29.70; a quotient where no decimal is exact."""
    try:
        return money.decimal_text(value, decimals=money.decimals_of(currency=currency))
    except BadMoney:
        return _number(value)


def _rounding(said: str) -> str:
    """ "half_up 0.01" as words: "half up to 0.01"."""
    mode, _, step = said.partition(" ")
    return " to ".join(filter(None, (mode.replace("_", " "), step)))
