"""A kept quote is executed as kept; what was acknowledged or told stays as it was."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("procedures", "0001_initial"), ("runtime", "0002_guards")]
    operations = [
        guards.frozen("procedures_quote", but=["state"]),
        guards.append_only("procedures_acknowledgement"),
        guards.append_only("procedures_notice"),
    ]
