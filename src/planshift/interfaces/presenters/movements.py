"""What was each movement of money? Titles of the postings that a client sees."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TITLES: dict[str, str | Promise] = {
    "top_up": _("Deposit topped up"),
    "draw": _("Drawn from the deposit"),
    "refund": _("Back to the deposit"),
    "release": _("Released to the deposit"),
    "payment_card": _("Card payment"),
    "payment_transfer": _("Bank transfer received"),
    "payment": _("Payment"),
    "opening": _("Opening balance"),
}


def title(posting: Any) -> str:
    """A posting (views.Posting) in a few words."""
    return str(TITLES.get(posting.code, posting.code.replace("_", " ").capitalize()))
