"""What was taken back from an invoice issued elsewhere was taken back."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("billing", "0016_taken_back_from_opening_balances"), ("runtime", "0002_guards")]
    operations = [guards.append_only("billing_openingrelease")]
