"""How does the agent say no? In the words of the driver port; `remote` is what the machine itself said, for staff."""

from __future__ import annotations

PROTOCOL = 1
VERSION = "1.0.0"
SAID_AT_MOST = 2000  # characters of what the machine said


class Trouble(Exception):
    """It was not done. `kind`: "transient" (may work later) or "permanent" (never will as asked)."""

    def __init__(self, kind: str, what: str, **facts: object) -> None:
        self.kind, self.what, self.facts = kind, what, facts
        super().__init__(what)

    def answer(self) -> dict[str, object]:
        """As it goes over the wire and into the journal."""
        return {"ok": False, "kind": self.kind, "what": self.what, "facts": self.facts}


def never(what: str, **facts: object) -> Trouble:
    """It never will be done as asked."""
    return Trouble("permanent", what, **facts)


def later(what: str, **facts: object) -> Trouble:
    """It may work later."""
    return Trouble("transient", what, **facts)


def shortened(text: str) -> str:
    """The end of what a machine said: that is where the reason stands. Plain text, whatever names clients give to
    their files."""
    plain = text.encode("utf-8", "replace").decode("utf-8").strip()[-SAID_AT_MOST:]
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in plain)
