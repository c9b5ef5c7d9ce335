"""What is in the back office? The sections of its navigation: what belongs together opens from one place."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Entry:
    """A page: `here` is its name in `door.show`, `url` the name of its address."""

    here: str
    url: str
    title: Words


@dataclass(frozen=True, slots=True)
class Section:
    """One word of the navigation: a link where it has one page, else a menu of its pages."""

    title: Words
    entries: tuple[Entry, ...]
    counts: bool = False  # shows how many notices wait

    @property
    def only(self) -> Entry | None:
        """Its page, where it has just one."""
        return self.entries[0] if len(self.entries) == 1 else None

    @property
    def names(self) -> frozenset[str]:
        """The pages in it."""
        return frozenset(each.here for each in self.entries)


SECTIONS = (
    Section(_("Changes"), (Entry("changes", "staff:changes", _("Changes")),)),
    Section(_("Deadlines"), (Entry("deadlines", "staff:deadlines", _("Deadlines")),), counts=True),
    Section(
        _("Clients"),
        (
            Entry("clients", "staff:clients", _("Clients")),
            Entry("votes", "staff:votes", _("Help pages")),
            Entry("imports", "staff:imports", _("Import")),
        ),
    ),
    Section(
        _("Money"),
        (
            Entry("orders", "staff:orders", _("Payments")),
            Entry("bank", "staff:bank", _("Bank")),
            Entry("prepaid", "staff:prepaid", _("Prepaid")),
        ),
    ),
    Section(_("Mail"), (Entry("mails", "staff:mails", _("Mail")),)),
    Section(
        _("Servers"),
        (
            Entry("runs", "staff:runs", _("Work and workers")),
            Entry("tasks", "staff:tasks", _("Work by hand")),
            Entry("drift", "staff:drift", _("Machines and records")),
        ),
    ),
)
