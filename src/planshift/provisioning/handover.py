"""How do access data reach the client? Sealed at once, shown once, then wiped; they are in no log and in no journal."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from planshift.domain.errors import Refused
from planshift.provisioning import models
from planshift.runtime import audit, clock, locks

KEPT_FOR = timedelta(days=30)  # of system time; after that new access data must be made


def seal(
    *, execution: models.Execution, environment: models.Environment, secrets: Mapping[str, str], at: datetime
) -> models.Handover:
    """Keep `secrets` for one view, in the caller's transaction. Earlier ones of the environment are wiped."""
    models.Handover.objects.filter(environment=environment, sealed__isnull=False).update(sealed=None)
    text = json.dumps(dict(secrets), sort_keys=True).encode()
    return models.Handover.objects.create(
        environment=environment,
        execution=execution,
        sealed=_box(environment).encrypt(text),
        made_at=at,
        expires_at=clock.system() + KEPT_FOR,
    )


def reveal(*, environment_id: int, actor: str, at: datetime) -> dict[str, str]:
    """The access data, this one time: they are wiped in the same transaction, and the view is audited.

    The caller has checked that `actor` may see them. Refused: `credentials_none`, `credentials_shown`,
    `credentials_expired`.
    """
    newest = models.Handover.objects.filter(environment_id=environment_id).order_by("-id").values("id")[:1]
    query = models.Handover.objects.select_related("environment").filter(pk__in=newest)
    with transaction.atomic():
        kept = next(iter(locks.lock(query)), None)
        if kept is None:
            raise Refused("credentials_none")
        if kept.shown_at is not None:
            raise Refused("credentials_shown", at=kept.shown_at)
        if kept.sealed is None or kept.expires_at <= clock.system():
            raise Refused("credentials_expired")
        try:
            opened = _box(kept.environment).decrypt(bytes(kept.sealed))
        except InvalidToken:  # the installation's secret key was changed
            raise Refused("credentials_expired") from None
        kept.sealed, kept.shown_at, kept.shown_to = None, at, actor
        kept.save(update_fields=["sealed", "shown_at", "shown_to"])
        audit.record(
            kind="provisioning.handover", number=kept.environment.external_id, event="shown", actor=actor, at=at
        )
    secrets: dict[str, str] = json.loads(opened)
    return secrets


def _box(environment: models.Environment) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=f"planshift handover {environment.pk}".encode()).derive(
        settings.SECRET_KEY.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))
