"""Which addresses have the names of the lab? Asked and told by the API of its name server."""

import json
from collections.abc import Mapping
from typing import Any

from planshift.project.lab import hosts, parts


def records(lab: hosts.Lab, *, ttl: int) -> None:
    """The zone of the site at the name server: the site and its mail on web-a."""

    zone = {"name": f"{parts.ZONE}.", "kind": "Native", "nameservers": [f"ns1.{parts.ZONE}."]}
    wanted = [
        _set(f"ns1.{parts.ZONE}.", "A", 300, parts.DNS),
        _set(f"{parts.ZONE}.", "A", ttl, parts.WEB_A),
        _set(f"www.{parts.ZONE}.", "A", ttl, parts.WEB_A),
        _set(f"mail.{parts.ZONE}.", "A", ttl, parts.WEB_A),
        _set(f"{parts.ZONE}.", "MX", 300, f"10 mail.{parts.ZONE}."),
    ]
    _ask(lab, "POST", "/zones", zone)
    _ask(lab, "PATCH", f"/zones/{parts.ZONE}.", {"rrsets": wanted})


def addresses(lab: hosts.Lab) -> dict[str, tuple[int, list[str]]]:
    """Time to live and addresses of the site's names, as the name server has them."""
    url = f"http://{parts.DNS}:8081/api/v1/servers/localhost/zones/{parts.ZONE}."
    zone = json.loads(lab.run("control", "curl", "-s", "-H", f"X-API-Key: {parts.API_KEY}", url))
    return {
        each["name"].rstrip("."): (each["ttl"], [one["content"] for one in each["records"]])
        for each in zone["rrsets"]
        if each["type"] == "A" and each["name"] in [f"{name}{parts.ZONE}." for name in ("", "www.", "mail.")]
    }


def _ask(lab: hosts.Lab, method: str, path: str, body: Mapping[str, Any]) -> None:
    url = f"http://{parts.DNS}:8081/api/v1/servers/localhost{path}"
    headers = ["-H", f"X-API-Key: {parts.API_KEY}", "-H", "Content-Type: application/json"]
    patient = ["--retry", "60", "--retry-delay", "1", "--retry-connrefused"]  # it listens a moment after it has begun
    lab.run("control", "curl", "-sSf", *patient, "-X", method, *headers, "--data", json.dumps(body), url)


def _set(name: str, kind: str, ttl: int, value: str) -> dict[str, Any]:
    records = [{"content": value, "disabled": False}]
    return {"name": name, "type": kind, "ttl": ttl, "changetype": "REPLACE", "records": records}
