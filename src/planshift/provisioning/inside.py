"""What is in an account that is nowhere else? Drivers that can look are asked before anything is taken back."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from planshift.provisioning import ports


@dataclass(frozen=True, slots=True)
class Inside:
    """`written`: files, mail apart, that somebody wrote there after we filled it; -1: the server cannot tell. `names`:
    some of them. `mails`: what its messages are known by, the same on every server of a kind."""

    written: int
    names: tuple[str, ...]
    mails: frozenset[str]


@runtime_checkable
class Looks(Protocol):
    """A driver that looks into accounts."""

    def inside(self, *, ref: ports.Ref) -> Inside:
        """What is there now. Permanent("not_found"); Permanent("unsupported" | "invalid") from servers whose part of
        the driver is older than this question."""
