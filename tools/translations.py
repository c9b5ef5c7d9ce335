"""Texts of the doors in other languages: collect them into .po files, compile those. Needs no GNU gettext."""

import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

SOURCE = Path(__file__).resolve().parent.parent / "src"
LOCALE = SOURCE / "planshift" / "interfaces" / "locale"
PLURALS = {
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    "it": "nplurals=2; plural=(n != 1);",
}
_SINGLE, _PLURAL = {"_", "gettext", "gettext_lazy"}, {"ngettext", "ngettext_lazy"}
_QUOTED = r"(u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")"
_IN_TEMPLATE = re.compile(rf"\bgettext\({_QUOTED}\)|\b_\({_QUOTED}\)|\bngettext\({_QUOTED},\s*{_QUOTED}")

Text = tuple[str, str]  # singular and plural; no plural: ""


def texts_of_code(code: str) -> Iterator[Text]:
    """Every text of a Python file that is marked for translation."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        said = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if node.func.id in _SINGLE and said:
            yield said[0], ""
        elif node.func.id in _PLURAL and len(said) >= 2:
            yield said[0], said[1]


def texts_of_template(template: str) -> Iterator[Text]:
    """Every text of a Django template that is marked for translation."""
    from django.utils.translation.template import templatize

    for found in _IN_TEMPLATE.finditer(templatize(template)):
        single, short, one, many = (ast.literal_eval(each.lstrip("u")) if each else "" for each in found.groups())
        yield (one, many) if one else (single or short, "")


def collect() -> dict[str, str]:
    """All texts of the interfaces: singular → plural, in the order of the files."""
    texts: dict[str, str] = {}
    for file in sorted((SOURCE / "planshift" / "interfaces").rglob("*")):
        if file.suffix == ".py":
            found = texts_of_code(file.read_text(encoding="utf-8"))
        elif file.suffix == ".html" and "templates" in file.parts:
            found = texts_of_template(file.read_text(encoding="utf-8"))
        else:
            continue
        for one, many in found:
            texts[one] = many or texts.get(one, "")
    return texts


def update(language: str, texts: dict[str, str]) -> tuple[int, int]:
    """Bring a language's .po file up to date; what is said already is kept. Returns (texts, still untranslated)."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    old = {entry.msgid: entry for entry in polib.pofile(str(path))} if path.exists() else {}
    fresh = polib.POFile(wrapwidth=110)
    kind = {"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"}
    fresh.metadata = {"Language": language, "MIME-Version": "1.0", **kind, "Plural-Forms": PLURALS[language]}
    forms = int(PLURALS[language][len("nplurals=")])
    for one, many in texts.items():
        known = old.get(one)
        flags = ["python-format"] if re.search(r"%\([a-z_]+\)[sd]", one) else []
        entry = polib.POEntry(msgid=one, flags=flags)
        if many:
            said = known.msgstr_plural if known is not None and known.msgstr_plural else {}
            entry.msgid_plural, entry.msgstr_plural = many, {form: said.get(form, "") for form in range(forms)}
        else:
            entry.msgstr = known.msgstr if known is not None else ""
        fresh.append(entry)
    fresh.save(str(path))
    return len(fresh), len(fresh.untranslated_entries())


def compile_all() -> int:
    """Write a .mo file beside each .po file; returns the number written."""
    files = sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))
    for file in files:
        polib.pofile(str(file)).save_as_mofile(str(file.with_suffix(".mo")))
    return len(files)


def main(arguments: list[str]) -> int:
    """`collect`: update the .po files, then compile. `compile`: only compile."""
    if arguments not in (["collect"], ["compile"]):
        print("usage: translations.py collect|compile")
        return 2
    if arguments == ["collect"]:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planshift.project.settings")
        texts = collect()
        for language in PLURALS:
            count, missing = update(language, texts)
            print(f"{language}: {count} texts, {missing} not translated yet")
    print(f"compiled {compile_all()} translation files")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
