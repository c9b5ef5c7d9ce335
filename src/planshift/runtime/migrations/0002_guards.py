"""The audit is append-only; a step record never changes (it is deleted together with its run)."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("runtime", "0001_initial")]
    operations = [guards.append_only("runtime_auditentry"), guards.unchanging("runtime_steprecord")]
