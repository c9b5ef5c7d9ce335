"""How people get in: clients are invited by their provider, nobody signs up alone."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts come from the provider's records (docs/adr), never from a public form."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
