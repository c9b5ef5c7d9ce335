"""Staff of many sellers: every list costs the same number of statements for one seller and for five."""

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from planshift.catalog import models as catalog
from planshift.runtime import clock
from planshift.services import models as services

PAGES = ["/staff/changes/", "/staff/clients/", "/staff/orders/", "/staff/runs/", "/staff/help-votes/"]


def statements(browser: Client, address: str) -> int:
    clock.forget()  # read anew each time: how long the process remembers the clock must not decide
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(address).status_code == 200
    return len(seen)


def work_for_five(code: str) -> None:
    """This demo person works for five sellers from now on."""
    user = get_user_model().objects.get(email=f"{code}@demo.example")
    first = catalog.Seller.objects.get(staff_roles__user=user)
    for number in range(4):
        values = {field.attname: getattr(first, field.attname) for field in first._meta.concrete_fields}
        copy = catalog.Seller(**{**values, "id": None, "code": f"copy-{number}", "name": f"Demo {number}"})
        copy.save(force_insert=True)
        services.StaffRole.objects.create(user=user, seller=copy)


@pytest.mark.parametrize("address", PAGES)
def test_statements_do_not_grow_with_the_sellers(
    enter: Callable[..., Client], ordered: Callable[..., str], address: str
) -> None:
    ordered("silver", "gold")
    browser = enter("personale")
    browser.get(address)  # the session is read for the first time
    one = statements(browser, address)
    work_for_five("personale")
    assert statements(browser, address) == one
