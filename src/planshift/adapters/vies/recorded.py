"""What did VIES answer once? Recorded answers, for demos and tests: no network."""

import hashlib
from collections.abc import Mapping

from planshift.domain.errors import Transient
from planshift.procedures import ports

# Answers that were recorded: number → name, address. Any other number is not valid.
DEMO: Mapping[str, tuple[str, str]] = {
    "DE136695976": ("Kunde Demo GmbH", "Hauptstr. 1, 10115 Berlin"),
    "IT12345670017": ("Vicolo Demo S.r.l.", "Via dei Test 1, 20121 Milano"),
}


class RecordedVies:
    """Answers from a table, the same question with the same answer. `silent` are prefixes of states that do not answer
    now."""

    def __init__(self, answers: Mapping[str, tuple[str, str]] = DEMO, *, silent: frozenset[str] = frozenset()) -> None:
        self._answers = answers
        self._silent = silent

    def check(self, *, number: str, requester: str) -> ports.VatAnswer:
        """The recorded answer; an identifier only for an asker who names its own number, as in VIES."""
        if number[:2] in self._silent:
            raise Transient("vies_state_silent", state=number[:2])
        known = self._answers.get(number)
        if known is None:
            return ports.VatAnswer(valid=False)
        identifier = "WAPI" + hashlib.sha256(f"{requester}/{number}".encode()).hexdigest()[:12].upper()
        return ports.VatAnswer(
            valid=True, request_identifier=identifier if requester else "", name=known[0], address=known[1]
        )
