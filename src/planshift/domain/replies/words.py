"""Which words make us doubt, and how is text made comparable? Polish, Italian and English."""

import re
import unicodedata

_DASHES = str.maketrans({**dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("‘’‚‛´`ʼ＇", "'"), "ß": "ss"})


def clean(text: str) -> str:
    """Compatibility forms, plain spaces, dashes and apostrophes; no marks of direction or of zero width."""
    normal = unicodedata.normalize("NFKC", text).translate(_DASHES)
    kept = (each for each in normal if each in "\n\t" or unicodedata.category(each) not in ("Cf", "Cc"))
    return "\n".join(re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(kept).split("\n"))


def fold(text: str) -> str:
    """Without capitals and accents: for lists of doubtful words, where one too many does no harm."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("ł", "l"))
    return "".join(each for each in plain if not unicodedata.combining(each))


def split(text: str) -> list[str]:
    """The words of a text, folded."""
    return re.findall(r"[^\W_]+", fold(text))


# folded; a word that ends in - stands for all that begin so
_CONDITIONS = """
ale lecz jednak jednakze natomiast chyba pod warunk- jesli jezeli jak gdy gdyby kiedy dopoki dopiero tylko jedynie poza
oprocz procz wyjatk- czesciow- wstepn- zastrze- wymaga- oczekuj- chcialb- chce poniewaz mimo pomimo choc chociaz
wowczas najpierw potem pozniej po przed bez niz reszt- blad blednie blednej bledna pomyl- niepopraw- nieprawidlow-
but however although though unless until provided if when once only except subject partial- condition- pending assuming
without before after still however yet wrong mistake error instead later cannot can't
ma pero tuttavia salvo se solo soltanto purche quando finche tranne eccetto parzial- condizion- riserva riserve prima
dopo senza invece sbagli- errat- errore anche
moze ewentualn- prawdopodob- tymczas- maybe perhaps possibl- probabl- under temporar- forse magari probabil- eventual-
wole wolimy prefer- zamkn- konto account closed conto zwrot- przelew- rabat- refund- payout discount- rimbors-
bonific- sconto
"""
_NEGATIONS = """
nie ani brak odmawia- sprzeciw- rezygn- odrzuc- wycof- cofam anulu- niezgod- reklam- zaden zadnej zadnych nigdy
no not don't dont never refuse- reject- decline- disagree- withdraw- cancel- neither nor none deny
non rifiut- respin- nego annull- revoc- disdic- contest- contrari- mai nessun- nemmeno
"""
_ASKING = """
czy dlaczego kiedy ile czemu prosze prosba pytanie pytam wyjasn- watpliwosc- zapyt-
why what how which could would can please question- explain clarify wonder doubt-
perche come quanto quale potete potrebbe puo domanda dubbi- chiariment- spiegare vorrei chiedo
"""


def _pattern(listed: str) -> re.Pattern[str]:
    parts = [re.escape(word[:-1]) + r"[^\W_]*" if word.endswith("-") else re.escape(word) for word in listed.split()]
    return re.compile(r"(?<![^\W_])(?:" + "|".join(parts) + r")(?![^\W_])")


_DOUBTS = (("condition", _pattern(_CONDITIONS)), ("negation", _pattern(_NEGATIONS)), ("question", _pattern(_ASKING)))


def doubt(text: str) -> str:
    """Why a piece of text is no plain yes: "question", "condition", "negation"; "" when none of our words is in it."""
    if "?" in text:
        return "question"
    folded = fold(text)
    return next((name for name, pattern in _DOUBTS if pattern.search(folded)), "")
