"""Puts a provider with real servers into an installation, in a process of its own with that installation's settings.

usage: python -m planshift.project.lab.scene JSON     (host_keys by server, label, traits by server, policy changes)
Prints the numbers of client and service as JSON, once the run of the first activation was started.
"""

import datetime as dt
import json
import os
import sys
from pathlib import Path
from typing import Any

CATALOG = Path(__file__).with_name("catalog.toml")
ADDRESSES = {"web-a": "10.77.0.21", "web-b": "10.77.0.22"}
ACTOR = "staff:lab"
HALF_A_YEAR = dt.timedelta(days=180)
PLATFORMS = {"web-a": "old", "web-b": "new"}
USUAL = {"content_transfer": '"by_provider"', "interruption": '"passed_on"'}


def policy(changes: dict[str, str], *, folder: Path) -> str:
    """The easy/hard regulation with other answers, and without the notice that the content is the client's duty."""
    text = (folder / "policies" / "easy-hard.toml").read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines():
        key = line.split(" =")[0].strip()
        if key in changes:
            line = f"{key} = {changes[key]}"
        if not line.strip().startswith('"content_transfer"'):
            lines.append(line)
    return "\n".join(lines) + "\n"


def people() -> tuple[str, str]:
    """Names of the client and of who works for the seller."""
    from planshift.procedures.demo import cast

    person, staff = cast.LAB
    return person.name, staff.name


def put(given: dict[str, Any]) -> dict[str, str]:
    """Seller, servers, client, a service that is being activated."""
    from planshift.runtime import clock

    at = clock.business()
    seller = _seller(given, at)
    client, service = _service(seller, given["label"], at)
    _activate(service, given["label"], at)
    return {"client": client.number, "service": service.number}


def _seller(given: dict[str, Any], at: dt.datetime) -> Any:
    from django.conf import settings

    from planshift.catalog import load as catalogs
    from planshift.catalog import models as catalog
    from planshift.provisioning import servers

    catalogs.load_catalog(text=CATALOG.read_text(encoding="utf-8"), name="lab.toml", at=at, actor=ACTOR)
    rules = policy(USUAL | given.get("policy", {}), folder=settings.DEMO_FILES)
    catalogs.load_policy(seller="demo-lab", text=rules, at=at, actor=ACTOR)
    seller = catalog.Seller.objects.get(code="demo-lab")
    for code, host_key in given["host_keys"].items():
        servers.add_server(
            seller=seller,
            code=code,
            driver="linux-ssh",
            dns="powerdns",
            address=ADDRESSES[code],
            traits={"platform": PLATFORMS[code], "host_key": host_key, **given.get("traits", {}).get(code, {})},
            at=at,
            actor=ACTOR,
        )
    return seller


def _service(seller: Any, label: str, at: dt.datetime) -> tuple[Any, Any]:
    """Half a year old, paid."""
    from django.db import transaction

    from planshift.procedures.demo import cast, load
    from planshift.services import models as services
    from planshift.services import register

    person, staff = cast.LAB
    start_on = (at - HALF_A_YEAR).date()
    with transaction.atomic():
        client = load.client_of(person, seller=seller, at=at)
        register.add_member(client=client, user=load.user_of(person), at=at, actor=ACTOR)
        services.StaffRole.objects.create(user=load.user_of(staff), seller=seller)
        service = register.add_service(
            client=client,
            label=label,
            family="hosting",
            plan="small",
            months=12,
            start_on=start_on,
            auto_renew=False,
            at=at,
            actor=ACTOR,
        )
    load.first_order(service, start_on=start_on, at=at - HALF_A_YEAR)
    return client, service


def _activate(service: Any, label: str, at: dt.datetime) -> None:
    from django.db import transaction

    from planshift.catalog import queries
    from planshift.domain import recipes
    from planshift.procedures import work
    from planshift.provisioning import executions

    plan = queries.in_force(seller=service.client.seller).catalog.plans["small"]
    limits = work.limits(plan=plan, additional={})
    with transaction.atomic():
        executions.start(
            service=service,
            recipe=recipes.ACTIVATE.code,
            target=recipes.Target(plan="small", limits=limits, requires={"platform": "old"}),
            cause=service.number,
            signal_key="",
            parameters=recipes.Parameters(content_transfer="nobody", domains=(label,)),
            at=at,
            actor=ACTOR,
        )


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "planshift.project.settings"
    import django

    django.setup()
    print(json.dumps(put(json.loads(sys.argv[1]))))
