"""How does a policy come into the program? Checked text in, frozen policy out, once per text."""

from functools import lru_cache

from planshift.domain.catalog import Catalog
from planshift.domain.policy import checker, document


class BadPolicy(ValueError):
    """The text is no sound policy; `findings` holds everything that is wrong with it."""

    def __init__(self, findings: tuple[checker.Finding, ...]) -> None:
        self.findings = findings
        super().__init__(
            "\n".join(
                f"line {found.line}: " + (f"{found.key}: " if found.key else "") + found.message for found in findings
            )
        )


def load(data: bytes, *, catalog: Catalog | None = None) -> document.Policy:
    """The policy in a file's bytes; the same bytes give the same object. Raises BadPolicy with every finding.

    `catalog`: what it is to be used with, so that whatever does not go together is found too.
    """
    if catalog is not None and (found := checker.check(data, catalog=catalog).findings):
        raise BadPolicy(found)
    return _sound(data)


@lru_cache(maxsize=256)
def loaded(data: bytes) -> document.Policy:
    """The policy in the text of a revision: it was sound when it was loaded, and stays in force as it is."""
    return _found(checker.check(data, loaded=True))


@lru_cache(maxsize=256)
def _sound(data: bytes) -> document.Policy:
    return _found(checker.check(data))


def _found(checked: checker.Checked) -> document.Policy:
    if checked.policy is None:
        raise BadPolicy(checked.findings)
    return checked.policy
