"""How do contents get to another server and back, whatever breaks?"""

import subprocess
import time
from pathlib import Path

import pytest

from planshift.adapters.drivers.linux_ssh.agent import looking
from planshift.adapters.drivers.linux_ssh.agent.accounts import Account
from planshift.adapters.drivers.linux_ssh.agent.settings import Settings
from planshift.domain.errors import Permanent
from planshift.provisioning import ports
from tests.ports.agent_bench import NOTICE, PHP, first, get, home, journal, made, op, put, second, ssh
from tests.ports.agent_hosts import Host
from tests.ports.conftest import Lab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("agents")]


@pytest.mark.django_db
def test_a_hard_change_final_copy_holds_the_old_side_still_and_visitors_are_passed_on(agents: Lab) -> None:
    old, new, driver = made(agents, first(agents)), second(agents), agents.driver()
    put(agents.first, "s1001-1", "public/who.php", PHP)
    put(agents.first, "s1001-1", "mail/demo.example/anna/cur/1:2,S", "a mail")
    made(agents, new, label="")
    assert driver.push_content(op=op("hot"), source=old, to=new, final=False).changed is True
    put(agents.first, "s1001-1", "public/late.txt", "written late")
    driver.push_content(op=op("final"), source=old, to=new, final=True)
    assert driver.manifest(ref=old) == driver.manifest(ref=new)
    assert agents.first.run("touch", f"{home('s1001-1')}/public/x", user="s1001-1", check=False).returncode != 0
    assert get(agents.first, "/late.txt") == get(agents.second, "/late.txt") == (200, "written late")
    assert driver.usage(ref=new).used["mailboxes"] == 1
    to = f"127.0.0.1:{agents.second.http_port}"
    driver.front_proxy(op=op("proxy"), ref=old, upstream=to)
    uid = agents.second.shell("id -u s1001-2").strip()
    assert get(agents.first, "/who.php") == (200, f"{uid} demo.example 127.0.0.1")
    driver.front_proxy(op=op("unproxy"), ref=old, upstream="")
    agents.first.run("touch", f"{home('s1001-1')}/public/x", user="s1001-1")
    keys = agents.first.shell("cat /var/lib/planshift-login/.ssh/authorized_keys")
    assert keys.count("\n") == 1
    assert "planshift-copy" not in keys
    assert agents.second.shell("ls /run/planshift-agent/copies") == ""


def test_what_was_written_after_a_copy_is_counted_and_named(agents: Lab) -> None:
    old, new, driver = made(agents, first(agents)), second(agents), agents.driver()
    put(agents.first, "s1001-1", "public/page.txt", "a page")
    put(agents.first, "s1001-1", "mail/demo.example/anna/cur/1:2,S", "a mail")
    made(agents, new, label="")
    assert driver.inside(ref=new).written == 0  # what we put there ourselves counts as nobody's
    driver.push_content(op=op("final"), source=old, to=new, final=True)
    copied = driver.inside(ref=new)
    assert (copied.written, copied.names, copied.mails) == (0, (), driver.inside(ref=old).mails)
    assert len(copied.mails) == 1
    put(agents.second, "s1001-2", "public/upload.txt", "uploaded")
    put(agents.second, "s1001-2", "public/page.txt", "another page")
    put(agents.second, "s1001-2", "mail/demo.example/anna/new/2.M2", "mail is told apart")
    written = driver.inside(ref=new)
    assert (written.written, written.names) == (2, ("public/page.txt", "public/upload.txt"))
    assert len(written.mails) == 2


def test_what_programs_make_again_by_themselves_is_nobodys_work_and_a_folder_that_cannot_be_read_is(
    agents: Lab,
) -> None:
    new, driver = second(agents), agents.driver()
    made(agents, new, label="")
    session = "sess_0123456789abcdefghijklmnop"
    for name in (
        *(f"public/{session}", "public/wp-content/cache/page.html", "app/var/cache/prod/x.php"),
        "app/storage/framework/sessions/abc",
    ):
        put(agents.second, "s1001-2", name, "made again")
    assert driver.inside(ref=new).written == 0
    for name in ("public/sess_of_today.jpg", "public/cache/photo.jpg", "public/xwp-content/cache.txt"):
        put(agents.second, "s1001-2", name, "somebody's")
    assert driver.inside(ref=new).written == 3
    put(agents.second, "s1001-2", "public/closed/inside.txt", "somebody's")
    agents.second.run("chmod", "000", f"{home('s1001-2')}/public/closed", user="s1001-2")
    found = driver.inside(ref=new)
    assert found.written == 4 and "closed/" in found.names


