"""How is a secret kept until it is handed on? Sealed with the installation's key, for one purpose only."""

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Seal:
    """Closes and opens what was sealed for `purpose`; what was sealed for another one stays closed."""

    def __init__(self, purpose: str) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=f"planshift {purpose}".encode()).derive(
            settings.SECRET_KEY.encode()
        )
        self._box = Fernet(base64.urlsafe_b64encode(derived))

    def close(self, secrets: Mapping[str, str]) -> bytes:
        """Unreadable without the installation's key."""
        return self._box.encrypt(json.dumps(dict(secrets), sort_keys=True).encode())

    def open(self, sealed: bytes) -> dict[str, str] | None:
        """The secrets; None where they were sealed with another key than the present one."""
        try:
            opened: dict[str, str] = json.loads(self._box.decrypt(sealed))
        except InvalidToken:
            return None
        return opened
