"""How do running services come in? With the term that is paid, and the account on the server that they have."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from planshift.catalog import queries as catalog
from planshift.domain import periods
from planshift.domain.catalog import Catalog
from planshift.domain.importing.entries import Entry
from planshift.domain.importing.report import Problem
from planshift.domain.importing.shapes import ServiceIn
from planshift.procedures import work
from planshift.procedures.importing.context import Context, chunks
from planshift.provisioning import models as provisioning
from planshift.provisioning import servers
from planshift.services import intake


def wrong(context: Context) -> Iterator[Problem]:
    """What of these records does not fit this installation."""
    fresh = context.fresh
    if not fresh:
        return
    sold = catalog.in_force(seller=context.seller).catalog
    clients = context.clients(each.record.client for each in fresh)
    own = {each.record.reference: each.record.client for each in fresh}
    main = context.services(each.record.attached_to for each in fresh if each.record.attached_to)
    hosts = _servers(context)
    taken = _accounts(fresh, hosts)
    for entry in fresh:
        record: ServiceIn = entry.record
        if record.client not in clients:
            yield entry.problem("import_client_unknown", "client", value=record.client)
        yield from _plan(entry, record, sold)
        if record.attached_to is not None:
            named = main.get(record.attached_to)
            of = (
                named.client.number
                if named
                else clients[own[record.attached_to]].number
                if (record.attached_to in own and own[record.attached_to] in clients)
                else ""
            )
            if not of or record.attached_to == record.reference:
                yield entry.problem("import_service_unknown", "attached_to", value=record.attached_to)
            elif record.client in clients and of != clients[record.client].number:
                yield entry.problem("import_service_of_other", "attached_to", value=record.attached_to)
        if record.server is not None and record.server not in hosts:
            yield entry.problem("import_server_unknown", "server", value=record.server)
        elif record.server is not None and (record.server, record.account) in taken:
            yield entry.problem("import_account_taken", "account", value=record.account)


def numbers(fresh: Sequence[Entry]) -> list[str]:
    """A number for each."""
    return intake.numbers_of(series="service", letter="S", count=len(fresh))


def write(context: Context, *, numbers: Sequence[str]) -> None:
    """In the caller's transaction."""
    fresh = context.fresh
    clients = context.clients(each.record.client for each in fresh)
    own = {entry.record.reference: number for entry, number in zip(fresh, numbers, strict=True)}
    main = context.services(each.record.attached_to for each in fresh if each.record.attached_to)
    main_numbers = {**{name: row.number for name, row in main.items()}, **own}
    made = intake.add_services(
        services=[
            intake.Running(
                number=number,
                client=clients[entry.record.client],
                label=entry.record.label,
                family=entry.record.family,
                plan=entry.record.plan,
                months=entry.record.months,
                start_on=entry.record.start_on,
                end_on=end_of(entry.record),
                auto_renew=entry.record.auto_renew,
                additional=entry.record.additional,
                attached_to=main_numbers[entry.record.attached_to] if entry.record.attached_to else "",
            )
            for entry, number in zip(fresh, numbers, strict=True)
        ],
        at=context.at,
        actor=context.actor,
    )
    sold, hosts = catalog.in_force(seller=context.seller).catalog, _servers(context)
    for entry, row in zip(fresh, made, strict=True):
        if entry.record.server is not None:
            servers.adopt(
                service=row,
                server=hosts[entry.record.server],
                external_id=entry.record.account,
                plan=row.plan,
                limits=work.limits(plan=sold.plans[row.plan], additional=entry.record.additional),
                at=context.at,
                actor=context.actor,
            )


def end_of(record: ServiceIn) -> date:
    """The day after the last one of the running term."""
    return record.end_on or periods.add_months(record.start_on, record.months)


def _plan(entry: Entry, record: ServiceIn, sold: Catalog) -> Iterator[Problem]:
    plan = sold.plans.get(record.plan)
    if plan is None or plan.family != record.family:
        yield entry.problem("import_plan_unknown", "plan", value=record.plan)
        return
    for resource, amount in record.additional.items():
        known = plan.resources.get(resource)
        if known is None or not known.additional:
            yield entry.problem("import_resource_unknown", "additional", value=resource)
        elif known.maximum is not None and amount > known.maximum:
            yield entry.problem("import_range", "additional", value=amount, expected=known.maximum)
        elif amount % known.step:
            yield entry.problem("import_step", "additional", value=amount, resource=resource, step=known.step)
    lengths = {length.months for length in plan.lengths(date.max)}  # ever
    if lengths and record.months not in lengths:
        yield entry.problem("import_period_not_sold", "months", value=record.months, months=tuple(sorted(lengths)))


def _servers(context: Context) -> Mapping[str, provisioning.Server]:
    return {row.code: row for row in provisioning.Server.objects.filter(seller=context.seller)}


def _accounts(fresh: Sequence[Entry], hosts: Mapping[str, provisioning.Server]) -> set[tuple[str, str]]:
    """Accounts of these records that serve another service already, or are named twice."""
    named = [(each.record.server, each.record.account) for each in fresh if each.record.server in hosts]
    found = {each for each in named if named.count(each) > 1} if len(set(named)) != len(named) else set()
    codes = {row.pk: code for code, row in hosts.items()}
    for some in chunks(account for _, account in named):
        rows = provisioning.Environment.objects.filter(server__in=codes, external_id__in=some)
        found |= {(codes[server], account) for server, account in rows.values_list("server_id", "external_id")}
    return found
