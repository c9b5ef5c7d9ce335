"""The corpus: raw mails as programs and phones send them, with what each of them says."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from planshift.domain.replies import verdict

FOLDER = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One mail of the corpus and its expected verdict."""

    name: str
    asked: verdict.Asked
    answer: str
    reason: str

    @property
    def raw(self) -> bytes:
        return (FOLDER / f"{self.name}.eml").read_bytes()


def asked() -> dict[str, verdict.Asked]:
    """Our mails by language."""
    found = tomllib.loads((FOLDER / "asked.toml").read_text(encoding="utf-8"))
    return {
        language: verdict.Asked(subject=each["subject"], text=each["text"], about=frozenset(each["about"]))
        for language, each in found.items()
    }


def samples() -> list[Sample]:
    """The whole corpus, in the order of its table."""
    ours = asked()
    table = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))
    return [
        Sample(name=name, asked=ours[language], answer=answer, reason=reason)
        for name, (language, answer, reason) in table.items()
    ]
