"""Parts of the agent that this machine's kernel may not have: control groups of version 2, project quotas. Run against
files and programs that behave as the kernel and the quota tools document; not against the real ones."""

import subprocess
from pathlib import Path

import pytest

from planshift.adapters.drivers.linux_ssh.agent import cgroups, disk, said, settings, shell

LIMITS = {"memory_bytes": 256 << 20, "cpu_percent": 150, "processes": 40}


@pytest.fixture
def second(tmp_path: Path) -> settings.Settings:
    """A tree as version 2 shows it."""
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory hugetlb pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("")
    (tmp_path / "planshift.slice" / "s1001-1").mkdir(parents=True)
    (tmp_path / "planshift.slice" / "cgroup.subtree_control").write_text("")
    return settings.Settings(cgroups=str(tmp_path))


def test_limits_in_version_2_are_written_and_read_back(second: settings.Settings, tmp_path: Path) -> None:
    assert cgroups.version(second) == 2
    cgroups.apply(second, "s1001-1", enforce=LIMITS)
    group = tmp_path / "planshift.slice" / "s1001-1"
    assert (group / "memory.max").read_text() == "268435456"
    assert (group / "cpu.max").read_text() == "150000 100000"  # 1.5 cores in periods of 100 ms
    assert (group / "pids.max").read_text() == "40"
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    assert cgroups.limits(second, "s1001-1") == LIMITS
    cgroups.apply(second, "s1001-1", enforce={})
    assert cgroups.limits(second, "s1001-1") == dict.fromkeys(LIMITS, -1)


def test_use_in_version_2_is_what_cannot_be_taken_back(second: settings.Settings, tmp_path: Path) -> None:
    group = tmp_path / "planshift.slice" / "s1001-1"
    (group / "memory.stat").write_text("anon 1048576\nfile 99999999\n")
    (group / "pids.current").write_text("3\n")
    assert cgroups.used(second, "s1001-1") == {"memory_bytes": 1048576, "processes": 3}
    assert cgroups.used(second, "s1002-1") == {}


def test_without_the_controllers_nothing_is_held(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu\n")
    here = settings.Settings(cgroups=str(tmp_path))
    assert (cgroups.version(here), cgroups.groups(here, "s1001-1")) == (0, [])


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was run; repquota reports 2048 of 4096 KiB for project 20001."""
    calls: list[tuple[str, ...]] = []
    head = "Project,BlockStatus,FileStatus,BlockUsed,BlockSoftLimit,BlockHardLimit"
    report = f"{head}\n#0,ok,ok,20,0,0\n#20001,ok,ok,2048,4096,4096\n"

    def run(*words: str, **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(words)
        said_by = {"repquota": report, "findmnt": "/srv ext4 rw,relatime,prjquota\n"}
        return subprocess.CompletedProcess(words, 0, said_by.get(words[0], ""), "")

    monkeypatch.setattr(shell, "run", run)
    monkeypatch.setattr(shell, "find", lambda name: f"/usr/sbin/{name}")
    return calls


def test_project_quota_holds_blocks_of_a_kibibyte(ran: list[tuple[str, ...]], tmp_path: Path) -> None:
    quota = disk.quota(settings.Settings(accounts=str(tmp_path)))
    assert quota.kind == "prjquota"
    quota.make(tmp_path / "s1001-1", 20001)
    quota.limit(tmp_path / "s1001-1", 20001, size=10 << 20, inodes=-1)
    assert ("chattr", "-p", "20001", "+P", str(tmp_path / "s1001-1")) in ran
    assert ("setquota", "-P", "20001", "10240", "10240", "0", "0", "/srv") in ran  # 10 MiB = 10240 KiB
    assert quota.used(tmp_path / "s1001-1", 20001) == 2048 * 1024
    assert quota.limited(tmp_path / "s1001-1", 20001) == 4096 * 1024
    assert quota.limited(tmp_path / "s1002-1", 20002) is None
    quota.limit(tmp_path / "s1001-1", 20001, size=0, inodes=0)  # a limit of nothing is not "no limit"
    assert ran[-1] == ("setquota", "-P", "20001", "1", "1", "1", "1", "/srv")
    quota.drop(tmp_path / "s1001-1", 20001)
    assert not (tmp_path / "s1001-1").exists()
    assert ("setquota", "-P", "20001", "0", "0", "0", "0", "/srv") in ran


def test_a_memory_limit_below_what_is_used_is_a_refusal_of_version_1(tmp_path: Path) -> None:
    class Busy:
        name = "memory.limit_in_bytes"

        def write_text(self, value: str) -> None:
            raise OSError(16, "Device or resource busy")

    with pytest.raises(said.Trouble) as refused:
        cgroups._put(Busy(), "1")  # type: ignore[arg-type]
    assert refused.value.what == "usage_exceeds_target"
