"""What do we write to the client who is to accept a corrective document? In the language of the client (D7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from planshift.catalog import queries as catalog
from planshift.domain import facts, letters
from planshift.domain.money import Money
from planshift.procedures import keeping, models
from planshift.services import register

ASKED, REMINDED, ASKED_AGAIN = "ask", "remind", "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the letter is about: the service, the change in words of each language, the money, the deadline."""

    service: str
    change: str
    what: Mapping[str, str]
    credit: Money  # gross, what is left of it
    charged: Money  # gross, what the decrease costs: paid out of the credit
    to: str  # deposit, refund
    renewal: Money | None  # gross, of the next renewal after it
    documents: tuple[str, ...]
    last_on: date
    seller: str
    draft: bool
    link: str
    later: date | None = None  # from which day the client may have it instead, with nothing to accept (D9)


_SUBJECTS: Mapping[str, Mapping[str, str]] = {
    ASKED: {
        "en": "Corrective invoice for {service}: please accept it",
        "pl": "Faktura korygująca do usługi {service}: prosimy o akceptację",
        "it": "Nota di credito per {service}: si chiede l’accettazione",
    },
    REMINDED: {
        "en": "Reminder: corrective invoice for {service} waits for your answer",
        "pl": "Przypomnienie: faktura korygująca do usługi {service} czeka na odpowiedź",
        "it": "Promemoria: la nota di credito per {service} attende una risposta",
    },
    ASKED_AGAIN: {
        "en": "We did not understand your answer about the corrective invoice for {service}",
        "pl": "Nie zrozumieliśmy odpowiedzi w sprawie faktury korygującej do usługi {service}",
        "it": "Non abbiamo capito la risposta sulla nota di credito per {service}",
    },
}
_BODY: Mapping[str, str] = {
    "en": """Good day,

you asked us to lower the service {service} ({change}):
{what}

What you get back: {credit}, VAT included, {where}.
{beside}{renewal}The {paper} is enclosed: {documents}.

Do you accept it? Please reply to this message with the words: I accept.
Or accept it in the panel: {link}
If you do not want it, reply: I do not accept.

Until you accept, nothing changes: {neither}. After {last} the request lapses by itself.
{later}
{seller}
""",
    "pl": """Dzień dobry,

otrzymaliśmy zlecenie zmniejszenia usługi {service} ({change}):
{what}

Zwrot: {credit} brutto, {where}.
{beside}{renewal}W załączniku przesyłamy: {paper} {documents}.

Prosimy o akceptację: wystarczy odpowiedzieć na tę wiadomość słowem: Akceptuję.
Można też zaakceptować w panelu: {link}
Jeśli Państwo nie akceptują, prosimy odpowiedzieć: Nie akceptuję.

Do czasu akceptacji nic się nie zmienia: {neither}. Po dniu {last} zlecenie wygasa samo.
{later}
{seller}
""",
    "it": """Buongiorno,

è stata richiesta la riduzione del servizio {service} ({change}):
{what}

Importo restituito: {credit}, IVA inclusa, {where}.
{beside}{renewal}In allegato: {paper} {documents}.

Accetta? Risponda a questo messaggio con la parola: Accetto.
Oppure accetti dal pannello: {link}
Se non accetta, risponda: Non accetto.

Fino all’accettazione nulla cambia: {neither}. Dopo il {last} la richiesta decade da sé.
{later}
{seller}
""",
}
_WHERE: Mapping[str, Mapping[str, str]] = {
    "deposit": {"en": "to your deposit", "pl": "na Saldo Kaucji", "it": "sul deposito"},
    "account_credit": {
        "en": "to your account, as a credit that pays later orders",
        "pl": "na saldo konta, z którego opłacane są kolejne zamówienia",
        "it": "sul credito del conto, che paga gli ordini successivi",
    },
    "refund": {"en": "the way you paid", "pl": "w ten sam sposób, w jaki zapłacono", "it": "come era stato pagato"},
}
_NEITHER: Mapping[str, Mapping[str, str]] = {
    "deposit": {
        "en": "neither the service nor your deposit",
        "pl": "ani usługa, ani Saldo Kaucji",
        "it": "né il servizio né il deposito",
    },
    "account_credit": {
        "en": "neither the service nor your account credit",
        "pl": "ani usługa, ani saldo konta",
        "it": "né il servizio né il credito del conto",
    },
    "refund": {
        "en": "the service stays as it is and nothing is paid back",
        "pl": "usługa pozostaje bez zmian i nic nie jest zwracane",
        "it": "il servizio resta com’è e nulla viene restituito",
    },
}
_BESIDE: Mapping[str, str] = {
    "en": "That is what is left once the credit has paid what the change costs: {charged}, VAT included.\n",
    "pl": "Tyle zostaje po opłaceniu z tej kwoty kosztu zmiany: {charged} brutto.\n",
    "it": "È quanto resta dopo aver pagato con il credito il costo della modifica: {charged}, IVA inclusa.\n",
}
_LATER: Mapping[str, str] = {
    "en": "You can also have it from the next term on ({day}): nothing is given back then and there is nothing to "
    "accept. Choose it in the panel.\n",
    "pl": "Zmniejszenie może też nastąpić z początkiem następnego okresu ({day}): wtedy nie ma zwrotu ani nic do "
    "akceptacji. Można to wybrać w panelu.\n",
    "it": "La riduzione può anche iniziare con il periodo successivo ({day}): allora non viene restituito nulla e non "
    "c’è nulla da accettare. Si sceglie nel pannello.\n",
}
_RENEWAL: Mapping[str, str] = {
    "en": "Next renewal: {amount}, VAT included.\n",
    "pl": "Następne przedłużenie: {amount} brutto.\n",
    "it": "Prossimo rinnovo: {amount}, IVA inclusa.\n",
}
_PAPER: Mapping[tuple[str, bool], str] = {
    ("en", True): "draft of the corrective invoice",
    ("en", False): "corrective invoice",
    ("pl", True): "projekt faktury korygującej",
    ("pl", False): "faktura korygująca",
    ("it", True): "la bozza della nota di credito",
    ("it", False): "la nota di credito",
}


