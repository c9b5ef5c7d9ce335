"""A look at the machines and a decision of staff at the same moment."""

import threading

import pytest
from django.db import transaction

from planshift.provisioning import comparing, drift, models
from tests.machines import hosting
from tests.machines.test_once import in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def test_what_staff_decide_is_not_overwritten_by_a_look_that_read_before() -> None:
    owner = hosting.seller()
    it = hosting.with_environment(hosting.service(hosting.client(owner)), hosting.server(owner, "web1"))
    differs = comparing.Found(comparing.LIMIT, "10", "12", "disk_gb")
    with transaction.atomic():
        drift.keep([comparing.Compared(it.pk, (differs,))], at=hosting.NOON)
    (row,) = models.Difference.objects.all()
    decided, looked = threading.Event(), threading.Event()

    def staff() -> None:
        with transaction.atomic():
            drift.dismiss(difference=row.pk, note="agreed", at=hosting.after(1), actor="staff:demo")
            decided.set()
            looked.wait(0.5)  # the look waits for us; without a lock it would have read the open row by now

    def look() -> None:
        decided.wait(10)
        with transaction.atomic():
            drift.keep([comparing.Compared(it.pk)], at=hosting.after(2))
        looked.set()

    assert in_threads(staff, look) == []
    row.refresh_from_db()
    assert (row.outcome, row.note, row.closed_by, row.closed_at) == (
        "dismissed", "agreed", "staff:demo", hosting.after(1),
    )  # fmt: skip
