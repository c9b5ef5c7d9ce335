"""Staff are alarmed by mail: a mail of ours may have no client, and what was told is kept. SQLite loses the guard of
mails when their table is rebuilt."""

import django.db.models.deletion
from django.db import migrations, models

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0005_vat_rates_are_in_the_catalog_text"),
        ("procedures", "0023_letters_of_a_seller"),
        ("runtime", "0002_guards"),
        ("services", "0010_client_time_zone"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outgoingmail",
            name="client",
            field=models.ForeignKey(
                help_text="null: to staff",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outgoing_mails",
                to="services.client",
            ),
        ),
        migrations.AddConstraint(
            model_name="outgoingmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("client__isnull", False), ("purpose", "staff_alarm"), _connector="OR"),
                name="mail_without_client_is_alarm",
            ),
        ),
        guards.frozen("procedures_outgoingmail", but=["state", "round", "sent_at", "receipt", "trouble"]),
        migrations.CreateModel(
            name="StaffAlarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fact",
                    models.CharField(help_text="what it is about: its kind and its number or key", max_length=200),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff_alarms",
                        to="catalog.seller",
                    ),
                ),
                (
                    "mail",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alarms",
                        to="procedures.outgoingmail",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="staffalarm",
            constraint=models.UniqueConstraint(fields=("seller", "fact"), name="staff_alarmed_once"),
        ),
    ]
