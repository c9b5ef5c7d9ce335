"""The agent lists its accounts a page at a time."""

from pathlib import Path

import pytest

from planshift.adapters.drivers.linux_ssh.agent import verbs
from planshift.adapters.drivers.linux_ssh.agent.settings import Settings


def test_accounts_come_page_by_page_in_the_order_of_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "kept", lambda _, *parts: tmp_path.joinpath(*parts))
    monkeypatch.setattr(verbs, "PAGE", 2)
    (tmp_path / "accounts").mkdir()
    for name in ("s3-1", "s1-1", "s2-1", "Not Ours"):
        (tmp_path / "accounts" / f"{name}.json").write_text("{}")
    settings = object.__new__(Settings)
    assert verbs.listed(settings, "", {"after": ""}) == {"names": ["s1-1", "s2-1"], "after": "s2-1"}
    assert verbs.listed(settings, "", {"after": "s2-1"}) == {"names": ["s3-1"], "after": ""}
