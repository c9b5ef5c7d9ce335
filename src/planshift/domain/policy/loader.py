"""How does a policy come into the program? Checked text in, frozen policy out, once per text."""

from functools import lru_cache

from planshift.domain.policy import checker, document


class BadPolicy(ValueError):
    """The text is no sound policy; `findings` holds everything that is wrong with it."""

    def __init__(self, findings: tuple[checker.Finding, ...]) -> None:
        self.findings = findings
        super().__init__("\n".join(f"line {found.line}: {found.key}: {found.message}" for found in findings))


def load(data: bytes, *, currency: str = "") -> document.Policy:
    """The policy in a file's bytes; the same bytes give the same object. Raises BadPolicy with every finding.

    `currency`: that of the prices it is to be used with, so that amounts in another one are found.
    """
    policy = _sound(data)
    if currency and (found := checker.check(data, currency=currency).findings):
        raise BadPolicy(found)
    return policy


@lru_cache(maxsize=256)
def _sound(data: bytes) -> document.Policy:
    checked = checker.check(data)
    if checked.policy is None:
        raise BadPolicy(checked.findings)
    return checked.policy
