"""What no query looks up is not indexed: statements go by business time since 0003, and nobody looks for the beginning
of an account's code (PostgreSQL gets an index for that with every unique text)."""

from django.db import migrations

from planshift.runtime import indexes


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_business_time")]

    operations = [
        migrations.RemoveIndex(model_name="transfer", name="ledger_statement"),
        indexes.without_beginnings("ledger_account_code_e0a3af95_like", table="ledger_account", column="code"),
    ]
