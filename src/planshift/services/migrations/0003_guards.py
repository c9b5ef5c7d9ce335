"""No day of a service is sold twice: the terms of one service never overlap."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("services", "0002_read_only_tokens")]
    operations = [guards.Apart("services_term", owner="service_id", owners="services_service")]
