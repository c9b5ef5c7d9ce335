"""planshift docs: write the pages of docs/ that are made from the code; --check says which are stale."""

import argparse
from pathlib import Path

from planshift.project.commands import pages


def main(arguments: list[str]) -> int:
    """0 when all pages are (or were) brought up to date; with --check 1 when one is stale."""
    parser = argparse.ArgumentParser(prog="planshift docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    parser.add_argument("--folder", type=Path, default=Path("docs"))
    given = parser.parse_args(arguments)
    if given.check:
        stale = stale_pages(given.folder)
        for page in stale:
            print(f"stale: {given.folder / page} (run: planshift docs)")
        return 1 if stale else 0
    for page, make in pages.PAGES.items():
        (given.folder / page).parent.mkdir(parents=True, exist_ok=True)
        (given.folder / page).write_text(make(), encoding="utf-8")
        print(f"wrote {given.folder / page}")
    return 0


def stale_pages(folder: Path) -> list[str]:
    """Pages in `folder` that differ from what the code says now, or are missing."""
    return [
        page
        for page, make in pages.PAGES.items()
        if not (folder / page).is_file() or (folder / page).read_text(encoding="utf-8") != make()
    ]
