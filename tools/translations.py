"""Compile translation files without GNU gettext, so that a new machine needs no system package for it."""

import sys
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "src"


def compile_all() -> int:
    """Write a .mo file beside each .po file; returns the number written."""
    files = sorted(LOCALE.rglob("locale/*/LC_MESSAGES/*.po"))
    for file in files:
        polib.pofile(str(file)).save_as_mofile(str(file.with_suffix(".mo")))
    return len(files)


if __name__ == "__main__":
    if sys.argv[1:] != ["compile"]:
        sys.exit("usage: translations.py compile")
    print(f"compiled {compile_all()} translation files")
