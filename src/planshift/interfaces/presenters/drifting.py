"""What does a difference between a machine and what we think say in words?"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from planshift.procedures.views import drift as views

TITLES: Mapping[str, str | Promise] = {
    "missing": _("The account is not on the server"),
    "still_there": _("The account should be gone"),
    "limit": _("Another limit"),
    "suspended": _("Suspended or not"),
    "dns": _("The name leads elsewhere"),
}
OUTCOMES: Mapping[str, tuple[str | Promise, str]] = {
    "settled": (_("Gone by itself"), "good"),
    "taken_over": (_("Taken over"), "accent"),
    "dismissed": (_("Dismissed"), ""),
}
UNKNOWN = _("We know no environment for this account")
_STATES: Mapping[str, str | Promise] = {"yes": _("yes"), "no": _("no"), "": _("none"), "-1": _("unlimited")}


def title(what: str) -> str:
    """What sort of difference it is."""
    return str(TITLES[what])


def value(text: str) -> str:
    """What one side says: an amount, an address, yes or no."""
    return str(_STATES.get(text, text))


def sentence(each: views.Difference) -> str:
    """The difference in one line."""
    told = {"title": title(each.what), "ours": value(each.ours), "theirs": value(each.theirs), "subject": each.subject}
    if each.subject:
        return str(_("%(title)s (%(subject)s): we think %(ours)s, the server says %(theirs)s")) % told
    return str(_("%(title)s: we think %(ours)s, the server says %(theirs)s")) % told


def summary(report: views.Report) -> str:
    """How many differences there are, about how many environments, and how many could not be asked."""
    count, silent = report.total, sum(each.silent for each in report.servers)
    asked = sum(each.environments for each in report.servers)
    told = ngettext("%(count)s difference", "%(count)s differences", count) % {"count": count}
    about = ngettext("%(count)s environment compared", "%(count)s environments compared", asked) % {"count": asked}
    strange = report.unknown_total
    unknown = ngettext("%(count)s unknown account", "%(count)s unknown accounts", strange) % {"count": strange}
    missed = ngettext("%(count)s did not answer", "%(count)s did not answer", silent) % {"count": silent}
    return ", ".join([told, about, *([unknown] if strange else []), *([missed] if silent else [])])
