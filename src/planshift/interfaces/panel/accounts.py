"""How people get in: clients are invited by their provider, nobody signs up alone."""

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from planshift.domain import letters


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts come from the provider's records (docs/adr), never from a public form."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def clean_email(self, email: str) -> str:
        """One that letters can be sent to, as at every other door."""
        if not letters.is_address(email):
            raise ValidationError(_("No mail can be sent to this address."))
        return str(super().clean_email(email))
