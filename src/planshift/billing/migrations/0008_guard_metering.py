"""Draws, and which invoice a metered month has, never change."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_metering"), ("runtime", "0002_guards")]
    operations = [guards.append_only("billing_draw"), guards.append_only("billing_meteredinvoice")]
