"""Who is in the demo, and which situation does each show? Names say that they are made up."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One service of the demo. Its term began `months_ago` months and `days_ago` days before the day of loading."""

    label: str
    family: str
    plan: str
    months: int
    months_ago: int = 0
    days_ago: int = 0
    auto_renew: bool = False
    additional: Mapping[str, int] = field(default_factory=dict)
    attached_to: str = ""
    used: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A client of the demo, with the one person who acts for it."""

    code: str
    name: str
    seller: str
    city: str
    postcode: str
    story: Mapping[str, str]
    services: tuple[Holding, ...] = ()
    deposit: str = ""
    prepaid: str = ""
    is_business: bool = True
    staff: bool = False

    @property
    def email(self) -> str:
        """The address with which this person is known; of a domain that cannot exist."""
        return f"{self.code}@demo.example"


ITALIA, POLSKA = "demo-host-italia", "demo-chmura-polska"

CAST: tuple[Person, ...] = (
    Person(
        code="silver",
        name="Demo Pasticceria",
        seller=ITALIA,
        city="Firenze",
        postcode="50122",
        story={
            "en": "Silver, four months left: Gold costs 22.00 + VAT, an easy change",
            "pl": "Silver, zostały cztery miesiące: Gold kosztuje 22,00 + VAT, zmiana prosta",
            "it": "Silver, mancano quattro mesi: Gold costa 22,00 + IVA, modifica facile",
        },
        services=(
            Holding(
                label="pasticceria.demo.example",
                family="hosting",
                plan="silver",
                months=12,
                months_ago=8,
                auto_renew=True,
            ),
        ),
    ),
    Person(
        code="pointer",
        name="Demo Studio Tecnico",
        seller=ITALIA,
        city="Bologna",
        postcode="40121",
        story={
            "en": "Host Pointer, half of the year left: Gold is a hard change, 59.05 + VAT with set-up",
            "pl": "Host Pointer, pół roku do końca: Gold to zmiana z przeniesieniem, 59,05 + VAT z aktywacją",
            "it": "Host Pointer, metà anno alla scadenza: Gold è una modifica complessa, 59,05 + IVA con attivazione",
        },
        services=(
            Holding(
                label="studio-tecnico.demo.example", family="hosting", plan="host-pointer", months=12, months_ago=6
            ),
        ),
    ),
    Person(
        code="gold",
        name="Demo Officina",
        seller=ITALIA,
        city="Torino",
        postcode="10121",
        story={
            "en": "Gold with an attached Host Pointer: nothing higher in the family, no downgrade (H12)",
            "pl": "Gold z powiązanym Host Pointerem: nic wyższego w tej grupie usług, bez zmniejszania (H12)",
            "it": "Gold con un Host Pointer collegato: nulla di superiore, nessuna riduzione (H12)",
        },
        services=(
            Holding(
                label="officina.demo.example", family="hosting", plan="gold", months=12, months_ago=5, auto_renew=True
            ),
            Holding(
                label="officina-ricambi.demo.example",
                family="hosting",
                plan="host-pointer",
                months=12,
                months_ago=5,
                attached_to="officina.demo.example",
            ),
        ),
    ),
    Person(
        code="vps",
        name="Demo Libreria",
        seller=ITALIA,
        city="Roma",
        postcode="00184",
        story={
            "en": "A virtual server near the end of its term: the renewal is announced",
            "pl": "Serwer wirtualny tuż przed końcem okresu: przedłużenie jest zapowiedziane",
            "it": "Un server virtuale vicino alla scadenza: il rinnovo è annunciato",
        },
        services=(
            Holding(
                label="vps.libreria.demo.example", family="vps", plan="vps-s", months=12, months_ago=11, days_ago=25
            ),
        ),
    ),
    Person(
        code="first-day",
        name="Demo Ristorante",
        seller=ITALIA,
        city="Napoli",
        postcode="80121",
        story={
            "en": "Silver since today: the whole year is still ahead",
            "pl": "Silver od dzisiaj: cały rok jeszcze przed usługą",
            "it": "Silver da oggi: tutto l'anno davanti",
        },
        services=(Holding(label="ristorante.demo.example", family="hosting", plan="silver", months=12),),
    ),
    Person(
        code="personale",
        name="Demo Personale Italia",
        seller=ITALIA,
        city="Firenze",
        postcode="50100",
        story={"en": "Works for the seller", "pl": "Pracuje u sprzedawcy", "it": "Lavora per il venditore"},
        staff=True,
    ),
    Person(
        code="deposit",
        name="Demo Piekarnia",
        seller=POLSKA,
        city="Szczecin",
        postcode="70-001",
        story={
            "en": "Auto-renewal on and enough deposit: an upgrade pays and executes itself (D4)",
            "pl": "Automatyczne odnawianie i wystarczające Saldo Kaucji: zmiana opłaca się i wykonuje sama (D4)",
            "it": "Rinnovo automatico e deposito sufficiente: l'upgrade si paga e si esegue da sé (D4)",
        },
        deposit="500.00",
        services=(
            Holding(
                label="vps1.piekarnia.demo.example",
                family="vps",
                plan="standard",
                months=12,
                months_ago=4,
                auto_renew=True,
            ),
        ),
    ),
    Person(
        code="auto-off",
        name="Demo Księgarnia",
        seller=POLSKA,
        city="Poznań",
        postcode="60-101",
        story={
            "en": "Enough deposit, but auto-renewal is off: the order waits and says why",
            "pl": "Saldo Kaucji wystarcza, ale automatyczne odnawianie jest wyłączone: zamówienie czeka i mówi, czemu",
            "it": "Deposito sufficiente, ma rinnovo automatico spento: l'ordine attende e dice perché",
        },
        deposit="300.00",
        services=(Holding(label="vps.ksiegarnia.demo.example", family="vps", plan="standard", months=1, days_ago=11),),
    ),
    Person(
        code="short",
        name="Demo Kawiarnia",
        seller=POLSKA,
        city="Kraków",
        postcode="30-001",
        story={
            "en": "Auto-renewal on, but the deposit is too small: the order waits and says how much is missing",
            "pl": "Automatyczne odnawianie włączone, ale Saldo Kaucji za małe: zamówienie czeka i mówi, ile brakuje",
            "it": "Rinnovo automatico attivo, ma deposito insufficiente: l'ordine attende e dice quanto manca",
        },
        deposit="12.30",
        services=(
            Holding(
                label="vps.kawiarnia.demo.example",
                family="vps",
                plan="standard",
                months=3,
                months_ago=1,
                auto_renew=True,
            ),
        ),
    ),
    Person(
        code="decrease",
        name="Demo Warsztat",
        seller=POLSKA,
        city="Gdańsk",
        postcode="80-001",
        story={
            "en": "Professional with additional resources: order less, accept the corrective invoice, get it back (D5)",
            "pl": "Professional z dodatkowymi zasobami: zmniejszenie, akceptacja faktury korygującej, zwrot (D5)",
            "it": "Professional con risorse aggiuntive: meno risorse, nota di credito da accettare, rimborso (D5)",
        },
        deposit="40.00",
        services=(
            Holding(
                label="vps.warsztat.demo.example",
                family="vps",
                plan="professional",
                months=12,
                months_ago=3,
                auto_renew=True,
                additional={"ip": 2, "memory": 4},
                used={"disk": 44, "memory": 3},
            ),
            Holding(
                label="archiwum.warsztat.demo.example",
                family="vps",
                plan="professional",
                months=12,
                months_ago=7,
                used={"disk": 95, "memory": 7},
            ),
        ),
    ),
    Person(
        code="dedicated",
        name="Demo Drukarnia",
        seller=POLSKA,
        city="Łódź",
        postcode="90-001",
        story={
            "en": "A dedicated server: no plan change, but another billing period and more addresses (D11)",
            "pl": "Serwer dedykowany: bez zmiany planu, ale z innym okresem i dodatkowymi adresami (D11)",
            "it": "Un server dedicato: nessun cambio di piano, ma altra periodicità e altri indirizzi (D11)",
        },
        services=(
            Holding(label="e3.drukarnia.demo.example", family="dedicated", plan="dedicated-e3", months=1, days_ago=6),
        ),
    ),
    Person(
        code="cloud",
        name="Demo Pracownia",
        seller=POLSKA,
        city="Wrocław",
        postcode="50-001",
        story={
            "en": "Pro Cloud, metered by the hour from a prepaid balance: change it at once, watch it count (D3)",
            "pl": "Pro Cloud, rozliczany godzinowo z salda przedpłaconego: zmiany od razu, licznik na żywo (D3)",
            "it": "Pro Cloud, a consumo orario da un saldo prepagato: modifiche immediate, consumo in diretta (D3)",
        },
        deposit="80.00",
        prepaid="90.00",
        services=(
            Holding(
                label="cloud.pracownia.demo.example",
                family="pro-cloud",
                plan="pro-cloud",
                months=1,
                days_ago=3,
                additional={"cpu": 2, "memory": 4, "disk": 40, "ip": 1},
            ),
        ),
    ),
    Person(
        code="obsluga",
        name="Demo Obsługa Polska",
        seller=POLSKA,
        city="Szczecin",
        postcode="70-001",
        story={"en": "Works for the seller", "pl": "Pracuje u sprzedawcy", "it": "Lavora per il venditore"},
        staff=True,
    ),
)

# only where `planshift demo --lab` runs: on servers in namespaces of this machine
LAB: tuple[Person, ...] = (
    Person(
        code="lab",
        name="Demo Shop",
        seller="demo-lab",
        city="Firenze",
        postcode="50122",
        story={
            "en": "A site and a mailbox on a real server: Large moves them to another one, a hard change",
            "pl": "Strona i skrzynka na prawdziwym serwerze: Large przenosi je na inny, zmiana z przeniesieniem",
            "it": "Un sito e una casella su un server vero: Large li sposta su un altro, modifica complessa",
        },
    ),
    Person(
        code="lab-staff",
        name="Demo Staff of the Lab",
        seller="demo-lab",
        city="Firenze",
        postcode="50122",
        story={"en": "Works for the seller", "pl": "Pracuje u sprzedawcy", "it": "Lavora per il venditore"},
        staff=True,
    ),
)
