"""Fixtures of the tests of machines: the clock stands at noon, two simulated servers, a service with an environment."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from planshift.catalog import models as catalog
from planshift.provisioning import models, ports
from planshift.runtime import clock
from planshift.runtime.runs import schedules
from planshift.services import models as services
from tests.machines import hosting


@dataclass
class Host:
    seller: catalog.Seller
    old: models.Server
    new: models.Server
    client: services.Client
    service: services.Service
    environment: models.Environment


def make_host() -> Host:
    hosting.caller()
    owner = hosting.seller()
    hosting.server(owner, "web0", takes_new=False)  # so that no server has the pk of an environment
    old = hosting.server(owner, "web1", dns="simulated")
    new = hosting.server(owner, "web2", dns="simulated")
    for server in (old, new):  # the first asked gets the first network
        ports.driver("simulated").capacity(server=ports.ServerAt(server.code))
    client = hosting.client(owner)
    service = hosting.service(client)
    return Host(owner, old, new, client, service, hosting.with_environment(service, old))


@pytest.fixture
def noon() -> Iterator[None]:
    """Business time stands at 2026-09-01 12:00 UTC and moves only by `clock.move_to`."""
    with clock.stopped(at=hosting.NOON):
        yield


@pytest.fixture
def host(db: None, noon: None) -> Host:
    """One service S-1001 (silver) with account s1001-1 on web1; web2 is empty."""
    return make_host()


@pytest.fixture(autouse=True)
def no_schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test plants itself runs: the product's daily sweep stays out of these tests."""
    monkeypatch.setattr(schedules, "_schedules", {})
    monkeypatch.setattr(schedules, "_planted", {})
