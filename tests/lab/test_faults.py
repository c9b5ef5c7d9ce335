"""Real machines fail in the middle of a hard upgrade: it ends done or with a person, nothing is done twice, and the old
site serves whenever the new one does not.

What one database is enough for runs on PostgreSQL, whose tests take less long. Every step: in `make test-long`.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from planshift.project.lab import hosts, leftovers, parts
from planshift.provisioning import executions, facts, models
from planshift.runtime import clock
from tests.lab import traffic
from tests.lab.ground import LARGE, TTL, Ground
from tests.machines import hosting, processes

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.xdist_group("lab"),
    pytest.mark.timeout(900),
]
AGENT = "/usr/local/sbin/planshift-agent"
MANY = "mkdir public/img; for i in $(seq {n}); do head -c 20000 /dev/urandom > public/img/$i; done"
OLD, NEW = "v1 at web-a 200", "v1 at web-b 200"
STEPS = ("check", "place", "create", "hand_over", "copy", "lower_ttl", "final_copy", "try_new", "proxy", "try_old")
LATER_STEPS = ("swap_dns", "observe_dns", "restore_ttl", "quarantine", "remove_attached", "remove", "verify_gone")


def visitors(ground: Ground, *, mail: bool = False) -> traffic.Traffic:
    return traffic.Traffic(ground.lab, ground.folder / "traffic").begin(honest=2, sticky=0, mail=mail)


def mails(ground: Ground, server: str) -> set[str]:
    """The names of the mails in the client's mailbox on a server, up to what says that they were read."""
    found = ground.lab.path(server, "/srv/planshift").glob(f"*/home/mail/{parts.ZONE}/info/*/*")
    return {path.name.partition(":")[0] for path in found if path.parent.name in ("cur", "new")}


def events(execution: models.Execution, step: str) -> list[str]:
    return list(execution.journal.filter(step=step).order_by("id").values_list("event", flat=True))


def has(execution: models.Execution, step: str, event: str) -> Callable[[], bool]:
    return lambda: event in events(execution, step)


def nobody_failed(crowd: traffic.Traffic) -> None:
    crowd.end()
    seen = crowd.seen()
    assert len(seen.lines) > 100
    assert seen.failed() == []


@pytest.mark.postgres
def test_the_quota_of_the_target_is_full_in_the_middle_of_the_copy_and_all_is_taken_back(ground: Ground) -> None:
    crowd = visitors(ground)
    with ground.worker():
        execution = ground.start("HARD", limits={**LARGE, "disk_mb": 20}, set_up_work=("look",))
        ground.reach(execution, "set_up", "AWAITING_STAFF")
        ground.as_client("web-a", "head -c 30M /dev/urandom > public/grown; sync")  # after the check found that it fits
        executions.report_work(number=execution.number, note="looked", at=clock.business(), actor="staff:demo")
        ground.reach(execution, "create", "FAILED")
    assert (execution.error["what"], execution.error["step"]) == ("capacity", "copy")
    assert ground.accounts("web-b") == []
    assert ground.page("web-a") == OLD
    ground.write("web-a", "version.txt", "v2")  # and it can be written
    nobody_failed(crowd)
    ground.once()


