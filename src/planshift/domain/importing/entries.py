"""One good record of a file, and where it and its fields stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planshift.domain.importing import json_places
from planshift.domain.importing.json_places import Path
from planshift.domain.importing.report import Place, Problem


@dataclass(frozen=True, slots=True)
class Entry:
    """One good record, and where it and its fields stand."""

    record: Any  # shapes.ClientIn, ServiceIn or InvoiceIn
    index: int
    places: Mapping[Path, Place]

    def problem(self, code: str, *path: str | int, **facts: object) -> Problem:
        """What is wrong with a field of it."""
        named = {"field": ".".join(map(str, path)), **facts} if path else facts
        return Problem(code, json_places.nearest(self.places, (self.index, *path)), named)
