"""What do the lines of an order and its invoice say? Frozen words in every language of the product, made once."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from planshift.domain import catalog, documents, periods, quote
from planshift.domain.documents import LineKind
from planshift.domain.exact import Fraction
from planshift.domain.tax import Taxed

_WORDS: Mapping[str, Mapping[str, str]] = {
    "plan_difference": {
        "en": "Change of plan {from_name} → {to_name}: price difference",
        "pl": "Zmiana planu {from_name} → {to_name}: różnica ceny",
        "it": "Cambio di piano {from_name} → {to_name}: differenza di prezzo",
    },
    "plan_charge": {
        "en": "Plan {to_name}",
        "pl": "Plan {to_name}",
        "it": "Piano {to_name}",
    },
    "plan_credit": {
        "en": "Plan {from_name}: unused time",
        "pl": "Plan {from_name}: niewykorzystany czas",
        "it": "Piano {from_name}: periodo non goduto",
    },
    "resource": {
        "en": "Additional resource {resource} ({quantity})",
        "pl": "Dodatkowy zasób {resource} ({quantity})",
        "it": "Risorsa aggiuntiva {resource} ({quantity})",
    },
    "period": {
        "en": "Longer billing period, plan {to_name}",
        "pl": "Dłuższy okres rozliczeniowy, plan {to_name}",
        "it": "Periodicità di fatturazione più lunga, piano {to_name}",
    },
    "setup": {
        "en": "One-time set-up fee for the hard change",
        "pl": "Jednorazowa opłata aktywacyjna za zmianę z przeniesieniem",
        "it": "Costo di attivazione una tantum per la modifica complessa",
    },
    "fee": {"en": "Fee for the change", "pl": "Opłata za zmianę", "it": "Costo della modifica"},
    "renewal_plan": {
        "en": "Plan {to_name}",
        "pl": "Plan {to_name}",
        "it": "Piano {to_name}",
    },
}


def lines(*, offered: quote.Offer, service: str, label: str, sold: catalog.Catalog) -> list[documents.Line]:
    """The lines of an order exactly as the offer has them, worded; amounts are copied, never computed. A line that pays
    for several terms is one for each, so that what was paid for a term is known when it begins."""
    return [
        documents.Line(
            kind=_kind(line),
            text=_text(line, label=label, sold=sold),
            amount=amount,
            vat_percent=line.tax_rate * 100,
            vat_code=vat_code(treatment=offered.treatment, rate=line.tax_rate),
            service=service,
            component=line.component,
            quantity=line.quantity if before is None else line.quantity - before,
            start_on=_day(start, sold),
            end_on=_day(end, sold),
            on_top_of=before,
        )
        for line in offered.lines
        for before in [_before(line, operation=offered.operation)]
        for start, end, amount in _per_term(line)
    ]


def _before(line: quote.Line, *, operation: str) -> int | None:
    """Of a raised resource the units held before: the line bills only those added to them, so that giving these up
    again credits all that was paid for them. None for any other line."""
    before = line.facts.get("old_quantity")
    if operation != "resources" or line.role != "difference" or not isinstance(before, int):
        return None
    return before if line.quantity > before else None


def _per_term(line: quote.Line) -> list[tuple[periods.Moment | None, periods.Moment | None, Taxed]]:
    """The time and the amount of a line, or of each term that it pays for; net, tax and gross sum to the line's."""
    if len(line.stretches) < 2:
        return [(line.start, line.end, line.amount)]
    weights = [each.amount.amount for each in line.stretches]
    nets, taxes = line.amount.net.split(weights), line.amount.tax.split(weights)
    return [
        (each.start, each.end, Taxed(net, tax, net + tax))
        for each, net, tax in zip(line.stretches, nets, taxes, strict=True)
    ]


def renewal_words(*, component: str, name: Mapping[str, str], quantity: int) -> Mapping[str, str]:
    """What a line of a renewal bills, by language: the same for all services of a plan."""
    words = _WORDS["renewal_plan"] if component == "plan" else _WORDS["resource"]
    return {
        language: text.format(to_name=_in(name, language), resource=_in(name, language), quantity=quantity)
        for language, text in words.items()
    }


def renewal_line(
    *,
    service: str,
    label: str,
    component: str,
    words: Mapping[str, str],
    quantity: int,
    amount: Taxed,
    rate: Fraction,
    start_on: date,
    end_on: date,
    treatment: str = "standard",
) -> documents.Line:
    """A line of a renewal: the plan, or an additional resource, for the whole next term. `words` as `renewal_words`."""
    return documents.Line(
        kind="charge",
        text={language: f"{label}: {text}" for language, text in words.items()},
        amount=amount,
        vat_percent=rate * 100,
        vat_code=vat_code(treatment=treatment, rate=rate),
        service=service,
        component=component,
        quantity=quantity,
        start_on=start_on,
        end_on=end_on,
    )


def vat_code(*, treatment: str, rate: Fraction) -> str:
    """The VAT code of a line. A credit has the rate of the line that it returns, also where the buyer is now taxed in
    another way."""
    if treatment == "standard" or (rate and treatment != "oss"):
        return "standard" if rate else "zero"
    return treatment


def _kind(line: quote.Line) -> LineKind:
    if line.role == "setup":
        return "setup"
    if line.role in ("fee", "minimum", "penalty"):
        return "fee"
    return "credit" if line.amount.gross.amount < 0 else "charge"


def _text(line: quote.Line, *, label: str, sold: catalog.Catalog) -> dict[str, str]:
    resource = line.component.partition(":")[2]
    words = _WORDS.get(line.code) or _WORDS["resource" if resource else _role(line)]
    made = {}
    for language, text in words.items():
        made[language] = f"{label}: " + text.format(
            from_name=_plan(line.facts.get("from_plan") or line.facts.get("plan"), language, sold),
            to_name=_plan(line.facts.get("to_plan") or line.facts.get("plan"), language, sold),
            resource=_resource(resource, language, sold),
            quantity=line.quantity,
        )
    return made


def _role(line: quote.Line) -> str:
    known = {"setup": "setup", "fee": "fee", "credit": "plan_credit", "difference": "plan_difference"}
    return known.get(line.role, "plan_charge")


def _plan(code: object, language: str, sold: catalog.Catalog) -> str:
    plan = sold.plans.get(str(code))
    return _in(plan.name, language) if plan else str(code or "")


def _resource(code: str, language: str, sold: catalog.Catalog) -> str:
    for plan in sold.plans.values():
        if code in plan.resources:
            return _in(plan.resources[code].name, language)
    return code


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts["en"]


def _day(moment: periods.Moment | None, sold: catalog.Catalog) -> date | None:
    if isinstance(moment, datetime):
        return moment.astimezone(ZoneInfo(str(sold.seller.zone))).date()
    return moment