@pytest.mark.postgres
def test_the_new_server_dies_behind_the_old_one_and_visitors_have_the_old_site_again(ground: Ground) -> None:
    ground.as_client("web-a", f"mkdir -p mail/{parts.ZONE}/info")
    ground.lab.sh("web-a", f"{AGENT} watch")  # as its timer does each minute: there is a mailbox now
    crowd = visitors(ground, mail=True)
    with ground.worker():
        execution = ground.start("HARD", limits=LARGE)
        ground.reach(execution, "cut_over", "AWAITING_CLIENT")
        assert ground.page("web-a") == NEW
        hosts.until(lambda: ground.address() == parts.WEB_B)
        hosts.until(lambda: len(mails(ground, "web-b") - mails(ground, "web-a")) > 5, seconds=60)
        late = mails(ground, "web-b") - mails(ground, "web-a")  # delivered there, and nowhere else
        ground.lab.kill("web-b")
        crowd.dies("web-b")
        died = time.time()
        hosts.until(lambda: ground.page("web-a") == OLD and ground.address() == parts.WEB_A, seconds=240)
        back = time.time() - died
        execution.refresh_from_db()
        assert execution.error["what"] == "not_serving"
        assert execution.point_of_no_return_at is None
        ground.write("web-a", "version.txt", "v2")
        hosts.until(lambda: ground.page("web-a") == "v2 at web-a 200")
        hosts.until(has(execution, "hand_over", "failed_attempt"), seconds=60)
        ground.lab.boot("web-b")  # what is left there is taken back once it can be: first of all the mail
        ground.reach(execution, "create", "FAILED", seconds=300)
    assert late < mails(ground, "web-a")
    crowd.end()
    sent, arrived, _ = crowd.mails(at=parts.WEB_A)
    assert len(sent) > 100
    assert set(arrived) == set(sent)  # whichever server had taken it
    assert len(arrived) <= len(sent) + 1  # what was taken as the server died, unanswered, was sent once more
    seen = crowd.seen()
    assert seen.failed()  # it was dead, and visitors saw it: the figures say so
    assert max(line["at"] for line in seen.failed()) < died + back + 20
    assert ground.accounts("web-b") == []
    ground.once()


@pytest.mark.postgres
def test_nginx_refuses_until_somebody_repairs_it_and_then_it_goes_on(ground: Ground) -> None:
    crowd = visitors(ground)
    ground.lab.sh("web-a", "echo 'map $x $y { bad' > /etc/nginx/conf.d/zz-broken.conf")
    with ground.worker():
        execution = ground.start("HARD", limits=LARGE)
        hosts.until(has(execution, "proxy", "failed_attempt"), seconds=240)
        assert ground.page("web-a") == OLD
        ground.lab.sh("web-a", "rm /etc/nginx/conf.d/zz-broken.conf")
        ground.finish(execution)
    nobody_failed(crowd)
    ground.once()
    assert ground.accounts("web-a") == []


@pytest.mark.postgres
def test_the_connection_between_the_servers_breaks_in_the_middle_of_the_copy_and_it_is_completed(
    ground: Ground,
) -> None:
    ground.as_client("web-a", MANY.format(n=2000))
    with ground.worker():
        execution = ground.start("HARD", limits=LARGE)
        hosts.until(lambda: bool(ground.accounts("web-b")), seconds=60)

        def half() -> bool:
            img = ground.lab.path("web-b", f"/srv/planshift/{ground.accounts('web-b')[0]}") / "home" / "public" / "img"
            return img.is_dir() and len(list(img.iterdir())) > 100

        hosts.until(half, seconds=60)
        senders = ground.lab.sh("web-a", "pgrep -x rsync || true").split()
        ground.lab.sh("web-a", f"kill -9 {' '.join(senders)}")  # of this host, by their ids there
        assert senders
        ground.reach(execution, "cut_over", "AWAITING_CLIENT")
        assert "failed_attempt" in events(execution, "copy")
        assert len(ground.as_client("web-b", "ls public/img").split()) == 2000
        ground.finish(execution)
    ground.once()


@pytest.mark.postgres
def test_an_agent_that_answers_twice_or_not_at_all_does_nothing_twice(ground: Ground) -> None:
    twice = f"""#!/bin/sh
cat > /run/asked.$$
{AGENT}.real "$@" < /run/asked.$$ > /run/said.$$
{AGENT}.real "$@" < /run/asked.$$ > /dev/null
n=$(cat /run/lab.count 2>/dev/null || echo 0); echo $((n + 1)) > /run/lab.count
[ $((n % 11)) = 8 ] || cat /run/said.$$
rm -f /run/asked.$$ /run/said.$$
"""
    # what is asked by a copy's key must reach the agent itself
    twice = twice.replace("#!/bin/sh\n", f'#!/bin/sh\n[ $# = 0 ] || exec {AGENT}.real "$@"\n')
    for server in ("web-a", "web-b"):
        ground.lab.sh(server, f"mv {AGENT} {AGENT}.real")
        ground.lab.run(server, "sh", "-c", f"cat > {AGENT}; chmod 755 {AGENT}", input=twice)
    with ground.worker():
        execution = ground.start("HARD", limits=LARGE)
        ground.finish(execution)
    ground.once()
    assert ground.accounts("web-a") == []
    assert ground.page("web-b") == NEW


