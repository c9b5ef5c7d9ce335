"""Which sentences do we know? Whole sentences only: what is not in these tables proves nothing.

A sentence is matched as a whole, in lower case; accents may be missing in Polish, as phones write it.
"""

import re
from collections.abc import Set
from typing import Literal

Kind = Literal["yes", "no", "polite", "closing", "weak"]

# what is accepted or refused, with or without its number
_PL_WHAT = (
    r"(?:(?:t[eęa]|powy[zż]sz[aąe]|przes[lł]an[aąe]|za[lł][aą]czon[aąe]|pa[nń]stwa|wystawion[aąe]) )?"
    r"(?:faktur[eęy] (?:vat )?koryguj[aą]c[aąe]j?|faktur[eęy]|korekt[eęy](?: faktury(?: vat)?)?|"
    r"rozliczenie|zwrot do depozytu)"
)
_EN_WHAT = (
    r"(?:it|this|(?:the|this|your) (?:attached |above |enclosed )?"
    r"(?:corrective invoice|corrected invoice|correction|credit note|invoice|document))"
)
_IT_WHAT = (
    r"(?:la |questa |vostra |la vostra |la presente )?"
    r"(?:nota di (?:credito|variazione)|fattura(?: (?:rettificativa|di rettifica|correttiva))?|rettifica|correzione)"
)
_NUMBER = r"(?: (?:vat |iva )?(?:nr|no|n|numer|numero|number|num)?[.:°]? ?(?P<number>[a-z]{0,5}[-/]?\d[\w/-]{0,38}))?"

