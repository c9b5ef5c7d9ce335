"""What do the pages in docs/regulations say? The shipped policies, told in every language from the shipped catalogs."""

from datetime import date
from functools import partial
from pathlib import Path

from planshift.domain import catalog_document
from planshift.domain.policy import loader
from planshift.interfaces.presenters import regulation

ROOT = Path(__file__).resolve().parents[4]  # of the source tree: these pages are made where the code is
SHIPPED = ("easy-hard", "deposit")
PRICES_ON = date(2026, 1, 1)  # the day whose prices the pages tell, so that they do not age by themselves


def _page(code: str, language: str) -> str:
    policy = loader.load((ROOT / "policies" / f"{code}.toml").read_bytes())
    catalog = catalog_document.parse((ROOT / "catalogs" / f"{code}.toml").read_text(encoding="utf-8"), name=code)
    return regulation.page(policy=policy, catalog=catalog, language=language, on=PRICES_ON).markdown()


PAGES = {
    f"regulations/{code}.{language}.md": partial(_page, code, language)
    for code in SHIPPED
    for language in regulation.LANGUAGES
}
