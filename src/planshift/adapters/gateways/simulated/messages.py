"""How does a message prove that it comes from the gateway? By an HMAC over its exact text."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
from typing import Any

from planshift.billing import ports
from planshift.domain.errors import BadMoney
from planshift.domain.money import Money

FRESH = dt.timedelta(minutes=30)
LONGEST = 4000


def seal(content: dict[str, Any], *, secret: str) -> dict[str, str]:
    """The fields that a form posts: the message, and the signature of exactly this text."""
    text = base64.urlsafe_b64encode(json.dumps(content, sort_keys=True).encode()).decode()
    return {"message": text, "signature": signature(text, secret=secret)}


def signature(text: str, *, secret: str) -> str:
    """HMAC-SHA256 in hexadecimal."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def event(*, message: str, given: str, secret: str, now: dt.datetime) -> ports.Event:
    """What a message says. Raises ports.Forged unless the signature is right and the message lately made."""
    if len(message) > LONGEST or not hmac.compare_digest(signature(message, secret=secret).encode(), given.encode()):
        raise ports.Forged("signature")
    try:
        content = json.loads(base64.urlsafe_b64decode(message))
        sent_at = dt.datetime.fromisoformat(content["sent_at"])
        said = ports.Event(
            kind={"paid": "paid", "failed": "failed"}[content["kind"]],  # type: ignore[arg-type]
            intent=str(content["intent"]),
            external_id=str(content["external_id"]),
            amount=Money.of(content["amount"], content["currency"]),
            sent_at=sent_at,
        )
    except (binascii.Error, ValueError, KeyError, TypeError, BadMoney) as problem:
        raise ports.Forged("read") from problem
    if sent_at.tzinfo is None or abs(now - sent_at) > FRESH:
        raise ports.Forged("old")
    return said
