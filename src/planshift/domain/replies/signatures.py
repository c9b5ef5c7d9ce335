"""Which lines under an answer are no part of it? Names and contact data, what phones add, disclaimers of companies.

A line counts as such only if every word of it fits: a sentence in a signature is a sentence.
"""

import re
from collections.abc import Set

from planshift.domain.replies import words

DELIMITERS = ("--", "- -", "---")
MOST_LINES = 25

# legal forms, streets, phones, numbers, job titles, links between names; folded
_LISTED = """
sp z o.o. z.o.o. s.a. s.c. s.r.l. srl spa s.p.a. snc s.n.c. ltd llc inc gmbh k. sp.k. sp.j. j. oo zoo
ul. ul al. al pl. m. lok. via viale piazza corso str. street road av. n. nr
tel tel. tel: telefon telefono t. t: m: f: fax fax: kom kom. kom: mob mob. mob: mobile mobile: cell cell. cell:
phone phone: e-mail e-mail: email email: mail mail: www www: skype: web: nip nip: regon regon: krs krs:
p.iva p.iva: piva c.f. cf iva vat pec pec: ds. ds dr mgr inz. inz dott. dott dott.ssa ing. ing avv. geom. rag.
of the and de di del della dei e i a
zarzadu dzialu biura sieci systemow marketingu sprzedazy finansowy finansowa techniczny techniczna handlowy
handlowa generalny generalna glowny glowna ksiegowa ksiegowy informatyk administracji wlasciciel wlascicielka
dyrektor prezes kierownik specjalista asystent asystentka delegato unico commerciale tecnico tecnica generale
acquisti amministrazione vendite legale rappresentante titolare manager director officer owner administrator
"""
_SMALL = frozenset(_LISTED.split())
_CONTACT = re.compile(
    r"\S+@\S+\.\S+|(?:https?://|www\.)\S+|<[^<>]*>|(?:[a-z0-9-]+\.)+[a-z]{2,24}/?|\+?[\d(][\d()./-]*|[|/+&:,-]+",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"[^\W\d_][\w'.-]*[,:]?")
_MONEY = re.compile(r"[%€$£]|\b(?:EUR|PLN|USD|GBP|zł|euro)\b", re.IGNORECASE)
_STANCE = re.compile(r"akcept|accept|accett|approv|zgod|zgadz|agree|accord|potwierdz|confirm|conferm")

# all words of what phones and programs add; folded
_DEVICE_LISTED = """
sent from with via using my the for mobile device secure email e-mail mail app wyslane wyslano wysylam z ze za pomoca
mojego moj urzadzenia mobilnego mobilnej telefonu smartfona smartfonu tabletu programu aplikacji aplikacje pobierz dla
systemu poczta poczty uslugi w inviato inviata da dal dall' dall tramite il mio mia telefono cellulare per dispositivo
posta get download ottieni scarica outlook android ios windows iphone ipad iphonea iphone'a a mac samsung galaxy
huawei xiaomi redmi oppo motorola pixel yahoo gmail proton smartphone phone tablet operatora onet wp interia libero
virus free avast com www wolny od wirusow
"""
_DEVICE_WORDS = frozenset(_DEVICE_LISTED.split())
_DEVICE = re.compile(
    r"(?:sent|wysla(?:no|ne)|inviat[oa]|get|pobierz|scarica|ottieni|download|virus-free|wolny od|www\.avast)\b"
)
_DEVICES = re.compile(
    r"iphone|ipad|samsung|galaxy|huawei|xiaomi|redmi|oppo|motorola|pixel|android|ios|outlook|windows|smartfon|"
    r"smartphone|telefon|phone|cellulare|mobiln|mobile|yahoo|gmail|proton|poczt|posta|mail|avast|tablet"
)
_TREES = re.compile(
    r"(?:please )?(?:consider|think (?:about|of)) the environment before printing"
    r"(?: (?:this|the) (?:e-?mail|message))?|"
    r"zanim wydrukujesz(?: te wiadomosc| ten e-?mail)?,? pomysl o srodowisku|"
    r"prima di stampare(?: questa e-?mail| questo messaggio)?,? pensa all'ambiente"
)
# words of disclaimers: two of them in every sentence of one, one of them from the first list
_HARD = (
    r"poufn|adresat|confidential|recipient|privileged|riservat|destinatari|privacy|gdpr|rodo|2016/679|danych osobow|"
    r"dati personali"
)
_SOFT = (
    r"messag|wiadomos|e-?mail|korespond|zalacz|attach|allegat|usun|delet|cancell|destroy|notif|powiad|nadawc|sender|mittent|ricevut|"
    r"received|otrzyma|informa|intend|przeznacz|unauthor|autorizz|upowazn|kopiow|copy|copia|diffus|ujawn|disclos|rozpowsz|"
    r"distribut|dystryb|vietat|zabron|prohibit|esclusiv|wylacz|sole|tratta|przetwarz|administrator|error|blad|omylk|contain|zawier|contien"
)
_OURS = re.compile(
    r"akcept|accept|accett|zgod|zgadz|agree|accord|faktur|invoice|fattur|korekt|correct|rettific|zwrot|refund|rimbors|"
    r"warun|condition|condizion|rabat|discount|sconto|depozyt|deposit|nota di"
)


