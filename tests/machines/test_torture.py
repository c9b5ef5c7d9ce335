"""A minute of random kills: workers come and go, payments and clock moves in between. Nothing is lost or doubled."""

import datetime as dt
import random
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db.models import Count

from planshift.runtime import clock, runs
from planshift.runtime.models import Run, Signal, StepRecord, Worker
from tests.machines import processes
from tests.sample.models import Called, Thing, Written
from tests.sample.procedures import STEPS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
SECONDS = 60.0


def test_a_minute_of_random_kills(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance, pause, begun = random.Random(seed), threading.Event(), clock.monotonic()
    chains = bills = 0
    with ExitStack() as stack:
        alive = [stack.enter_context(processes.worker(tmp_path, SAMPLE_SECONDS="0.02")) for _ in range(2)]
        while clock.monotonic() - begun < SECONDS:
            for _ in range(5):
                runs.start(kind="chain", key=f"chain:{chains}", subject=f"S-{chains}")
                chains += 1
            Thing.objects.create(number=f"T-{bills}")
            runs.start(kind="bill", key=f"bill:{bills}", subject=f"T-{bills}")
            bills += 1
            paid = chance.choice(list(Thing.objects.filter(amount__lt=30)))
            Thing.objects.filter(pk=paid.pk).update(amount=paid.amount + 10)
            runs.signal(key=f"bill:{paid.number.removeprefix('T-')}", name="paid")
            if chance.random() < 0.2:
                clock.move_to(at=clock.business() + dt.timedelta(days=chance.randint(1, 60)), actor="staff:test")
            if chance.random() < 0.5:
                victim = chance.randrange(2)
                alive[victim].kill()
                alive[victim] = stack.enter_context(processes.worker(tmp_path, SAMPLE_SECONDS="0.02"))
            pause.wait(chance.uniform(0.2, 1.5))
        for thing in Thing.objects.filter(amount__lt=30):
            Thing.objects.filter(pk=thing.pk).update(amount=30)
            runs.signal(key=f"bill:{thing.number.removeprefix('T-')}", name="paid")
        processes.until(lambda: not Run.objects.filter(ended_at=None).exists(), folder=tmp_path, seconds=90)
        for process in alive:
            process.terminate()
        for process in alive:
            assert process.wait(timeout=20) == 0, processes.logs(tmp_path)
    assert Counter(Run.objects.values_list("kind", "state")) == {("chain", "DONE"): chains, ("bill", "DONE"): bills}
    written = Counter(Written.objects.exclude(step__startswith="look").values_list("subject", "step"))
    assert written == {(f"S-{number}", step): 1 for number in range(chains) for step in STEPS}
    finished = StepRecord.objects.filter(outcome__in=["went", "done", "waits"]).values("run", "entry")
    assert not finished.annotate(n=Count("id")).filter(n__gt=1).exists()
    assert not StepRecord.objects.filter(outcome__in=["failed", "stuck"]).exists()
    assert not Signal.objects.exists()
    assert not Run.objects.filter(claimed_by__isnull=False).exists()
    killed, lost = Worker.objects.filter(lost=True).count(), StepRecord.objects.filter(outcome="lost").count()
    repeated = Called.objects.count() - chains * len(STEPS)
    print(f"{chains} chains, {bills} bills, {killed} workers lost, {lost} runs taken over, {repeated} calls repeated")
    assert 0 <= repeated <= killed
    assert Written.objects.filter(step__startswith="look").count() <= bills * 5