def test_which_files_are_made_again_is_the_servers_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s1/home/public/wp-content/cache").mkdir(parents=True)
    (tmp_path / "s1/home/public/wp-content/cache/page").write_text("made again")
    (tmp_path / "s1/home/public/own/kept").mkdir(parents=True)
    (tmp_path / "s1/home/public/own/kept/file").write_text("of a program of this provider")
    monkeypatch.setattr(looking.users, "as_user", lambda uid, do, seconds: do())
    account = Account("s1", 0, filled_ns=1)

    def names(**settings: str) -> list[str]:
        told = looking.inside(Settings(accounts=str(tmp_path), **settings), account)
        assert told["written"] == len(told["names"])
        return list(told["names"])

    assert names() == ["public/own/kept/file"]
    assert names(made_again="own/kept/") == ["public/wp-content/cache/page"]
    assert names(made_again="") == ["public/own/kept/file", "public/wp-content/cache/page"]


def test_mail_is_taken_on_one_server_at_a_time_and_only_for_mailboxes_of_the_accounts_own_domains(agents: Lab) -> None:
    old, new, driver = made(agents, first(agents)), second(agents), agents.driver()
    watch = "/usr/local/sbin/planshift-agent watch"
    agents.first.shell(watch)
    assert _taken(agents.first) == []
    put(agents.first, "s1001-1", "mail/demo.example/anna/cur/1:2,S", "a mail")
    put(agents.first, "s1001-1", "mail/others.example/mallory/cur/1:2,S", "not his domain")
    put(agents.first, "s1001-1", "mail/demo.example/x:0:0::/etc/cur/1", "no name")
    agents.first.shell(watch)
    anna = f"{home('s1001-1')}/mail/demo.example/anna"
    uid = agents.first.shell("id -u s1001-1").strip()
    assert _taken(agents.first) == [f"anna@demo.example::{uid}:{uid}::{anna}::"]
    made(agents, new, label="")
    driver.push_content(op=op("hot"), source=old, to=new, final=False)
    agents.second.shell(watch)
    assert _taken(agents.second) == []  # what came in now, the next copy would delete
    driver.push_content(op=op("final"), source=old, to=new, final=True)
    assert [line.split("::")[0] for line in _taken(agents.second)] == ["anna@demo.example"]
    assert len(_taken(agents.first)) == 1  # held still: it cannot be written, so mail is tried again elsewhere
    driver.quarantine(op=op("quarantine"), ref=old)
    assert _taken(agents.first) == []
    driver.remove(op=op("remove"), ref=new, proof=NOTICE)
    assert _taken(agents.second) == []


