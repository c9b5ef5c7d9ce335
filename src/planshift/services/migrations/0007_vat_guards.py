"""What VIES answered and where a consumer lives is evidence: it stays as it was."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("services", "0006_vat_proofs"), ("runtime", "0002_guards")]
    operations = [
        guards.append_only("services_vatcheck"),
        guards.append_only("services_countryevidence"),
    ]
