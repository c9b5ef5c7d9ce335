"""Would a request that touches a machine be noticed?"""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from planshift.provisioning import ports
from tests.harness import doors


def test_a_driver_asked_for_inside_a_request_is_refused_and_outside_it_is_given() -> None:
    def view(request: object) -> HttpResponse:
        ports.driver("simulated")
        return HttpResponse()

    with pytest.raises(doors.MachineTouched, match="POST /order asked for the machine 'simulated'"):
        doors.Watched(view)(RequestFactory().post("/order"))
    assert ports.driver("simulated") is not None


def test_a_name_service_is_a_machine_too() -> None:
    def view(request: object) -> HttpResponse:
        ports.dns("simulated")
        return HttpResponse()

    with pytest.raises(doors.MachineTouched):
        doors.Watched(view)(RequestFactory().get("/x"))
    assert ports.dns("simulated") is not None