def test_mail_comes_back_with_its_flags_into_folders_that_are_there_or_not_and_only_once(agents: Lab) -> None:
    old, new, driver = made(agents, first(agents)), second(agents), agents.driver()
    inbox = "mail/demo.example/anna"
    put(agents.first, "s1001-1", f"{inbox}/cur/1.M1,S=6:2,", "before")
    put(agents.first, "s1001-1", f"{inbox}/dovecot-uidlist", "of the old side")
    made(agents, new, label="")
    driver.push_content(op=op("final"), source=old, to=new, final=True)
    driver.front_proxy(op=op("unproxy"), ref=old, upstream="")
    there = f"cd {home('s1001-2')}/{inbox} && mv 'cur/1.M1,S=6:2,' 'cur/1.M1,S=6:2,S' && echo new > dovecot-uidlist"
    agents.second.shell(there, user="s1001-2")  # read there meanwhile
    put(agents.second, "s1001-2", f"{inbox}/new/2.M2", "unread")
    put(agents.second, "s1001-2", f"{inbox}/cur/3.M3:2,FSa", "flagged, and with a key word of that side")
    put(agents.second, "s1001-2", f"{inbox}/.Sent/maildirfolder", "")
    put(agents.second, "s1001-2", f"{inbox}/.Sent/cur/4.M4:2,S", "sent")
    put(agents.second, "s1001-2", "mail/demo.example/bob/new/5.M5", "a mailbox that is new")
    put(agents.second, "s1001-2", f"{inbox}/tmp/6.M6", "never delivered")
    put(agents.second, "s1001-2", f"{inbox}/new/7.M7", "copied by hand")
    put(agents.first, "s1001-1", f"{inbox}/cur/70.M70:2,S", "copied by hand")
    put(agents.second, "s1001-2", f"{inbox}/new/8.M8", "another content")
    put(agents.first, "s1001-1", f"{inbox}/new/8.M8", "it was here first")
    agents.second.shell(f"ln -s /etc/passwd {home('s1001-2')}/{inbox}/new/9.M9", user="s1001-2")
    # a run that died in the middle left this: one message is in its place, the other one is not
    put(agents.first, "s1001-1", f".mail-on-its-way-back/{inbox}/new/2.M2", "unread")
    put(agents.first, "s1001-1", f"{inbox}/new/2.M2", "unread")
    done = driver.return_mail(op=op("back"), source=new, to=old)
    assert (done.changed, done.mails) == (True, 3)
    found = agents.first.shell(f"cd {home('s1001-1')} && find . -type f -path '*mail*' | sort").splitlines()
    assert found == [
        f"./{inbox}/.Sent/cur/4.M4:2,S",
        f"./{inbox}/.Sent/maildirfolder",
        f"./{inbox}/cur/1.M1,S=6:2,",
        f"./{inbox}/cur/3.M3:2,FS",
        f"./{inbox}/cur/70.M70:2,S",
        f"./{inbox}/dovecot-uidlist",
        f"./{inbox}/new/2.M2",
        f"./{inbox}/new/8.M8",
        "./mail/demo.example/bob/new/5.M5",
    ]
    assert agents.first.shell(f"cat {home('s1001-1')}/{inbox}/dovecot-uidlist") == "of the old side"
    assert agents.first.shell(f"cat {home('s1001-1')}/{inbox}/new/8.M8") == "it was here first"
    assert [line.split("::")[0] for line in _taken(agents.first)] == ["anna@demo.example", "bob@demo.example"]
    # the message that another one of its name kept out is told; the link is none
    assert len(driver.inside(ref=new).mails - driver.inside(ref=old).mails) == 1
    # the other side takes no mail any more, and nothing of the copy is left on either
    refused = agents.second.run("touch", f"{home('s1001-2')}/{inbox}/new/10", user="s1001-2", check=False)
    assert refused.returncode != 0
    assert agents.first.shell("ls /run/planshift-agent/copies") == ""
    assert "planshift-copy" not in agents.second.shell("cat /var/lib/planshift-login/.ssh/authorized_keys")


def _taken(host: Host) -> list[str]:
    return host.shell("cat /run/planshift-agent/mailboxes 2>/dev/null || true").splitlines()


def test_a_copy_killed_in_the_middle_is_completed_under_the_same_key(agents: Lab) -> None:
    old, new, driver = made(agents, first(agents), limits={"disk_mb": 200}), second(agents), agents.driver(patience=0)
    agents.first.shell(
        f"cd {home('s1001-1')}/public && for i in $(seq 1 100); do head -c 1000000 /dev/urandom > f$i; done",
        user="s1001-1",
    )
    made(agents, new, label="", limits={"disk_mb": 200})
    task = driver.push_content(op=op("copy"), source=old, to=new, final=True).task
    assert task
    end = time.monotonic() + 30
    while not agents.second.shell(f"ls {home('s1001-2')}/public | head -1") and time.monotonic() < end:
        time.sleep(0.02)
    agents.second.shell("pkill -9 -x rsync; pkill -9 -f planshift-agent; true", check=False)
    there = int(agents.second.shell(f"ls {home('s1001-2')}/public | wc -l"))
    assert 0 < there < 100
    assert driver.poll(server=new.server, task=task).task == ""  # over, one way or the other: ask again
    done = agents.driver().push_content(op=op("copy"), source=old, to=new, final=True)
    assert (done.task, done.replayed) == ("", False)
    assert driver.manifest(ref=old) == driver.manifest(ref=new)
    assert driver.push_content(op=op("copy"), source=old, to=new, final=True).replayed is True
    (entry,) = [one for one in journal(agents.second) if one["verb"] == "pull"]
    assert (entry["times"], entry["state"]) == (2, "ended")


