"""What a metered service held is what it is billed by: rows are added, never changed."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("services", "0008_allocation_history"), ("runtime", "0002_guards")]
    operations = [guards.append_only("services_heldfrom")]
