"""Puts a provider with real servers into an installation, in a process of its own with that installation's settings.

usage: python tests/lab/scene.py JSON     (host_keys by server, label, platform of each server, policy changes)
Prints the numbers of client and service as JSON, once the run of the first activation was started.
"""

import datetime as dt
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = {"web-a": "10.77.0.21", "web-b": "10.77.0.22"}
PLATFORMS = {"web-a": "old", "web-b": "new"}
USUAL = {"content_transfer": '"by_provider"', "interruption": '"passed_on"'}


def policy(changes: dict[str, str]) -> str:
    """The easy/hard regulation with other answers, and without the notice that the content is the client's duty."""
    text = (ROOT / "policies" / "easy-hard.toml").read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines():
        key = line.split(" =")[0].strip()
        if key in changes:
            line = f"{key} = {changes[key]}"
        if not line.strip().startswith('"content_transfer"'):
            lines.append(line)
    return "\n".join(lines) + "\n"


def put(given: dict[str, Any]) -> dict[str, str]:
    """Seller, servers, client, a service that is being activated."""
    from django.db import transaction

    from planshift.catalog import load as catalogs
    from planshift.catalog import models as catalog
    from planshift.catalog import queries
    from planshift.domain import recipes
    from planshift.procedures import work
    from planshift.procedures.demo import cast, load
    from planshift.provisioning import executions, servers
    from planshift.runtime import clock
    from planshift.services import register

    at = clock.business()
    text = (ROOT / "tests" / "lab" / "catalog.toml").read_text(encoding="utf-8")
    catalogs.load_catalog(text=text, name="lab.toml", at=at, actor="staff:lab")
    catalogs.load_policy(seller="demo-lab", text=policy(USUAL | given.get("policy", {})), at=at, actor="staff:lab")
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
            actor="staff:lab",
        )
    person = cast.Person(code="lab", name="Demo Shop", seller="demo-lab", city="Firenze", postcode="50122", story={})
    start_on = (at - dt.timedelta(days=180)).date()
    with transaction.atomic():
        client = load._client(person, seller, at)
        service = register.add_service(
            client=client,
            label=given["label"],
            family="hosting",
            plan="small",
            months=12,
            start_on=start_on,
            auto_renew=False,
            at=at,
            actor="staff:lab",
        )
    load._first_order(service, start_on, at - dt.timedelta(days=180))
    documents = queries.in_force(seller=seller).catalog
    plan = documents.plans["small"]
    with transaction.atomic():
        executions.start(
            service=service,
            recipe=recipes.ACTIVATE.code,
            target=recipes.Target(
                plan="small", limits=work.limits(plan=plan, additional={}), requires={"platform": "old"}
            ),
            cause=service.number,
            signal_key="",
            parameters=recipes.Parameters(content_transfer="nobody", domains=(given["label"],)),
            at=at,
            actor="staff:lab",
        )
    return {"client": client.number, "service": service.number}


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "planshift.project.settings"
    import django

    django.setup()
    print(json.dumps(put(json.loads(sys.argv[1]))))
