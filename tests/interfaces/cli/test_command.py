"""The `planshift` command from outside: bad words, a missing directory, a reader who goes away; never a stack trace."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from planshift.interfaces.cli import prune, tick
from planshift.runtime import clock, runs
from planshift.runtime.models import Run

ROOT = Path(__file__).parents[3]
COMMAND = str(Path(sys.executable).parent / "planshift")


def planshift(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, cwd=cwd, check=False, timeout=60)


def test_a_reader_who_goes_away_is_no_accident() -> None:
    with subprocess.Popen(
        [COMMAND, "policy", "format"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(timeout=60) == 1
    assert said == ""


def test_a_corpus_that_is_not_there_says_where_it_lies(tmp_path: Path) -> None:
    done = planshift("corpus", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "tests/regulations/cases/expected.toml: No such file or directory "
        "(the published cases lie in a clone of the project: run it there, or name DIR)\n"
    )
    assert planshift("corpus", str(tmp_path)).stderr == f"{tmp_path}/expected.toml: No such file or directory\n"


@pytest.mark.django_db
def test_old_history_is_counted_then_deleted_in_batches_and_never_what_proves_a_change(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "BATCH", 2)
    at = clock.system()
    for kind, days in (("mail", 50), ("mail", 41), ("mail", 60), ("mail", 39), ("change", 900)):
        runs.start(kind=kind, key=f"{kind}:{days}", subject="1")
        Run.objects.filter(key=f"{kind}:{days}").update(state="DONE", ended_at=at - dt.timedelta(days=days))
    assert prune.main(["--days", "40", "--dry-run"]) == 0
    assert Run.objects.count() == 5
    assert prune.main(["--days", "40"]) == 0
    assert sorted(Run.objects.values_list("key", flat=True)) == ["change:900", "mail:39"]
    assert capsys.readouterr().out == (
        "3 runs ended more than 40 days ago.\n3 runs that ended more than 40 days ago were deleted.\n"
    )
    with pytest.raises(SystemExit):
        prune.main(["--days", "5"])


def test_a_clock_is_not_pushed_to_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        tick.main(["--to", "garbage"])
    assert stop.value.code == 2
    assert "argument --to: 'garbage' is no date such as 2026-12-31 or 2026-12-31T08:00" in capsys.readouterr().err
