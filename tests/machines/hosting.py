"""A small host for the tests of machines: two simulated servers, one client, services with an environment."""

import datetime as dt

from planshift.catalog import models as catalog
from planshift.domain import recipes
from planshift.provisioning import executions, models, ports, servers
from planshift.runtime import clock, runs
from planshift.runtime.models import Run
from planshift.services import models as services

NOON = dt.datetime(2026, 9, 1, 12, tzinfo=dt.UTC)
SILVER = {"disk_gb": 10, "mailboxes": 20}
GOLD = {"disk_gb": 50, "mailboxes": 100}


def seller(code: str = "demo-host") -> catalog.Seller:
    return catalog.Seller.objects.create(
        code=code,
        name="Demo Host",
        legal_name="Demo Host",
        street="Demo street 1",
        postcode="00100",
        city="Roma",
        country="IT",
        tax_id="IT00000000000",
        email="demo@example.com",
        bank_account="IT00",
        currency="EUR",
        language="en",
        time_zone="Europe/Rome",
        prices="net",
        invoice_pattern="{year}/{n}",
        has_deposit=False,
    )


def server(
    owner: catalog.Seller, code: str, *, dns: str = "", takes_new: bool = True, **traits: str | int | bool
) -> models.Server:
    return servers.add_server(
        seller=owner,
        code=code,
        driver="simulated",
        dns=dns,
        traits={"total_disk_gb": 1000, **traits},
        takes_new=takes_new,
        at=NOON,
        actor="test",
    )


def client(owner: catalog.Seller) -> services.Client:
    return services.Client.objects.create(
        seller=owner, number="C-1001", name="Demo", email="d@example.com", language="en", created_at=NOON
    )


def service(of: services.Client, number: str = "S-1001", *, plan: str = "silver") -> services.Service:
    return services.Service.objects.create(
        client=of,
        number=number,
        label="demo.example",
        family="web",
        plan=plan,
        months=12,
        created_at=NOON,
    )


def with_environment(
    of: services.Service, on: models.Server, *, name: str = "s1001-1", limits: dict[str, int] | None = None
) -> models.Environment:
    """An account that exists at the simulated server, adopted by us."""
    limits = SILVER if limits is None else limits
    ref = ports.Ref(ports.ServerAt(on.code, traits=on.traits), name)
    driver = ports.driver("simulated")
    driver.create(op=ports.Op(f"before:{name}", "", "test"), ref=ref, spec=ports.Spec(of.label, of.plan), limits=limits)
    seen = driver.get(ref=ref)
    assert seen is not None
    return servers.adopt(
        service=of,
        server=on,
        external_id=name,
        plan=of.plan,
        limits=limits,
        address=seen.address,
        url=seen.url,
        at=NOON,
        actor="test",
    )


def start(
    of: services.Service,
    recipe: str,
    *,
    limits: dict[str, int] | None = None,
    at: dt.datetime = NOON,
    server: str = "",
    **parameters: object,
) -> models.Execution:
    return executions.start(
        service=of,
        recipe=recipe,
        target=recipes.Target("gold", GOLD if limits is None else limits, server=server),
        cause="CH-2026-000001",
        signal_key="change:CH-2026-000001",
        parameters=recipes.Parameters(**parameters),  # type: ignore[arg-type]
        at=at,
        actor="client:C-1001",
    )


def caller() -> None:
    """A run in the place of the change that ordered the execution: it only counts what it is told."""
    waits = runs.Wait(resume="wait", owner="system", signal="nothing")
    runs.define("caller", steps={"wait": lambda work: waits}, first="wait")
    runs.start(kind="caller", key="change:CH-2026-000001", subject="CH-2026-000001")


def told() -> dict[str, int]:
    """The signals that the caller's run got, and how often."""
    counts: dict[str, int] = Run.objects.get(key="change:CH-2026-000001").signals
    return counts


def drain() -> None:
    """Carry on until nothing can, without the pauses before retries."""
    runs.drain(limit=500, skip_backoff=True)


def journal(execution: models.Execution) -> list[str]:
    """The journal, one word pair a line."""
    rows = models.ExecutionStep.objects.filter(execution=execution).order_by("id")
    return [f"{row.step} {row.event}" for row in rows]


def operations() -> list[str]:
    """What the simulated servers really did, in order; what changed nothing is left out."""
    from planshift.adapters.drivers.simulated.models import SimulatedOp

    rows = SimulatedOp.objects.filter(changed=True).exclude(key__startswith="before:").order_by("id")
    return [f"{row.verb} {row.account}" for row in rows]


def after(days: float, hours: float = 0) -> dt.datetime:
    return NOON + dt.timedelta(days=days, hours=hours)


def go_to(at: dt.datetime) -> None:
    clock.move_to(at=at, actor="test", really=True)
    drain()


def states(of: services.Service) -> dict[str, str]:
    return dict(models.Environment.objects.filter(service=of).values_list("external_id", "state"))


def simulation() -> ports.Simulation:
    made = ports.simulation()
    assert made is not None
    return made


def confirm(execution: models.Execution) -> None:
    executions.confirm_cutover(number=execution.number, at=clock.business(), actor="client:C-1001")
    drain()


def notice(execution: models.Execution, proof: str = "N-2026-000001") -> None:
    executions.notice_sent(number=execution.number, proof=proof, at=clock.business(), actor="system")
    drain()


def with_name(of: models.Environment) -> None:
    """The simulated name service answers for demo.example with the address of `of`."""
    simulation().add_record(name="demo.example", address=of.address, ttl=3600)