@pytest.mark.postgres
def test_the_name_server_is_down_and_names_wait_for_it(ground: Ground) -> None:
    pid = ground.lab.sh("dns", "pgrep -x pdns_server").split()[0]
    with ground.worker():
        execution = ground.start("HARD", limits=LARGE, set_up_work=("look",))
        ground.reach(execution, "set_up", "AWAITING_STAFF")
        ground.lab.sh("dns", f"kill -9 {pid}")
        executions.report_work(number=execution.number, note="looked", at=clock.business(), actor="staff:demo")
        hosts.until(has(execution, "lower_ttl", "failed_attempt"), seconds=240)
        assert ground.page("web-a") == OLD
        ground.lab.sh("dns", "sh /etc/lab/pdns.start > /dev/null 2>&1")
        ground.finish(execution)
    assert ground.address() == parts.WEB_B
    ground.once()


def killed(ground: Ground, steps: tuple[str, ...], *, workers: int) -> models.Execution:
    """Go through a hard upgrade; at each of `steps` the worker that may be at it is killed (kill -9), and
    every second time the other one too; new ones are started."""
    execution = ground.start("HARD", limits=LARGE)
    recipe, acted = facts.recipe_of(execution), set[str]()
    for number, step in enumerate(steps):
        with ExitStack() as stack:
            running = [stack.enter_context(ground.worker()) for _ in range(workers)]
            _come_to(ground, execution, acted, lambda to=step: recipe.place_of(execution.step) >= recipe.place_of(to))
            for victim in running if number % 2 else running[:1]:
                victim.kill()
    with ground.worker():
        _come_to(ground, execution, acted, lambda: execution.state == "DONE")
    return execution


def _come_to(ground: Ground, execution: models.Execution, acted: set[str], there: Callable[[], bool]) -> None:
    """Wait until it is there; what client and staff have to do on the way is done once."""
    end = time.monotonic() + 240
    execution.refresh_from_db()
    while not there():
        assert time.monotonic() < end, ground.told(execution) + processes.logs(ground.folder)[-2000:]
        if execution.state not in acted and execution.state == "AWAITING_CLIENT":
            time.sleep(2 * TTL + 1)
            executions.confirm_cutover(number=execution.number, at=clock.business(), actor="client:C-1001")
            acted.add(execution.state)
        if execution.state not in acted and execution.state == "AWAITING_NOTICE":
            executions.notice_sent(number=execution.number, proof="N-1", at=clock.business(), actor="system")
            acted.add(execution.state)
        time.sleep(0.03)
        execution.refresh_from_db()


@pytest.mark.parametrize(
    ("steps", "workers"),
    [
        pytest.param(("copy", "swap_dns"), 2, id="two steps, two workers", marks=pytest.mark.postgres),
        pytest.param((*STEPS, *LATER_STEPS), 1, id="every step", marks=pytest.mark.long),
        pytest.param((*STEPS, *LATER_STEPS), 2, id="every step, two workers", marks=pytest.mark.long),
    ],
)
def test_workers_are_killed_and_nothing_is_done_twice(ground: Ground, steps: tuple[str, ...], workers: int) -> None:
    ground.as_client("web-a", MANY.format(n=500))
    crowd = visitors(ground)
    execution = killed(ground, steps, workers=workers)
    assert hosting.journal(execution).count("swap_dns done") == 1
    assert len(ground.as_client("web-b", "ls public/img").split()) == 500
    assert ground.accounts("web-a") == []
    assert ground.page("web-b") == NEW
    nobody_failed(crowd)
    ground.once()


def test_the_lab_leaves_nothing_behind(tmp_path: Path, possible: None) -> None:
    with hosts.lab([hosts.Host("one", 21)]) as lab:
        inside = lab.run("one", "sh", "-c", "echo $$").strip()
        folder, keeper = lab.folder, lab._keeper
        assert inside != ""
    assert keeper is not None
    assert keeper.returncode is not None
    assert not folder.exists()
    assert folder.name not in Path("/proc/mounts").read_text()
    assert not list(leftovers.GROUPS.rglob(folder.name))
