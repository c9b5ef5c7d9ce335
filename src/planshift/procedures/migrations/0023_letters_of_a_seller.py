from collections import defaultdict

from django.db import migrations

BATCH = 500
WAYS = {  # rows that letters are about → where the code of their seller is
    "billing.order": "seller__code",
    "billing.payout": "client__seller__code",
    "procedures.change": "client__seller__code",
    "procedures.notice": "change__client__seller__code",
    "procedures.renewal": "service__client__seller__code",
    "provisioning.execution": "service__client__seller__code",
    "services.service": "client__seller__code",
}
OF = {"order": "billing.order", "notice": "procedures.notice"}  # "move" is an entry of the audit, which names the kind


def name_the_seller(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Letters that stood alone before their subject began with the seller (`order:12`): else its staff lose them."""
    runs = apps.get_model("runtime", "Run").objects
    old = runs.filter(kind="letter", subject__regex=r"^(order|move|notice):[0-9]+$")
    old = old.exclude(state__in=("DONE", "CANCELLED")).order_by("pk")
    last = 0
    while batch := list(old.filter(pk__gt=last).only("pk", "subject")[:BATCH]):
        last = batch[-1].pk
        sellers = _sellers(apps, {each.subject for each in batch})
        for each in batch:
            each.subject = f"{sellers[each.subject]}:{each.subject}" if each.subject in sellers else each.subject
        runs.bulk_update([each for each in batch if each.subject.count(":") == 2], ["subject"])


def _sellers(apps, subjects):  # type: ignore[no-untyped-def]
    """Subject → code of the seller; without those whose rows are not known."""
    about = {}
    for subject in subjects:
        source, pk = subject.split(":")
        about[subject] = (OF.get(source), int(pk))
    moves = {pk for kind, pk in about.values() if kind is None}
    entries = apps.get_model("runtime", "AuditEntry").objects.filter(pk__in=moves)
    moved = {pk: (kind, of) for pk, kind, of in entries.values_list("pk", "kind", "object_id")}
    about = {subject: (kind, pk) if kind else moved.get(pk, ("", 0)) for subject, (kind, pk) in about.items()}
    wanted = defaultdict(set)
    for kind, pk in about.values():
        wanted[kind].add(pk)
    codes = {
        (kind, pk): code
        for kind, pks in wanted.items()
        if kind in WAYS
        for pk, code in apps.get_model(kind).objects.filter(pk__in=pks).values_list("pk", WAYS[kind])
    }
    return {subject: codes[of] for subject, of in about.items() if of in codes}


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0022_imported_by_number"),
        ("billing", "0012_units_of_a_raise"),
        ("provisioning", "0005_how_servers_list"),
        ("services", "0009_guard_history"),
        ("catalog", "0005_vat_rates_are_in_the_catalog_text"),
        ("runtime", "0002_guards"),
    ]

    operations = [
        migrations.RunPython(name_the_seller, migrations.RunPython.noop),
    ]
