"""Who is told of a mail?"""

import pytest

from planshift.runtime import runs


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The signals to the run that the mails of the tests belong to, in order."""
    names: list[str] = []
    real = runs.signal

    def signal(*, key: str, name: str) -> None:
        if key == "change:CH-1":
            names.append(name)
        real(key=key, name=name)

    monkeypatch.setattr(runs, "signal", signal)
    return names
