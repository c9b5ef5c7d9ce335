from django.db import migrations


def name_what_was_paid(apps, schema_editor):  # type: ignore[no-untyped-def]
    """A price lowered before this column: its quote stands in the place of one that was ordered, by no other change."""
    changes = apps.get_model("procedures", "Change").objects
    found = changes.filter(quote__replaces__state="ORDERED", quote__replaces__change=None, order__isnull=False)
    for change in found.select_related("quote"):
        changes.filter(pk=change.pk).update(lowered_from_id=change.quote.replaces_id)


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0019_lowered_from"),
    ]

    operations = [
        migrations.RunPython(name_what_was_paid, migrations.RunPython.noop),
    ]
