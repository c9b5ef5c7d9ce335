"""Limits that a real kernel holds an account to: raised by an upgrade, never lowered below what is in use."""

import pytest

from planshift.provisioning import models
from tests.lab.ground import SMALL, Ground

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.xdist_group("lab"),
    pytest.mark.timeout(600),
]
MEDIUM = {"disk_mb": 120, "memory_mb": 384}
WRITE = "head -c {mb}M /dev/urandom > public/big 2>/dev/null && echo all || echo refused; stat -c %s public/big"


def test_H4_D2_D5_the_bigger_quota_can_be_written_and_less_than_is_used_is_refused_with_the_numbers(
    ground: Ground,
) -> None:
    said, size = ground.as_client("web-a", WRITE.format(mb=100)).split()
    assert said == "refused"
    assert int(size) <= 60 << 20
    ground.as_client("web-a", "rm public/big; sync")
    with ground.worker():
        up = ground.start("EASY", limits=MEDIUM)
        ground.reach(up, "read_back", "DONE")
        assert ground.as_client("web-a", WRITE.format(mb=100)).split() == ["all", str(100 << 20)]
        down = ground.start("EASY", limits=SMALL)
        ground.reach(down, "check", "FAILED")
    (violation,) = [each for each in down.error["violations"] if each["resource"] == "disk_mb"]
    assert down.error["what"] == "usage_exceeds_target"
    assert (violation["target"], violation["minimum"]) == (60, violation["used"])
    assert 100 <= violation["used"] <= 102
    environment = models.Environment.objects.get()
    assert environment.limits == MEDIUM  # nothing was touched
    assert ground.page("web-a") == "v1 at web-a 200"
    # once enough is deleted, it goes down, and the kernel holds it there
    ground.as_client("web-a", "rm public/big; sync")
    with ground.worker():
        again = ground.start("EASY", limits=SMALL)
        ground.reach(again, "read_back", "DONE")
    assert ground.as_client("web-a", WRITE.format(mb=100)).split()[0] == "refused"
