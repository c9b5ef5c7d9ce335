"""What did a form ask for? A request of the domain or an amount of money, or a refusal in the reader's words."""

from django.http import QueryDict

from planshift.domain import facts
from planshift.domain.errors import BadMoney, Refused
from planshift.domain.money import Money
from planshift.domain.periods import Length

LARGEST = 1_000_000


def request_of(form: QueryDict) -> facts.Request:
    """plan=…, months=…, or resource.CODE=… of a posted form, perhaps with choice=…. Refused("request_unreadable") for
    anything else."""
    choice = _code(str(form["choice"])) if form.get("choice") else ""
    if form.get("plan"):
        return facts.ChangePlan(target=_code(str(form["plan"])), choice=choice)
    if form.get("months"):
        months = _whole(str(form["months"]), low=1, high=120)
        return facts.ChangePeriod(length=Length.parse(f"{months} months"), choice=choice)
    amounts = {
        _code(name.removeprefix("resource.")): _whole(str(form[name]), low=0, high=LARGEST)
        for name in form
        if name.startswith("resource.")
    }
    if not amounts:
        raise Refused("request_unreadable")
    return facts.ChangeResources(amounts=amounts, choice=choice)


def asked(form: QueryDict) -> list[tuple[str, str]]:
    """The fields of a request that was read, to be posted once more."""
    wanted = [name for name in form if name in ("plan", "months") or name.startswith("resource.")]
    return [(name, str(form[name])) for name in wanted]


def _code(text: str) -> str:
    if not (0 < len(text) <= 40 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise Refused("request_unreadable")
    return text


def typed(text: str, *, currency: str, most: int) -> Money:
    """An amount of money that somebody typed, above zero and up to `most` minor units: "50", "1 200,50". BadMoney for
    anything else."""
    plain = text.strip()[:20].replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".")
    amount = Money.of(plain, currency)
    if not 0 < amount.minor <= most:
        raise BadMoney("out of range")
    return amount


def _whole(text: str, *, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high):
        raise Refused("amount_unreadable", text=text[:20])
    return int(text)
