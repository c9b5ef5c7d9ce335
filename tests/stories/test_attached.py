"""What is attached to a service ends with its old environment: seen from the order to the last machine (H10)."""

import datetime as dt

import pytest

from planshift.domain.errors import Refused
from planshift.procedures import change
from planshift.provisioning import queries as machines
from planshift.runtime import clock
from planshift.services import models as services
from planshift.services import register
from tests.stories.conftest import Stage


def attached(stage: Stage, host: str) -> services.Service:
    """A Host Pointer of its own, attached to the service `host`."""
    to = stage.service(host)
    return register.add_service(
        client=to.client,
        label="add-on.demo.example",
        family="hosting",
        plan="host-pointer",
        months=12,
        start_on=dt.date(2026, 3, 1),
        auto_renew=False,
        at=clock.business(),
        actor="test",
        attached_to=to,
    )


def test_H10_attached_services_end_when_the_old_environment_is_removed_and_not_before(stage: Stage) -> None:
    attached(stage, "studio-tecnico")
    quote = stage.quote("studio-tecnico", "gold")
    number = stage.service("add-on").number
    (told,) = [each for each in quote.offer.notices if each.code == "attached_end"]
    assert told.facts["ends"] == ({"number": number, "name": "add-on.demo.example"},)
    ordered = stage.order(quote)
    stage.pay(ordered.order)
    client = stage.service("studio-tecnico").client.number
    change.switch_over(client=client, number=ordered.number, at=clock.business(), actor=stage.actor)
    stage.work()
    stage.days(13)
    assert stage.service("add-on").state == "ACTIVE"
    assert [each.state for each in machines.environments(service=stage.service("studio-tecnico").number)] == [
        "OLD",
        "ACTIVE",
    ]
    stage.days(3)
    assert stage.change(ordered.number).state == "DONE"
    assert stage.service("add-on").state == "ENDED"
    assert stage.service("studio-tecnico").state == "ACTIVE"


def test_H10_an_easy_change_ends_nothing(stage: Stage) -> None:
    attached(stage, "pasticceria")
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(ordered.order)
    assert (stage.change(ordered.number).state, stage.service("add-on").state) == ("DONE", "ACTIVE")


def test_lost_access_data_are_made_anew_and_shown_once_more(stage: Stage) -> None:
    ordered = stage.order(stage.quote("studio-tecnico", "gold"))
    client = stage.service("studio-tecnico").client.number
    said = {"client": client, "number": ordered.number, "at": clock.business(), "actor": stage.actor}
    stage.pay(ordered.order)
    first = change.reveal_credentials(**said)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="credentials_shown"):
        change.reveal_credentials(**said)  # type: ignore[arg-type]
    change.renew_credentials(**said)  # type: ignore[arg-type]
    stage.work()
    assert stage.change(ordered.number).credentials == "ready"
    second = change.reveal_credentials(**said)  # type: ignore[arg-type]
    assert second.secret and second.secret != first.secret
