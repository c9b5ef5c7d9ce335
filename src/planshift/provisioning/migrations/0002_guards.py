"""The journal of executions is append-only."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("provisioning", "0001_initial")]
    operations = [guards.append_only("provisioning_executionstep")]
