"""A loaded revision never changes: quotes and documents name it."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial"), ("runtime", "0002_guards")]
    operations = [
        guards.append_only("catalog_catalogrevision"),
        guards.append_only("catalog_policyrevision"),
    ]
