"""How is an issued document corrected? By credits of its lines, to zero, or by taking an earlier correction back.

Every correction is computed from the whole chain: the document as issued and all its earlier corrections. The base of a
line is its net or gross amount, as the prices of the document are. Tax is the original line's rate x base after, less
the tax documented before (see `correction_tax`); a rate that has changed since does not count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from planshift.domain import correction, correction_tax
from planshift.domain.correction import Correction, Credit, Issued, Span, Why
from planshift.domain.errors import Reason, Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed


@dataclass(slots=True)
class _Wanted:
    """What is asked for one line, in the prices of its document, and the time that it is for."""

    base: Money
    span: Span | None


def correct(*, documents: Sequence[Issued], credits: Iterable[Credit], reason: Why) -> tuple[Correction, ...]:
    """One correction per document that has a credit, in the order of `documents`; several credits of a line add up.

    Amounts are in the documents' currency, in whole smallest units. Nothing is given back beyond what was paid for a
    line less its earlier corrections (D5, D8, H3). Refused with every reason at once: `correction_of_unknown_line`,
    `correction_currency_differs`, `correction_amount_wrong`, `correction_outside_its_time`, `correction_beyond_paid`,
    `nothing_to_correct`.
    """
    by_number = {each.number: each for each in documents}
    wanted: dict[str, dict[int, _Wanted]] = {number: {} for number in by_number}
    reasons: list[Reason] = []
    for credit in credits:
        document = by_number.get(credit.document)
        wrong = _wrong(document, credit)
        if document is None or wrong is not None:
            reasons.extend([wrong] if wrong is not None else [])
        else:
            _add(wanted[document.number], document, credit)
    found = []
    for number, of in wanted.items():
        if of:
            made, more = _reduced(by_number[number], of)
            reasons.extend(more)
            found.append(_correction(by_number[number], made, reason, {at: each.span for at, each in of.items()}))
    if reasons:
        raise Refused.for_reasons(reasons)
    if not any(each.lines for each in found):
        raise Refused("nothing_to_correct", documents=sorted(by_number))
    return tuple(each for each in found if each.lines)


def to_zero(*, document: Issued, reason: Why = "change_undone") -> Correction:
    """The correction after which nothing of `document` is left: all lines, a set-up fee included.

    Refused: `nothing_to_correct` when all is zero already, `correction_beyond_paid` for lines that were not paid.
    """
    nothing = Taxed.zero(document.currency)
    after = {position: nothing for position, amount in document.now.items() if amount != nothing}
    if not after:
        raise Refused("nothing_to_correct", documents=[document.number])
    reasons = _beyond_paid(document, after)
    if reasons:
        raise Refused.for_reasons(reasons)
    return _correction(document, after, reason)


def undo(*, document: Issued, number: str) -> Correction:
    """The counter-correction of the correction `number`: its lines get back what it took, or lose what it gave.

    Where that leads back to bases that were documented before, the tax documented with them returns to the unit.
    Refused: `correction_unknown`, `correction_undone_already`, `correction_beyond_paid`.
    """
    undone = next((each for each in document.corrections if each.number == number), None)
    if undone is None:
        raise Refused("correction_unknown", number=number, document=document.number)
    if any(each.undoes == number for each in document.corrections):
        raise Refused("correction_undone_already", number=number)
    states = document.states()
    base, now = document.method.base, states[-1]
    bases = {
        position: base(now[position]) - base(difference)
        for position, difference in undone.differences.items()
        if base(difference)
    }
    after = _taxed_as_before(document, states, bases)
    reasons = _beyond_paid(document, after) or _below_zero(document, after)
    if reasons:
        raise Refused.for_reasons(reasons)
    return replace(_correction(document, after, "correction_undone", undone.spans), undoes=number)


def _wrong(document: Issued | None, credit: Credit) -> Reason | None:
    """Why this credit cannot be taken at all."""
    told = {"document": credit.document, "line": credit.position}
    line = document.line(credit.position) if document is not None else None
    if document is None or line is None:
        return Reason("correction_of_unknown_line", told)
    amount = credit.amount
    if amount.currency != document.currency:
        return Reason("correction_currency_differs", {**told, "currency": document.currency, "asked": amount})
    if amount.amount <= 0 or amount != amount.rounded("down"):
        return Reason("correction_amount_wrong", {**told, "asked": amount})
    if credit.span is None:
        return None
    start, end = credit.span
    if line.span is None or not line.span[0] <= start < end <= line.span[1]:
        return Reason("correction_outside_its_time", {**told, "start": start, "end": end})
    return None


def _add(wanted: dict[int, _Wanted], document: Issued, credit: Credit) -> None:
    """One more credit of a line: amounts add up, the time reaches from the first to the last."""
    line = document.line(credit.position)
    assert line is not None
    base, span = _in_prices_of(document, credit), credit.span or line.span
    present = wanted.get(credit.position)
    if present is None:
        wanted[credit.position] = _Wanted(base, span)
        return
    present.base += base
    if span is not None and present.span is not None:
        present.span = min(span[0], present.span[0]), max(span[1], present.span[1])


def _in_prices_of(document: Issued, credit: Credit) -> Money:
    """The credit in the prices of the document: its share of the line's gross is its share of the line's net."""
    now = document.now[credit.position]
    theirs, ours = (now.net, now.gross) if credit.prices == "net" else (now.gross, now.net)
    if credit.prices == document.method.prices or not theirs:
        return credit.amount
    return (credit.amount * (ours.amount / theirs.amount)).rounded()


def _reduced(document: Issued, wanted: Mapping[int, _Wanted]) -> tuple[dict[int, Taxed], list[Reason]]:
    """The amounts after of the lines that change, or why a line cannot give so much back."""
    method, now = document.method, document.now
    reasons = [
        _beyond(document, position, each.base, method.base(now[position]))
        for position, each in wanted.items()
        if each.base > method.base(now[position])
    ]
    if reasons:
        return {}, reasons
    after = _taxed(document, now, {at: method.base(now[at]) - each.base for at, each in wanted.items()})
    return after, _beyond_paid(document, after)


def _taxed(document: Issued, now: Mapping[int, Taxed], bases: Mapping[int, Money]) -> dict[int, Taxed]:
    """The amounts of every line that changes: those with a new base, and those that take a unit of their rate's tax."""
    found: dict[int, Taxed] = {}
    for (_, percent), positions in _by_rate(document).items():
        if any(position in bases for position in positions):
            after = correction_tax.after(
                before=[now[position] for position in positions],
                bases=[bases.get(position) for position in positions],
                rate=percent / 100,
                method=document.method,
            )
            found |= {at: amount for at, amount in zip(positions, after, strict=True) if amount != now[at]}
    return found


