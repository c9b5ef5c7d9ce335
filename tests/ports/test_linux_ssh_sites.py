"""What do visitors and scripts of an account get, and what does the kernel hold it to?"""

import pytest

from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import ports
from tests.ports.agent_bench import BIGGER, LIMITS, NOTICE, PHP, first, get, home, made, op, put, second
from tests.ports.conftest import Lab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("agents")]


def test_pages_and_scripts_are_served_and_scripts_run_as_the_accounts_own_user(agents: Lab) -> None:
    made(agents, first(agents))
    assert get(agents.first) == (
        200,
        "<!doctype html><meta charset=utf-8><title>demo.example</title><p>demo.example</p>\n",
    )
    put(agents.first, "s1001-1", "public/who.php", PHP)
    uid = agents.first.shell("id -u s1001-1").strip()
    assert get(agents.first, "/who.php") == (200, f"{uid} demo.example -")
    assert get(agents.first, "/.htpasswd")[0] == 403


def test_a_link_leads_visitors_nowhere_that_the_client_does_not_own(agents: Lab) -> None:
    made(agents, first(agents))
    made(agents, first(agents, "s1002-1"), "other.example")
    put(agents.first, "s1002-1", "public/secret.txt", "of another client")
    for name, aim in {"a.txt": "/etc/passwd", "b.txt": f"{home('s1002-1')}/public/secret.txt", "etc": "/etc"}.items():
        agents.first.run("ln", "-s", aim, f"{home('s1001-1')}/public/{name}", user="s1001-1")
    assert [get(agents.first, path)[0] for path in ("/a.txt", "/b.txt", "/etc/passwd")] == [404, 404, 404]
    agents.first.run("ln", "-s", "index.html", f"{home('s1001-1')}/public/own.html", user="s1001-1")
    assert get(agents.first, "/own.html")[0] == 200
    assert get(agents.first, "/secret.txt", "other.example") == (200, "of another client")
    assert agents.first.run("ls", home("s1002-1"), user="s1001-1", check=False).returncode != 0
    agents.first.shell(
        f"mv {home('s1001-1')}/public {home('s1001-1')}/gone; ln -s /etc {home('s1001-1')}/public", user="s1001-1"
    )
    assert get(agents.first, "/passwd")[0] in (403, 404)


def test_suspended_gives_503_quarantined_410_and_both_end_processes_and_logins(agents: Lab) -> None:
    ref, driver = made(agents, first(agents)), agents.driver()
    agents.first.shell("setsid sleep 300 >/dev/null 2>&1 & sleep 0.3", user="s1001-1")
    assert agents.first.shell("pgrep -u s1001-1 sleep").strip()
    driver.suspend(op=op("suspend"), ref=ref, reason="unpaid")
    assert (get(agents.first)[0], agents.first.shell("pgrep -u s1001-1 || true")) == (503, "")
    assert "account expires" in agents.first.shell("chage -l s1001-1").lower()
    assert "Jan 02, 1970" in agents.first.shell("LC_ALL=C chage -l s1001-1")
    driver.unsuspend(op=op("unsuspend"), ref=ref)
    assert get(agents.first)[0] == 200
    driver.quarantine(op=op("quarantine"), ref=ref)
    assert get(agents.first)[0] == 410


def test_nginx_refuses_one_site_and_the_others_are_served_on(agents: Lab) -> None:
    made(agents, first(agents))
    long = "a" * 60 + "." + "b" * 60 + "." + "c" * 60 + ".example"  # more than server_names_hash_bucket_size takes
    with pytest.raises(Permanent) as refused:
        made(agents, first(agents, "s1002-1"), long)
    assert refused.value.what == "remote_refused"
    assert "server_names_hash" in str(refused.value.facts["remote"])
    assert get(agents.first)[0] == 200
    agents.first.run("nginx", "-t", "-q")
    assert agents.driver().get(ref=first(agents, "s1002-1")) is None
    assert agents.first.shell("getent passwd s1002-1 || true; ls /srv/planshift") == "s1001-1\n"


def test_a_configuration_that_others_broke_is_told_and_may_work_later(agents: Lab) -> None:
    agents.first.shell("echo 'nonsense;' > /etc/nginx/conf.d/zz.conf")
    try:
        with pytest.raises(Transient) as problem:
            made(agents, first(agents))
    finally:
        agents.first.shell("rm /etc/nginx/conf.d/zz.conf")
    assert problem.value.what == "remote_failed"
    made(agents, first(agents))  # the same key
    assert get(agents.first)[0] == 200


