"""Was this request made before? Keys that the client makes: the same key gives the same answer, once."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection, transaction

from planshift.domain.errors import Refused
from planshift.runtime import clock, gathering
from planshift.runtime.models import OnceKey

_RESERVE = """
INSERT INTO runtime_oncekey (scope, key, fingerprint, reference, created_at) VALUES (%s, %s, %s, '', %s)
ON CONFLICT (scope, key) DO NOTHING
"""


def fingerprint(content: Mapping[str, Any]) -> str:
    """A digest of what a request says; the order of its fields does not matter."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def once(
    *, scope: str, key: str, fingerprint: str, make: Callable[[], str], again: Callable[[], str] | None = None
) -> str:
    """What `make` returned for this key (a reference such as a number), calling it only the first time.

    Runs in one transaction with `make`: if that fails, the key is free again. A second caller waits for the first.
    `again` finds that again by what was made; without it, it is noted with the key.
    `scope` says whose key it is and for what. Refused: `key_reused` when the same key came with other content;
    `key_bad`.
    """
    if not key or len(key) > 120 or not key.isprintable():
        raise Refused("key_bad")
    with transaction.atomic(), gathering.gathered():
        with connection.cursor() as cursor:
            now: Any = connection.ops.adapt_datetimefield_value(clock.system())
            cursor.execute(_RESERVE, [scope, key, fingerprint, now])
            first = cursor.rowcount == 1
        if first:
            reference = make()
            if again is None:
                OnceKey.objects.filter(scope=scope, key=key).update(reference=reference)
            return reference
        kept = OnceKey.objects.get(scope=scope, key=key)
        if kept.fingerprint != fingerprint:
            raise Refused("key_reused", key=key)
        return kept.reference if again is None or kept.reference else again()