def is_delimiter(line: str) -> bool:
    """The line that stands above a signature, or a rule."""
    return line in DELIMITERS or bool(re.fullmatch(r"[-_*=~. ]{3,}", line))


def is_added_by_program(line: str) -> bool:
    """What phones and mail programs put under a mail."""
    folded = re.sub(r" ?<[^<>]*>$", "", words.fold(line)).strip(" .!")
    if _TREES.fullmatch(folded):
        return True
    found = re.findall(r"[^\s.]+", re.sub(r"(?<=\w)-(?=\w)", " ", folded) if "virus" in folded else folded)
    known = all(each in _DEVICE_WORDS or re.fullmatch(r"[as]?\d{1,2}", each) for each in found)
    return known and bool(_DEVICE.match(folded)) and bool(_DEVICES.search(folded))


def is_name_of(line: str, *, sender: Set[str]) -> bool:
    """Only names of the sender (folded words of the display name and of the address)."""
    found = words.split(line)
    plain = re.fullmatch(r"[^\W\d_][\w .,'-]*", line)
    return bool(plain and found) and len(found) <= 4 and all(each in sender for each in found)


def is_contact(line: str, *, sender: Set[str]) -> bool:
    """Names, a company, addresses, numbers, a job: no word that is not of this kind, and none that raises doubt.

    Something in it must show what it is (a job, a legal form, an address, a number), or it is the sender's name with
    one word more at most (a company).
    """
    parts = line.split()
    if not parts or len(parts) > 14 or words.doubt(line) or _STANCE.search(words.fold(line)) or _MONEY.search(line):
        return False
    found = [_part(each, sender) for each in parts]
    return all(found) and found.count("fits") <= (3 if "shows" in found else int("name" in found))


def is_disclaimer(paragraph: str) -> bool:
    """A company's notice on confidentiality or data protection that says nothing about documents or conditions."""
    folded = words.fold(paragraph)
    if "?" in folded or _OURS.search(folded) or not re.search(_HARD, folded) or len(folded) < 60:
        return False
    sentences = [each for each in re.split(r"[.!;](?:\s|$)", folded) if re.search(r"[^\W\d_]{3}", each)]
    return all(len(set(re.findall(f"{_HARD}|{_SOFT}", each))) >= 2 for each in sentences)


def _part(part: str, sender: Set[str]) -> str:
    """What a word is: "shows": contact data for sure; "name": the sender's; "fits": some name, it seems; "": none."""
    bare = part.strip(",;.:")
    if re.search(r"[^\W_]", bare) and (
        _CONTACT.fullmatch(bare) or words.fold(part) in _SMALL or words.fold(bare) in _SMALL
    ):
        return "shows"
    found = words.split(part)
    if not found:
        return "name" if re.fullmatch(r"[-|/+&:,.()·•]+", part) else ""
    if all(each in sender for each in found):
        return "name"
    return "fits" if (_CAPITAL.fullmatch(part) and part[0].isupper()) else ""