def write(*, kind: str, about: About, language: str, enclosures: tuple[letters.Enclosure, ...]) -> letters.Letter:
    """The letter of `kind` (ASKED, REMINDED, ASKED_AGAIN) with its enclosures; amounts with their currency."""
    known = language if language in _BODY else "en"
    text = _BODY[known].format(
        service=about.service,
        change=about.change,
        what=about.what.get(known) or about.what["en"],
        credit=about.credit,
        where=_WHERE[about.to][known],
        neither=_NEITHER[about.to][known],
        beside=_BESIDE[known].format(charged=about.charged) if about.charged else "",
        renewal=_RENEWAL[known].format(amount=about.renewal) if about.renewal is not None else "",
        later=_LATER[known].format(day=about.later.isoformat()) if about.later is not None else "",
        documents=", ".join(about.documents),
        paper=_PAPER[known, about.draft],
        link=about.link,
        last=about.last_on.isoformat(),
        seller=about.seller,
    )
    subject = _SUBJECTS[kind][known].format(service=about.service)
    return letters.Letter(subject=subject, text=text, language=known, enclosures=enclosures)


def what(*, kept: models.Quote) -> dict[str, str]:
    """What becomes less, in words of each language: the plans, or the amounts of each resource."""
    sold = catalog.catalog_of(revision=kept.catalog_id)
    asked = keeping.from_json(kept.request, kind=object)
    told: dict[str, str] = {}
    for language in _BODY:
        if isinstance(asked, facts.ChangeResources):
            plan = sold.plans[kept.service.plan]
            held = register.additional_of(kept.service)
            told[language] = "\n".join(
                f"  {_name(plan.resources[code].name, language)}: +{held.get(code, 0)} → +{amount}"
                for code, amount in asked.amounts.items()
            )
        else:
            names = [_name(sold.plans[code].name, language) for code in (kept.service.plan, _target(asked, kept))]
            told[language] = f"  {names[0]} → {names[1]}"
    return told


def _target(asked: object, kept: models.Quote) -> str:
    return asked.target if isinstance(asked, facts.ChangePlan) else kept.service.plan


def _name(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or names["en"]
