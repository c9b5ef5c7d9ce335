"""What was imported stays known as it was told."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("procedures", "0011_imports"), ("runtime", "0002_guards")]
    operations = [guards.append_only("procedures_imported")]
