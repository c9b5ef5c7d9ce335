"""How does the installation do? Prometheus figures at /metrics, for this machine or for who has the token."""

import hmac
import ipaddress
import os
from collections.abc import Iterable

import prometheus_client
from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from prometheus_client import core, multiprocess, registry

from planshift.procedures.queries import mail
from planshift.runtime.models import Run
from planshift.runtime.runs import queries

REQUESTS = prometheus_client.Counter("planshift_requests", "Requests answered", ["method", "route", "status"])
SECONDS = prometheus_client.Histogram("planshift_request_seconds", "Time to answer", ["route"])


def observe(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request that took `seconds`."""
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


class Runs(registry.Collector):
    """Figures that the database knows: the same whichever process answers."""

    def collect(self) -> Iterable[core.Metric]:
        """Runs by kind and state, how late the workers are, how much they do, mails that have not left."""
        runs = core.GaugeMetricFamily("planshift_runs", "Durable runs", labels=["kind", "state"])
        for kind, state, count in Run.objects.values_list("kind", "state").annotate(Count("id")).order_by("kind"):
            runs.add_metric([kind, state], count)
        yield runs
        lag = queries.backlog()
        gauge, counter = core.GaugeMetricFamily, core.CounterMetricFamily
        yield gauge("planshift_oldest_due_seconds", "How late the oldest due run is", value=lag.due_seconds)
        yield gauge("planshift_oldest_ready_seconds", "For how long a run could have gone on", value=lag.ready_seconds)
        yield gauge("planshift_signals_waiting", "Signals not yet handed to their runs", value=lag.signals)
        yield counter("planshift_steps", "Steps carried out (gaps of a sequence count too)", value=lag.steps)
        mails = gauge("planshift_mails", "Mails that have not left, by state", labels=["state"])
        for state, count in mail.unsent().items():
            mails.add_metric([state], count)
        yield mails
        alive = sum(worker.alive for worker in queries.workers())
        yield core.GaugeMetricFamily("planshift_workers_alive", "Workers with a lease", value=alive)


def page(request: HttpRequest) -> HttpResponse:
    """GET /metrics. Without PLANSHIFT_METRICS_TOKEN only this machine may read, and nobody through a proxy."""
    if not _allowed(request):
        return HttpResponse("Not found\n", status=404, content_type="text/plain")
    chosen = registry.CollectorRegistry(auto_describe=False)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(chosen)  # type: ignore[no-untyped-call]
    else:
        chosen.register(REQUESTS)
        chosen.register(SECONDS)
    chosen.register(Runs())
    return HttpResponse(prometheus_client.generate_latest(chosen), content_type=prometheus_client.CONTENT_TYPE_LATEST)


def _allowed(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP")):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
