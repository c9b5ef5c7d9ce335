"""What are the settlements called between which a policy may let the client choose?"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: Mapping[str, str | Promise] = {
    "difference": _("Pay the difference for the rest of the term"),
    "credit_and_charge": _("Credit for what is unused, the new price for the rest of the term"),
    "new_term_less_credit": _("A new full term from today, less what is unused"),
    "new_term_and_refund": _("A new full term from today, and what is unused given back"),
    "full_difference": _("Pay the full difference of the prices"),
    "full_new_price": _("Pay the full new price"),
    "new_price_remaining": _("Pay the new price for the rest of the term"),
    "highest_level_in_arrears": _("Billed after the month, at the highest level used"),
    "used_in_arrears": _("Pay what was used, the rest with the next invoice"),
    "new_term_nothing_credited": _("A new full term from today, nothing credited"),
    "nothing": _("Nothing to pay, nothing given back"),
    "move_expiry": _("Nothing to pay: the term ends earlier or later"),
    "new_term_plus_value_time": _("A new full term from today, and time for what is unused"),
    "new_term_plus_unused_time": _("A new full term from today, and the unused time on top"),
    "billed_later": _("Pay with the next invoice"),
}


def title(code: str) -> str:
    """A settlement in words of the language in force; one without words is shown as its code, readable."""
    return str(WORDS.get(code, code.replace("_", " ").capitalize()))
