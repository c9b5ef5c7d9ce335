"""SQLite lost the guard of quotes when their table was rebuilt, and on both databases it must know the new column."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("procedures", "0003_staff_decide_and_order")]
    operations = [guards.frozen("procedures_quote", but=["state"])]
