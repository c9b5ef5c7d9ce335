"""Account credit covers orders and is given back. SQLite loses the guards of the tables that are rebuilt here, and
PostgreSQL rebuilds no guarded ones."""

from django.db import migrations, models

from planshift.runtime import guards

CREDITED = guards.append_only("billing_credited")
PART_PAYMENT = guards.frozen("billing_partpayment", but=["released_at"])


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0014_guard_opening_balances"),
        ("runtime", "0002_guards"),
    ]

    operations = [
        guards.Lifted(CREDITED),
        guards.Lifted(PART_PAYMENT),
        migrations.RemoveConstraint(
            model_name="credited",
            name="credited_to",
        ),
        migrations.RemoveConstraint(
            model_name="partpayment",
            name="part_payment_source",
        ),
        migrations.AlterField(
            model_name="credited",
            name="to",
            field=models.CharField(help_text="deposit, account_credit or unapplied", max_length=20),
        ),
        migrations.AlterField(
            model_name="partpayment",
            name="source",
            field=models.CharField(help_text="bank, gateway, deposit, account_credit", max_length=20),
        ),
        migrations.AddConstraint(
            model_name="credited",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("payment__isnull", True), ("to__in", ("account_credit", "deposit"))),
                    models.Q(("payment__isnull", False), ("to", "unapplied")),
                    _connector="OR",
                ),
                name="credited_to",
            ),
        ),
        migrations.AddConstraint(
            model_name="partpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("payment__isnull", True), ("source__in", ("account_credit", "deposit"))),
                    models.Q(
                        models.Q(("source__in", ("account_credit", "deposit")), _negated=True),
                        ("payment__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="part_payment_source",
            ),
        ),
        CREDITED,
        PART_PAYMENT,
    ]
