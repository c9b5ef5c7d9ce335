"""A letter about a new price keeps the day that it named."""

import django.db.models.deletion
from django.db import migrations, models

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [
        ("procedures", "0024_alarms_by_mail"),
        ("runtime", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="PriceLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begins_on", models.DateField()),
                (
                    "mail",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_letter",
                        to="procedures.outgoingmail",
                    ),
                ),
            ],
        ),
        guards.append_only("procedures_priceletter"),
    ]
