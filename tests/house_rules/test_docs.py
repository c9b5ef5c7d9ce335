"""Are the pages that are made from the code up to date, and does the check notice when they are not?"""

from pathlib import Path

from planshift.project.commands import docs
from tests.house_rules import source


def test_no_generated_page_is_stale() -> None:
    assert docs.stale_pages(source.ROOT / "docs") == [], "run: make docs"


def test_a_changed_and_a_missing_page_are_stale(tmp_path: Path) -> None:
    assert docs.main(["--folder", str(tmp_path)]) == 0
    assert docs.stale_pages(tmp_path) == []
    page, other = [*docs.PAGES, None][:2]
    (tmp_path / str(page)).write_text("something else", encoding="utf-8")
    if other:
        (tmp_path / other).unlink()
    assert docs.stale_pages(tmp_path) == [page for page in (page, other) if page]
    assert docs.main(["--check", "--folder", str(tmp_path)]) == 1
