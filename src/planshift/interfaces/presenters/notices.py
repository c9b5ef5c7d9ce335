"""What must the client know before ordering? The text of each notice (H9, H10), with its version."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from planshift.interfaces.presenters import reasons


class Text(NamedTuple):
    """Title and body of one notice in the language in force."""

    title: str
    body: str


TEXTS: dict[str, tuple[str | Promise, str | Promise]] = {
    "new_address": (
        _("New IP address and new access data"),
        _("The service moves to another server. Its IP address, user name and password change; the old ones end."),
    ),
    "new_environment": (
        _("A new, empty web space"),
        _("The new service starts as a new web space or instance. What is on the old one is not there by itself."),
    ),
    "data_lost": (
        _("Data bound to the old server is lost"),
        _("Statistics, logs and whatever else the old server itself keeps are not moved and start from zero."),
    ),
    "content_transfer": (
        _("You move your content"),
        _("Copying site, databases and files from the old to the new service is your part unless agreed otherwise."),
    ),
    "old_data_removed": (
        _("The old service is removed"),
        _("Once you have the access data of the new service and the hold period has passed, the old data is deleted."),
    ),
    "backups": (
        _("Back-ups are your own care"),
        _("Make a copy of everything you need before the change starts."),
    ),
    "no_recovery": (
        _("Deleted data may be gone for good"),
        _("Recovery from any back-up medium after the old service has been deleted is not guaranteed."),
    ),
    "attached_end": (
        _("Attached services end"),
        _("These services hang on the old one and end with it: %(ends)s."),
    ),
    "site_interruption": (
        _("The web site may be interrupted"),
        _("E-mail of the domain stays up. The web site may be unreachable or old until DNS changes have spread."),
    ),
    "decrease_after_acceptance": (
        _("Less only after your acceptance"),
        _("You get a corrective invoice by e-mail. Limits and refund change only after you have accepted it."),
    ),
}


AGAIN = _("They can be attached to the new one again: %(again)s.")
LOST = _("Their data is lost: %(lost)s.")


def text(code: str, facts: Mapping[str, Any], names: Mapping[str, Any]) -> Text:
    """Title and body of the notice `code`; an unknown code is shown as such rather than hidden."""
    title, body = TEXTS.get(code, (code.replace("_", " ").capitalize(), ""))
    told = reasons.facts_in_words(facts, names)
    sentences = [str(body)] + [str(more) for key, more in (("again", AGAIN), ("lost", LOST)) if facts.get(key)]
    return Text(str(title), " ".join(sentences) % told)
