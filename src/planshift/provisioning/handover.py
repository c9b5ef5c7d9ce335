"""How do access data reach the client? Sealed at once, shown once, then wiped; they are in no log and in no journal.

Who did not look in time, or lost them, asks for new ones: a run has the server make them and seals them again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from planshift.domain.errors import Refused, Transient
from planshift.provisioning import facts, models, ports, sealing
from planshift.runtime import audit, clock, locks, runs

KIND = "credentials"
KEPT_FOR = timedelta(days=30)  # of system time; after that new access data must be made


def seal(
    *,
    execution: models.Execution | None,
    environment: models.Environment,
    secrets: Mapping[str, str],
    at: datetime,
) -> models.Handover:
    """Keep `secrets` for one view, in the caller's transaction. Earlier ones of the environment are wiped."""
    models.Handover.objects.filter(environment=environment, sealed__isnull=False).update(sealed=None)
    return models.Handover.objects.create(
        environment=environment,
        execution=execution,
        sealed=_seal(environment).close(secrets),
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
        secrets = _seal(kept.environment).open(bytes(kept.sealed))
        if secrets is None:  # the installation's secret key was changed
            raise Refused("credentials_expired")
        kept.sealed, kept.shown_at, kept.shown_to = None, at, actor
        kept.save(update_fields=["sealed", "shown_at", "shown_to"])
        audit.record(
            kind="provisioning.handover", number=kept.environment.external_id, event="shown", actor=actor, at=at
        )
    return secrets


def renew(*, environment_id: int, at: datetime, actor: str) -> str:
    """Have new access data made, in the caller's transaction; returns the key of the run. The former ones stop working.

    The caller has checked that `actor` may. Asking twice before they are there is one request. Refused:
    `credentials_none` for an environment that is gone.
    """
    environment = models.Environment.objects.filter(pk=environment_id).exclude(state="RETIRED").first()
    if environment is None:
        raise Refused("credentials_none")
    count = models.Handover.objects.filter(environment=environment).count()
    key = f"{KIND}:{environment.pk}:{count + 1}"
    runs.start(kind=KIND, key=key, subject=str(environment.pk))
    audit.record(
        kind="provisioning.handover", number=environment.external_id, event="renewal asked", actor=actor, at=at
    )
    return key


def _make(work: runs.Work) -> Mapping[str, str]:
    """A replayed answer has no secrets: after a crash or a failure the server is asked under a fresh key."""
    environment = models.Environment.objects.select_related("server").get(pk=work.subject)
    key = f"{work.effect_key}:{work.crashes}.{work.attempt}"
    driver = ports.driver(environment.server.driver)
    made = driver.set_credentials(op=ports.Op(key, "", work.actor), ref=facts.ref_of(environment))
    if not made.secrets:
        raise Transient("no_answer")
    return made.secrets


@runs.external(_make)
def _keep(work: runs.Work, secrets: Mapping[str, str]) -> runs.Outcome:
    environment = models.Environment.objects.get(pk=work.subject)
    last = models.Handover.objects.filter(environment=environment).order_by("-id").first()
    seal(execution=last.execution if last else None, environment=environment, secrets=secrets, at=work.at)
    return runs.Done()


def define() -> None:
    """Name the run kind. Called when Django is ready."""
    runs.define(KIND, steps={"make": _keep}, first="make")


def _seal(environment: models.Environment) -> sealing.Seal:
    return sealing.Seal(f"handover {environment.pk}")