_YES = (
    r"(?:tak )?(?:niniejszym )?(?:w pe[lł]ni |w ca[lł]o[sś]ci )?(?:ja )?akceptuj(?:[eę]|emy)"
    rf"(?: w ca[lł]o[sś]ci)?(?: {_PL_WHAT})?{_NUMBER}",
    r"(?:tak )?(?:w pe[lł]ni )?(?:zgadzam|zgadzamy) si[eę]",
    rf"(?:tak )?(?:wyra[zż]am|wyra[zż]amy) zgod[eę](?: na (?:t[eęa] )?korekt[eęy])?{_NUMBER}",
    rf"(?:tak )?(?:potwierdzam|potwierdzamy) akceptacj[eę](?: {_PL_WHAT})?{_NUMBER}",
    rf"(?:korekta|faktura(?: koryguj[aą]ca)?){_NUMBER} zaakceptowana",
    r"(?:akceptacja|zgoda|zaakceptowane|zaakceptowano)",
    rf"(?:yes )?(?:i|we)(?: do)?(?: hereby| fully)? (?:accept|approve)(?: {_EN_WHAT})?{_NUMBER}",
    rf"(?:yes )?(?:i|we)(?: do)?(?: hereby| fully)? agree(?: (?:to|with) {_EN_WHAT}{_NUMBER})?",
    r"(?:yes )?(?:accept|accepted|approved|agreed)",
    rf"(?:the )?(?:correction|corrective invoice|credit note){_NUMBER} is (?:accepted|approved)",
    rf"(?:s[iì] )?(?:con la presente )?(?:accetto|accettiamo|approvo|approviamo)(?: {_IT_WHAT})?{_NUMBER}",
    rf"(?:s[iì] )?(?:confermo|confermiamo) l'accettazione(?: (?:della |della vostra ){_IT_WHAT})?{_NUMBER}",
    r"(?:s[iì] )?(?:acconsento|acconsentiamo|(?:sono|siamo) d'accordo)",
    r"(?:accettato|accettata|approvato|approvata)",
)
_NO = (
    r"nie (?:akceptuj(?:[eę]|emy)|wyra[zż]am(?:y)? zgody|zgadzam(?:y)? si[eę])(?: (?:tej |tego )?"
    rf"(?:korekty|faktury(?: koryguj[aą]cej)?|na (?:t[eę] )?korekt[eę]))?{_NUMBER}",
    rf"(?:odmawiam|odmawiamy)(?: akceptacji)?(?: korekty)?{_NUMBER}",
    rf"odrzucam(?:y)?(?: {_PL_WHAT})?{_NUMBER}",
    rf"(?:no )?(?:i|we) (?:do not|don't) (?:accept|agree|approve)(?: (?:to |with )?{_EN_WHAT})?{_NUMBER}",
    rf"(?:no )?(?:i|we) (?:refuse|reject|decline)(?: {_EN_WHAT})?{_NUMBER}",
    r"(?:not accepted|rejected|declined|refused)",
    rf"(?:no )?non (?:accetto|accettiamo|approvo|sono d'accordo|siamo d'accordo|acconsento)(?: {_IT_WHAT})?{_NUMBER}",
    rf"(?:no )?(?:rifiuto|rifiutiamo|respingo)(?: {_IT_WHAT})?{_NUMBER}",
)
_POLITE = (
    r"dzie[nń] dobry(?: pa[nń]stwu)?|witam(?: serdecznie)?|cze[sś][cć]|dobry wiecz[oó]r|"
    r"szanowni pa[nń]stwo|witam pa[nń]stwa",
    r"(?:bardzo |serdecznie |z g[oó]ry )?(?:dzi[eę]kuj[eę]|dzi[eę]kujemy)(?: bardzo)?(?: i pozdrawiam)?|dzi[eę]ki",
    r"(?:dzi[eę]kuj[eę]|dzi[eę]kujemy)(?: bardzo)? za (?:informacj[eę]|wiadomo[sś][cć]|"
    r"przes[lł]anie korekty|korekt[eę]|pomoc|szybk[aą] (?:odpowied[zź]|reakcj[eę]))",
    r"(?:[zż]ycz[eę] )?mi[lł]ego (?:dnia|weekendu)|dobrego dnia",
    r"hello|hi|hi there|good (?:morning|afternoon|evening)|dear (?:sir|madam|sir or madam|sirs|team|all|"
    r"support)|to whom it may concern",
    r"(?:many )?thanks(?: a lot| again)?|thank you(?: very much)?|thank you for (?:the|your) "
    r"(?:information|message|help|e-?mail|quick reply|invoice)",
    r"have a (?:nice|good|great) (?:day|weekend)|(?:enjoy|have a lovely) (?:your )?(?:day|weekend)",
    r"buongiorno(?: a tutti)?|buonasera|salve|ciao|gentili signori|spett(?:\.le|abile) (?:ditta|azienda)|"
    r"egregi signori",
    r"grazie(?: mille| a voi| infinite)?|(?:vi|la|ti) ringrazio|grazie per (?:l'informazione|"
    r"la comunicazione|il messaggio|l'aiuto)",
    r"buona (?:giornata|serata)|buon (?:lavoro|weekend)",
)
_CLOSING = (
    r"(?:serdecznie )?pozdrawiam(?:y)?(?: serdecznie| pa[nń]stwa)?|pozdrowienia|(?:z )?pozdrowieniami|pozdr",
    r"z (?:powa[zż]aniem|wyrazami szacunku)|[lł][aą]cz[eę] (?:pozdrowienia|wyrazy szacunku)",
    r"(?:best |kind |warm |with (?:best|kind) )?regards|best wishes|best|cheers|sincerely|yours "
    r"(?:sincerely|faithfully|truly)|sincerely yours",
    r"(?:cordiali |distinti |un cordiale |tanti |i migliori )?salut[io]|un saluto|cordialmente|cordialit[aà]",
)
# a yes to nobody knows which question, or a receipt
_WEAK = (
    r"tak|ok(?:ej|ay)?|oki|dobrze|potwierdzam(?: odbi[oó]r)?|przyj[eę][lł]am|przyj[aą][lł]em|"
    r"w porz[aą]dku|jasne|zgadza si[eę]|super",
    r"yes|yep|sure|fine|confirmed|i confirm|received|noted|looks good|sounds good|all good|got it",
    r"s[iì]|va bene|confermo|ricevuto|perfetto|tutto ok|certo|d'accordo",
)


def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    # the number may stand in several of the patterns: named groups must differ
    numbered = (pattern.replace("?P<number>", f"?P<number{place}>") for place, pattern in enumerate(patterns))
    return re.compile("|".join(f"(?:{pattern})" for pattern in numbered))


_TABLES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("yes", _compiled(_YES)),
    ("no", _compiled(_NO)),
    ("closing", _compiled(_CLOSING)),
    ("polite", _compiled(_POLITE)),
    ("weak", _compiled(_WEAK)),
)


def kind(sentence: str, *, about: Set[str]) -> Kind | Literal["other_document", ""]:
    """What a cleaned sentence says: a plain yes or no, politeness, a weak yes; "" when we do not know it.

    `about` are the numbers of the documents in question: a yes to another number is "other_document".
    """
    plain = " ".join(sentence.casefold().split())
    for name, pattern in _TABLES:
        found = pattern.fullmatch(plain)
        if found:
            numbers = [each for group, each in found.groupdict().items() if each]
            known = {each.casefold() for each in about}
            return "other_document" if any(each.rstrip(".") not in known for each in numbers) else name
    return ""