def test_a_long_task_is_polled_until_it_is_over(agents: Lab) -> None:
    ref, driver = made(agents, first(agents)), agents.driver(patience=0)
    task = driver.backup(op=op("backup"), ref=ref).task
    assert len(task) == 32
    end = time.monotonic() + 30
    while driver.poll(server=ref.server, task=task).task and time.monotonic() < end:
        time.sleep(0.1)
    done = driver.backup(op=op("backup"), ref=ref)
    assert (done.replayed, done.task, len(done.snapshot)) == (True, "", 12)


def test_content_beyond_the_new_quota_is_refused_and_the_old_side_serves_on(agents: Lab) -> None:
    new = made(agents, first(agents, "s1001-2"), limits={"disk_mb": 10}, label="")
    old = ports.Ref(agents.second.at("bench2"), "s1001-1")
    made(agents, old, limits={"disk_mb": 100})
    agents.second.shell(f"head -c 30000000 /dev/urandom > {home('s1001-1')}/public/big", user="s1001-1")
    with pytest.raises(Permanent) as refused:
        agents.driver().push_content(op=op("copy"), source=old, to=new, final=False)
    assert refused.value.what == "capacity"
    assert get(agents.second)[0] == 200
    # and the copy's key opens nothing any more, on either side
    assert agents.first.shell("ls /run/planshift-agent/copies 2>/dev/null || true").strip() == ""
    assert agents.second.shell("ls /var/lib/planshift-agent/offers 2>/dev/null || true").strip() == ""


def test_the_key_of_a_copy_reads_one_account_and_nothing_else(agents: Lab) -> None:
    old, driver = made(agents, first(agents)), agents.driver()
    made(agents, first(agents, "s1002-1"), "other.example")
    transfer, stolen = "ab" * 16, agents.key_file.with_name("stolen")
    stolen.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stolen)], check=True)
    public = " ".join(stolen.with_suffix(".pub").read_text().split()[:2])
    driver._part(old, "offer", transfer=transfer, public_key=public, final=False)
    for command in (
        "id",
        "rsync --server --sender -logDtpre.iLsfxCIvu . /etc/",
        "rsync --server --sender -logDtpre.iLsfxCIvu . content/../../s1002-1/home/",
        "rsync --server -logDtpre.iLsfxCIvu . content/",
        "rsync --server --sender --rsync-path=x -logDtpre.iLsfxCIvu . content/",
        "rsync --server --sender -e.LsfxCIvu --config=/etc/shadow . content/",
        '{"protocol":1,"verb":"probe"}',
        "",
    ):
        done = ssh(
            agents, agents.first, *([command] if command else []), key=stolen, fed='{"protocol":1,"verb":"probe"}'
        )
        assert (done.returncode != 0, done.stdout) == (True, ""), command
    driver._part(old, "withdraw", transfer=transfer)
    assert "Permission denied" in ssh(agents, agents.first, "rsync --server --sender -r . content/", key=stolen).stderr


def test_a_backup_is_out_of_reach_and_a_damaged_one_deletes_nothing(agents: Lab) -> None:
    ref, driver = made(agents, first(agents)), agents.driver()
    snapshot = driver.backup(op=op("backup"), ref=ref).snapshot
    path = f"/var/lib/planshift-agent/backups/s1001-1/{snapshot}.tar.gz"
    assert agents.first.run("cat", path, user="s1001-1", check=False).returncode != 0
    agents.first.shell(f"echo x >> {path}")
    with pytest.raises(Permanent) as refused:
        driver.restore(op=op("restore"), ref=ref, snapshot=snapshot)
    assert refused.value.what == "remote_refused"
    assert get(agents.first)[0] == 200
