"""What was booked stays as it was booked; of an account only the balance changes."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        guards.append_only("ledger_transfer"),
        guards.frozen("ledger_account", but=["balance_minor"]),
    ]