def test_a_name_that_another_site_of_the_server_has_is_a_conflict(agents: Lab) -> None:
    block = f"server {{ listen {agents.first.http_port}; server_name demo.example; return 204; }}"
    agents.first.run("sh", "-c", "cat > /etc/nginx/conf.d/aa.conf; nginx -s reload", fed=block)
    try:
        with pytest.raises(Permanent) as refused:
            made(agents, first(agents))
        assert (refused.value.what, refused.value.facts["domain"]) == ("conflict", "demo.example")
    finally:
        agents.first.shell("rm /etc/nginx/conf.d/aa.conf; nginx -s reload")
    assert agents.driver().get(ref=first(agents)) is None


def test_a_domain_has_one_account_on_a_server_and_foreign_users_are_no_accounts(agents: Lab) -> None:
    made(agents, first(agents))
    with pytest.raises(Permanent) as refused:
        made(agents, first(agents, "s1002-1"))
    assert (refused.value.what, refused.value.facts["domain"]) == ("conflict", "demo.example")
    before = agents.first.shell("getent passwd www-data nobody root")
    for name in ("www-data", "root", "nobody", "planshift"):
        with pytest.raises(Permanent) as refused:
            made(agents, first(agents, name), f"{name}.example")
        assert refused.value.what == "conflict"
        assert agents.driver().remove(op=op(f"remove-{name}"), ref=first(agents, name), proof=NOTICE).changed is False
    assert agents.first.shell("getent passwd www-data nobody root") == before


# limits


@pytest.mark.django_db
def test_D5_the_quota_is_real_a_bigger_one_can_be_written_and_a_smaller_one_is_refused_with_numbers(
    agents: Lab,
) -> None:
    ref, driver = made(agents, first(agents)), agents.driver()
    fill = f"dd if=/dev/urandom of={home('s1001-1')}/big bs=1M count=60 conv=fsync 2>&1"
    assert "quota exceeded" in agents.first.shell(fill, user="s1001-1", check=False)
    assert driver.apply(op=op("apply"), ref=ref, to=BIGGER).warnings == ()
    assert "quota exceeded" not in agents.first.shell(fill, user="s1001-1")
    with pytest.raises(Permanent) as refused:
        driver.apply(op=op("down"), ref=ref, to=LIMITS)
    assert refused.value.what == "usage_exceeds_target"
    (violation,) = refused.value.facts["violations"]
    assert violation == {
        "resource": "disk_mb",
        "used": 61,
        "target": 40,
        "minimum": 61,
    }  # 60 MB and the rest rounded up
    account = driver.get(ref=ref)
    assert account is not None
    assert dict(account.limits) == BIGGER
    agents.first.run("rm", f"{home('s1001-1')}/big", user="s1001-1")
    assert driver.apply(op=op("down-2"), ref=ref, to=LIMITS).changed is True


def test_what_the_kernel_holds_is_read_back_not_what_we_wished(agents: Lab) -> None:
    ref, driver = made(agents, first(agents)), agents.driver()
    agents.first.run("btrfs", "qgroup", "limit", str(10 * 1024**2), "/srv/planshift/s1001-1")
    account = driver.get(ref=ref)
    assert account is not None
    assert dict(account.limits) == {**LIMITS, "disk_mb": 10}
    assert driver.apply(op=op("again"), ref=ref, to=LIMITS).changed is False
    account = driver.get(ref=ref)
    assert account is not None
    assert dict(account.limits) == LIMITS


def test_a_server_without_quota_says_what_nobody_holds(agents: Lab) -> None:
    ref = second(agents)
    spec = ports.Spec("demo.example", "silver", ("demo.example",))
    told = agents.driver().create(op=op("create"), ref=ref, spec=spec, limits=LIMITS).warnings
    assert told == ("disk_bytes: recorded, not enforced",)
    assert "quota none" in agents.driver().probe(server=ref.server)
    assert "quota btrfs" in agents.driver().probe(server=first(agents).server)


@pytest.mark.django_db
def test_scripts_stay_within_memory_and_processes(agents: Lab) -> None:
    ref = made(agents, first(agents), limits={**LIMITS, "memory_mb": 64, "processes": 12})
    if not agents.first.shell("ls /run/cg 2>/dev/null || true"):
        pytest.skip("no control groups of version 1 on this machine")
    put(
        agents.first,
        "s1001-1",
        "public/eat.php",
        "<?php ini_set('memory_limit', -1); $x = str_repeat('x', 200 << 20); echo 'eaten';",
    )
    put(agents.first, "s1001-1", "public/who.php", PHP)
    assert "eaten" not in get(agents.first, "/eat.php")[1]
    assert get(agents.first, "/who.php")[0] == 200
    assert get(agents.first)[0] == 200
    assert agents.first.shell("cat /run/cg/memory/planshift/s1001-1/memory.limit_in_bytes").strip() == str(64 * 1024**2)
    assert agents.first.shell("cat /run/cg/pids/planshift/s1001-1/pids.max").strip() == "12"
    assert agents.driver().usage(ref=ref).used["processes"] >= 1
