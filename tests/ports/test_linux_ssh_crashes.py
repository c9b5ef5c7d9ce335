"""What holds when requests meet, processes die, servers restart, accounts go?"""

import concurrent.futures

import pytest

from planshift.domain.errors import Permanent
from planshift.provisioning import ports
from tests.ports.agent_bench import BIGGER, LIMITS, NOTICE, PHP, first, get, home, journal, made, op, put, second
from tests.ports.conftest import Lab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("agents")]


def test_two_at_once_under_one_key_do_it_once(agents: Lab) -> None:
    ref, driver = first(agents), agents.driver()

    def create(_: int) -> ports.Result:
        return driver.create(
            op=op("create"), ref=ref, spec=ports.Spec("demo.example", "silver", ("demo.example",)), limits=LIMITS
        )

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(create, range(4)))
    assert sorted(one.replayed for one in results) == [False, True, True, True]
    (entry,) = journal(agents.first)
    assert (entry["times"], entry["verb"]) == (1, "create")


def test_an_entry_left_halfway_is_done_again_and_another_request_under_its_key_is_refused(agents: Lab) -> None:
    ref, driver = made(agents, first(agents)), agents.driver()
    agents.first.shell(  # as a kill between the two writes leaves it
        'cd /var/lib/planshift-agent/journal && sed -i \'s/: "ended"/: "begun"/\' *.json'
        " && rm /etc/nginx/conf.d/planshift-s1001-1.conf /var/lib/planshift-agent/accounts/s1001-1.json"
    )
    with pytest.raises(Permanent) as refused:
        made(agents, ref, limits=BIGGER)
    assert refused.value.what == "key_reused"
    spec = ports.Spec("demo.example", "silver", ("demo.example",))
    again = driver.create(op=op("create-s1001-1"), ref=ref, spec=spec, limits=LIMITS)
    assert (again.changed, again.replayed) == (True, False)
    assert get(agents.first)[0] == 200


def test_after_a_restart_everything_is_as_decided(agents: Lab) -> None:
    old, new, driver = made(agents, first(agents)), second(agents), agents.driver()
    made(agents, new, label="")
    made(agents, first(agents, "s1002-1"), "other.example")
    put(agents.first, "s1002-1", "public/who.php", PHP)
    driver.push_content(op=op("final"), source=old, to=new, final=True)
    agents.first.shell(
        f"pkill -9 php-fpm; umount {home('s1001-1')}; rm -rf /run/planshift-agent;"
        " rmdir /run/cg/*/planshift/* 2>/dev/null; btrfs qgroup limit none /srv/planshift/s1001-1; true"
    )
    assert get(agents.first, "/who.php", "other.example")[0] == 502
    agents.first.run("/usr/local/sbin/planshift-agent", "boot")
    assert get(agents.first, "/who.php", "other.example")[0] == 200
    assert agents.first.run("touch", f"{home('s1001-1')}/x", user="s1001-1", check=False).returncode != 0
    account = driver.get(ref=old)
    assert account is not None
    assert dict(account.limits) == LIMITS


def test_scripts_that_died_are_started_anew(agents: Lab) -> None:
    made(agents, first(agents))
    put(agents.first, "s1001-1", "public/who.php", PHP)
    agents.first.shell("pkill -9 php-fpm; true")
    assert get(agents.first, "/who.php")[0] == 502
    agents.first.run("/usr/local/sbin/planshift-agent", "watch")
    assert get(agents.first, "/who.php")[0] == 200


def test_who_waits_too_long_for_other_work_is_told_busy_and_may_ask_again(agents: Lab) -> None:
    ref = made(agents, first(agents))
    agents.first.shell("flock /var/lib/planshift-agent/locks/s1001-1 sleep 6 >/dev/null 2>&1 & sleep 0.3")
    task = agents.driver(patience=1).suspend(op=op("suspend"), ref=ref, reason="").task
    assert agents.driver().poll(server=ref.server, task=task).task == task
    assert agents.driver().suspend(op=op("suspend"), ref=ref, reason="").replayed is True  # joined the one that waited
    assert get(agents.first)[0] == 503


def test_an_account_keeps_its_five_newest_backups(agents: Lab) -> None:
    ref, driver = made(agents, first(agents)), agents.driver()
    made_in_order = [driver.backup(op=op(f"backup-{each}"), ref=ref).snapshot for each in range(6)]
    account = driver.get(ref=ref)
    assert account is not None
    assert account.snapshots == tuple(made_in_order[1:])
    kept = agents.first.shell("ls /var/lib/planshift-agent/backups/s1001-1").split()
    assert sorted(kept) == sorted(f"{each}.tar.gz" for each in made_in_order[1:])


def test_removal_leaves_nothing_and_follows_no_link(agents: Lab) -> None:
    ref, driver = made(agents, first(agents)), agents.driver()
    driver.backup(op=op("backup"), ref=ref)
    get(agents.first)
    agents.first.shell("mkdir -p /srv/precious && echo kept > /srv/precious/file && chmod -R a+rwX /srv/precious")
    agents.first.shell(
        f"ln -s /srv/precious {home('s1001-1')}/public/there; mkdir -m 000 {home('s1001-1')}/shut;"
        " setsid sleep 300 >/dev/null 2>&1 & sleep 0.3",
        user="s1001-1",
    )
    hiding = "import ctypes, time; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); time.sleep(300)"  # undumpable
    agents.first.shell(f"setsid python3 -c '{hiding}' >/dev/null 2>&1 & sleep 0.5", user="s1001-1")
    assert agents.first.shell("pgrep -f '[p]rctl'").strip()
    uid = agents.first.shell("id -u s1001-1").strip()
    assert driver.remove(op=op("remove"), ref=ref, proof=NOTICE).changed is True
    assert agents.first.shell("cat /srv/precious/file") == "kept\n"
    left = (
        f"getent passwd s1001-1; getent group s1001-1; ps -u {uid} -o pid=; ls /srv/planshift /etc/nginx/conf.d"
        " /var/lib/planshift-agent/accounts /var/lib/planshift-agent/backups /var/lib/planshift-agent/php | grep s1001;"
        " ls /var/log/nginx | grep s1001; ls -d /run/cg/*/planshift/s1001-1 2>/dev/null; true"
    )
    assert agents.first.shell(left) == ""
    assert agents.first.shell("pgrep -f '[p]rctl' || true") == ""
    driver.create(op=op("anew"), ref=ref, spec=ports.Spec("", "silver"), limits=LIMITS)
    assert agents.first.shell("id -u s1001-1").strip() != uid  # what the old one left elsewhere is nobody's
