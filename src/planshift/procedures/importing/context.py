"""What is known of the things of a file already? Read once for all of its records."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from planshift.catalog import models as catalog
from planshift.domain.importing.entries import Entry
from planshift.domain.importing.report import Problem
from planshift.procedures import models
from planshift.services import models as services

_SOME = 500  # names in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One file on its way in, of one seller."""

    seller: catalog.Seller
    kind: str
    entries: Sequence[Entry]
    known: Mapping[str, str]  # reference → digest of what was told before
    at: datetime
    actor: str

    @classmethod
    def of(cls, *, seller: catalog.Seller, kind: str, entries: Sequence[Entry], at: datetime, actor: str) -> "Context":
        """With what was imported before under the same references."""
        key = "number" if kind == "invoices" else "reference"
        found: dict[str, str] = {}
        for some in chunks([getattr(each.record, key) for each in entries]):
            rows = models.Imported.objects.filter(seller=seller, kind=kind, reference__in=some)
            found |= dict(rows.values_list("reference", "digest"))
        return cls(seller=seller, kind=kind, entries=entries, known=found, at=at, actor=actor)

    def reference(self, entry: Entry) -> str:
        """What the other system calls it."""
        name: str = entry.record.number if self.kind == "invoices" else entry.record.reference
        return name

    def digest(self, entry: Entry) -> str:
        """Of everything that the record says. What it does not say of `account_credit` is left out: records that came
        in before there was such a field stay the same."""
        said = getattr(entry.record, "account_credit", None) is not None
        text = entry.record.model_dump_json(exclude=None if said else {"account_credit"})
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def fresh(self) -> list[Entry]:
        """Those that were never imported."""
        return [each for each in self.entries if self.reference(each) not in self.known]

    def contradictions(self) -> Iterator[Problem]:
        """Those that were imported with another content."""
        field = "number" if self.kind == "invoices" else "reference"
        for each in self.entries:
            name = self.reference(each)
            if self.known.get(name, "") not in ("", self.digest(each)):
                yield each.problem("import_differs", field, value=name)

    def clients(self, names: Iterable[str]) -> Mapping[str, services.Client]:
        """Clients of the seller by reference or number."""
        numbers = self._numbers("clients", names)
        found: dict[str, services.Client] = {}
        for some in chunks(numbers.values()):
            rows = services.Client.objects.filter(seller=self.seller, number__in=some).select_related("seller")
            found |= {row.number: row for row in rows}
        return {name: found[number] for name, number in numbers.items() if number in found}

    def services(self, names: Iterable[str]) -> Mapping[str, services.Service]:
        """Services of the seller's clients by reference or number."""
        numbers = self._numbers("services", names)
        found: dict[str, services.Service] = {}
        for some in chunks(numbers.values()):
            rows = services.Service.objects.filter(client__seller=self.seller, number__in=some).select_related("client")
            found |= {row.number: row for row in rows}
        return {name: found[number] for name, number in numbers.items() if number in found}

    def _numbers(self, kind: str, names: Iterable[str]) -> dict[str, str]:
        """The number of each; a name that was never imported is taken for a number."""
        found = {name: name for name in names}
        for some in chunks(found):
            rows = models.Imported.objects.filter(seller=self.seller, kind=kind, reference__in=some)
            found |= dict(rows.values_list("reference", "number"))
        return found


def chunks(names: Iterable[str]) -> Iterator[list[str]]:
    """Few enough for one statement on every database."""
    every = list(dict.fromkeys(names))
    for start in range(0, len(every), _SOME):
        yield every[start : start + _SOME]
