"""What the bank said never changes, nor what we made of it."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_bank_statements")]
    operations = [
        guards.append_only("billing_statement"),
        guards.append_only("billing_statementline"),
        guards.append_only("billing_linematch"),
    ]
