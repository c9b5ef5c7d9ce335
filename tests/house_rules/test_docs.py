"""Are the pages that are made from the code up to date, and does the check notice when they are not?"""

import re
from pathlib import Path

from planshift.project.commands import docs
from tests.house_rules import source


def test_no_generated_page_is_stale() -> None:
    assert docs.stale_pages(source.ROOT / "docs") == [], "run: make docs"


def test_a_changed_and_a_missing_page_are_stale(tmp_path: Path) -> None:
    assert docs.main(["--folder", str(tmp_path)]) == 0
    assert docs.stale_pages(tmp_path) == []
    (tmp_path / "ledger.md").write_text("something else", encoding="utf-8")
    (tmp_path / "lifecycles.md").unlink()
    assert docs.stale_pages(tmp_path) == ["ledger.md", "lifecycles.md"]
    assert docs.main(["--check", "--folder", str(tmp_path)]) == 1


def test_every_setting_is_in_the_operations_page_and_every_one_there_exists() -> None:
    page = (source.ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    read = {
        name
        for module in source.modules()
        if module.inside and module.path != "src/planshift/project/main.py"
        for name in re.findall(r"\"(PLANSHIFT_[A-Z_]+)\"", module.text)
    }
    table = set(re.findall(r"^\| `(PLANSHIFT_[A-Z_]+)`", page, flags=re.MULTILINE))
    assert sorted(read - table) == [], "docs/operations.md: say what it does and what it is by default"
    assert sorted(table - read) == [], "docs/operations.md: no code reads it"