def _taxed_as_before(
    document: Issued, states: Sequence[Mapping[int, Taxed]], bases: Mapping[int, Money]
) -> dict[int, Taxed]:
    """`_taxed`, but a rate whose bases are those of an earlier state has the tax of that state."""
    base, now = document.method.base, states[-1]
    found = _taxed(document, now, bases)
    for positions in _by_rate(document).values():
        wanted = [bases.get(position, base(now[position])) for position in positions]
        for state in reversed(states):
            if any(position in bases for position in positions) and [base(state[at]) for at in positions] == wanted:
                for position in positions:
                    found.pop(position, None)
                found |= {at: state[at] for at in positions if state[at] != now[at]}
                break
    return found


def _by_rate(document: Issued) -> dict[tuple[str, Fraction], list[int]]:
    found: dict[tuple[str, Fraction], list[int]] = {}
    for each in document.lines:
        found.setdefault((each.line.vat_code, each.line.vat_percent), []).append(each.position)
    return found


def _beyond_paid(document: Issued, after: Mapping[int, Taxed]) -> list[Reason]:
    """A reason for every line of which all corrections together would give back more than was paid for it."""
    reasons: list[Reason] = []
    now = document.now
    for each in document.lines:
        if each.position in after and each.line.amount.gross.amount > 0:  # nothing was paid for a line below zero
            returned = each.line.amount.gross - now[each.position].gross
            asked = now[each.position].gross - after[each.position].gross
            if asked.amount > 0 and returned + asked > each.paid:
                reasons.append(_beyond(document, each.position, asked, each.paid - returned))
    return reasons


def _below_zero(document: Issued, after: Mapping[int, Taxed]) -> list[Reason]:
    """A reason for every line that would end below zero (or above it, for a line that was negative when issued)."""
    now = document.now
    return [
        _beyond(
            document, each.position, now[each.position].gross - after[each.position].gross, now[each.position].gross
        )
        for each in document.lines
        if each.position in after and after[each.position].gross.amount * each.line.amount.gross.amount < 0
    ]


def _beyond(document: Issued, position: int, asked: Money, allowed: Money) -> Reason:
    least = max(allowed, Money.zero(document.currency))
    return Reason(
        "correction_beyond_paid",
        {"document": document.number, "line": position, "asked": asked, "allowed": least},
    )


def _correction(
    document: Issued, after: Mapping[int, Taxed], reason: Why, spans: Mapping[int, Span | None] | None = None
) -> Correction:
    """The corrective document: the lines that change, in the order of the original."""
    now, asked = document.now, spans or {}
    return Correction(
        corrects=document.number,
        corrects_issued_on=document.issued_on,
        currency=document.currency,
        reason=reason,
        lines=tuple(
            correction.CorrectedLine(
                position=each.position,
                line=each.line,
                before=now[each.position],
                after=after[each.position],
                span=asked.get(each.position, each.span),
            )
            for each in document.lines
            if each.position in after
        ),
    )
